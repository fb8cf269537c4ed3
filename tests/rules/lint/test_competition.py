"""Rules in each other's way."""

import pytest

from tests.rules.lint.finding import Case, check, found

HIGH = "- {name: a, priority: 9, keywords: [x, y], reply: b}\n"


@pytest.mark.parametrize(
    "case",
    [
        (
            "- {name: a, keywords: [x], reply: b}\n- {name: c, keywords: [y, X], reply: b}",
            4,
            29,
            'word "X" is also in "a" (1.yaml:3) of the same priority; "a" wins',
            "give one rule a priority",
        ),
        (
            "- {name: a, keywords: [x, v, w], reply: b}\n- {name: c, keywords: [w, y, x], kinds: [text], reply: b}",
            4,
            26,
            'word "w" and 1 other are also in "a" (1.yaml:3) of the same priority; "c" wins',
            "delete one",
        ),
        (
            "- {name: a, keywords: [{regex: x+}, u], reply: b}\n- {name: c, keywords: [{regex: x+}, v], reply: b}",
            4,
            34,
            'regex "x+" is also in "a"',
            "delete one",
        ),
    ],
)
def test_the_same_word_in_two_rules_of_equal_priority(case: Case) -> None:
    """Once for two rules, and which of them wins."""
    check("R022", case)


def test_a_tie_that_is_left_to_the_customer_has_no_winner() -> None:
    """Two rules with labels that both ask; one that does not ask decides for both."""
    asks = "- {name: a, label: A, keywords: [x], on_tie: ask, reply: b}\n"
    other = asks.replace("name: a, label: A", "name: c, label: C")
    assert not found("R022", asks + other)
    assert found("R022", asks + other.replace("on_tie: ask", "on_tie: first"))


def test_a_list_that_two_rules_share() -> None:
    """Is one finding, not one for each of its words."""
    rules = "- {name: a, keywords: [{list: l}, u], reply: b}\n- {name: c, keywords: [{list: l}, v], reply: b}"
    (finding,) = found("R022", rules, "lists: {l: [x, y, z]}")
    assert (finding.line, finding.column) == (5, 27)
    assert finding.message.startswith('list "l" is also in "a" (1.yaml:4)')


@pytest.mark.parametrize(
    "other",
    [
        "keywords: [x], priority: 1",
        "keywords: [x], kinds: [image]",
        "keywords: [x, y], match: all",
        "keywords: [x], when: {first_message: true}",
        "keywords: [x], observe: true",
        "keywords: [x], enabled: false",
        "keywords: [x], payload: P",
        "keywords: [{is: x}]",
    ],
)
def test_rules_that_something_tells_apart_may_share_a_word(other: str) -> None:
    """Priority, kinds, and whatever else one asks and the other does not."""
    assert not found("R022", f"- {{name: a, keywords: [x], reply: b}}\n- {{name: c, {other}, reply: b}}")


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("keywords: [x]", "priority 9 > 0"),
        ("keywords: [free x, {is: y}], not: [v]", "priority 9 > 0"),
        ("match: all, keywords: [v, x]", "priority 9 > 0"),
        ("keywords: [{word: x, near: [v]}]", "priority 9 > 0"),
        ("when: {text: {all: [{any: [x, y v]}, w], none: [u]}, first_message: true}", "priority 9 > 0"),
        ("keywords: [x], priority: 9", "which comes first"),
        ("keywords: [y, x], priority: 9", "which comes first"),
    ],
)
def test_a_rule_that_can_never_answer(rule: str, why: str) -> None:
    """Whatever fits it fits a better one, which is named."""
    (finding,) = found("R023", HIGH + f"- {{name: c, {rule}, reply: b}}")
    assert (finding.line, finding.column, finding.severity) == (4, 12, "warning")
    assert finding.message == (f'rule "c" can never answer: whatever fits it is answered by "a" (1.yaml:3), {why}')
    assert finding.hint == 'delete one, or give "c" a higher priority'


def test_several_rules_can_leave_nothing_together() -> None:
    """One word goes to each."""
    rules = (
        "- {name: a, priority: 1, keywords: [x], reply: b}\n- {name: d, priority: 2, keywords: [y], reply: b}\n"
        "- {name: c, keywords: [x, y], reply: b}"
    )
    (finding,) = found("R023", rules)
    assert (finding.line, '"a" (1.yaml:3) or "d" (1.yaml:4)' in finding.message) == (5, True)


def test_payloads_and_kinds_can_be_taken_as_well() -> None:
    """A payload by a longer beginning, everything of a kind by a rule that asks for nothing more."""
    button = "reply: {text: b, quick_replies: [{title: T, payload: AB}]}"
    rules = f"- {{name: a, priority: 1, payload: 'A*', {button}}}\n- {{name: c, payload: AB, reply: b}}"
    assert [each.line for each in found("R023", rules)] == [4]
    rules = "- {name: a, priority: 1, kinds: [image], reply: b}\n- {name: c, kinds: [image], reply: b}"
    assert [each.line for each in found("R023", rules)] == [4]
    rules = (
        "- {name: a, priority: 1, kinds: [any], when: {test: true}, reply: b}\n- {name: c, kinds: [image], reply: b}"
    )
    assert not found("R023", rules)


def test_a_shared_list_is_looked_into() -> None:
    """On both sides."""
    rules = "- {name: a, priority: 9, keywords: [{list: l}], reply: b}\n- {name: c, keywords: [{list: m}], reply: b}"
    assert found("R023", rules, "lists: {l: [x, y], m: [x, free y]}")
    assert not found("R023", rules, "lists: {l: [x, y], m: [x, z]}")


@pytest.mark.parametrize(
    "rule",
    [
        "keywords: [x, z]",
        "keywords: [x], priority: 10",
        "keywords: [y, x, z], priority: 9",
        "keywords: [x], kinds: [text, image]",
        "keywords: [xs, ay, {contains: x}, {starts: x}, {regex: x}, {fuzzy: xxxxx}, {similar: x}]",
        "keywords: [x], observe: true, tag: [t]",
        "payload: P",
    ],
)
def test_a_rule_that_some_message_is_left_for_is_not_unreachable(rule: str) -> None:
    """Near misses: another word, kind or priority, and words that only look like one of the other rule."""
    assert not found("R023", HIGH + f"- {{name: c, {rule}, reply: b}}")


@pytest.mark.parametrize(
    "better",
    [
        "keywords: [x], limit: {times: 3, within: 1d}",
        "keywords: [x], cooldown: 30s",
        "keywords: [x], once: true",
        "keywords: [x], enabled: false",
        "keywords: [x], until: '2030-01-01'",
        "keywords: [x], not: [v]",
        "keywords: [x], when: {first_message: true}",
        "keywords: [x], when: {text: {min_words: 3}}",
        "keywords: [x], call: {name: n}",
        "keywords: [x, v], match: all",
        "when: {any: [{text: {any: [x]}}]}",
    ],
)
def test_a_better_rule_that_lets_something_through_takes_nothing_for_good(better: str) -> None:
    """Limits, dates, exceptions and everything else that it asks."""
    rules = f"- {{name: a, priority: 9, {better}, reply: b}}\n- {{name: c, keywords: [x], reply: b}}"
    assert not found("R023", rules)


def test_a_rule_that_loses_some_of_its_words() -> None:
    """How many, to whom, why, and which they are."""
    rules = (
        "- {name: shipping-cost, priority: 50, reply: b, when: {text: {all: [{list: ship}, {any: [cost]}], none: [w]}}}"
        "\n- {name: sale-shipping, keywords: [shipping cost, free delivery, cost of delivery, 'ship? cost!'], reply: b}"
    )
    (finding,) = found("R024", rules, "lists: {ship: [ship, shipping, delivery]}")
    assert (finding.line, finding.column) == (5, 12)
    assert finding.message == ('rule "sale-shipping" loses 3 of its 4 keywords to "shipping-cost" (priority 50 > 0)')
    assert finding.hint == "delete here or there: shipping cost, cost of delivery, ship? cost!"


def test_words_lost_to_several_rules_name_those_with_the_most_first() -> None:
    """With their priorities."""
    rules = (
        "- {name: a, priority: 1, keywords: [x], reply: b}\n"
        "- {name: d, priority: 2, keywords: [y], not: [v], reply: b}\n"
        "- {name: c, keywords: [x, y, my y, z], reply: b}"
    )
    (finding,) = found("R024", rules)
    assert finding.message == 'rule "c" loses 3 of its 4 keywords to "d" (priority 2 > 0), "a" (priority 1 > 0)'


@pytest.mark.parametrize(
    "rule",
    [
        "keywords: [xs, z]",
        "keywords: [x, z], priority: 9",
        "keywords: [x, z], match: all",
        "keywords: [x, z], kinds: [text, image]",
        "keywords: [{contains: x}, {regex: y}, z]",
    ],
)
def test_a_rule_that_keeps_its_words_is_left_alone(rule: str) -> None:
    """Near misses."""
    assert not found("R024", HIGH + f"- {{name: c, {rule}, reply: b}}")


def test_what_a_better_rule_takes_under_a_condition_is_meant_so() -> None:
    """All of a rule's words with an exception, or until a limit: the other one is for the rest."""
    high = "- {name: a, priority: 9, keywords: [x, y], cooldown: 1h, reply: b}\n"
    assert not found("R024", high + "- {name: c, keywords: [x, y], reply: b}")
    assert found("R024", high + "- {name: c, keywords: [x, y, z], reply: b}")
