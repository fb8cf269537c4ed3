"""Examples that stand in a rule: a set of rules whose examples do not hold is not loaded, whatever the clock says."""

from textwrap import dedent

import pytest

from igbot.rules.loading import Loaded, load_rules
from igbot.rules.model import RuleFile

REST = "  - {name: other, fallback: true, limit: {times: 1, within: 1h}, reply: Sorry?}\n"


def load(rules: str) -> Loaded:
    """The rules of a file, with a fallback."""
    return load_rules([RuleFile("a.yaml", f"version: 1\n{dedent(rules)}{REST}".encode())])


def told(rules: str) -> list[str]:
    """The examples that do not hold, with their places."""
    found = load(rules).findings
    assert {each.code for each in found if each.severity == "error"} <= {"T001"}, found
    return [f"{each.line}:{each.column} {each.message}" for each in found if each.code == "T001"]


def test_examples_that_hold_load() -> None:
    """Answered and not answered."""
    rules = """\
    rules:
      - {name: a, keywords: [price], not: [stock], reply: A, test: {yes: [Price!], no: [stock price, hm]}}
    """
    assert told(rules) == []
    assert load(rules).ruleset is not None


def test_an_example_that_does_not_hold_keeps_the_rules_from_loading() -> None:
    """The place is that of the example, and the rule that answers instead is named."""
    rules = """\
    rules:
      - {name: a, keywords: [price], reply: A, test: {yes: ["the size", "a price", hm], no: [no price]}}
      - {name: b, priority: 1, keywords: ["a price"], reply: B}
    """
    assert told(rules) == [
        '3:57 "the size" is not answered by a, as its test says, nor by any other rule',
        '3:69 "a price" is answered by b (word "a price"), not by a',
        '3:80 "hm" is not answered by a, as its test says, nor by any other rule',
        '3:90 "no price" is answered by a, and its test says it must not be',
    ]
    assert load(rules).ruleset is None


@pytest.mark.parametrize(
    "condition",
    [
        "when: {schedule: open}",
        "when: {schedule: {not: open}}",
        "when: {first_message: false}",
        'when: {idle_for: ">= 7d"}',
        'when: {turn: ">= 3"}',
        "when: {test: true}",
        "when: {customer: {tags: {any: [vip]}}}",
        "when: {after: {rule: other, within: 1h}}",
        "when: {all: [{schedule: open}]}",
        "when: {none: [{schedule: open}]}",
        'from: "2031-01-01"',
        'until: "2021-01-01"',
    ],
)
def test_examples_do_not_depend_on_the_clock_or_the_customer(condition: str) -> None:
    """Or a reload would fail at night: it is the words that are tried."""
    rules = f"""\
    schedules: {{open: {{mon: ["09:00-10:00"]}}}}
    rules:
      - {{name: a, keywords: [price], {condition}, reply: A, test: {{yes: [price], no: [size]}}}}
      - {{name: b, keywords: [price], reply: B, test: {{yes: [price], no: [size]}}}}
    """
    assert told(rules) == []


def test_a_rule_that_can_never_answer_its_example_is_told() -> None:
    """Where a better one always does."""
    rules = """\
    schedules: {open: {mon: ["09:00-10:00"]}}
    rules:
      - {name: a, keywords: [price], reply: A}
      - {name: b, priority: -1, keywords: [price], when: {schedule: open}, reply: B, test: {yes: [price]}}
    """
    assert told(rules) == ['5:95 "price" is answered by a (word "price"), not by b']


def test_examples_of_a_fallback_an_observer_and_a_rule_switched_off() -> None:
    """What no other rule answers; what it sees, whoever answers; nothing at all."""
    rules = """\
    rules:
      - {name: a, keywords: [price], reply: A}
      - {name: watch, observe: true, keywords: [broken], tag: [x], test: {yes: [broken price], no: [price]}}
      - {name: resting, enabled: false, keywords: [size], reply: B, test: {yes: [price]}}
    """
    assert told(rules) == []
    own = REST.replace("reply:", "test: {yes: [hm], no: [price]}, reply:")
    found = load_rules([RuleFile("a.yaml", f"version: 1\n{dedent(rules)}{own}".encode())])
    assert [each.message for each in found.findings if each.severity == "error"] == []
    own = REST.replace("reply:", "test: {yes: [price], no: [hm]}, reply:")
    found = load_rules([RuleFile("a.yaml", f"version: 1\n{dedent(rules)}{own}".encode())])
    assert [each.message for each in found.findings if each.code == "T001"] == [
        '"price" is answered by a (word "price"), not by other',
        '"hm" is answered by other, and its test says it must not be',
    ]


def test_what_a_rule_does_is_not_done_for_its_examples() -> None:
    """No call is made, no limit counts, no text is filled in."""
    rules = """\
    rules:
      - name: a
        keywords: [order]
        call: {name: orders, save: it}
        once: true
        reply: "{{ slots.it.status | default('lost') }}"
        test: {yes: [order, my order]}
    """
    assert told(rules) == []
