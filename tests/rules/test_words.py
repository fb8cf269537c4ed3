"""Word borders in every script, and the index against an obvious way of matching."""

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from igbot.rules.matching.index import build_index
from igbot.rules.matching.matchers import Matcher, MatcherKind, Text
from igbot.rules.matching.words import bare_span

BORDERS = [
    ("shipping to Spain?", "hi", False),
    ("Hi!!!", "hi", True),
    ("prices please", "price", False),
    ("iPhone15", "iphone", False),
    ("ขอราคาหน่อย", "ราคา", True),
    ("请问价格多少", "价格", True),
    ("मूल्यवान", "मूल्य", False),
    ("nice🔥drop", "🔥", True),
    ("❤️❤️", "❤", True),
    ("👍🏽", "👍", True),
    ("c++ book", "c++", True),
    ("цены", "цена", False),
    ("가격이 얼마", "가격", False),
    ("कीमत क्या है", "कीमत", True),
    ("snake_case", "snake", False),
    ("e-mail me", "mail", True),
    ("What's up", "what’s", True),
    ("how much?", "HOW  MUCH", True),
    ("how, much", "how much", False),
    ("how muchos", "how much", False),
    ("カレー屋", "カレー", True),
    ("👩\u200d👧", "👩", False),
    ("cafe\u0332s", "cafe", False),
    ("¿cuanto cuesta el envio?", "envío", True),
    ("si claro", "sí", False),
    ("iPhone价格", "iphone", True),
    ("costs $5", "$", True),
    ("10€", "€", True),
]


def hit(kind: MatcherKind, keyword: str, message: str) -> bool:
    """Whether one keyword hits a message."""
    return build_index([Matcher.of(kind, keyword)]).hits(Text.of(message)) == {0}


@pytest.mark.parametrize(("message", "keyword", "expected"), BORDERS)
def test_a_word_hits_where_neither_edge_cuts_a_word(message: str, keyword: str, expected: bool) -> None:
    """The whole table of the design, and more."""
    assert hit("word", keyword, message) is expected


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
def test_the_other_ways_of_matching(kind: MatcherKind, keyword: str, message: str, expected: bool) -> None:
    """The whole message, its beginning, its end, any part of it."""
    assert hit(kind, keyword, message) is expected


def test_nothing_hits_an_empty_message() -> None:
    """A picture has no text, whatever the keyword."""
    index = build_index([Matcher.of("is", "?"), Matcher.of("contains", "a"), Matcher.of("starts", "a")])
    assert index.hits(Text.of(" \u200b")) == set()


def test_only_the_first_two_thousand_characters_are_looked_at() -> None:
    """A megabyte of text costs no more than a long message."""
    assert not hit("word", "price", "x " * 1000 + "price")
    assert hit("word", "price", "price " + "x" * 1_000_000)


def test_a_row_of_emoji_is_cut_off_quickly() -> None:
    """Outer punctuation is found from both ends, never searched for in the middle."""
    assert bare_span("🔥" * 2000 + "a" + "🔥" * 2000) == (2000, 2001)
    assert bare_span("🔥" * 4000) == (0, 0)


UNSPACED = regex.compile(r"[\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}\p{scx=Han}\p{scx=Hira}\p{scx=Kana}]")
WORD = regex.compile(r"[\p{L}\p{M}\p{N}_]")
MARK = regex.compile(r"\p{M}")


def obviously_hits(keyword: str, message: str) -> bool:
    """The rule of word borders, said as slowly as it is written in the design."""
    for start in range(len(message) - len(keyword) + 1):
        end = start + len(keyword)
        if message[start:end] != keyword:
            continue
        edges = [(start - 1, start), (end, end - 1)]
        free = all(
            not 0 <= outside < len(message)
            or not WORD.match(message[inside])
            or not WORD.match(message[outside])
            or UNSPACED.match(message[inside])
            or UNSPACED.match(message[outside])
            for outside, inside in edges
        )
        follower = message[end : end + 1]
        torn = MARK.match(follower) or follower == "\u200d" or message[start - 1 : start] == "\u200d"
        if free and not torn:
            return True
    return False


letters = st.text(st.sampled_from("ab 1_é\u0301-+$🔥❤\u200d价格ราาーカमूक्षц가"), min_size=1, max_size=6)


@settings(max_examples=600)
@example(keywords=["a a"], message="a a a")
@example(keywords=["क"], message="क\u200dष क")
@given(
    keywords=st.lists(letters, min_size=1, max_size=8),
    message=st.text(st.sampled_from("ab 1_é\u0301-+$🔥❤\u200d价格ราาーカमूक्षц가"), max_size=25),
)
def test_the_index_agrees_with_the_obvious_way(keywords: list[str], message: str) -> None:
    """Any keywords together hit exactly what each would hit alone, looked for place by place."""
    matchers = [matcher for keyword in keywords if (matcher := Matcher.of("word", keyword)).text]
    text = Text.of(message)
    expected = {place for place, each in enumerate(matchers) if obviously_hits(each.folded, text.folded)}
    assert build_index(matchers).hits(text) == expected
