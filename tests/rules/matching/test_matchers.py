"""What a matcher is worth, how it is called, and what it is equal to."""

import pytest

from igbot.rules.matching.matchers import (
    Fuzzy,
    Keyword,
    Matcher,
    Near,
    Pattern,
    Rank,
    Similar,
    Text,
    payload_rank,
)
from igbot.rules.places import Place


@pytest.mark.parametrize(
    ("matcher", "rank", "name"),
    [
        (Keyword.of("is", "Hi"), (8, 1, 2), 'is "Hi"'),
        (Keyword.of("starts", "order"), (6, 1, 5), 'starts "order"'),
        (Keyword.of("word", "How  much"), (6, 2, 8), 'word "How  much"'),
        (Keyword.of("word", "refund"), (5, 1, 6), 'word "refund"'),
        (
            Near(Keyword.of("word", "my order"), (Keyword.of("word", "where"), Keyword.of("word", "late")), 4),
            (5, 2, 8),
            'word "my order" near "where" or "late"',
        ),
        (Pattern("#[0-9]+"), (4, 1, 7), 'regex "#[0-9]+"'),
        (Pattern("[A-Z]", raw=True), (4, 1, 5), 'raw regex "[A-Z]"'),
        (Keyword.of("contains", "€"), (3, 1, 1), 'contains "€"'),
        (Fuzzy("discount", 2, "Discount"), (2, 1, 8), 'fuzzy "Discount"'),
        (Similar("any offer", 88, "Any offer"), (1, 2, 9), 'similar "Any offer"'),
    ],
)
def test_a_hit_counts_by_exactness_words_and_characters(matcher: Matcher, rank: Rank, name: str) -> None:
    """And is named in the owner's words."""
    assert matcher.rank == rank
    assert str(matcher) == name


def test_a_payload_counts_as_much_as_the_whole_message() -> None:
    """Its characters without the star that stands for the rest."""
    assert payload_rank("SHIP_ES") == (8, 1, 7)
    assert payload_rank("SHIP_*") == (8, 1, 5)


def test_keywords_that_look_alike_are_equal_wherever_they_stand() -> None:
    """Not so two of different kinds."""
    assert Keyword.of("word", "REFUND", Place(3, 1)) == Keyword.of("word", "refund", Place(9, 4))
    assert hash(Keyword.of("word", "REFUND")) == hash(Keyword.of("word", "refund"))
    assert Keyword.of("word", "refund") != Keyword.of("is", "refund")


def test_a_keyword_in_normal_form_is_one_string_in_memory() -> None:
    """A set may have sixty thousand."""
    keyword = Keyword.of("word", "refund")
    assert keyword.text is keyword.written
    assert keyword.folded is keyword.written


def test_a_text_keeps_the_original_beside_its_normal_forms() -> None:
    """For patterns on it, and for templates."""
    text = Text.of("  ¡El ENVÍO! ❤️")
    assert text.written == "  ¡El ENVÍO! ❤️"
    assert text.plain == "¡el envío! ❤"
    assert text.folded == "¡el envio! ❤"
    assert text.folded[slice(*text.bare)] == "el envio"
