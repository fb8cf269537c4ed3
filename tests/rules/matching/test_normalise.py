"""What looks alike is equal, and normal text stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.matching.normalise import EUROPEAN, fold_accents, normalise
from igbot.rules.matching.words import tokens
from tests.rules.matching import reference

TRICKY = (
    "aeiıİIßſéñçüｓ𝐏Ⓟ ﬁ\u0301\u0307\u0327\u200b\u200c\u200d\ufe0f\u00ad\u202e❤👍🏽👩🇪🇸١२๕मूक्षاب가กำ’“—−\n\t\x00\ud800"
)
wild = st.text(st.one_of(st.characters(), st.sampled_from(TRICKY)), max_size=30)


@pytest.mark.parametrize("written", ["PRICE", "𝐏𝐑𝐈𝐂𝐄", "ＰＲＩＣＥ", "Ⓟrice", "pri\u200bce", "pri\u00adce", " price\n"])
def test_all_ways_of_writing_a_word_are_equal(written: str) -> None:
    """Bold, full width, circled, with invisible characters inside."""
    assert normalise(written) == "price"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("IŞIK", "işik"),
        ("ışık", "işik"),
        ("İSTANBUL", "istanbul"),
        ("١٢٣", "123"),
        ("१२३", "123"),
        ("don’t “quote” — ever", 'don\'t "quote" - ever'),
        ("a \t\n b", "a b"),
        ("❤️", "❤"),
        ("👍🏽", "👍"),
        ("\u202egro.elpmaxe", "gro.elpmaxe"),
        ("pri\ud83dce", "price"),
    ],
)
def test_each_step_gives_what_the_design_says(written: str, normal: str) -> None:
    """Casefold, Turkish i, digits, quotes, dashes, space, selectors, skin tones, writing direction, half an emoji."""
    assert normalise(written) == normal


def test_joiners_stay_where_they_mean_something() -> None:
    """Inside a family of emoji and inside Indic and Persian words, nowhere else."""
    assert normalise("👩\u200d👧") == "👩\u200d👧"
    assert normalise("❤️\u200d🔥") == "❤\u200d🔥"
    assert normalise("می\u200cخواهم") == "می\u200cخواهم"
    assert normalise("क्\u200dष") == "क्\u200dष"
    assert normalise("pri\u200dce") == "price"


@given(wild)
def test_normalising_twice_changes_nothing(text: str) -> None:
    """The normal form is one."""
    once = normalise(text)
    assert normalise(once) == once


@given(wild)
def test_ignoring_accents_twice_changes_nothing(text: str) -> None:
    """Folding is one step."""
    once = fold_accents(normalise(text))
    assert fold_accents(once) == once


@pytest.mark.parametrize(
    ("normal", "folded"),
    [
        ("envío", "envio"),
        ("sí", "sí"),
        ("año", "año"),
        ("el año qué viene está", "el año qué viene esta"),
        ("価格café", "価格cafe"),
        ("ελιά", "ελιά"),
        ("мойка", "мойка"),
        ("मूल्य", "मूल्य"),
        ("кра́сный", "кра́сный"),
    ],
)
def test_accents_are_ignored_in_latin_words_of_four_letters(normal: str, folded: str) -> None:
    """Short words and other scripts keep their marks."""
    assert fold_accents(normal) == folded


def test_a_text_of_two_thousand_marks_is_normalised_quickly() -> None:
    """Nothing here costs the square of the length that is looked at."""
    assert normalise("e" + "\u0301" * 2000).startswith("é")


@given(wild)
def test_the_normal_form_is_what_the_design_says_step_by_step(text: str) -> None:
    """However it is computed."""
    assert normalise(text) == reference.normal(text)
    assert fold_accents(normalise(text)) == reference.folded(reference.normal(text))


@given(st.text(st.sampled_from("aeéíñçøßšœıИй’“—❤🔥ว่าน้ำहि\u0301\ufe0f ñ"), max_size=30))
def test_everyday_texts_take_a_shorter_way_to_the_same_form(text: str) -> None:
    """Accents, emoji and typed quotes, in the words and the order in which customers write them."""
    assert normalise(text) == reference.normal(text)
    assert fold_accents(normalise(text)) == reference.folded(reference.normal(text))


def test_every_character_has_the_normal_form_of_the_design() -> None:
    """All that can begin a word, by itself and inside one."""
    for number in (*range(0x3400), *range(0xA000, 0xB000), *range(0xF900, 0x10000), *range(0x1D400, 0x1FB00)):
        word = f"caf{chr(number)}s"
        assert normalise(word) == reference.normal(word)
        assert fold_accents(normalise(word)) == reference.folded(reference.normal(word))


def test_the_fast_engine_sees_the_same_words_in_european_texts() -> None:
    """Every character for which it is used."""
    for number in range(0x110000):
        if EUROPEAN.fullmatch(character := chr(number)):
            assert ("".join(tokens_of(character)) == character) is reference.is_word(character)


def tokens_of(text: str) -> list[str]:
    return [text[start:end] for start, end in tokens(text)]


@given(wild)
def test_the_normal_form_is_valid_unicode(text: str) -> None:
    """What wants UTF-8 can have it."""
    fold_accents(normalise(text)).encode()
