"""`{{ name | filter }}` in replies: read by Jinja2's sandboxed grammar, checked at load, filled in without its engine.

Nothing but names and filters is let through, so a customer's text is only ever inserted, never read as a template.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import regex
from jinja2 import TemplateSyntaxError, nodes
from jinja2.filters import do_title
from jinja2.sandbox import ImmutableSandboxedEnvironment

from igbot.rules.reading.values import did_you_mean

MESSAGE_NAMES = frozenset({"message.text", "message.kind", "match.keyword"})
"""Names whose value comes with the message; all others are known when the rules are loaded."""
LATER_ROOTS = frozenset({"customer", "schedule", "now", "slots"})
BUILT_IN_ROOTS = frozenset({"message", "match", "rule"}) | LATER_ROOTS
"""Names that a group of `vars` cannot have."""
LATER_FILTERS = frozenset({"date", "human", "number"})
LONGEST_INSERT = 200
"""Characters of a customer's text that are inserted."""

_ELLIPSIS = "…"
_CONTROLS = regex.compile(r"(?V1)[[\p{Cc}\p{Cs}\u2028\u2029]--\s]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_GRAPHEME = regex.compile(r"\X")
_MARKERS = ("{{", "{%", "{#")


@dataclass(frozen=True, slots=True)
class Filter:
    """One step after a name, with its argument if it takes one."""

    name: str
    argument: str | int | None = None


@dataclass(frozen=True, slots=True)
class Insert:
    """A place in a reply that is filled in for each message."""

    name: str
    filters: tuple[Filter, ...] = ()

    @property
    def may_print_nothing(self) -> bool:
        """Whether an empty value stays empty."""
        return all(step.name != "default" for step in self.filters)


Template = tuple[str | Insert, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a template cannot be used; `part` is the piece of it at fault."""

    message: str
    part: str
    hint: str = ""


class _ProblemError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_template(text: str, *, constants: Mapping[str, str]) -> tuple[Template, tuple[Problem, ...]]:
    """The parts of a reply, the names in `constants` (`shop.name` …) already filled in, and what is wrong with it."""
    if not any(marker in text for marker in _MARKERS):
        return (text,), ()
    environment = ImmutableSandboxedEnvironment(keep_trailing_newline=True)
    try:
        if "{#" in text and any(kind == "comment_begin" for _, kind, _ in environment.lex(text)):
            return (), (Problem("comments {# #} are not part of a reply", "{#", "delete it"),)
        body = environment.parse(text).body
        return _read_body(body, constants)
    except TemplateSyntaxError as error:
        part = next(marker for marker in _MARKERS if marker in text)
        return (), (Problem(f"not a template: {str(error.message)[:200]}", part, "write {{ name }}"),)
    except (RecursionError, ValueError, OverflowError):
        # Jinja2 lets these through for ten thousand brackets, or a number of ten thousand digits.
        return (), (Problem("not a template: nested too deeply, or a number too long", "{{"),)


def _read_body(body: list[nodes.Node], constants: Mapping[str, str]) -> tuple[Template, tuple[Problem, ...]]:
    parts: list[str | Insert] = []
    problems: list[Problem] = []
    for block in body:
        if not isinstance(block, nodes.Output):
            problems.append(Problem("statements {% %} are not part of a reply", "{%", "use a rule for each case"))
            continue
        for node in block.nodes:
            try:
                parts.append(node.data if isinstance(node, nodes.TemplateData) else _read_insert(node, constants))
            except _ProblemError as error:
                problems.append(error.problem)
    return tuple(parts), tuple(problems)


def _read_insert(node: nodes.Expr, constants: Mapping[str, str]) -> str | Insert:
    filters: list[Filter] = []
    while isinstance(node, nodes.Filter) and node.node is not None:
        filters.insert(0, _read_filter(node))
        node = node.node
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return _through(node.value, filters)
    name = _read_name(node, constants)
    if name in constants:
        return _through(constants[name], filters)
    return Insert(name, tuple(filters))


def _read_name(node: nodes.Expr, constants: Mapping[str, str]) -> str:
    match node:
        case nodes.Name():
            name = node.name
        case nodes.Getattr(node=nodes.Name(name=root), attr=attribute):
            name = f"{root}.{attribute}"
        case nodes.Getitem(node=nodes.Name(name=root), arg=nodes.Const(value=int(number))):
            name = f"{root}.{number}"
        case _:
            raise _ProblemError(Problem("only {{ name | filter }} is possible here", "{{"))
    known = MESSAGE_NAMES | constants.keys()
    if name not in known:
        root = name.partition(".")[0]
        if root in LATER_ROOTS or regex.fullmatch(r"match\.[0-9]+", name):
            message = f'"{name}" is part of the rule language but not built in this version'
            raise _ProblemError(Problem(message, name, "write the reply without it"))
        hint = did_you_mean(name, known) or f"known are: {', '.join(sorted(known)[:12])}"
        raise _ProblemError(Problem(f'unknown name "{name[:60]}"', name, hint))
    return name


def _read_filter(node: nodes.Filter) -> Filter:
    if node.name in LATER_FILTERS:
        message = f'the filter "{node.name}" is part of the rule language but not built in this version'
        raise _ProblemError(Problem(message, node.name, "write the reply without it"))
    if node.name not in FILTERS:
        hint = did_you_mean(node.name, FILTERS) or f"known are: {', '.join(FILTERS)}"
        raise _ProblemError(Problem(f'unknown filter "{node.name[:60]}"', node.name, hint))
    argument: str | int | None = None
    match node.args:
        case [nodes.Const(value=str() | int() as value)] if not isinstance(value, bool):
            argument = value
        case []:
            pass
        case _:
            raise _ProblemError(Problem(f'the filter "{node.name}" takes a text or a number', node.name))
    wanted = _ARGUMENTS.get(node.name, type(None))
    if node.kwargs or node.dyn_args or node.dyn_kwargs or not isinstance(argument, wanted):
        hint = {"default": "default('text')", "truncate": "truncate(120)"}.get(node.name, node.name)
        raise _ProblemError(Problem(f'the filter "{node.name}" is used wrongly', node.name, f"write {hint}"))
    if isinstance(argument, int) and argument < 1:
        raise _ProblemError(Problem("truncate wants a number above 0", node.name))
    return Filter(node.name, argument)


def _through(value: str, filters: list[Filter] | tuple[Filter, ...]) -> str:
    for step in filters:
        value = FILTERS[step.name](value, step.argument)
    return value


def _default(value: str, argument: str | int | None) -> str:
    return value or str(argument)


def _truncate(value: str, argument: str | int | None) -> str:
    longest = int(argument or 0)
    if len(value) <= longest:
        return value
    cut = cut_graphemes(value, longest - len(_ELLIPSIS))
    # The last blank is looked for one character further on, so that a word that just fits is kept.
    words = value[: len(cut) + 1].rpartition(" ")[0] if value[len(cut) : len(cut) + 1] != " " else cut
    return (words or cut).rstrip() + _ELLIPSIS


FILTERS: Mapping[str, Callable[[str, str | int | None], str]] = {
    "default": _default,
    "upper": lambda value, _: value.upper(),
    "lower": lambda value, _: value.lower(),
    "title": lambda value, _: do_title(value),
    "truncate": _truncate,
    "url": lambda value, _: quote(value, safe="", errors="replace"),
}
_ARGUMENTS: Mapping[str, type] = {"default": str, "truncate": int}


def cut_graphemes(text: str, longest: int) -> str:
    """As many whole graphemes as fit into `longest` characters; a first one that alone is longer is cut."""
    if len(text) <= longest:
        return text
    end = 0
    for found in _GRAPHEME.finditer(text):
        if found.end() > longest:
            break
        end = found.end()
    return text[: end or longest]


def presentable(text: str) -> str:
    """A customer's text as it may stand in a reply: cut, in one line, without controls and turned writing direction."""
    return cut_graphemes(_CONTROLS.sub("", " ".join(text[: 4 * LONGEST_INSERT].split())), LONGEST_INSERT)


def render(template: Template, values: Mapping[str, str]) -> str:
    """The finished text, without space at its ends. `values` has every name in `MESSAGE_NAMES`, as it may be shown."""
    return "".join(
        part if isinstance(part, str) else _through(values[part.name], part.filters) for part in template
    ).strip()
