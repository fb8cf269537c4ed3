"""Typing errors and other words for the same thing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igbot.rules.matching.closeness import edits, similarity
from igbot.rules.matching.index import build_index
from igbot.rules.matching.matchers import Fuzzy, Matcher, Similar, Text
from tests.rules.effort import calls
from tests.rules.matching import reference


def hit(matcher: Matcher, message: str) -> bool:
    """Whether one matcher hits a message."""
    return build_index([matcher]).hits(Text.of(message)) == {0}


@pytest.mark.parametrize(
    ("word", "distance", "message", "expected"),
    [
        ("discount", 1, "any discount?", True),
        ("discount", 1, "any DISCOUNTS?", True),
        ("discount", 1, "any discont?", True),
        ("discount", 1, "any disconut?", True),
        ("discount", 1, "any disconuts?", False),
        ("discount", 2, "any disconuts?", True),
        ("discount", 2, "any iscount?", False),
        ("discount", 1, "discounted", False),
        ("order", 1, "older", True),
        ("order", 1, "border", False),
        ("envío", 1, "envio", True),
        ("envíos", 1, "el envio?", True),
        ("доставка", 2, "сколько даставкка", True),
        ("कीमतें", 1, "कीमते", True),
    ],
)
def test_a_word_with_few_typing_errors_is_meant(word: str, distance: int, message: str, expected: bool) -> None:
    """A swap of neighbours is one error, the first letter must be right, accents do not count."""
    assert hit(Fuzzy(word, distance, word), message) is expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("do you have any offers?", True),
        ("any offer do you have", True),
        ("hello! do you have any offer today for me", True),
        ("do u have any ofer", True),
        ("you", False),
        ("do you have it", False),
        ("do you have shoes", False),
        ("my offer", False),
    ],
)
def test_a_message_resembles_a_sentence_if_it_says_most_of_it(message: str, expected: bool) -> None:
    """In any order, with more around it; a few of its words are not enough."""
    assert hit(Similar("do you have any offer", 88, ""), message) is expected


def test_a_sentence_of_signs_is_compared_as_it_is() -> None:
    """Nothing to leave out."""
    assert hit(Similar("🔥 🔥", 100, ""), "🔥 🔥")
    assert not hit(Similar("🔥 🔥", 100, ""), "price")


words = st.text(st.sampled_from("abcñ"), max_size=7)


@given(words, words, st.integers(min_value=0, max_value=3))
def test_edits_are_counted_up_to_what_is_asked(one: str, other: str, at_most: int) -> None:
    """By the table of all beginnings."""
    count = reference.edits(one, other)
    assert edits(one, other, at_most) == (count if count <= at_most else None)


sentences = st.lists(st.text(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1, max_size=5).map(" ".join)


@given(sentences, sentences)
def test_similarity_is_what_the_two_have_in_common(one: str, other: str) -> None:
    """Counted character by character; a sentence is wholly similar to itself."""
    assert similarity(one, other) == reference.alike(one, other)
    assert similarity(one, one) == 100


spoken = st.lists(st.sampled_from(["a", "b", "ab", "ba", "abc", "cab", "offer", "ofer", "any", "🔥"]), max_size=6)
leasts = st.sampled_from([1, 40, 60, 80, 88, 95, 100])


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(spoken.filter(bool), leasts), min_size=1, max_size=12), spoken)
def test_many_sentences_are_found_as_each_alone(given_sentences: list[tuple[list[str], int]], said: list[str]) -> None:
    """Said in part, in another order, with words said twice, or with the same letters in other words."""
    together = [Similar(" ".join(words), least, "") for words, least in given_sentences]
    expected = {number for number, each in enumerate(together) if reference.hits(each, " ".join(said))}
    assert build_index(together).hits(Text.of(" ".join(said))) == expected


@pytest.mark.parametrize("message", ["do you have any offer", "do you have " * 160])
def test_sentences_that_cannot_be_meant_are_not_looked_at(message: str) -> None:
    """Thousands that share a few words with the message: no more work than some."""
    few, many = (
        build_index(
            [Similar(f"do you have the shirt number {chr(0x4E00 + number)}", 88, "") for number in range(count)]
        )
        for count in (10, 5000)
    )
    text = Text.of(message)
    assert calls(lambda: many.hits(text)) < calls(lambda: few.hits(text)) + 50
