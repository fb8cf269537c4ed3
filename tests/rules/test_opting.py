"""By which messages a customer opts out and in, and how that is confirmed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.outgoing import Outgoing
from igbot.meta.sendapi import parts
from igbot.rules.opting import BUILT_IN, LONGEST, NO_WORDS, confirmation, opting_words, whole

STOPS = {
    "en": ("stop", "unsubscribe", "stop please", "please stop"),
    "es": ("stop", "baja", "parar"),
    "de": ("stopp", "abmelden"),
    "fr": ("stop", "arrêter", "arrêt"),
    "pt": ("parar", "sair", "pare"),
    "it": ("stop", "basta"),
    "tr": ("dur", "iptal"),
    "ru": ("стоп", "отписаться"),
    "ar": ("توقف",),
}
STARTS = {
    "en": ("start",),
    "es": ("alta", "empezar"),
    "de": ("starten",),
    "fr": ("reprendre",),
    "pt": ("voltar",),
    "it": ("riprendi",),
    "tr": ("başla",),
    "ru": ("старт",),
    "ar": ("ابدأ",),
}


@pytest.mark.parametrize(("language", "word"), [(tag, word) for tag, words in STOPS.items() for word in words])
def test_every_language_has_its_words_to_stop(language: str, word: str) -> None:
    """For whoever has not opted out, and for nobody else."""
    said = BUILT_IN.said_in(word, opted_out=False)
    assert said is not None
    assert (said[0], language in said[1]) == ("out", True)
    assert BUILT_IN.said_in(word, opted_out=True) is None


@pytest.mark.parametrize(("language", "word"), [(tag, word) for tag, words in STARTS.items() for word in words])
def test_every_language_has_its_words_to_start(language: str, word: str) -> None:
    """For whoever has opted out; for others they are words like any."""
    assert BUILT_IN.said_in(word, opted_out=True) == ("in", (language,))
    assert BUILT_IN.said_in(word, opted_out=False) is None


@pytest.mark.parametrize(
    "text",
    [
        *("Stop.", "STOP!!!", '"stop"', "«stop»", "(stop)", "stop…", "¡stop!", "¿stop?", " stop \n", "*stop*"),
        *("ＳＴＯＰ", "𝐒𝐓𝐎𝐏", "Ⓢⓣⓞⓟ", "st\u200bop", "st\u00adop", "\u202estop\u202c", "stop\u200d"),
        *("stop 🛑", "🛑🛑stop🛑", "STOP ✋🏽", "stop ❤️", "~stop~", "=> stop <=", "stop 🇪🇸"),
        *("İPTAL", "IPTAL", "iptal", "ıptal", "DUR", "Dur!", "Arreter", "ARRÊTER", "bajá", "arre\u0302ter"),
        *("СТОП", "Стоп!", "Отписаться.", "توقف!", "؟توقف؟", "ABMELDEN", "Stopp", "STOP" + "!" * 200),
        *("Stop, please!", "please , STOP", "STOP,, please", "Stop,\nplease", "Arret", "¡Pare!"),
    ],
)
def test_a_word_is_obeyed_however_it_is_written(text: str) -> None:
    """Capitals, accents, letters of other shapes, whatever stands around it."""
    assert BUILT_IN.said_in(text, opted_out=False) is not None


@pytest.mark.parametrize(
    "text",
    [
        *("stop it", "bus stop", "don't stop", "non stop", "nonstop", "stops", "stopped", "stop stop", "stop\nstop"),
        *("stop 1", "1 stop", "s t o p", "st.op", "st-op", "", " ", "?!", "🛑", "dür", "düŕ", "я стоп", "стопа"),
        *("stop, it", "stop,please", "stop, stop", "pleasestop", "stop. please no", "please", "please don't stop"),
        *("parar?sair", "ba ja", "x" * 10_000, "stop " * 500, "¿" * 5000, "توقف الآن", "\udcff", "\x00"),
    ],
)
def test_a_message_that_says_more_is_one_like_any_other(text: str) -> None:
    """So is one that says something else."""
    assert BUILT_IN.said_in(text, opted_out=False) is None


def test_no_word_stops_and_starts() -> None:
    """In any two languages."""
    assert BUILT_IN.stop.keys() & BUILT_IN.start.keys() == set()


@given(st.text(max_size=60) | st.text("stop ,.\u200b\n，", max_size=12))
def test_any_text_can_be_asked(text: str) -> None:
    """It never raises, and what is compared stays what it is."""
    BUILT_IN.said_in(text, opted_out=False)
    assert whole(whole(text)) == whole(text)


@given(st.sampled_from("!?. …«»*~🛑✋\n\u200b"), st.integers(0, 40), st.sampled_from(["stop", "Стоп", "DUR", "توقف"]))
def test_nothing_that_is_no_letter_hides_a_word(around: str, often: int, word: str) -> None:
    """On either side."""
    assert BUILT_IN.said_in(around * often + word + around * often, opted_out=False) is not None


def test_a_word_inside_too_much_is_not_looked_for() -> None:
    """However much of it is unseen: what is looked at has an end."""
    assert BUILT_IN.said_in("sto" + "\u200b" * LONGEST + "p", opted_out=False) is None


def test_the_owners_words_take_the_place_of_their_languages_own() -> None:
    """Those of the other languages stay."""
    words = opting_words(stop={"en": ("no more", "🛑"), "nl": ("stoppen",)}, start={"es-mx": ("Ándale",)})
    assert words.said_in("No more!", opted_out=False) == ("out", ("en",))
    assert words.said_in(" 🛑 ", opted_out=False) == ("out", ("en",))
    assert words.said_in("unsubscribe", opted_out=False) is None
    assert words.said_in("stop", opted_out=False) == ("out", ("es", "fr", "it"))
    assert words.said_in("Stoppen", opted_out=False) == ("out", ("nl",))
    assert words.said_in("andale", opted_out=True) == ("in", ("es-mx",))
    assert words.said_in("alta", opted_out=True) == ("in", ("es",))
    assert NO_WORDS.said_in("stop", opted_out=False) is None


@pytest.mark.parametrize(
    ("language", "said_in", "usual", "begins"),
    [
        ("de", ("en",), "fr", "Du bekommst"),
        ("pt-BR", ("en",), "fr", "Você"),
        ("nl", ("es", "fr"), "fr", "Tu ne"),
        (None, ("en", "es", "fr", "it"), "it", "Qui non"),
        (None, ("en", "es", "fr", "it"), "es-AR", "Ya no"),
        (None, ("en", "es", "fr", "it"), "de", "You will"),
        (None, ("tr",), "de", "Burada"),
        (None, ("nl",), "ar", "لن"),
        (None, ("nl",), "nl", "You will"),
    ],
)
def test_the_confirmation_is_in_the_customers_language(
    language: str | None, said_in: tuple[str, ...], usual: str, begins: str
) -> None:
    """Where it is known; else in that of the word, the shop's own before others; English where igbot has no text."""
    assert confirmation("out", BUILT_IN, said_in, language=language, usual=usual).startswith(begins)


@pytest.mark.parametrize("language", STOPS)
def test_each_confirmation_names_the_word_that_undoes_it(language: str) -> None:
    """And that word does; one short message each."""
    out = confirmation("out", BUILT_IN, (language,), language=None, usual="en")
    back = confirmation("in", BUILT_IN, (language,), language=None, usual="en")
    assert STARTS[language][0].upper() in out
    assert STOPS[language][0].upper() in back
    assert BUILT_IN.said_in(STARTS[language][0].upper(), opted_out=True) == ("in", (language,))
    assert out != back
    for text in (out, back):
        assert len(parts(Outgoing(text))) == 1
        assert BUILT_IN.said_in(text, opted_out=False) is BUILT_IN.said_in(text, opted_out=True) is None


def test_the_confirmation_names_the_owners_first_word() -> None:
    """As it is written where capitals would make another word of it."""
    words = opting_words(stop={"en": ("enough",)}, start={"en": ("Hello again", "start"), "tr": ("ıŋ\u0149",)})
    assert "Write HELLO AGAIN to" in confirmation("out", words, ("en",), language=None, usual="en")
    assert "Write ENOUGH to" in confirmation("in", words, ("en",), language="en-GB", usual="de")
    turkish = confirmation("out", words, ("tr",), language=None, usual="en")
    named = turkish.split(" için ")[1].removesuffix(" yaz.")
    assert words.said_in(named, opted_out=True) == ("in", ("tr",))
