"""Texts that YAML reads otherwise than they look."""

import pytest

from tests.rules.lint.finding import Case, check, found
from tests.rules.writing import load, with_rules


@pytest.mark.parametrize(
    "case",
    [
        (
            "- {name: a, keywords: [b]}\n- name: c\n  keywords: [d]\n  reply: send #123 now",
            6,
            17,
            "reply",
            '"send #123 now"',
        ),
        ("- name: a\n  keywords:\n    - order #ref\n  reply: b", 5, 15, "a keyword", '"order #ref"'),
        ("- name: a\n  keywords: [b]\n  handoff:\n    say: soon  #1", 6, 18, "say", "in quotes"),
    ],
)
def test_a_number_that_became_a_comment_is_told(case: Case) -> None:
    """`#123` behind a space is left out by YAML, and the customer gets half of the text."""
    check("R004", case)


@pytest.mark.parametrize("line", ["reply: b # a note", "reply: 'b' #123", "reply: a#1", "reply: |  #123\n    b"])
def test_comments_that_are_meant_stay_unsaid(line: str) -> None:
    """A note has a space behind its sign; quotes keep the text whole."""
    assert not found("R004", f"- name: a\n  keywords: [b]\n  {line}")


@pytest.mark.parametrize(
    "case",
    [
        ("- {name: a, keywords: [“foo”], reply: b}", 3, 26, "a keyword", 'straight quotes: "foo"'),
        ("- {name: a, keywords: [‘bar’], reply: b}", 3, 26, "a keyword", 'straight quotes: "bar"'),
        ("- {name: a, keywords: [“bar], reply: b}", 3, 26, "a keyword", 'straight quotes: "bar"'),
        ("- {name: a, keywords: [b], reply: “hi”}", 3, 37, "reply", 'straight quotes: "hi"'),
    ],
)
def test_typographic_quotes_around_a_text_are_told(case: Case) -> None:
    """As word processors and phones write them."""
    check("R004", case)


@pytest.mark.parametrize("text", ["“yes” or “no”", "say “hi”", "'“hi”'", "rock ’n’"])
def test_typographic_quotes_within_a_text_are_its_own(text: str) -> None:
    """As in every other text."""
    assert not found("R004", f"- {{name: a, keywords: [b], reply: {text}}}")


def test_a_text_that_is_only_a_comment_is_told_as_one() -> None:
    """The error says why nothing was read."""
    case = ("- name: a\n  keywords: [b]\n  reply: #1 in town", 5, 11, "not nothing", "put it in quotes")
    check("R004", case, severity="error", only=False)


def test_a_colon_within_typographic_quotes_asks_for_straight_ones() -> None:
    """Who is told to put a text in quotes that stands in quotes learns nothing."""
    case = ("- name: a\n  keywords: [b]\n  reply: “Hi: you”", 5, 15, "not YAML", "straight quotes")
    check("R001", case, severity="error")


@pytest.mark.parametrize("reply", ["{{ customer.lang }}", "{text: {{ customer.lang }}}", "{{ customer.lang | upper }}"])
def test_a_reply_that_begins_with_what_is_filled_in_wants_quotes(reply: str) -> None:
    """YAML takes it for a map of maps; nothing else is said about it."""
    loaded = load(with_rules(f"- name: a\n  keywords: [b]\n  reply: {reply}"))
    (error,) = [each for each in loaded.findings if each.severity == "error"]
    assert (error.code, error.line, error.column) == ("R004", 5, 12 + reply.index("{{"))
    assert error.hint.startswith('put the whole text in quotes: "{{ customer.lang')


def test_what_stands_behind_it_wants_the_same_quotes() -> None:
    """The parser sees a key that is missing there."""
    case = (
        "- name: a\n  keywords: [b]\n  reply: {{ customer.lang }} hi",
        5,
        32,
        "not YAML",
        "the whole text in quotes",
    )
    check("R001", case, severity="error")
