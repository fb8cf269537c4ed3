"""Languages are told by their tags, and a few words are built in for some."""

import pytest

from igbot.rules.languages import WHICH_ONE, YES_NO, fits, is_language, nearest, suggest_language, which_one
from igbot.rules.opting import BUILT_IN


@pytest.mark.parametrize("tag", ["es", "ES", "es-MX", "zh-Hant-TW", "pt-BR", "gsw", "fil", "no", "es-419"])
def test_a_language_has_a_code(tag: str) -> None:
    """Two or three letters that ISO 639 knows, and what more may stand behind them."""
    assert is_language(tag)


@pytest.mark.parametrize(
    "tag", ["", "xx", "und", "mul", "es_MX", "english", "e", "es-", "és", "jp", "es MX", "x-klingon"]
)
def test_all_else_is_none(tag: str) -> None:
    """Names, countries, slips of the pen."""
    assert not is_language(tag)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("es_MX", "es-MX"), ("English", "en"), ("español", "es"), ("jp", "ja"), ("ua", "uk"), ("xx", ""), ("", "")],
)
def test_what_was_meant_is_guessed(written: str, meant: str) -> None:
    """By the name of the language in English or itself, by the country, by the underscore."""
    assert suggest_language(written) == meant


def test_a_kind_of_a_language_fits_it() -> None:
    """Not the other way round, and no other that begins alike."""
    assert fits("es-MX", "es")
    assert fits("ES", "es")
    assert not fits("es", "es-MX")
    assert not fits("est", "es")


def test_the_nearest_language_is_spoken() -> None:
    """The tag itself, its base, another kind of the same language; or none."""
    tags = ["", "en", "pt-br", "zh-hant", "zh"]
    assert [nearest(tag, tags) for tag in ("en-GB", "PT", "zh-Hant-TW", "zh-Hans", "fr", "")] == [
        *("en", "pt-br", "zh-hant", "zh", None, None)
    ]


def test_what_igbot_says_itself_is_there_in_nine_languages() -> None:
    """In English for all others."""
    assert WHICH_ONE.keys() == YES_NO.keys() == BUILT_IN.first_start.keys() == BUILT_IN.first_stop.keys()
    assert len(WHICH_ONE) == 9
    assert which_one("es-AR") == WHICH_ONE["es"]
    assert which_one("ja") == WHICH_ONE["en"]
