"""Regular expressions that run, and do not do what was meant."""

import pytest

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
    ],
)
def test_a_pattern_that_is_right_is_left_alone(code: str, pattern: str) -> None:
    """Near misses of each."""
    assert not found(code, rule(pattern))


def test_capitals_are_right_where_the_original_is_searched() -> None:
    """As `raw` says."""
    assert not found("R034", rule("Order", ", raw: true"))


def test_patterns_of_shared_lists_and_of_exceptions_are_looked_at_as_well() -> None:
    """Each at its place."""
    body = "- {name: a, keywords: [{list: l}], not: [{regex: y*}], reply: b}"
    assert [(each.line, each.column) for each in found("R031", body, "lists: {l: [{regex: x*}]}")] == [(2, 21), (4, 52)]
