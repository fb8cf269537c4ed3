"""A word counts only beside another one."""

import pytest

from igbot.rules.matching.index import build_index
from igbot.rules.matching.matchers import Keyword, Near, Text


def hit(word: str, near: list[str], within: int, message: str) -> bool:
    """Whether a word with its companions hits a message."""
    matcher = Near(Keyword.of("word", word), tuple(Keyword.of("word", each) for each in near), within)
    return build_index([matcher]).hits(Text.of(message)) == {0}


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
    ("word", "near", "message", "within", "expected"),
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
def test_words_are_counted_in_every_script(word: str, near: str, message: str, within: int, expected: bool) -> None:
    """Two Chinese characters are taken for a word, four Thai letters as well."""
    assert hit(word, [near], within, message) is expected
