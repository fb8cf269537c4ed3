"""In which language a customer writes is told, or left open; it is never guessed."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rulebook.detection import detector

NINE = ("en", "es", "de", "fr", "pt", "it", "tr", "ru", "ar")


def told(text: str, among: Sequence[str] = NINE) -> str | None:
    """The language of a text."""
    detect = detector(NINE)
    assert detect is not None
    return detect(text, among)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("how much is shipping to Porto?", "en"),
        ("¿cuánto cuesta el envío a Madrid?", "es"),
        ("wo ist meine Bestellung", "de"),
        ("où est ma commande s'il vous plaît", "fr"),
        ("где мой заказ", "ru"),
        ("كم السعر", "ar"),
        ("I want two of https://tienda.example/vestido-rojo/para-mujer please", "en"),
    ],
)
def test_a_sentence_tells_its_language(text: str, language: str) -> None:
    """Addresses in it are of no language."""
    assert told(text) == language


@pytest.mark.parametrize(
    "text", ["", "ok", "no", "12345", "😀", "@lola", "https://shop.example/the/new/arrivals", "\ud800"]
)
def test_too_little_tells_nothing(text: str) -> None:
    """A wrong guess would answer in a language that the customer does not read."""
    assert told(text) is None


def test_only_the_languages_asked_for_are_told() -> None:
    """With their own tags, the plain one first; one alone is no choice."""
    text = "¿cuánto cuesta el envío a Madrid?"
    assert told(text, ["en", "es-mx"]) == "es-mx"
    assert told(text, ["en", "es-mx", "es"]) == "es"
    assert told(text, ["es"]) is None
    assert told(text, ["es", "tlh"]) is None


def test_there_is_no_detector_where_there_is_nothing_to_tell() -> None:
    """Rules in one language need no model in memory."""
    assert detector(["en"]) is None
    assert detector(["en", "en-GB"]) is None
    assert detector(["en", "tlh"]) is None
    assert detector([]) is None


@given(st.text(max_size=60))
def test_any_text_can_be_asked(text: str) -> None:
    """Twice gives the same."""
    assert told(text) == told(text)
