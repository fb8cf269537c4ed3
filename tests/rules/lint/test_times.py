"""What is over, never open, too late, too much, or answered half of the day."""

from datetime import UTC, datetime

import pytest

from igbot.rules.surroundings import Surroundings
from tests.rules.lint.finding import check, found

AT = Surroundings(now=datetime(2026, 11, 24, 12, tzinfo=UTC))
WORDS = "- {name: a, keywords: [x], reply: b}"


def test_a_campaign_that_is_over() -> None:
    """At its last day."""
    rule = "- {name: a, keywords: [x], until: '2026-11-23', reply: b}"
    (finding,) = found("R052", rule, surroundings=AT)
    assert (finding.line, finding.column, finding.severity) == (3, 30, "warning")
    assert '"a" is over since 2026-11-2' in finding.message
    assert finding.hint == "delete the rule, or move the date"
    assert not found("R052", rule)
    assert not found("R052", rule.replace("23", "30"), surroundings=AT)


def test_dates_of_a_schedule_that_are_over() -> None:
    """Once a schedule, at the first of them."""
    head = 'schedules: {open: {mon: ["09:00-10:00"], closed_on: ["2026-12-25", "2026-11-23", "2025-01-01"]}}'
    (finding,) = found("R052", WORDS, head, surroundings=AT)
    assert (finding.line, finding.severity) == (2, "warning")
    assert finding.excerpt[finding.column - 1 :].startswith('"2025-01-01"')
    assert finding.message == '2025-01-01, 2026-11-23 of the schedule "open" are over'
    assert finding.hint == "write the dates to come"
    assert not found("R052", WORDS, head)
    assert not found("R052", WORDS, head.replace("2025", "2027").replace("11-23", "11-24"), surroundings=AT)


def test_a_schedule_that_is_never_open() -> None:
    """Whatever the day."""
    (finding,) = found("R052", WORDS, "schedules: {open: {mon: []}}")
    assert (finding.line, "never open" in finding.message) == (2, True)
    assert not found("R052", WORDS, 'schedules: {open: {mon: [], tue: ["09:00-10:00"]}}')


def test_more_waiting_than_meta_allows() -> None:
    """Delay and settle together."""
    check("R049", ("- {name: a, keywords: [x], delay: 20s, settle: 11s, reply: b}", 3, 30, "31 s", "shorter"))
    assert not found("R049", "- {name: a, keywords: [x], delay: 20s, settle: 10s, reply: b}")


@pytest.mark.parametrize("rule", [f"reply: {'x' * 3001}", f"reply: [a, b], handoff: {{say: '{'ö' * 600}'}}"])
def test_more_messages_than_anybody_reads(rule: str) -> None:
    """Where long texts are cut into several."""
    check("R049", (f"- {{name: a, keywords: [x], {rule}}}", 3, 30, "becomes 4 messages at once", "fewer words"))


@pytest.mark.parametrize("rule", ["reply: [a, b, c]", f"reply: [a, {'x' * 2000}]"])
def test_three_messages_are_left_alone(rule: str) -> None:
    """Of which one may be long."""
    assert not found("R049", f"- {{name: a, keywords: [x], {rule}}}")


HEAD = 'schedules: {open: {mon: ["09:00-10:00"]}, lunch: {tue: ["09:00-10:00"]}}'
OPEN = "- {name: day, keywords: [price, cost], when: {schedule: open}, reply: b}\n"
CLOSED = "- {name: night, keywords: [price], when: {schedule: {not: open}}, reply: b}"


def test_a_word_that_is_answered_half_of_the_day() -> None:
    """While another word of the rule is answered all day."""
    (finding,) = found("R053", OPEN + CLOSED, HEAD)
    assert (finding.line, finding.column, finding.severity) == (5, 30, "warning")
    assert finding.message == '"day" answers cost while it is open, and no rule does while it is closed'
    assert finding.hint == 'add cost to "night"'


@pytest.mark.parametrize(
    "rules",
    [
        OPEN,
        OPEN + CLOSED.replace("[price]", "[price, cost]"),
        OPEN + CLOSED.replace("[price]", "[hello]"),
        OPEN + CLOSED.replace("not: open", "not: lunch"),
        OPEN + CLOSED.replace("schedule: {not: open}", "schedule: {not: open}, first_message: true"),
        OPEN + CLOSED + "\n- {name: c, keywords: [cost], priority: -1, reply: b}",
        OPEN + CLOSED.replace("[price]", "[price, {contains: cost}, {regex: cost}]"),
    ],
)
def test_a_word_that_somebody_answers_at_any_time(rules: str) -> None:
    """Near misses: no partner at all, the same words, another schedule or condition, a rule for any time."""
    assert not found("R053", rules, HEAD)
