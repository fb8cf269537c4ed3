"""`{{ name | filter }}` in replies: read by Jinja2's sandboxed grammar, checked at load, filled in without its engine.

Nothing but names and filters is let through, so a customer's text is only ever inserted, never read as a template.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from igbot.rules.characters import unkeepable
from igbot.rules.expressions import expression
from igbot.rules.languages import ENGLISH
from igbot.rules.spelling import did_you_mean
from igbot.rules.templates.filters import FILTERS, through
from igbot.rules.templates.model import Filter, Insert, Template
from igbot.rules.templates.moments import NAMED_FORMATS, Manner, is_pattern
from igbot.rules.templates.places import beginnings, first_fault
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
MOST_INSERTS = 100
"""Of one text."""
LONGEST_FILLED = 20_000
"""Characters that `vars` may fill into one text; Meta sends them as twenty messages and more."""
# Only for filters to which neither matters.
_NO_MANNER = Manner(ENGLISH, ZoneInfo("UTC"), datetime(2000, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a template cannot be used; `part` is the piece of it at fault, and `at` where in the text that stands."""

    message: str
    part: str
    hint: str = ""
    code: str = "R045"
    at: int = 0


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
    if text.count("{{") > MOST_INSERTS:
        return (), (Problem(f"more than {MOST_INSERTS} things are filled into one text", "{{", "make two of it"),)
    known = _Known(constants, names, schedules)
    plain = read_plain(text)
    environment = None if plain is not None else _environment()
    try:
        template, faults = (
            _read_pieces(plain or (), known) if environment is None else _read_by_jinja(text, environment, known)
        )
        return template, _placed(faults, text, environment or _environment()) if faults else ()
    except TemplateSyntaxError as error:
        message, hint = f"not a template: {str(error.message)[:200]}", "write {{ name }}"
    except (RecursionError, ValueError, OverflowError):
        # Jinja2 lets these through for ten thousand brackets, or a number of ten thousand digits.
        message, hint = "not a template: nested too deeply, or a number too long", ""
    at = first_fault(text, environment or _environment())
    return (), (Problem(message, text[at : at + 2], hint, at=at),)


def _environment() -> ImmutableSandboxedEnvironment:
    # It takes longer to make one than to read most replies, which want none.
    return ImmutableSandboxedEnvironment(keep_trailing_newline=True)


_Faults = list[tuple[int, Problem]]
"""What is wrong, each with the number of the insert (from 0) that has it."""


def _read_by_jinja(text: str, environment: ImmutableSandboxedEnvironment, known: _Known) -> tuple[Template, _Faults]:
    begin = beginnings(text, environment) if "{#" in text or "{%" in text else {}
    if comments := begin.get("comment_begin"):
        return (), [(0, Problem("comments {# #} are not part of a reply", "{#", "delete it", at=comments[0]))]
    body = environment.parse(text).body
    if statements := sorted((*begin.get("block_begin", ()), *begin.get("raw_begin", ()))):
        message, hint = "statements {% %} are not part of a reply", "use a rule for each case"
        return (), [(0, Problem(message, "{%", hint, at=statements[0]))]
    pieces: list[Piece] = []
    for block in body:
        # Without statements there is nothing else.
        if isinstance(block, nodes.Output):
            pieces.extend(node.data if isinstance(node, nodes.TemplateData) else node for node in block.nodes)
    return _read_pieces(pieces, known)


def _placed(faults: _Faults, text: str, environment: ImmutableSandboxedEnvironment) -> tuple[Problem, ...]:
    """The problems with the places of what is at fault."""
    starts = beginnings(text, environment).get("variable_begin", [])
    found = []
    for number, problem in faults:
        begin = starts[number] if number < len(starts) else 0
        found.append(problem if problem.at else replace(problem, at=max(text.find(problem.part, begin), 0)))
    return tuple(found)


def _read_pieces(pieces: Iterable[Piece], known: _Known) -> tuple[Template, _Faults]:
    parts: list[str | Insert] = []
    faults: _Faults = []
    number, length = 0, 0
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece)
            continue
        try:
            part = _read_insert(piece, known)
        except _ProblemError as error:
            faults.append((number, error.problem))
        else:
            parts.append(part)
            length += len(part if isinstance(part, str) else part.constant or "")
        if length > LONGEST_FILLED:
            message = f"what is filled in from vars has more than {LONGEST_FILLED} characters"
            return (), [*faults, (number, Problem(message, "{{", "make it shorter"))]
        number += 1
    return _joined(parts), faults


def _joined(parts: list[str | Insert]) -> Template:
    """The same with texts that follow each other made one."""
    found: list[str | Insert] = []
    texts: list[str] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        if texts:
            found.append("".join(texts))
            texts = []
        found.append(part)
    return (*found, "".join(texts)) if texts else tuple(found)


def _read_insert(node: nodes.Expr, known: _Known) -> str | Insert:
    filters: list[Filter] = []
    while isinstance(node, nodes.Filter) and node.node is not None:
        filters.insert(0, _read_filter(node))
        node = node.node
    name, constant = "", None
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        constant = node.value
        _refuse_controls(constant, "{{")
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
            _refuse_controls(argument, node.name)
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


def _refuse_controls(value: str | int, part: str) -> None:
    if isinstance(value, str) and (found := unkeepable(value)):
        message = f"the control character U+{ord(found):04X} cannot be part of a reply"
        raise _ProblemError(Problem(message, part, "delete it; it is written with a backslash"))


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
