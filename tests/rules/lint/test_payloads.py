"""Buttons and payloads that must find each other."""

import pytest

from tests.rules.lint.finding import Case, check, found

QUICK = "reply: {text: b, quick_replies: [{title: T, payload: P1}]}"
BUTTON = "reply: {text: b, buttons: [{title: T, payload: P1}]}"


@pytest.mark.parametrize(
    ("severity", "case"),
    [
        ("error", ("- {name: a, payload: P, reply: b}", 3, 24, 'no button sends the payload "P"', "add a quick reply")),
        ("error", (f"- {{name: a, payload: [P1, P2], {QUICK}}}", 3, 29, '"P2"', "add a quick reply or a button")),
        ("warning", ("- {name: a, payload: 'P*', reply: b}", 3, 25, 'begins with "P"', "advertisements")),
        ("warning", ("- {name: a, payload: P, kinds: [postback], reply: b}", 3, 24, '"P"', "add a quick reply")),
        (
            "warning",
            ("- {name: a, kinds: [referral], when: {payload: P}, reply: b}", 3, 50, '"P"', "add a quick reply"),
        ),
        (
            "error",
            ("- {name: a, when: {any: [{payload: P}, {text: {any: [x]}}]}, reply: b}", 3, 38, '"P"', "add a quick"),
        ),
    ],
)
def test_a_payload_that_no_button_sends(severity: str, case: Case) -> None:
    """Menus and advertisements may send what begins with something, and whatever comes as a postback or referral."""
    check("R044", case, severity=severity)


@pytest.mark.parametrize(
    "rules",
    [
        f"- {{name: a, payload: P1, {QUICK}}}",
        f"- {{name: a, payload: 'P*', {QUICK}}}",
        f"- {{name: a, payload: P1, kinds: [postback], {BUTTON}}}",
        "- {name: a, payload: P1, kinds: [postback], reply: {use: shared}}",
    ],
)
def test_a_payload_that_some_button_sends(rules: str) -> None:
    """Of a quick reply, a button or a shared reply."""
    assert not found("R044", rules, "replies: {shared: {text: b, buttons: [{title: T, payload: P1}]}}")


@pytest.mark.parametrize(
    "case",
    [
        (f"- {{name: a, keywords: [a], {QUICK}}}", 3, 83, 'no rule takes the payload "P1"', "rule with payload: P1"),
        (f"- {{name: a, keywords: [a], {BUTTON}}}", 3, 77, "a tap gets the fallback", "P1, kinds: [postback]"),
        (
            f"- {{name: a, keywords: [a], {BUTTON}}}\n- {{name: c, payload: P1, reply: b}}",
            3,
            77,
            "does not take this kind of button",
            "add postback to its kinds",
        ),
        (
            f"- {{name: a, keywords: [a], {QUICK}}}\n- {{name: c, payload: P1, enabled: false, reply: b}}",
            3,
            83,
            "no rule takes",
            "add a rule",
        ),
        (
            f"- {{name: a, keywords: [a], {QUICK}}}\n- {{name: c, payload: P1, observe: true, tag: [t]}}",
            3,
            83,
            "no rule takes",
            "add a rule",
        ),
    ],
)
def test_a_button_whose_payload_no_rule_takes(case: Case) -> None:
    """With the rule to add."""
    check("R043", case)


@pytest.mark.parametrize(
    "more",
    [
        "- {name: c, payload: P1, reply: b}",
        "- {name: c, payload: 'P*', reply: b}",
        "- {name: c, when: {any: [{payload: P1}, {text: {any: [x]}}]}, reply: b}",
        "- {name: c, keywords: [t], reply: b}",
        "- {name: c, keywords: [{list: l}], when: {schedule: open}, reply: b}",
    ],
)
def test_a_button_that_some_rule_understands(more: str) -> None:
    """By its payload, or by what is written on it."""
    head = 'lists: {l: [x, T]}\nschedules: {open: {mon: ["09:00-10:00"]}}'
    assert not found("R043", f"- {{name: a, keywords: [a], {QUICK}}}\n{more}", head)


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ("", "name of a rule with a label"),
        ("- {name: nopes, label: N, keywords: [x], reply: b}", 'did you mean "nopes"?'),
        ("- {name: nope, keywords: [x], reply: b}", "give the rule of that name a label"),
        ("- {name: nope, label: N, enabled: false, keywords: [x], reply: b}", "name of a rule with a label"),
    ],
)
def test_a_button_that_names_a_rule_which_no_tap_picks(more: str, hint: str) -> None:
    """As igbot's own question does, with the names of rules that have a label."""
    (finding,) = found("R043", f"- {{name: a, keywords: [a], {QUICK.replace('P1', 'RULE:nope')}}}\n{more}")
    assert (finding.line, finding.column, finding.severity) == (3, 83, "warning")
    assert hint in finding.hint


def test_a_button_may_name_a_rule_with_a_label() -> None:
    """The tap picks it."""
    more = "- {name: b, label: B, keywords: [x], reply: c}"
    body = f"- {{name: a, keywords: [a], {QUICK.replace('P1', 'RULE:b')}}}\n{more}"
    assert not found("R043", body)


def test_a_button_that_opens_a_page_sends_nothing() -> None:
    """And needs no rule."""
    assert not found(
        "R043", "- {name: a, keywords: [a], reply: {text: b, buttons: [{title: T, url: 'https://a.example'}]}}"
    )
