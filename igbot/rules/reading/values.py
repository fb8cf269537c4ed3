"""Reads single values out of a rule file, and says what was wanted where something else stands."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from heapq import nsmallest
from typing import cast

import regex

from igbot.rules.characters import unkeepable
from igbot.rules.expressions import expression
from igbot.rules.reading.source import FileReport, Listing, Mapping, Node, Scalar
from igbot.rules.spelling import did_you_mean as did_you_mean

# What YAML 1.1 or 1.2 reads as something other than text, where it stands without quotes.
_NOT_TEXT = expression(
    r"""(?:~|null|Null|NULL
    |yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|true|True|TRUE|false|False|FALSE
    |[-+]?0[box][0-9a-fA-F_]+
    |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?
    |[-+]?\.[0-9]+(?:[eE][-+]?[0-9]+)?
    |[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)
    |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?
    )""",
    regex.VERBOSE,
)
# Nothing that begins otherwise can be such a thing.
_NOT_TEXT_STARTS = frozenset("~nNyYoOtTfF+-.0123456789")
_INTEGER = expression(r"[-+]?(?:0|[1-9][0-9]{0,9})")
_DURATION = expression(r"(0|[1-9][0-9]{0,7})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_DURATION = timedelta(days=365)


def is_empty(node: Node) -> bool:
    """Whether nothing was written after the colon."""
    return isinstance(node, Scalar) and node.plain and node.value in ("", "~", "null", "Null", "NULL")


def _kind_of(node: Node) -> str:
    match node:
        case Mapping():
            return "a map"
        case Listing():
            return "a list"
        case Scalar():
            return "nothing" if is_empty(node) else f"{node.value[:40]!r}"


def read_text(node: Node, what: str, report: FileReport, *, code: str = "R004") -> str | None:
    """A text as written; None (with R004) for anything YAML may take for a number, a date, a yes or a no.

    None with `code` for a text with control characters other than line breaks and tabs, or with half a character.
    """
    value = read_any_text(node, what, report)
    if value is None or value.isprintable():
        return value
    return value if is_keepable(cast(Scalar, node), what, report, code=code) else None


def read_any_text(node: Node, what: str, report: FileReport) -> str | None:
    """The same with any characters: what customers are said to write in a test."""
    if not isinstance(node, Scalar):
        report.error("R004", node, f"{what} wants a text, not {_kind_of(node)}")
        return None
    value = node.value
    if not node.plain or (value and value[0] not in _NOT_TEXT_STARTS):
        return value
    if is_empty(node):
        behind = report.source.line(node.end_line)[node.end_column - 1 :].lstrip()
        hint = "what begins with # is a comment: put it in quotes" if behind.startswith("#") else ""
        report.error("R004", node, f"{what} wants a text, not nothing", hint=hint)
        return None
    if _NOT_TEXT.fullmatch(value):
        message = f"{what} wants a text; without quotes YAML may take {value[:40]} for something else"
        report.error("R004", node, message, hint=f'quote it: "{value[:40]}"')
        return None
    return value


def is_keepable(node: Scalar, what: str, report: FileReport, *, code: str = "R004") -> bool:
    """Whether a text has nothing in it that no database keeps and nobody sees, as an escape in quotes may bring."""
    found = unkeepable(node.value)
    if found:
        message = f"{what} has the control character U+{ord(found):04X} in it"
        report.error(code, node, message, hint="delete it; in double quotes it is written with a backslash")
    return not found


def read_texts(node: Node, what: str, report: FileReport) -> tuple[tuple[Scalar, str], ...]:
    """One text or a list of them, each with its node; empty ones are R004."""
    items = (node,) if isinstance(node, Scalar) else read_list(node, what, report)
    return _texts_of(items, what, report)


def read_text_list(node: Node, what: str, report: FileReport, *, instead: str = "") -> tuple[tuple[Scalar, str], ...]:
    """A list of texts, each with its node; empty ones are R004."""
    return _texts_of(read_list(node, what, report, instead=instead), what, report)


def _texts_of(items: Iterable[Node], what: str, report: FileReport) -> tuple[tuple[Scalar, str], ...]:
    found = []
    for item in items:
        text = read_text(item, what, report)
        if text is not None and not text.strip():
            report.error("R004", item, f"{what} is empty", hint="delete it or write something")
        elif text is not None and isinstance(item, Scalar):
            found.append((item, text))
    return tuple(found)


def read_choice(node: Node, what: str, report: FileReport, *, known: Collection[str]) -> str | None:
    """One of a few words."""
    text = read_text(node, what, report)
    if text is None or text in known:
        return text
    hint = "" if report.full else did_you_mean(text, known)
    report.error("R004", node, f'{what} wants {" or ".join(known)}, not "{text[:40]}"', hint=hint)
    return None


def read_boolean(node: Node, what: str, report: FileReport) -> bool | None:
    """`true` or `false`, without quotes."""
    if isinstance(node, Scalar) and node.plain and node.value in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return node.value.lower() == "true"
    report.error("R004", node, f"{what} wants true or false, not {_kind_of(node)}")
    return None


def is_true(node: Node) -> bool:
    """Whether a value is `true`, without a finding where it is neither true nor false."""
    return isinstance(node, Scalar) and node.plain and node.value in ("true", "True", "TRUE")


def is_false(node: Node) -> bool:
    """The same for `false`."""
    return isinstance(node, Scalar) and node.plain and node.value in ("false", "False", "FALSE")


def read_integer(node: Node, what: str, report: FileReport, *, lowest: int, highest: int) -> int | None:
    """A whole number within bounds, without quotes."""
    if isinstance(node, Scalar) and node.plain and _INTEGER.fullmatch(node.value):
        number = int(node.value)
        if lowest <= number <= highest:
            return number
    report.error("R004", node, f"{what} wants a whole number from {lowest} to {highest}, not {_kind_of(node)}")
    return None


def read_duration(
    node: Node, what: str, report: FileReport, *, longest: timedelta = LONGEST_DURATION, or_none: bool = False
) -> timedelta | None:
    """A length of time such as `30s`, `15m`, `12h` or `7d`, at most `longest`; `0s` only with `or_none`."""
    length = duration_of(node.value) if isinstance(node, Scalar) else None
    if length is not None and length <= longest and (length or or_none):
        return length
    examples = "30s, 15m, 12h or 7d" if longest >= timedelta(days=7) else "2s"
    message = f"{what} wants a time such as {examples}, at most {short(longest)}, not {_kind_of(node)}"
    report.error("R004", node, message)
    return None


def duration_of(written: str) -> timedelta | None:
    """A length of time such as `30s`, `0s` too; None where it is none or absurdly long."""
    found = _DURATION.fullmatch(written)
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]]) if found else None


def short(length: timedelta) -> str:
    """A length of time as rules write it: `12h`, `7d`."""
    seconds = int(length.total_seconds())
    unit = next(unit for unit in "dhms" if seconds % _SECONDS[unit] == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"


def read_list(node: Node, what: str, report: FileReport, *, instead: str = "") -> tuple[Node, ...]:
    """The items of a list with at least one; anything else is R004. `instead` is the item to write for a text."""
    if isinstance(node, Listing) and node.items:
        return node.items
    if isinstance(node, Listing):
        report.error("R004", node, f"{what} is an empty list", hint="delete the key or fill the list")
    else:
        is_text = isinstance(node, Scalar) and not is_empty(node)
        hint = f"write [{(instead or cast(Scalar, node).value)[:40]}]" if is_text else ""
        report.error("R004", node, f"{what} wants a list, not {_kind_of(node)}", hint=hint)
    return ()


def read_map(node: Node, what: str, report: FileReport) -> Mapping | None:
    """A map; anything else is R004."""
    if isinstance(node, Mapping):
        return node
    report.error("R004", node, f"{what} wants a map of keys, not {_kind_of(node)}")
    return None


def read_filled_map(node: Node, what: str, report: FileReport) -> Mapping | None:
    """A map with at least one key; anything else is R004."""
    tree = read_map(node, what, report)
    if tree is None or tree.entries:
        return tree
    report.error("R004", node, f"{what} is an empty map", hint="delete the key or fill the map")
    return None


def check_keys(
    node: Mapping, what: str, report: FileReport, *, known: Collection[str], later: Collection[str] = ()
) -> None:
    """R003 for every key that `what` does not have, or that this version does not build yet."""
    for key, _ in node:
        if key.value in known:
            continue
        if key.value in later:
            message = f'"{key.value}" of {what} is part of the rule language but not built in this version'
            report.error("R003", key, message, hint="delete it")
        elif report.full:
            return
        else:
            hint = did_you_mean(key.value, known) or f"{what} has: {', '.join(sorted(known))}"
            report.error("R003", key, f'{what} has no key "{key.value[:60]}"', hint=hint)


def unknown_name(node: Node, kind: str, known: Collection[str], report: FileReport) -> None:
    """R050: a name that nothing has. `kind` says what was looked for (`schedule`)."""
    if report.full or not isinstance(node, Scalar):
        return
    listed = ", ".join(nsmallest(12, known))
    hint = did_you_mean(node.value, known) or (f"known are: {listed}" if listed else f"there is no {kind} yet")
    report.error("R050", node, f'there is no {kind} "{node.value[:60]}"', hint=hint)
