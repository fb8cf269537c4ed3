"""What findings propose to write can be written."""

import pytest

from tests.rules.lint.finding import found
from tests.rules.writing import rules

RULE = "- {name: a, keywords: [b], when: {schedule: open}, reply: c}"


@pytest.mark.parametrize(
    ("written", "proposed"),
    [
        ("9-14", '["09:00-14:00"]'),
        ("09:00-14:00", '["09:00-14:00"]'),
        ("9am - 5pm", '["09:00-17:00"]'),
        ("12am to 12pm", '["00:00-12:00"]'),
        ("9.30-14.15", '["09:30-14:15"]'),
        ("9h-14h30", '["09:00-14:30"]'),
        ("22-4", '["22:00-04:00"]'),
        ("9-5", '["09:00-17:30"]'),
        ("9-25", '["09:00-17:30"]'),
        ("soon", '["09:00-17:30"]'),
    ],
)
def test_hours_that_people_understand_are_proposed_in_our_way(written: str, proposed: str) -> None:
    """As the list that they are, which then loads; `9-5` is not guessed."""
    (finding,) = found("R004", RULE, f"schedules: {{open: {{mon-fri: '{written}'}}}}")
    assert finding.hint == f"write {proposed}"
    rules(RULE, f"schedules: {{open: {{mon-fri: {proposed}}}}}")


@pytest.mark.parametrize(
    ("written", "code", "hint"),
    [
        ("sun: closed", "R004", "leave the day out: it is closed then"),
        ("sun: [closed]", "R051", "leave the day out: it is closed then"),
        ("mon: [9-14]", "R051", 'write "09:00-14:00"'),
        ("mon: ['24:00-10:00']", "R051", 'write "HH:MM-HH:MM" from 00:00 to 24:00'),
        ("mon-fri: ['09:00-12:00'], open_on: {'2026-12-24': closed}", "R004", "write it under closed_on: [2026-12-24]"),
    ],
)
def test_days_that_are_closed_and_items_of_a_list(written: str, code: str, hint: str) -> None:
    """Each with what belongs there."""
    (finding,) = found(code, RULE, f"schedules: {{open: {{{written}}}}}")
    assert finding.hint == hint


@pytest.mark.parametrize(
    ("code", "given", "hint"),
    [
        ("R004", "when: {customer: {lang: english}}", "write [en]"),
        ("R004", "when: {customer: {lang: es}}", "write [es]"),
        ("R004", "tag: VIP customer", "write [vip-customer]"),
        ("R001", 'not: [{regex: "\\d+"}]', "use single quotes: in double ones a backslash has a meaning of its own"),
    ],
)
def test_what_is_proposed_for_a_single_value_is_right(code: str, given: str, hint: str) -> None:
    """Not what was written in brackets, which would be the next error."""
    assert [each.hint for each in found(code, f"- {{name: a, keywords: [b], reply: c, {given}}}")] == [hint]


def test_a_key_is_listed_once() -> None:
    """Also one that the schedule has."""
    (finding,) = found("R003", RULE, "schedules: {open: {mon-fri: ['09:00-12:00'], holidays: x}}")
    assert finding.hint.count("mon-fri") == 1


@pytest.mark.parametrize(
    ("key", "hint"),
    [("Monday", "mon"), ("monday - friday", "mon-fri"), ("Sat to Sun", "sat-sun"), ("Mon-Fri", "mon-fri")],
)
def test_days_written_out_are_proposed_in_our_way(key: str, hint: str) -> None:
    """Small letters, three of each."""
    (finding,) = found("R003", RULE, f"schedules: {{open: {{{key}: ['09:00-12:00']}}}}")
    assert finding.hint == f"write {hint}"


def test_a_reply_in_single_braces_is_told_what_to_write() -> None:
    """YAML takes it for a map with one key."""
    (finding,) = found("R004", "- {name: a, keywords: [b], reply: {customer.name}}")
    assert (finding.severity, finding.hint) == ("error", 'write "{{ customer.name }}"')


def test_the_title_of_a_button_that_became_a_comment_is_told() -> None:
    """As every text that customers see."""
    rule = (
        "- name: a\n  keywords: [b]\n  reply:\n    text: c\n    buttons:\n      - payload: D\n        title: Order #12"
    )
    assert [(each.line, each.severity) for each in found("R004", rule)] == [(9, "warning")]
