"""Each finding is found, points at the right place, and is not found where nothing is wrong."""

from pathlib import Path

import pytest

from igbot.rules.deciding.decision import decide
from igbot.rules.loading import load_rules
from igbot.rules.model import Incoming, RuleFile
from tests.rules.writing import findings, load, with_rules

RULES_D = Path(__file__).parents[2] / "rules.d"
LONG = "x" * 1001

# Code, rules (the first is on line 3), line, column, and a part of the message.
CASES = [
    ("R002", "- {name: a, keywords: [a], reply: b, name: c}", 3, 40, "stands twice"),
    ("R003", "- {name: a, keyword: [a], reply: b}", 3, 15, 'no key "keyword"'),
    ("R003", "- {name: a, keywords: [a], cooldown: 3s, reply: b}", 3, 30, "not built in this version"),
    ("R003", "- {name: a, keywords: [{fuzzy: discount}], reply: b}", 3, 27, "not built in this version"),
    ("R003", "- {name: a, keywords: [{word: order, near: [x]}], reply: b}", 3, 40, "not built in this version"),
    ("R003", "- {name: a, keywords: [a], reply: {text: b, split: never}}", 3, 47, "not built in this version"),
    ("R003", "- {name: a, keywords: [a], reply: {text: {en: b}}}", 3, 44, "not built in this version"),
    ("R003", "- {name: a, keywords: [a], reply: [b, c]}", 3, 37, "not built in this version"),
    ("R003", "- {name: a, keywords: [a], handoff: {notify: owner}}", 3, 40, "not built in this version"),
    ("R004", "- {name: a, keywords: [no], reply: b}", 3, 26, "no"),
    ("R004", "- {name: a, keywords: [10:00], reply: b}", 3, 26, "10:00"),
    ("R004", "- {name: a, keywords: [0123], reply: b}", 3, 26, "0123"),
    ("R004", "- {name: a, keywords: [2026-01-01], reply: b}", 3, 26, "2026-01-01"),
    ("R004", "- {name: a, keywords: [1e3], reply: b}", 3, 26, "1e3"),
    ("R004", "- {name: a, keywords: word, reply: b}", 3, 25, "wants a list"),
    ("R004", "- {name: a, keywords: [], reply: b}", 3, 25, "empty list"),
    ("R004", "- {name: a, keywords: [a], reply: }", 3, 37, "nothing"),
    ("R004", '- {name: a, keywords: [a], reply: " "}', 3, 37, "empty"),
    ("R004", "- {name: a, keywords: [a], priority: high, reply: b}", 3, 40, "whole number"),
    ("R004", "- {name: a, keywords: [a], priority: 1001, reply: b}", 3, 40, "whole number"),
    ("R004", "- {name: a, keywords: [a], priority: '1', reply: b}", 3, 40, "whole number"),
    ("R004", "- {name: a, fallback: yes, reply: b}", 3, 25, "true or false"),
    ("R004", "- {name: a, kinds: [txt], reply: b}", 3, 23, "not a kind"),
    ("R004", "- {name: a, keywords: [a], match: both, reply: b}", 3, 37, "any or all"),
    ("R004", "- {name: a, kinds: [text], match: all, reply: b}", 3, 37, "there are none"),
    ("R004", "- {name: a, keywords: [a], handoff: {pause: long}}", 3, 47, "a time such as"),
    ("R004", "- {name: a, keywords: [a], handoff: {pause: 900d}}", 3, 47, "a time such as"),
    ("R004", "- {name: a, fallback: true, keywords: [a], reply: b}", 3, 31, "no meaning"),
    ("R004", "- {name: a, keywords: [a], reply: {text: b, quick_replies: [{title: T}]}}", 3, 63, "without payload"),
    ("R010", "- {name: a, keywords: [a], reply: b}\n- {name: a, keywords: [c], reply: b}", 4, 12, "1.yaml:3"),
    ("R011", "- {name: My Rule, keywords: [a], reply: b}", 3, 12, "small letters"),
    ("R011", "- {keywords: [a], reply: b}", 3, 5, "without a name"),
    ("R012", "- {name: a, keywords: [a]}", 3, 12, "does nothing"),
    ("R013", "- {name: a, reply: b}", 3, 12, "answer everything"),
    ("R013", "- {name: a, kinds: [any], reply: b}", 3, 12, "answer everything"),
    ("R014", "- {name: a, fallback: true, reply: b}\n- {name: c, fallback: true, reply: b}", 4, 15, '"a" at 1.yaml:3'),
    ("R014", "- {name: a, keywords: [a], reply: b}", 1, 1, "IGBOT_FALLBACK_REPLY"),
    ("R020", '- {name: a, keywords: ["\u200b"], reply: b}', 3, 26, "empty"),
    ("R020", '- {name: a, keywords: ["🏽"], reply: b}', 3, 26, "empty"),
    ("R021", "- {name: a, keywords: [Refund, REFUND], reply: b}", 3, 34, "the same keyword"),
    (
        "R022",
        "- {name: a, keywords: [x], reply: b}\n- {name: c, keywords: [x], kinds: [text], reply: b}",
        4,
        26,
        '"c" wins',
    ),
    ("R025", "- {name: a, keywords: [x, y], not: [X], reply: b}", 3, 39, "never hit"),
    ("R025", "- {name: a, match: all, keywords: [x, y], not: [X], reply: b}", 3, 51, "never answer"),
    ("R025", "- {name: a, match: all, keywords: [{is: x}, {is: y}], reply: b}", 3, 52, "at once"),
    ("R026", "- {name: a, keywords: [{contains: hi}], reply: b}", 3, 37, '"shipping", "this"'),
    ("R040", f"- {{name: a, keywords: [a], reply: {LONG}}}", 3, 37, "1001 bytes"),
    ("R040", "- {name: a, keywords: [a], reply: '" + "ส" * 334 + "'}", 3, 37, "1002 bytes"),
    ("R040", "- {name: a, keywords: [a], reply: '" + "x" * 300 + "{{ message.text }}'}", 3, 37, "1100 bytes"),
    (
        "R041",
        "- {name: a, keywords: [a], reply: {text: b, quick_replies: [{title: Rest of European Union+, payload: a}]}}",
        3,
        71,
        "23 characters",
    ),
    (
        "R041",
        "- {name: a, keywords: [a], reply: {text: b, quick_replies: ["
        + ", ".join(f"{{title: t{n}, payload: a}}" for n in range(14))
        + "]}}",
        3,
        399,
        "14 quick replies",
    ),
    (
        "R041",
        "- {name: a, keywords: [a], reply: {text: b, quick_replies: [{title: T, payload: a}, {title: T, payload: b}]}}",
        3,
        95,
        "two quick replies",
    ),
    ("R041", "- {name: a, keywords: [a], reply: {text: b, quick_replies: [{title: '', payload: a}]}}", 3, 71, "empty"),
    (
        "R041",
        f"- {{name: a, keywords: [a], reply: {{text: b, quick_replies: [{{title: T, payload: {LONG}}}]}}}}",
        3,
        83,
        "1001 bytes",
    ),
    (
        "R043",
        "- {name: a, keywords: [a], reply: {text: b, quick_replies: [{title: T, payload: P}]}}",
        3,
        83,
        "no rule takes",
    ),
    ("R044", "- {name: a, payload: P, reply: b}", 3, 24, "no button sends"),
    ("R044", "- {name: a, payload: 'P*', reply: b}", 3, 24, "begins with 'P'"),
    ("R045", "- {name: a, keywords: [a], reply: 'Hi {{ shop.name }}'}", 3, 44, "unknown name"),
    ("R045", "- {name: a, keywords: [a], reply: 'Hi {{ rule.name | shout }}'}", 3, 56, "unknown filter"),
    ("R045", "- {name: a, keywords: [a], reply: 'Hi {{ rule.name'}", 3, 41, "not a template"),
    ("R045", "- {name: a, keywords: [a], handoff: {say: '{{ x.y }}'}}", 3, 49, "unknown name"),
    (
        "R045",
        "- {name: a, keywords: [a], reply: {text: b, quick_replies: [{title: '{{ x }}', payload: a}]}}",
        3,
        72,
        "not into quick replies",
    ),
    ("R046", "- {name: a, kinds: [image], reply: 'Nice {{ message.text }}'}", 3, 47, "may be empty"),
    ("R060", "- {name: a, keywords: [a], reply: b}", 1, 1, "person"),
    ("R064", "- {name: a, keywords: [x, STOP], reply: b}", 3, 29, "no more messages"),
    ("R065", "- {name: a, keywords: [a], reply: 'see http://lola.example/x'}", 3, 42, "without encryption"),
    ("R065", "- {name: a, keywords: [a], reply: 'see https://bit.ly/x'}", 3, 42, "shortened"),
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
        ("R021", "- {name: a, keywords: [envío, envio], reply: b}"),
        ("R022", "- {name: a, keywords: [x], reply: b}\n- {name: c, keywords: [x], priority: 1, reply: b}"),
        ("R022", "- {name: a, keywords: [x], reply: b}\n- {name: c, keywords: [x], kinds: [image], reply: b}"),
        ("R022", "- {name: a, keywords: [x], reply: b}\n- {name: c, keywords: [x, y], match: all, reply: b}"),
        ("R026", "- {name: a, keywords: [{contains: €}, {contains: 价}], reply: b}"),
        (
            "R041",
            "- {name: a, keywords: [a], reply: {text: b, quick_replies: [{title: '"
            + "👩\u200d👧" * 20
            + "', payload: a}]}}",
        ),
        ("R043", "- {name: a, keywords: [tea], reply: {text: b, quick_replies: [{title: Tea?, payload: X}]}}"),
        (
            "R044",
            "- {name: a, payload: 'P*', keywords: [a], reply: {text: b, quick_replies: [{title: T, payload: P1}]}}",
        ),
        ("R046", "- {name: a, kinds: [image], reply: 'Nice {{ message.text | default(\"one\") }}'}"),
        ("R046", "- {name: a, keywords: [x], reply: 'Nice {{ message.text }}{{ match.keyword }}'}"),
        ("R060", "- {name: a, keywords: [a], handoff: true}"),
        ("R064", "- {name: a, keywords: [stop by], not: [stop], reply: b}"),
        ("R065", "- {name: a, keywords: [a], reply: 'https://lola.example and not.co/x'}"),
    ],
)
def test_what_is_right_is_left_alone(code: str, body: str) -> None:
    """No finding of that code."""
    assert findings(body, code) == []


def test_a_payload_from_menus_and_advertisements_is_only_a_warning() -> None:
    """They are set up at Meta, not in rules."""
    assert [f.severity for f in findings("- {name: a, payload: P, kinds: [postback], reply: b}", "R044")] == ["warning"]
    assert [f.severity for f in findings("- {name: a, payload: P, reply: b}", "R044")] == ["error"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("keyword", "keywords"), ("replay", "reply"), ("fall_back", "fallback"), ("Priority", "priority")],
)
def test_a_mistyped_key_names_the_one_meant(written: str, meant: str) -> None:
    """Did you mean."""
    assert findings(f"- {{name: a, {written}: x}}", "R003")[0].hint == f'did you mean "{meant}"?'


def test_a_rule_of_the_later_language_gets_one_clear_line() -> None:
    """Not also that it does nothing and has no condition."""
    loaded = load(with_rules("- {name: a, when: {first_message: true}, flow: x}"))
    assert [finding.code for finding in loaded.findings] == ["R003", "R003"]


def test_file_keys_and_names_of_vars_are_checked() -> None:
    """Unknown, not built, taken, doubled."""
    loaded = load(
        "version: 1\nflows: []\nrule: []\nvars: {customer: {a: b}, shop: {a-b: c, n: no}}",
        "version: 1\nvars: {shop: {n: x}}",
    )
    assert [(f.code, f.file, f.line, f.column) for f in loaded.findings] == [
        ("R003", "1.yaml", 2, 1),
        ("R003", "1.yaml", 3, 1),
        ("R011", "1.yaml", 4, 8),
        ("R011", "1.yaml", 4, 33),
        ("R004", "1.yaml", 4, 44),
        ("R010", "2.yaml", 2, 15),
    ]


def test_a_finding_shows_its_line_without_what_a_terminal_would_obey() -> None:
    """Escape sequences in a key are not printed as such."""
    found = load('version: 1\n"\\e[31mred": 1\n').findings
    assert found[0].excerpt == '"\\e[31mred": 1'
    assert "\x1b" not in found[0].message + found[0].hint
    assert (found[0].column, found[0].width) == (1, 11)


def test_the_shipped_rules_are_clean_and_answer() -> None:
    """What a stranger tries first."""
    loaded = load_rules([RuleFile(file.name, file.read_bytes()) for file in RULES_D.glob("*.yaml")])
    assert loaded.findings == ()
    assert loaded.ruleset is not None
    for text, rule in [
        ("how much is shipping?", "shipping-cost"),
        ("¿Cuánto cuesta el envio?", "shipping-cost"),
        ("Do you ship to Porto", "shipping"),
        ("I want to talk to a person", "want-human"),
        ("Dónde está mi pedido", "order-status-es"),
        ("HOLA!!", "hello"),
        ("asdf", "fallback"),
    ]:
        assert decide(loaded.ruleset, Incoming("text", text), default_reply="").rule == rule, text
