"""All matchers of a set together hit exactly what each would hit alone, looked at as slowly as the design says it."""

from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from igbot.rules.matching.index import build_index
from igbot.rules.matching.matchers import Fuzzy, Keyword, KeywordKind, Matcher, Near, Pattern, Similar, Text
from igbot.rules.matching.normalise import normalise
from tests.rules.matching import reference

LETTERS = "ab 1_éóñ\u0301-+$?#🔥❤\u200d\ufe0f👍🏽价格ราาーカมूक्षцйが한국\u202eß\x00\ud800İ’"
VOCABULARY = (
    "order",
    "orders",
    "ordre",
    "envío",
    "envio",
    "environment",
    "where",
    "is",
    "sí",
    "si",
    "价格",
    "多少",
    "ราคา",
    "цена",
    "цены",
    "कीमत",
    "🔥",
    "❤️",
    "c++",
    "#12345",
    "WHERE",
    "discount",
    "disconut",
    "e\u0301toile",
    "किताब",
)
pieces = st.text(st.sampled_from(LETTERS), min_size=1, max_size=5)
phrases = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=3).map(" ".join)
written = pieces | phrases | st.text(min_size=1, max_size=4)
messages = st.one_of(
    st.text(st.sampled_from(LETTERS), max_size=25),
    st.lists(st.sampled_from(VOCABULARY) | pieces, max_size=9).map(" ".join),
    st.lists(st.sampled_from(VOCABULARY) | pieces, max_size=6).map("".join),
    st.text(max_size=20),
)
keywords = st.builds(Keyword.of, st.sampled_from(get_args(KeywordKind)), written)
whole_words = st.builds(Keyword.of, st.just("word"), written).filter(lambda each: bool(each.text))
nears = st.builds(
    Near,
    whole_words,
    st.lists(whole_words, min_size=1, max_size=2).map(tuple),
    st.integers(min_value=1, max_value=4),
)
patterns = st.builds(
    Pattern,
    st.sampled_from(
        [
            r"order\s*#?[0-9]{5}",
            r"(?i)ORDER",
            r"[A-Z]{3}",
            r"\p{L}+\p{M}",
            r"^env[ií]o",
            "a*",
            r"价.?格?",
            "(?:where|is).*order$",
            r"\x{0}",
            "(?i)ЦЕНА|é",
            "ab|ba",
            r"\bsi\b",
            "[^a-z ]",
        ]
    ),
    st.booleans(),
)
fuzzies = st.builds(
    lambda word, distance: Fuzzy(normalise(word), distance, word),
    st.sampled_from(["order", "discount", "environment", "envío", "étoile", "цены", "किताब"])
    | pieces.filter(normalise),
    st.integers(min_value=1, max_value=2),
)
similars = st.builds(
    lambda sentence, least: Similar(normalise(sentence), least, sentence),
    phrases | pieces.filter(normalise),
    st.integers(min_value=40, max_value=100),
)
matchers = keywords.filter(lambda each: bool(each.text)) | nears | patterns | fuzzies | similars


def assert_agrees(together: list[Matcher], message: str) -> None:
    """The index and the reference name the same matchers."""
    expected = [each for each in together if reference.hits(each, message)]
    found = build_index(together).hits(Text.of(message))
    assert [together[number] for number in sorted(found)] == expected


@settings(max_examples=1000, deadline=None)
@example(together=[Keyword.of("word", "a a")], message="a a a")
@example(together=[Keyword.of("word", "क")], message="क\u200dष क")
@example(together=[Keyword.of("contains", "ío env")], message="envío envases")
@example(together=[Keyword.of("starts", "envi")], message="¿Envío?")
@example(together=[Near(Keyword.of("word", "a"), (Keyword.of("word", "a"),), 1)], message="a")
@example(together=[Near(Keyword.of("word", "价格"), (Keyword.of("word", "多少"),), 2)], message="价格请问多少")
@given(together=st.lists(matchers, min_size=1, max_size=8), message=messages)
def test_the_index_agrees_with_the_slow_and_obvious_way(together: list[Matcher], message: str) -> None:
    """Any matchers, any message: emoji, marks, halves of characters, every script."""
    assert_agrees(together, message)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "🔥❤️👍🏽👩‍👧🇪🇸",
        "مرحبا \u202eكم السعر؟\u202c",
        "e" + "\u0301\u0327\u0489" * 1000,
        "\x00\x00order\x00",
        "\ud83d order \udd25",
        "{{ customer.name }} {% for x in y %} %s %d {0} ${PATH}",
        "оrdеr",
        "order " * 200_000,
    ],
    ids=["empty", "emoji", "right to left", "zalgo", "NUL", "surrogates", "templates", "confusables", "a megabyte"],
)
def test_no_message_is_too_wild(message: str) -> None:
    """It hits or it does not; nothing is raised, nothing is executed."""
    together: list[Matcher] = [
        *(
            Keyword.of(kind, word)
            for kind in get_args(KeywordKind)
            for word in ("order", "é", "🔥", "سعر", "\x00", "{{")
        ),
        Near(Keyword.of("word", "order"), (Keyword.of("word", "order"),), 1),
        Pattern("ord.r"),
        Pattern("[^a]", raw=True),
        Fuzzy("order", 1, "order"),
        Similar("my order", 60, "my order"),
    ]
    assert_agrees(together, message)


def test_a_matcher_is_named_by_its_place_and_found_however_many_there_are() -> None:
    """Ten thousand of every kind, one of them hit."""
    together: list[Matcher] = []
    for number in range(2000):
        together += [
            Keyword.of("word", f"word{number}"),
            Keyword.of("contains", f"part{number}x"),
            Pattern(f"code {number} [0-9]+!"),
            Fuzzy(f"{number}fuzzyword", 1, ""),
            Similar(f"sentence number {number} of many", 99, ""),
        ]
    index = build_index(together)
    for number in (0, 1234, 1999):
        message = f"word{number} impart{number}xy code {number} 77! {number}fuzyword"
        assert index.hits(Text.of(message)) == {5 * number + place for place in range(4)}
        assert index.hits(Text.of(f"Sentence number {number} of many?")) == {5 * number + 4}


def test_an_index_of_nothing_hits_nothing() -> None:
    """A folder may be empty."""
    assert build_index([]).hits(Text.of("hello")) == set()
