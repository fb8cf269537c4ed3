"""Rules that ask for next to nothing."""

import pytest

from tests.rules.lint.finding import Case, check, found

OTHERS = "\n- {name: y, keywords: [y], priority: -1, reply: z}\n- {name: z, fallback: true, once: true, reply: z}"
NEVER = "rules below priority 0 and the fallback hardly ever"


@pytest.mark.parametrize(
    "case",
    [
        ("- {name: a, not: [foo], reply: b}", 3, 12, NEVER, "keywords:"),
        ("- {name: a, when: {text: {none: [foo]}}, reply: b}", 3, 12, NEVER, "limit:"),
        ("- {name: a, when: {none: [{text: {any: [foo]}}]}, reply: b}", 3, 12, NEVER, "limit:"),
        ("- {name: a, kinds: [text], reply: b}", 3, 12, NEVER, "keywords:"),
        ("- {name: a, kinds: [text], priority: -1, reply: b}", 3, 12, ": the fallback hardly ever", "keywords:"),
    ],
)
def test_a_rule_that_answers_nearly_everything_is_told(case: Case) -> None:
    """With who is left without messages."""
    check("R016", (case[0] + OTHERS, *case[1:]))


@pytest.mark.parametrize(
    "rule",
    [
        "not: [foo], keywords: [bar]",
        "not: [foo], cooldown: 1d",
        "not: [foo], from: 2026-12-24",
        "not: [foo], enabled: false",
        "not: [foo], when: {text: {min_words: 3}}",
        "when: {first_message: true}",
        "kinds: [image]",
        "when: {none: [{text: {min_words: 3}}, {turn: '== 2'}]}",
    ],
)
def test_a_rule_that_leaves_something_to_others_is_left_alone(rule: str) -> None:
    """Near misses."""
    assert not found("R016", f"- {{name: a, {rule}, reply: b}}{OTHERS}")


def test_a_rule_that_takes_all_from_nobody_is_left_alone() -> None:
    """There is no fallback, and no rule of lower priority."""
    assert not found("R016", "- {name: a, kinds: [text], reply: b}\n- {name: c, keywords: [c], reply: d}")
