"""`{{ name | filter }}` in replies: read by Jinja2's sandboxed grammar, checked at load, filled in without its engine.

Nothing but names and filters is let through, so a customer's text is only ever inserted, never read as a template.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from igbot.rules.expressions import expression
from igbot.rules.languages import ENGLISH
from igbot.rules.spelling import did_you_mean
from igbot.rules.templates.filters import FILTERS, through
from igbot.rules.templates.model import Filter, Insert, Template
from igbot.rules.templates.moments import NAMED_FORMATS, Manner, is_pattern
from igbot.rules.templates.plain_inserts import Piece, read_plain

BUILT_IN_ROOTS = frozenset({"message", "match", "rule", "customer", "schedule", "now", "slots"})
"""Names that a group of `vars` cannot have."""
ALWAYS_KNOWN = frozenset(
    {
        *("message.text", "message.kind", "match.keyword", "now"),
        *("customer.username", "customer.name", "customer.first_name", "customer.lang", "customer.tags"),
        *("customer.follows", "customer.set.*"),
    }
)
"""Names that every rule has; `.*` stands for any path below."""

_MARKERS = ("{{", "{%", "{#")
# No underscore in front: nothing of ours is called so, and in Python it is the door to everything.
_PART = expression(r"[^\W_]\w{0,63}")
_DEEPEST = 8
# Only for filters to which neither matters.
_NO_MANNER = Manner(ENGLISH, ZoneInfo("UTC"), datetime(2000, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a template cannot be used; `part` is the piece of it at fault."""

    message: str
    part: str
    hint: str = ""
    code: str = "R045"


@dataclass(frozen=True, slots=True)
class _Known:
    constants: Mapping[str, str]
    names: Collection[str]
    schedules: Collection[str]


class _ProblemError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_template(
    text: str, *, constants: Mapping[str, str], names: Collection[str], schedules: Collection[str]
) -> tuple[Template, tuple[Problem, ...]]:
    """The parts of a text, the names in `constants` (`shop.name` …) filled in already, and what is wrong with it.

    `names` are all others that may be used, `.*` at their end for any path below; `schedules` those whose `is_open`
    and `next` may be. A text without anything to fill in comes back as one piece. Never raises.
    """
    if not any(marker in text for marker in _MARKERS):
        return (text,), ()
    known = _Known(constants, names, schedules)
    plain = read_plain(text)
    if plain is not None:
        return _read_pieces(plain, known)
    environment = ImmutableSandboxedEnvironment(keep_trailing_newline=True)
    try:
        if "{#" in text and any(kind == "comment_begin" for _, kind, _ in environment.lex(text)):
            return (), (Problem("comments {# #} are not part of a reply", "{#", "delete it"),)
        body = environment.parse(text).body
        return _read_body(body, known)
    except TemplateSyntaxError as error:
        part = next(marker for marker in _MARKERS if marker in text)
        return (), (Problem(f"not a template: {str(error.message)[:200]}", part, "write {{ name }}"),)
    except (RecursionError, ValueError, OverflowError):
        # Jinja2 lets these through for ten thousand brackets, or a number of ten thousand digits.
        return (), (Problem("not a template: nested too deeply, or a number too long", "{{"),)


def _read_body(body: list[nodes.Node], known: _Known) -> tuple[Template, tuple[Problem, ...]]:
    pieces: list[Piece] = []
    problems: list[Problem] = []
    for block in body:
        if not isinstance(block, nodes.Output):
            problems.append(Problem("statements {% %} are not part of a reply", "{%", "use a rule for each case"))
            continue
        pieces.extend(node.data if isinstance(node, nodes.TemplateData) else node for node in block.nodes)
    template, others = _read_pieces(pieces, known)
    return template, (*problems, *others)


def _read_pieces(pieces: Iterable[Piece], known: _Known) -> tuple[Template, tuple[Problem, ...]]:
    parts: list[str | Insert] = []
    problems: list[Problem] = []
    for piece in pieces:
        try:
            parts.append(piece if isinstance(piece, str) else _read_insert(piece, known))
        except _ProblemError as error:
            problems.append(error.problem)
    return _joined(parts), tuple(problems)


def _joined(parts: list[str | Insert]) -> Template:
    """The same with texts that follow each other made one."""
    found: list[str | Insert] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(before := found[-1], str):
            found[-1] = before + part
        else:
            found.append(part)
    return tuple(found)


def _read_insert(node: nodes.Expr, known: _Known) -> str | Insert:
    filters: list[Filter] = []
    while isinstance(node, nodes.Filter) and node.node is not None:
        filters.insert(0, _read_filter(node))
        node = node.node
    name, constant = "", None
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        constant = node.value
    else:
        name = _read_name(node, known)
        constant = known.constants.get(name)
    if constant is not None and all(FILTERS[step.name].anywhere for step in filters):
        return through(constant, filters, _NO_MANNER)
    return Insert(name, tuple(filters), constant)


def _read_name(node: nodes.Expr, known: _Known) -> str:
    path = _path(node)
    if path is None or not all(_PART.fullmatch(part) for part in path) or len(path) > _DEEPEST:
        raise _ProblemError(Problem("only {{ name | filter }} is possible here", "{{"))
    name = ".".join(path)
    if name in known.constants or name in known.names:
        return name
    if any(f"{'.'.join(path[:end])}.*" in known.names for end in range(1, len(path))):
        return name
    if path[0] == "schedule":
        _check_schedule(name, path, known.schedules)
        return name
    every = [each for each in (*known.constants, *known.names) if not each.endswith(".*")]
    hint = did_you_mean(name, every) or _what_there_is(path[0], every)
    raise _ProblemError(Problem(f'unknown name "{name[:60]}"', name, hint))


def _what_there_is(root: str, names: list[str]) -> str:
    same = sorted(name for name in names if name.partition(".")[0] == root)
    if same:
        return f"known are: {', '.join(same[:12])}"
    if root == "slots":
        return 'slots are filled by a rule\'s call: with "save"'
    return f"known are: {', '.join(sorted(names)[:12])}"


def _check_schedule(name: str, path: list[str], schedules: Collection[str]) -> None:
    if len(path) != 3 or path[2] not in ("is_open", "next"):
        message = f'unknown name "{name[:60]}"'
        raise _ProblemError(Problem(message, name, "write schedule.NAME.is_open or schedule.NAME.next"))
    if path[1] not in schedules:
        hint = did_you_mean(path[1], schedules) or "add it to schedules:"
        raise _ProblemError(Problem(f'no schedule is called "{path[1][:60]}"', name, hint, "R050"))


def _path(node: nodes.Expr) -> list[str] | None:
    """`["slots", "order", "status"]` of `slots.order.status`; None for anything that is no such name."""
    found: list[str] = []
    while True:
        match node:
            case nodes.Name():
                return [node.name, *reversed(found)]
            case nodes.Getattr():
                found.append(node.attr)
            case nodes.Getitem(arg=nodes.Const(value=int(number))) if not isinstance(number, bool):
                found.append(str(number))
            case _:
                return None
        node = node.node


def _read_filter(node: nodes.Filter) -> Filter:
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
    if node.kwargs or node.dyn_args or node.dyn_kwargs or not _is_wanted(node.name, argument):
        message = f'the filter "{node.name}" is used wrongly'
        raise _ProblemError(Problem(message, node.name, f"write {FILTERS[node.name].example}"))
    if isinstance(argument, int) and argument < 1:
        raise _ProblemError(Problem("truncate wants a number above 0", node.name))
    if node.name == "date" and isinstance(argument, str) and not is_pattern(argument):
        message = f"a date cannot be written as {argument[:40]!r}"
        hint = f"one of {', '.join(NAMED_FORMATS)}, or for example 'EEEE d MMMM', 'dd.MM.yyyy', 'HH:mm'"
        raise _ProblemError(Problem(message, node.name, hint))
    return Filter(node.name, argument)


def _is_wanted(name: str, argument: str | int | None) -> bool:
    match FILTERS[name].wants:
        case "nothing":
            return argument is None
        case "text":
            return isinstance(argument, str)
        case "number":
            return isinstance(argument, int)
        case "pattern or nothing":
            return argument is None or isinstance(argument, str)
