"""Regular expressions that run, and do not do what was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.lint.literals import never_found
from igbot.rules.matching.normalise import normalise
from tests.rules.lint.finding import check, found


def rule(pattern: str, more: str = "") -> str:
    """A rule with one pattern, which begins in column 34."""
    return f"- {{name: a, keywords: [{{regex: '{pattern}'{more}}}], reply: b}}"


@pytest.mark.parametrize(
    ("code", "pattern", "message", "hint"),
    [
        ("R031", "a*", "match the empty text", "write +"),
        ("R031", "(?:order)?", "match the empty text", "take away the ?"),
        ("R031", "x|", "match the empty text", "write +"),
        ("R032", "(a+)+$", "(a+)+", "one of the two"),
        ("R032", "(?:[a-z]*x)*y", "a repetition within", "one of the two"),
        ("R032", "(a+){2,}", "a repetition within", "one of the two"),
        ("R033", r"\bцена\b", 'not "ц"', "{word: …}"),
        ("R033", r"größ\w+", 'not "ß"', r"[\p{L}\p{M}\p{N}_]"),
        ("R034", "Order [0-9]+", '"O" never matches', 'write "o"'),
        ("R034", "[A-Z]{2}[0-9]+", '"A" never', "raw: true"),
        ("R034", "ÄRGER", '"Ä" never', 'write "ä"'),
        ("R034", "what’s", '"’" never matches', 'write "\'"'),
        ("R034", "straße", '"ß" never', 'write "ss"'),
        ("R034", "(?i)Straße", '"ß" never', 'write "ss"'),
        ("R034", "[０-９]{4}", '"０" never', 'write "0"'),
        ("R034", "１２", '"１" never', 'write "1"'),
        ("R034", "[’‘]", '"’" never', "write"),
        ("R034", "[0-9]–[0-9]", '"–" never', 'write "-"'),
        ("R034", "cafe\u0301s", '"e\u0301" (U+0065 U+0301) never', 'write "é"'),
        ("R034", "two  words", '"  " never', 'write " "'),
        ("R034", r"one\ntwo", "U+000A never", 'write " "'),
        ("R034", r"\Qone  two\E", '"  " never', 'write " "'),
        ("R034", "❤\ufe0f", "U+FE0F never", "delete it, or add raw: true"),
        ("R034", "a{,3}b", '"{,3}" is not a number of times', "write {0,3}"),
    ],
)
def test_a_pattern_that_hardly_does_what_was_meant(code: str, pattern: str, message: str, hint: str) -> None:
    """At the pattern, with what to write instead."""
    check(code, (rule(pattern), 3, 34, message, hint))


@pytest.mark.parametrize(
    ("code", "pattern"),
    [
        ("R031", "a+"),
        ("R031", "^$"),
        ("R031", r"\bx*y\b"),
        ("R032", "(a+)(b+)"),
        ("R032", "(ab)+"),
        ("R032", r"\(a+\)+"),
        ("R032", "(a+)?"),
        ("R033", r"\border\b"),
        ("R033", r"цена \bx"),
        ("R034", r"\D\S\W\B\A\PL\p{Lu}\p{Greek}x"),
        ("R034", "(?P<No>[0-9]+)"),
        ("R034", "(?i)Order"),
        ("R034", "[Pp]rice|[A-Za-z]+"),
        ("R034", "[^A-Z]x"),
        ("R034", r"\x4Ax"),
        ("R034", "[[:alpha:]]+"),
        ("R034", "what['’]s"),
        ("R034", "[0-9０-９]+[à-ÿ]"),
        ("R034", "order  ?[0-9]+"),
        ("R034", "❤\ufe0f?"),
        ("R034", "(?i)ſet"),
        ("R034", "👩\u200d👧 (👩\u200d)"),
        ("R034", "café|цена|ราคา| नमस्ते |c\\+\\+ {2}"),
        ("R034", r"a\{,3}|[{,3}]|a{1,3}|a{2,}"),
    ],
)
def test_a_pattern_that_is_right_is_left_alone(code: str, pattern: str) -> None:
    """Near misses of each."""
    assert not found(code, rule(pattern))


def test_capitals_are_right_where_the_original_is_searched() -> None:
    """As `raw` says."""
    for pattern in ("Order", "what’s", "two  words"):
        assert not found("R034", rule(pattern, ", raw: true"))


@given(st.text("a e\u0301é’'–-ß０1 \u200b❤\ufe0fſ", min_size=1, max_size=8))
def test_what_is_told_of_letters_is_true(written: str) -> None:
    """A text without special signs is found in some normal form, unless lint says that it never is."""
    normal = normalise(f"x{written}x")
    assert (never_found(written) is None) == (written.strip("\u200c\u200d") in normal)


def test_patterns_of_shared_lists_and_of_exceptions_are_looked_at_as_well() -> None:
    """Each at its place."""
    body = "- {name: a, keywords: [{list: l}], not: [{regex: y*}], reply: b}"
    assert [(each.line, each.column) for each in found("R031", body, "lists: {l: [{regex: x*}]}")] == [(2, 21), (4, 52)]
