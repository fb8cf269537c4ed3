"""Replies are filled in, and nothing in them is ever run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.templates.reading import presentable, read_template, render

CONSTANTS = {"shop.name": "lola wear", "rule.name": "hello"}
VALUES = {"message.text": "how much is it", "message.kind": "text", "match.keyword": "how much"}


def filled(text: str, **values: str) -> str:
    """The finished reply of a template without problems."""
    template, problems = read_template(text, constants=CONSTANTS)
    assert problems == ()
    return render(template, {**VALUES, **{name.replace("_", "."): value for name, value in values.items()}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain } text { 100 % #1", "plain } text { 100 % #1"),
        ("Hi from {{ shop.name }}!", "Hi from lola wear!"),
        ("{{ shop.name | title }}", "Lola Wear"),
        ("{{ shop.name | upper | lower }}", "lola wear"),
        ("{{ rule.name }}: {{ match.keyword }} ({{ message.kind }})", "hello: how much (text)"),
        ("{{ message.text | truncate(10) }}", "how much…"),
        ("{{ message.text | truncate(14) }}", "how much is it"),
        ("{{ message.text | url }}", "how%20much%20is%20it"),
        ("{{ '{{' }} is how it begins", "{{ is how it begins"),
        ("  padded\n", "padded"),
    ],
)
def test_names_and_filters_are_filled_in(text: str, expected: str) -> None:
    """Every name and filter of this version."""
    assert filled(text) == expected


def test_a_default_stands_in_for_nothing() -> None:
    """Only where the value is empty."""
    assert filled("{{ message.text | default('that') }}", message_text="") == "that"
    assert filled("{{ message.text | default('that') }}", message_text="this") == "this"
    assert filled("[{{ message.text }}]", message_text="") == "[]"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{{ shop.nmae }}", "unknown name"),
        ("{{ name }}", "unknown name"),
        ("{{ shop.name | shout }}", "unknown filter"),
        ("{{ shop.name | truncate }}", "used wrongly"),
        ("{{ shop.name | truncate('3') }}", "used wrongly"),
        ("{{ shop.name | truncate(0) }}", "above 0"),
        ("{{ shop.name | truncate(true) }}", "takes a text or a number"),
        ("{{ shop.name | upper(1) }}", "used wrongly"),
        ("{{ shop.name | default(x=1) }}", "used wrongly"),
        ("{{ customer.first_name }}", "not built in this version"),
        ("{{ match.1 }}", "not built in this version"),
        ("{{ shop.name | date }}", "not built in this version"),
        ("{{ shop.name", "not a template"),
        ("{{ }}", "not a template"),
        ("{% if x %}y{% endif %}", "statements"),
        ("{% for x in y %}", "not a template"),
        ("{# note #}", "comments"),
        ("{{ shop.name.__class__ }}", "only {{ name | filter }}"),
        ("{{ ''.__class__.__mro__ }}", "only {{ name | filter }}"),
        ("{{ shop['name'] }}", "only {{ name | filter }}"),
        ("{{ cycler() }}", "only {{ name | filter }}"),
        ("{{ 1 + 1 }}", "only {{ name | filter }}"),
        ("{{ 9" + "9" * 5000 + " }}", "not a template"),
        ("{{ " + "(" * 50_000, "not a template"),
    ],
)
def test_everything_else_is_a_problem(text: str, part: str) -> None:
    """Calls, attributes, statements, sums, and what only looks like a name."""
    _, problems = read_template(text, constants=CONSTANTS)
    assert part in problems[0].message
    assert problems[0].part in text


def test_all_problems_of_a_reply_are_found_at_once() -> None:
    """Not one at each save."""
    _, problems = read_template("{{ a.b }} {{ c.d }} {{ shop.name | e }}", constants=CONSTANTS)
    assert [problem.part for problem in problems] == ["a.b", "c.d", "e"]


def test_a_customers_text_is_never_read_as_a_template() -> None:
    """Template signs in a message come out as they are."""
    assert filled("You wrote {{ message.text }}", message_text="{{ shop.name }}{% x %}") == (
        "You wrote {{ shop.name }}{% x %}"
    )


def test_what_customers_write_is_made_fit_to_be_shown() -> None:
    """One line, no controls, no turned writing direction, at most 200 characters, no torn grapheme."""
    assert presentable("a\u202eb\x00c\x1b[31m\nd \ud800e") == "abc[31m d e"
    assert presentable("x" * 300) == "x" * 200
    assert presentable("👩\u200d👧" * 100) == "👩\u200d👧" * 66
    assert len(presentable("e" + "\u0301" * 1000)) == 200


@given(st.text(max_size=300))
def test_any_text_can_be_inserted(text: str) -> None:
    """Whatever filter it goes through, the result can be sent."""
    for step in ("upper", "lower", "title", "truncate(7)", "url", "default('x')"):
        filled(f"{{{{ message.text | {step} }}}}", message_text=presentable(text)).encode()


@given(st.text("{}%#|.'\"() \nabshopname_1", max_size=60))
def test_no_template_raises(text: str) -> None:
    """Parts, or problems whose place can be shown."""
    template, problems = read_template(text, constants=CONSTANTS)
    if not problems:
        render(template, VALUES)
