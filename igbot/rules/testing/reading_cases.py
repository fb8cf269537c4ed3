"""Reads one case of a test: what happened before, what happens, and what is expected."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from igbot.rules.deciding.choice import Answered, Incoming
from igbot.rules.reading.source import FileReport, Listing, Mapping, Node, Scalar, place_of
from igbot.rules.reading.values import check_keys, read_any_text, read_boolean, read_list, read_map
from igbot.rules.spelling import did_you_mean
from igbot.rules.testing.cases import (
    Case,
    Expectation,
    Happening,
    Named,
    OwnerResumes,
    OwnerSays,
    Past,
    Person,
    Step,
    Unsend,
)
from igbot.rules.testing.events import Beside, read_event
from igbot.rules.testing.expecting import read_expectation, read_named
from igbot.rules.testing.json_values import json_of
from igbot.rules.testing.moments import read_now, read_offset
from igbot.rules.testing.persons import read_person

HAPPENINGS = ("say", "event", "owner_says", "tick", "unsend")
STEP_KEYS = (*HAPPENINGS, "at", "stub", "expect")
CASE_KEYS = (
    *("name", "now", "customer", "history", "steps", "table", "stub", "expect", "only", "skip", "todo"),
    *HAPPENINGS,
)
AUTHORS: tuple[Literal["customer", "bot", "owner"], ...] = ("customer", "bot", "owner")


@dataclass(frozen=True, slots=True)
class Around:
    """What the file says for all of its cases."""

    report: FileReport
    zone: ZoneInfo
    now: datetime
    person: Person
    beside: Beside


@dataclass(slots=True)
class _Clock:
    """How far the steps have come: time does not run backwards."""

    reached: timedelta = field(default_factory=timedelta)


def read_case(item: Node, around: Around) -> Case | None:
    """One case; None where it cannot be run."""
    report = around.report
    node = read_map(item, "a case", report)
    if node is None:
        return None
    check_keys(node, "a case", report, known=CASE_KEYS)
    name = node.get("name")
    if name is None:
        report.error("R011", node, "a case without a name", hint="say what it shows, as in name: a tired question")
    text = read_any_text(name, "name", report) if name else None
    now = node.get("now")
    form, steps = _read_form(node, around)
    todo = _reason(node, "todo", report)
    if text is None or (not steps and todo is None):
        return None
    return Case(
        name=text,
        now=(read_now(now, report, around.zone) if now else None) or around.now,
        steps=_with_stubs(steps, _read_stubs(node.get("stub"), report)),
        person=read_person(node.get("customer"), report, standard=around.person),
        history=_read_history(node.get("history"), report),
        form=form,
        only=_flag(node, "only", report),
        skip=_reason(node, "skip", report),
        todo=todo,
        at=place_of(name or node),
    )


def _read_form(node: Mapping, around: Around) -> tuple[Literal["single", "steps", "table"], tuple[Step, ...]]:
    """Which of the ways a case is written in, and its steps."""
    report = around.report
    forms = [key for key, _ in node if key.value in (*HAPPENINGS, "steps", "table")]
    if not forms:
        if node.get("todo") is None:
            report.error("R004", node, "in this case nothing happens", hint="add say:, event:, steps: or table:")
        return "single", ()
    if len(forms) > 1:
        report.error(
            "R004", forms[1], f'a case has "{forms[0].value}" or "{forms[1].value}", not both', hint="use steps:"
        )
        return "single", ()
    key = forms[0].value
    if key in ("steps", "table"):
        if expect := node.key("expect"):
            report.error("R004", expect, f'of "{key}" each line says itself what is expected', hint="write it there")
        items = read_list(node.get(key) or node, key, report)
        clock = _Clock()
        read = [_read_step(each, around, clock) if key == "steps" else _read_row(each, report) for each in items]
        return ("steps" if key == "steps" else "table"), tuple(step for step in read if step)
    step = _read_happening(node, around)
    return "single", (step,) if step else ()


def _read_step(item: Node, around: Around, clock: _Clock) -> Step | None:
    report = around.report
    node = read_map(item, "a step", report)
    if node is None:
        return None
    check_keys(node, "a step", report, known=STEP_KEYS)
    happen = [key for key, _ in node if key.value in HAPPENINGS]
    if len(happen) != 1:
        message = "one thing happens in a step" if happen else "in this step nothing happens"
        report.error("R004", happen[1] if happen else node, message, hint=f"one of: {', '.join(HAPPENINGS)}")
        return None
    step = _read_happening(node, around)
    at = node.get("at")
    after = read_offset(at, "at", report, sign="+") if at else None
    if step is None:
        return None
    if at is not None and after is not None:
        if after < clock.reached:
            report.error("R004", at, "this is before the step above", hint="at counts from the beginning of the case")
        clock.reached = max(after, clock.reached)
    return replace(step, after=after, stubs=_read_stubs(node.get("stub"), report))


def _read_happening(node: Mapping, around: Around) -> Step | None:
    report = around.report
    key = next(key for key, _ in node if key.value in HAPPENINGS)
    value = node.get(key.value)
    assert value is not None
    happening = _what_happens(key, value, around)
    expect = node.get("expect")
    complete = all(key.value in CASE_KEYS for key, _ in node)
    if expect is None and complete and node.get("name") is not None and node.get("todo") is None:
        report.error("R004", node, "this case expects nothing", hint="add expect:, for example expect: {rule: returns}")
    expected = read_expectation(expect, report) if expect else Expectation()
    return Step(happening, expected, at=place_of(value)) if happening else None


def _what_happens(key: Scalar, value: Node, around: Around) -> Happening | None:
    report = around.report
    match key.value:
        case "say":
            text = read_any_text(value, "say", report)
            return Incoming("text", text) if text is not None else None
        case "event":
            return read_event(value, report, around.beside)
        case "owner_says":
            text = read_any_text(value, "owner_says", report)
            return OwnerSays(text) if text is not None else None
        case "tick":
            text = read_any_text(value, "tick", report)
            if text is not None and text != "owner_resume":
                hint = did_you_mean(text, ("owner_resume",)) or "there is owner_resume: the owner hands back to the bot"
                report.error("R004", value, f'there is no tick "{text[:60]}"', hint=hint)
            return OwnerResumes() if text == "owner_resume" else None
        case _:
            return Unsend() if read_boolean(value, "unsend", report) else None


def _read_row(item: Node, report: FileReport) -> Step | None:
    if not isinstance(item, Listing) or len(item.items) != 2:
        report.error("R004", item, "a row of a table is a text and a rule", hint='for example ["how much?", prices]')
        return None
    text, rule = (
        read_any_text(item.items[0], "the text of a row", report),
        read_named(item.items[1], "its rule", report),
    )
    if text is None or rule is None:
        return None
    return Step(Incoming("text", text), Expectation(rule=rule), at=place_of(item.items[0]))


def _read_stubs(node: Node | None, report: FileReport) -> dict[str, Answered]:
    """The answers of named calls: whatever JSON they answer, or the word `fails`."""
    found: dict[str, Answered] = {}
    given = read_map(node, "stub", report) if node is not None else None
    for key, value in given or ():
        if isinstance(value, Scalar):
            if value.value != "fails":
                hint = "for example {status: sent}, or the word fails"
                report.error("R004", value, f"the answer of {key.value[:60]} is a map or a list", hint=hint)
            found[key.value] = Answered(ok=False, why="the test says so")
        else:
            found[key.value] = Answered(ok=True, answer=json_of(value))
    return found


def _with_stubs(steps: tuple[Step, ...], stubs: dict[str, Answered]) -> tuple[Step, ...]:
    return tuple(replace(step, stubs={**stubs, **step.stubs}) for step in steps) if stubs else steps


def _read_history(node: Node | None, report: FileReport) -> tuple[Past, ...]:
    if node is None:
        return ()
    found = [past for item in read_list(node, "history", report) if (past := _read_past(item, report))]
    return tuple(sorted(found, key=lambda past: past.before, reverse=True))


def _read_past(item: Node, report: FileReport) -> Past | None:
    node = read_map(item, "an earlier message", report)
    if node is None:
        return None
    check_keys(node, "an earlier message", report, known=(*AUTHORS, "at", "rule"))
    authors = [author for author in AUTHORS if node.get(author) is not None]
    at, rule = node.get("at"), node.get("rule")
    if len(authors) != 1 or at is None:
        hint = 'for example {customer: "hi", at: "-2d"}'
        report.error("R004", node, "an earlier message has one author and a time", hint=hint)
        return None
    if rule is not None and authors[0] != "bot":
        report.error("R004", rule, "a rule belongs to what the bot said", hint="delete it")
    said: Any = node.get(authors[0])
    text, before = read_any_text(said, authors[0], report), read_offset(at, "at", report, sign="-")
    if text is None or before is None:
        return None
    named: Named | None = read_named(rule, "rule", report) if rule else None
    return Past(authors[0], text, before, named)


def _flag(node: Mapping, key: str, report: FileReport) -> bool:
    value = node.get(key)
    return bool(read_boolean(value, key, report)) if value is not None else False


def _reason(node: Mapping, key: str, report: FileReport) -> str | None:
    """`true` or a reason; None where it is not set."""
    value = node.get(key)
    if value is None:
        return None
    if isinstance(value, Scalar) and value.plain and value.value.lower() in ("true", "false"):
        return "" if read_boolean(value, key, report) else None
    return read_any_text(value, key, report)
