"""What a rule is for: names, rules without a deed or a condition, observers, two fallbacks."""

import pytest

from tests.rules.lint.finding import Case, check, found
from tests.rules.writing import load, with_rules

FALLBACK = "- {name: a, fallback: true, reply: b}\n"


@pytest.mark.parametrize(
    ("code", "case"),
    [
        (
            "R010",
            (
                "- {name: a, keywords: [x], reply: b}\n- {name: a, keywords: [y], reply: b}",
                4,
                12,
                "already at 1.yaml:3",
                "another name",
            ),
        ),
        ("R012", ("- {name: a, keywords: [x]}", 3, 12, '"a" does nothing', "add reply: or handoff:")),
        ("R012", ("- {name: a, keywords: [x], handoff: false}", 3, 12, "does nothing", "add reply:")),
        ("R013", ("- {name: a, reply: b}", 3, 12, "would answer everything", 'keywords:, or "fallback: true"')),
        ("R013", ("- {name: a, kinds: [any], reply: b}", 3, 12, "would answer everything", "add keywords:")),
        ("R013", ("- {name: a, cooldown: 1h, priority: -5, reply: b}", 3, 12, "answer everything", "add keywords:")),
        ("R014", (FALLBACK + FALLBACK.replace("a,", "c,"), 4, 15, '"a" at 1.yaml:3', "keep one")),
        ("R015", ("- {name: a, observe: true, keywords: [x], reply: b}", 3, 45, "but not answer", "delete reply")),
        ("R015", ("- {name: a, observe: true, keywords: [x], handoff: true}", 3, 45, "but not", "delete handoff")),
        ("R013", ("- {name: a, observe: true, resume: true}", 3, 12, "any message would end", "add keywords:")),
        ("R015", ("- {name: a, keywords: [x], resume: true, reply: b}", 3, 30, "does not run", 'add "observe: true"')),
        ("R015", ("- {name: a, fallback: true, resume: true, reply: b}", 3, 31, "does not run", "observe")),
        *(
            (
                "R015",
                (f"- {{name: a, observe: true, tag: [t], keywords: [x], {key}}}", 3, 55, "never answers", "delete"),
            )
            for key in (
                *("settle: 2s", "delay: 1s", "typing: true", "on_tie: ask", "label: B"),
                *("limit: {times: 1, within: 1h, then: handoff}", "limit: {times: 1, within: 1h, then: silent}"),
            )
        ),
    ],
)
def test_a_rule_that_cannot_be_meant(code: str, case: Case) -> None:
    """An error, at the name or at the key that is too much."""
    check(code, case, severity="error")


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        ("R010", "- {name: a, keywords: [x], reply: b}\n- {name: a-2, keywords: [y], reply: b}"),
        ("R012", "- {name: a, keywords: [x], tag: [t]}"),
        ("R012", "- {name: a, keywords: [x], set: {size: m}}"),
        ("R012", "- {name: a, keywords: [x], alert: {level: info}}"),
        ("R013", "- {name: a, kinds: [text], reply: b}"),
        ("R013", "- {name: a, kinds: [story_mention], reply: b}"),
        ("R013", "- {name: a, when: {first_message: true}, reply: b}"),
        ("R013", "- {name: a, when: {text: {min_words: 3}}, reply: b}"),
        ("R013", "- {name: a, observe: true, tag: [t]}"),
        ("R012", "- {name: a, observe: true, resume: true, keywords: [x]}"),
        ("R013", "- {name: a, observe: true, resume: true, kinds: [postback]}"),
        ("R013", "- {name: a, observe: true, resume: false, tag: [t]}"),
        ("R015", "- {name: a, observe: true, resume: true, payload: BOT}"),
        ("R015", "- {name: a, keywords: [x], resume: false, reply: b}"),
        ("R014", FALLBACK + "- {name: c, fallback: true, enabled: false, reply: b}"),
        ("R015", "- {name: a, observe: true, keywords: [x], tag: [t], alert: {level: info}}"),
        ("R015", "- {name: a, observe: true, keywords: [x], tag: [t], limit: {times: 1, within: 1h}, cooldown: 1m}"),
    ],
)
def test_a_rule_that_can_be_meant_is_left_alone(code: str, rules: str) -> None:
    """Near misses."""
    assert not found(code, rules)


def test_each_account_may_have_its_fallback() -> None:
    """Files for different accounts do not meet; one for all meets both."""
    one, other = ("accounts: [ana]", "accounts: [eva]")
    loaded = load(with_rules(FALLBACK, one), with_rules(FALLBACK.replace("a,", "c,"), other))
    assert "R014" not in {finding.code for finding in loaded.findings}
    loaded = load(with_rules(FALLBACK, one), with_rules(FALLBACK.replace("a,", "c,")))
    assert [(f.file, f.line, f.severity) for f in loaded.findings if f.code == "R014"] == [("2.yaml", 3, "error")]


@pytest.mark.parametrize("rule", ["- {name: a, keyword: [x], replay: b}", "- {name: a, keywords: 5, reply: []}"])
def test_a_rule_that_could_not_be_read_is_not_also_called_empty(rule: str) -> None:
    """What is wrong is said once."""
    assert not found("R012", rule)
    assert not found("R013", rule)
