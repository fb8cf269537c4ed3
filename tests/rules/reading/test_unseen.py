"""What nobody sees and no database keeps is refused wherever a rule has a text."""

import pytest

from igbot.rules.characters import is_blank, unkeepable
from tests.rules.writing import errors, findings, load, with_rules

RULE = "- {name: a, keywords: [x], reply: b, %s}"
URL = "https://a.example/"
ADDRESS = "- {name: a, keywords: [x], reply: {text: b, buttons: [{title: T, url: %s}]}}"
TITLE = "- {name: a, keywords: [x], reply: {text: b, quick_replies: [{title: %s, payload: P}]}}"


@pytest.mark.parametrize("control", ["\\0", "\\x1b", "\\x7f", "\\x9f", "\\N", "\\r"])
@pytest.mark.parametrize(
    "body",
    [
        RULE % 'set: {size: "aCb"}',
        RULE % 'call: {name: orders, send: {text: "aCb"}}',
        RULE % 'call: {name: orders, send: {"aCb": x}}',
        RULE % 'alert: {text: "aCb"}',
        RULE % 'handoff: {note: "aCb"}',
        RULE % 'handoff: {say: {en: "aCb"}}',
        RULE % 'label: "aCb"',
        RULE % 'about: "aCb"',
        RULE % 'payload: "aCb"',
        RULE % 'test: {yes: ["x aCb"]}',
        RULE % 'when: {customer: {set: {size: "aCb"}}}',
        RULE % 'when: {story: ["aCb"]}',
        '- {name: a, keywords: [x], reply: "aCb"}',
        TITLE % '"aCb"',
        TITLE.replace("payload: P", 'payload: "aCb"') % "T",
        ADDRESS % f'"{URL}C"',
        '- {name: a, keywords: [x], reply: {attach: {image: "https://a.example/C"}}}',
    ],
)
def test_a_control_character_is_refused_in_every_text(body: str, control: str) -> None:
    """PostgreSQL would refuse the answer later, and the customer would never get one."""
    assert errors(body.replace("C", control))[0][0] == "R004"


@pytest.mark.parametrize("word", ['"aC"', '{is: "aC"}', '{regex: "aC"}', '{fuzzy: "abcdefC"}', '{similar: "a bC"}'])
def test_a_control_character_in_a_keyword_is_told_as_one(word: str) -> None:
    """No message has it, once it is kept."""
    assert [code for code, _, _ in errors(f"- {{name: a, keywords: [x, {word}], reply: b}}".replace("C", "\\0"))] == [
        "R020"
    ]


def test_vars_and_names_have_no_control_characters_either() -> None:
    """They are filled in as they are."""
    assert errors("- {name: a, keywords: [x], reply: b}", 'vars: {shop: {name: "a\\0"}}')[0][0] == "R004"
    assert errors('- {name: "a\\0", keywords: [x], reply: b}')[0][0] == "R004"


@pytest.mark.parametrize("insert", ["{{ '\\ud800' }}", "{{ customer.name | default('\\0') }}", "{{ '\\x00' }}"])
def test_an_escape_within_an_insert_brings_none_in(insert: str) -> None:
    """Jinja2 reads backslashes where YAML's single quotes do not."""
    quoted = insert.replace("'", "''")
    assert [code for code, _, _ in errors(f"- {{name: a, keywords: [x], reply: 'b {quoted}'}}")] == ["R045"]


def test_lines_and_tabs_are_texts() -> None:
    """Where several lines make sense."""
    assert errors('- {name: a, keywords: [x], reply: "one\\n\\ttwo 👩\u200d👧", set: {note: "a\\nb"}}') == []


@pytest.mark.parametrize("blank", ["\u200b", "\ufeff \u2060", "\u3164", "\u2800", "\u00ad", "\U000e0020", " "])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (RULE % 'label: "C"', "R041"),
        (TITLE % '"C"', "R041"),
        (ADDRESS.replace("title: T", 'title: "C"') % URL, "R042"),
        ('- {name: a, keywords: [x], reply: "C"}', "R004"),
        ('- {name: a, keywords: [x], reply: {text: {en: "C"}}}', "R004"),
    ],
)
def test_what_nobody_sees_is_empty(body: str, code: str, blank: str) -> None:
    """On a button and in an answer."""
    assert [each for each, _, _ in errors(body.replace("C", blank))] == [code]


@pytest.mark.parametrize("text", ["a", "👍", "\U0001fae8", "가", "\u0301a", "{{ message.text }}", "."])
def test_what_can_be_seen_is_not(text: str) -> None:
    """Also signs that are newer than our tables."""
    assert not is_blank(text)
    assert unkeepable(text) == ""


@pytest.mark.parametrize("line", ["a\\nb", "a\\tb", "a\\L b"])
def test_buttons_have_one_line(line: str) -> None:
    """Meta shows no more."""
    assert [code for code, _, _ in errors(TITLE % f'"{line}"')] == ["R041"]
    assert [code for code, _, _ in errors(RULE % f'label: "{line}"')] == ["R041"]


def test_buttons_and_labels_are_said_as_they_are_written() -> None:
    """Nothing is filled in there."""
    assert [code for code, _, _ in errors(TITLE % '"{{ customer.name }}"')] == ["R045"]
    assert [code for code, _, _ in errors(RULE % 'label: "{{ x }}"')] == ["R045"]


@pytest.mark.parametrize("url", [f" {URL}", f"{URL} ", f"{URL}\\u202ea", f"{URL}\\u200b", f"{URL}\\na", f"{URL}a\\tb"])
def test_an_address_has_nothing_that_nobody_sees(url: str) -> None:
    """What a copy brought along leads nowhere, or elsewhere."""
    assert [code for code, _, _ in errors(ADDRESS % f'"{url}"')] == ["R042"]


def test_an_address_below_its_key_ends_with_its_line() -> None:
    """A block text has a line break at its end, and that is no fault."""
    body = "- name: a\n  keywords: [x]\n  reply:\n    attach:\n      image: |\n        https://a.example/b.png"
    assert errors(body) == []


@pytest.mark.parametrize(
    "body",
    [
        RULE % "set: {}",
        RULE % "call: {name: orders, send: {}}",
        RULE % "when: {customer: {set: {}}}",
        RULE % "when: {customer: {tags: {}}}",
        RULE % "limit: {}",
        RULE % "test: {}",
        "- {name: a, when: {customer: {set: {}}}, reply: b}",
        "- {name: a, keywords: [x], set: {}}",
        "- {name: a, keywords: [x], reply: {}}",
        "- {name: a, keywords: [x], reply: {text: {}}}",
    ],
)
def test_an_empty_map_is_an_error_as_an_empty_list_is(body: str) -> None:
    """Nobody writes a key for nothing; without it a condition would hold for everybody."""
    assert [code for code, _, _ in errors(body)] == ["R004"]


def test_an_empty_map_of_days_is_one_too() -> None:
    """Extra days without a day."""
    head = 'schedules: {open: {mon: ["09:00-10:00"], open_on: {}}}'
    assert [code for code, _, _ in errors("- {name: a, keywords: [x], reply: b}", head)] == ["R004"]


def test_a_shared_reply_has_a_name() -> None:
    """An empty one is the name of nothing."""
    assert [code for code, _, _ in errors("- {name: a, keywords: [x], reply: {use: ''}}")] == ["R050"]


def test_a_shared_reply_that_no_rule_uses_is_read_all_the_same() -> None:
    """And one that is used is told of once."""
    head = 'replies: {s: "Hi {{ shop.nmae }}", t: "{{"}'
    assert [code for code, _, _ in errors("- {name: a, keywords: [x], reply: {use: s}}", head)] == ["R045", "R045"]
    assert [code for code, _, _ in errors("- {name: a, keywords: [x], reply: b}", head)] == ["R045", "R045"]


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        ("- name: a\n  keywords: [x]\n  reply: |\n    {{ message.text }}\n    two {{ a b }}", 7, 11),
        ("- name: a\n  keywords: [x]\n  reply: |\n    foo {{ message.text }}\n    two {{ foo }}", 7, 14),
        ("- name: a\n  keywords: [x]\n  reply: |\n    {{ '{{' }}\n    {{ now }} {{ foo | upper }}", 7, 20),
        ("- name: a\n  keywords: [x]\n  reply: |\n    {{ now }}\n    {% raw %}a{% endraw %}", 7, 7),
        ("- name: a\n  keywords: [x]\n  reply: |\n    {{ now }}\n    {{ now | date('d') }}{# x #}", 7, 28),
        ("- {name: a, keywords: [x], reply: '{{ now }} {{ now", 3, 48),
    ],
)
def test_a_faulty_insert_is_shown_where_it_stands(body: str, line: int, column: int) -> None:
    """Not at the first one of its text."""
    end = "'}" if body.startswith("- {") else ""
    assert [(each.line, each.column) for each in findings(body + end, "R045")] == [(line, column)]


def test_a_name_that_may_be_empty_is_shown_where_it_has_no_default() -> None:
    """Others of the same name are right."""
    text = "customer.name\n    {{ customer.name | default('you') }}\n    {{ customer.name }}"
    body = f"- name: a\n  keywords: [x]\n  reply: |\n    {text}"
    assert [(each.line, each.column) for each in findings(body, "R046")] == [(8, 10)]


@pytest.mark.parametrize(
    ("text", "column"), [("message.text }}", 51), ("{{ now }} }}", 48), ("{{ now | default('}}') }} }}", 66)]
)
def test_what_closes_nothing_is_doubtful(text: str, column: int) -> None:
    """The braces would be sent to the customer."""
    quoted = text.replace("'", "''")
    (finding,) = findings(f"- {{name: a, keywords: [x], reply: '{quoted}'}}", "R045")
    assert (finding.severity, finding.line, finding.column) == ("warning", 3, column)


@pytest.mark.parametrize(
    ("condition", "code", "part"),
    [
        ("turn: '< 1'", "R025", "never so"),
        ("turn: '== 0'", "R025", "never so"),
        ("turn: '>= 0'", "R025", "always so"),
        ("turn: '>= 1'", "R025", "always so"),
        ("turn: '> 0'", "R025", "always so"),
        ("idle_for: '< 0s'", "R025", "never so"),
        ("customer: {tags: {any: [t, u], none: [t]}}", "R025", '"t" is wanted and excluded'),
        ("customer: {tags: {all: [t], none: [u, t]}}", "R025", '"t" is wanted and excluded'),
        ("after: {rule: watch}", "R050", "observes and never answers"),
        ("after: {rule: rested}", "R050", "is switched off"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_doubtful(condition: str, code: str, part: str) -> None:
    """It never holds, or always."""
    others = (
        "- {name: watch, observe: true, keywords: [y], tag: [t]}\n"
        "- {name: rested, enabled: false, keywords: [z], reply: b}"
    )
    (finding,) = findings(f"- {{name: a, keywords: [x], when: {{{condition}}}, reply: b}}\n{others}", code)
    assert (finding.severity, finding.line) == ("warning", 3)
    assert part in finding.message


@pytest.mark.parametrize("turn", ["== 1", "<= 1", "> 1", "< 2", ">= 2"])
def test_the_first_turn_is_a_turn(turn: str) -> None:
    """Near misses."""
    assert findings(f"- {{name: a, keywords: [x], when: {{turn: '{turn}'}}, reply: b}}", "R025") == []


def test_a_tag_is_not_put_on_and_taken_away_at_once() -> None:
    """One of the two is a mistake."""
    (finding,) = findings(RULE % "tag: [t, u], untag: [u]", "R025")
    assert (finding.severity, '"u"' in finding.message) == ("warning", True)


def test_for_ever_is_a_date() -> None:
    """As are its last moments, in every time zone."""
    for zone in ("Pacific/Kiritimati", "America/Adak"):
        for until in ("9999-12-31", "9999-12-30", '"9999-12-31 23:59"'):
            loaded = load(with_rules(RULE % f"until: {until}", f"timezone: {zone}"))
            assert loaded.ruleset
            (rule,) = loaded.rules
            assert rule.ends
            assert rule.ends.astimezone(rule.zone).year == 9999
