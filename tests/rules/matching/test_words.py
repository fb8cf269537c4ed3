"""Word borders in every script, and where else in a message a keyword may stand."""

import pytest

from igbot.rules.matching.index import build_index
from igbot.rules.matching.matchers import Keyword, KeywordKind, Text
from igbot.rules.matching.words import bare_span
from tests.rules.matching import reference
from tests.rules.matching.tricky import TRICKY, Case, answers_of

MORE_BORDERS = [
    ("e-mail me", "mail", True),
    ("snake_case", "snake", False),
    ("how much?", "HOW  MUCH", True),
    ("how, much", "how much", False),
    ("how muchos", "how much", False),
    ("カレー屋", "カレー", True),
    ("cafe\u0332s", "cafe", False),
    ("¿cuanto cuesta el envio?", "envío", True),
    ("iPhone价格", "iphone", True),
    ("costs $5", "$", True),
    ("10€", "€", True),
]


def hit(kind: KeywordKind, keyword: str, message: str) -> bool:
    """Whether one keyword hits a message."""
    return build_index([Keyword.of(kind, keyword)]).hits(Text.of(message)) == {0}


@pytest.mark.parametrize("case", TRICKY, ids=lambda case: case.message.encode("ascii", "backslashreplace").decode())
def test_a_word_hits_where_neither_edge_cuts_a_word(case: Case) -> None:
    """The whole table of the design, and more; the slow reference says the same."""
    assert hit("word", case.word, case.message) is case.expected
    assert reference.hits(Keyword.of("word", case.word), case.message) is case.expected


@pytest.mark.parametrize(("message", "keyword", "expected"), MORE_BORDERS)
def test_borders_are_free_at_punctuation_signs_and_unspaced_scripts(message: str, keyword: str, expected: bool) -> None:
    """And a phrase is its words with exactly what stands between them."""
    assert hit("word", keyword, message) is expected


def test_each_simple_way_of_comparing_gets_some_of_the_tricky_messages_wrong() -> None:
    """That is what the table in the README shows; igbot gets none wrong."""
    wrong = [0, 0, 0, 0]
    for case in TRICKY:
        for way, answer in enumerate(answers_of(case)):
            wrong[way] += (answer == "yes") is not case.expected
    assert wrong[0] == 0
    assert all(wrong[1:])


@pytest.mark.parametrize(
    ("kind", "keyword", "message", "expected"),
    [
        ("is", "hi", "  ¡Hi!! 🔥", True),
        ("is", "hi", "hi there", False),
        ("is", "❤", "❤️", True),
        ("is", "❤", "❤️❤️", False),
        ("is", "c++", "C++?", True),
        ("is", "हिन्दी", "हिन्दी", True),
        ("starts", "price", "prices please", True),
        ("starts", "price", "¿Prices?", True),
        ("starts", "가격", "가격이 얼마", True),
        ("starts", "order", "my order", False),
        ("starts", "envi", "Envío?", True),
        ("ends", "please", "price please!!", True),
        ("ends", "ship", "membership", True),
        ("ends", "please", "please help", False),
        ("contains", "hi", "shipping", True),
        ("contains", "€", "4,90€", True),
        ("contains", "vío", "envío", True),
        ("contains", "ano", "antaño", False),
        ("contains", "price", "pryce", False),
    ],
)
def test_the_other_ways_of_matching(kind: KeywordKind, keyword: str, message: str, expected: bool) -> None:
    """The whole message, its beginning, its end, any part of it."""
    assert hit(kind, keyword, message) is expected


def test_nothing_hits_an_empty_message() -> None:
    """A picture has no text, whatever the keyword."""
    index = build_index([Keyword.of("is", "?"), Keyword.of("contains", "a"), Keyword.of("starts", "a")])
    assert index.hits(Text.of(" \u200b")) == set()


def test_only_the_first_two_thousand_characters_are_looked_at() -> None:
    """A megabyte of text costs no more than a long message."""
    assert not hit("word", "price", "x " * 1000 + "price")
    assert hit("word", "price", "price " + "x" * 1_000_000)


def test_a_row_of_emoji_is_cut_off_quickly() -> None:
    """Outer punctuation is found from both ends, never searched for in the middle."""
    assert bare_span("🔥" * 2000 + "a" + "🔥" * 2000) == (2000, 2001)
    assert bare_span("🔥" * 4000) == (0, 0)
