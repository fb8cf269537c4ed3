"""Reads `config/*.yaml`: only settings that exist, no secrets, every value as the text that stands there."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from igbot.settings import accounts
from igbot.settings.catalogue import SETTINGS, nearest, not_built, variable_of
from igbot.settings.neighbours import is_key
from igbot.settings.opting import is_words_key
from igbot.settings.problems import Problem
from igbot.settings.sources import Given, Layer, read_text

_LARGEST = 256 * 1024
_DEEPEST = 8


def config_layer(path: Path, shown: str, problems: list[Problem]) -> Layer:
    """The settings of one file; `shown` is its name in messages.

    Values are taken as written (`off`, `0123` and `12:30` stay what they are); a list is joined with commas.
    """
    try:
        root = _compose(read_text(path, largest=_LARGEST))
    except OSError as error:
        problems.append(Problem(shown, f"cannot be read ({error.strerror})"))
        return {}
    except ValueError as error:
        problems.append(Problem(shown, str(error)))
        return {}
    layer: dict[str, Given] = {}
    for key, node in _leaves(root, "", 0) if root is not None else ():
        line = f"{shown}, line {node.start_mark.line + 1}"
        variable = key if _has_no_variable(key) else variable_of(key)
        wrong = _refusal(key, variable) or ("stands twice" if variable in layer else None)
        text = None if wrong else _text_of(node)
        if wrong or text is None:
            problems.append(Problem(line, f"{_shown(key)} {wrong or 'must be a text or a list of texts'}"))
        elif not _is_null(node):
            layer[variable] = Given(text.strip(), variable, line)
    return layer


def _compose(text: str) -> yaml.Node | None:
    try:
        _check_shape(text)
        root: yaml.Node | None = yaml.compose(text, yaml.SafeLoader)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except yaml.YAMLError as error:
        # Only the place: PyYAML's own words quote what stands there.
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ValueError(f"is not valid YAML{place}") from None
    if root is not None and not _is_null(root) and not isinstance(root, yaml.MappingNode):
        raise ValueError("must hold settings as `key: value`")
    return root


def _check_shape(text: str) -> None:
    """Refuse aliases, which can make a small file huge, and depth, over which PyYAML takes minutes."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("uses an alias (*name), which settings do not need")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ValueError("is nested too deeply")


def _leaves(node: yaml.Node, prefix: str, depth: int) -> Iterator[tuple[str, yaml.Node]]:
    if _is_null(node) and depth == 0:
        return
    if prefix == "accounts" and isinstance(node, yaml.SequenceNode) and node.value:
        for number, item in enumerate(node.value):
            yield from _leaves(item, f"accounts[{number}]", depth + 1)
        return
    if not isinstance(node, yaml.MappingNode) or (not node.value and accounts.is_key(prefix)):
        yield prefix, node
        return
    for key, value in node.value:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
        yield from _leaves(value, f"{prefix}.{name}" if prefix else name, depth + 1)


def _has_no_variable(key: str) -> bool:
    return is_key(key) or is_words_key(key) or accounts.is_key(key)


def _refusal(key: str, variable: str) -> str | None:
    if accounts.is_key(key):
        return accounts.refusal(key)
    if _has_no_variable(key):
        return None
    if not_built(variable):
        return "is not built in this version"
    setting = SETTINGS.get(variable)
    if setting is None:
        meant = nearest(variable)
        return f"is no setting; did you mean {meant.key}?" if meant else "is no setting"
    if setting.secret:
        return f"is a secret and must not stand in a file of config/: take it out and set {variable}"
    if setting.early:
        return f"decides which files are read, so it cannot stand in one: set {variable}"
    return None


def _text_of(node: yaml.Node) -> str | None:
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value):
        return ",".join(str(item.value) for item in node.value)
    return None


def _is_null(node: yaml.Node) -> bool:
    return str(node.tag) == "tag:yaml.org,2002:null"


def _shown(key: str) -> str:
    # A key may be anything that stands in the file by mistake.
    return key if len(key) <= 60 and key.isprintable() else "a key"
