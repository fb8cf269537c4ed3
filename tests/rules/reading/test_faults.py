"""What readers refuse is found at the right place, and nothing is refused that is right."""

import pytest

from tests.rules.writing import findings, load

LONG = "x" * 1001

# Code, rules (the first is on line 3), line, column, and a part of the message.
CASES = [
    ("R002", "- {name: a, keywords: [a], reply: b, name: c}", 3, 40, "stands twice"),
    ("R003", "- {name: a, keyword: [a], reply: b}", 3, 15, 'no key "keyword"'),
    ("R003", "- {name: a, keywords: [a], flow: x, reply: b}", 3, 30, "not built in this version"),
    ("R003", "- {name: a, keywords: [a], ai: {sources: [faq]}}", 3, 30, "not built in this version"),
    ("R004", "- {name: a, keywords: [no], reply: b}", 3, 26, "no"),
    ("R004", "- {name: a, keywords: [10:00], reply: b}", 3, 26, "10:00"),
    ("R004", "- {name: a, keywords: [0123], reply: b}", 3, 26, "0123"),
    ("R004", "- {name: a, keywords: [2026-01-01], reply: b}", 3, 26, "2026-01-01"),
    ("R004", "- {name: a, keywords: [a], priority: .nan, reply: b}", 3, 40, "whole number"),
    ("R011", "- {name: My Rule, keywords: [a], reply: b}", 3, 12, "small letters"),
    ("R020", '- {name: a, keywords: ["\u200b"], reply: b}', 3, 26, "empty"),
    ("R040", f"- {{name: a, keywords: [a], reply: {LONG}}}", 3, 37, "1001 bytes"),
    ("R040", "- {name: a, keywords: [a], reply: '" + "ส" * 334 + "'}", 3, 37, "1002 bytes"),
    ("R041", "- {name: a, keywords: [a], reply: {text: b, quick_replies: [{title: '', payload: a}]}}", 3, 71, "empty"),
    ("R045", "- {name: a, keywords: [a], reply: 'Hi {{ shop.name }}'}", 3, 44, "unknown name"),
    ("R045", "- {name: a, keywords: [a], reply: 'Hi {{ rule.name | shout }}'}", 3, 56, "unknown filter"),
    ("R045", "- {name: a, keywords: [a], handoff: {say: '{{ x.y }}'}}", 3, 49, "unknown name"),
    ("R046", "- {name: a, kinds: [image], reply: 'Nice {{ message.text }}'}", 3, 47, "may be empty"),
]


@pytest.mark.parametrize(("code", "body", "line", "column", "part"), CASES)
def test_a_finding_points_at_what_is_wrong(code: str, body: str, line: int, column: int, part: str) -> None:
    """Line and column as an editor counts them."""
    found = findings(body, code)
    assert [(finding.line, finding.column) for finding in found][:1] == [(line, column)]
    assert part in found[0].message


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("R004", "- {name: a, keywords: ['no', \"10:00\", '0123'], reply: b}"),
        ("R004", "- {name: a, keywords: [24/7, 4.90 €, 1.2.3, no no, '~'], reply: b}"),
        (
            "R041",
            "- {name: a, keywords: [a], reply: {text: b, quick_replies: [{title: '"
            + "👩\u200d👧" * 20
            + "', payload: a}]}}",
        ),
        ("R046", "- {name: a, kinds: [image], reply: 'Nice {{ message.text | default(\"one\") }}'}"),
        ("R046", "- {name: a, keywords: [x], reply: 'Nice {{ message.text }}{{ match.keyword }}'}"),
    ],
)
def test_what_is_right_is_left_alone(code: str, body: str) -> None:
    """No finding of that code."""
    assert findings(body, code) == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [("keyword", "keywords"), ("replay", "reply"), ("fall_back", "fallback"), ("Priority", "priority")],
)
def test_a_mistyped_key_names_the_one_meant(written: str, meant: str) -> None:
    """Did you mean."""
    assert findings(f"- {{name: a, {written}: x}}", "R003")[0].hint == f'did you mean "{meant}"?'


def test_a_finding_shows_its_line_without_what_a_terminal_would_obey() -> None:
    """Escape sequences in a key are not printed as such."""
    found = load('version: 1\n"\\e[31mred": 1\n').findings
    assert found[0].excerpt == '"\\e[31mred": 1'
    assert "\x1b" not in found[0].message + found[0].hint
    assert (found[0].column, found[0].width) == (1, 11)
