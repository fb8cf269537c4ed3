"""A word counts only beside another one."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from igbot.rules.matching.index import build_index
from igbot.rules.matching.matchers import Keyword, Matcher, Near, Text
from tests.rules.effort import calls
from tests.rules.matching import reference


def near(word: str, *others: str, within: int = 5) -> Near:
    """A word with its companions."""
    return Near(Keyword.of("word", word), tuple(Keyword.of("word", each) for each in others), within)


def hit(word: str, others: list[str], within: int, message: str) -> bool:
    """Whether a word with its companions hits a message."""
    return build_index([near(word, *others, within=within)]).hits(Text.of(message)) == {0}


@pytest.mark.parametrize(
    ("message", "within", "expected"),
    [
        ("where is my order", 3, True),
        ("where is my order", 2, False),
        ("order: where?", 1, True),
        ("my order is really late", 3, True),
        ("order", 5, False),
        ("where", 5, False),
        ("orders where", 5, False),
        ("where, please, is it? order order", 4, True),
        ("where e-mail order", 3, True),
        ("where e-mail order", 2, False),
        ("where 🔥 🔥 🔥 order", 1, True),
    ],
)
def test_one_of_the_others_must_stand_within_so_many_words(message: str, within: int, expected: bool) -> None:
    """Before or after; the next word is one away, signs are no words."""
    assert hit("order", ["where", "late"], within, message) is expected


def test_a_word_is_not_near_itself() -> None:
    """Only near a second one."""
    assert not hit("very", ["very"], 5, "very good")
    assert hit("very", ["very"], 5, "very very good")
    assert not hit("my order", ["order"], 5, "my order")


@pytest.mark.parametrize(
    ("word", "other", "message", "within", "expected"),
    [
        ("价格", "多少", "价格多少", 1, True),
        ("价格", "多少", "价格请问多少", 2, True),
        ("价格", "多少", "价格请问多少", 1, False),
        ("ราคา", "ส่ง", "ราคาค่าส่ง", 2, True),
        ("ราคา", "ส่ง", "ราคาค่าจัดส่ง", 1, False),
        ("c++", "book", "c++ book", 1, True),
        ("how much", "cost", "how much does it cost", 3, True),
        ("envío", "dónde", "donde esta mi envio", 3, True),
    ],
)
def test_words_are_counted_in_every_script(word: str, other: str, message: str, within: int, expected: bool) -> None:
    """Two Chinese characters are taken for a word, four Thai letters as well."""
    assert hit(word, [other], within, message) is expected


@pytest.mark.parametrize(
    ("word", "other", "message", "expected"),
    [
        ("🔥", "🔥", "🔥", False),
        ("🔥", "🔥", "🔥🔥", True),
        ("🔥", "$", "🔥 $", True),
        ("$", "🔥", "🔥 $", True),
        ("c+", "+ book", "c+ book", False),
        ("+ book", "c+", "c+ book", False),
        ("c+", "+ book", "c++ book", True),
        ("價", "+價", "+價", False),
        ("價", "+價", "價+價", True),
    ],
)
def test_signs_stand_beside_one_another_and_not_upon(word: str, other: str, message: str, expected: bool) -> None:
    """Though there are no words between them to tell the one from the other."""
    assert hit(word, [other], 1, message) is expected


SPOKEN = (
    "order",
    "where",
    "how much",
    "much",
    "🔥",
    "$",
    "c++",
    "+ b",
    "b",
    "价",
    "价格",
    "格",
    "ราคา",
    "ค่า",
    "é",
    "कीमत",
    "क",
)
words = st.sampled_from(SPOKEN)
nears = st.builds(
    lambda word, others, within: near(word, *others, within=within),
    words,
    st.lists(words, min_size=1, max_size=3),
    st.integers(1, 6) | st.just(50),
)
messages = st.builds(
    lambda parts, between: between.join(parts),
    st.lists(words | st.sampled_from(["x", "\u0301", "\u200d", "_", "1", "-", "ー"]), max_size=14),
    st.sampled_from([" ", "", ", "]),
)


@settings(max_examples=500, deadline=None)
@example([near("c++", "+ b")], "c++ b")
@given(st.lists(nears, min_size=1, max_size=12), messages)
def test_many_that_share_their_words_hit_as_each_would_alone(together: list[Matcher], message: str) -> None:
    """Whatever the distances, through every script, signs and marks."""
    expected = {number for number, each in enumerate(together) if reference.hits(each, message)}
    assert build_index(together).hits(Text.of(message)) == expected


def effort(matchers: Sequence[Matcher], message: str) -> int:
    """How much work it is to find what hits a message."""
    index, text = build_index(matchers), Text.of(message)
    return calls(lambda: index.hits(text))


@pytest.mark.parametrize(
    "message", ["order " * 333, "the order is here " * 100, "where is my order", "order ราคา" * 150]
)
def test_rules_whose_other_words_are_not_said_cost_nothing(message: str) -> None:
    """Ten or a thousand with a word that the message is full of: it is looked at once."""
    few, many = ([near("order", f"w{number}") for number in range(count)] for count in (10, 1000))
    assert effort(many, message) == effort(few, message)


def test_a_pair_of_words_is_looked_at_once_however_many_rules_name_it() -> None:
    """Far apart, at the ends of a long message."""
    message = "order " * 150 + "well " * 20 + "brown " * 150
    one, many = ([near("order", "brown", within=within)] * count for within, count in ((5, 1), (5, 1000)))
    assert effort(many, message) <= effort(one, message)
    hits = build_index([near("order", "brown", within=20), near("order", "brown", within=21)]).hits(Text.of(message))
    assert hits == {1}
