"""STOP and START: the words by which a customer ends and resumes automatic answers, and how igbot confirms it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import regex

from igbot.rules.expressions import expression
from igbot.rules.languages import ENGLISH, nearest
from igbot.rules.matching.normalise import fold_accents, normalise

Opt = Literal["out", "in"]
"""The customer wants no more of the bot, or wants it again."""
ByLanguage = Mapping[str, tuple[str, ...]]

_STOP: ByLanguage = {
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
_START: ByLanguage = {
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
_CONFIRMED: Mapping[str, tuple[str, str]] = {
    "en": (
        "You will get no more automatic answers here. Write {} to have them again.",
        "You get automatic answers here again. Write {} to end them.",
    ),
    "es": (
        "Ya no recibirás respuestas automáticas aquí. Escribe {} para volver a recibirlas.",
        "Vuelves a recibir respuestas automáticas aquí. Escribe {} para dejar de recibirlas.",
    ),
    "de": (
        "Du bekommst hier keine automatischen Antworten mehr. Schreib {}, wenn du sie wieder möchtest.",
        "Du bekommst hier wieder automatische Antworten. Schreib {}, wenn du keine mehr möchtest.",
    ),
    "fr": (
        "Tu ne recevras plus de réponses automatiques ici. Écris {} pour en recevoir à nouveau.",
        "Tu reçois à nouveau des réponses automatiques ici. Écris {} pour ne plus en recevoir.",
    ),
    "pt": (
        "Você não receberá mais respostas automáticas aqui. Escreva {} para voltar a recebê-las.",
        "Você volta a receber respostas automáticas aqui. Escreva {} para não receber mais.",
    ),
    "it": (
        "Qui non riceverai più risposte automatiche. Scrivi {} per riceverle di nuovo.",
        "Qui ricevi di nuovo risposte automatiche. Scrivi {} per non riceverne più.",
    ),
    "tr": (
        "Burada artık otomatik yanıt almayacaksın. Yeniden almak için {} yaz.",
        "Burada yeniden otomatik yanıt alıyorsun. Almak istemezsen {} yaz.",
    ),
    "ru": (
        "Вы больше не будете получать здесь автоматические ответы. Чтобы снова получать их, напишите {}.",
        "Вы снова получаете здесь автоматические ответы. Чтобы больше не получать их, напишите {}.",
    ),
    "ar": (
        "لن تصلك ردود تلقائية هنا بعد الآن. اكتب {} لتصلك من جديد.",
        "ستصلك الردود التلقائية هنا من جديد. اكتب {} لإيقافها.",
    ),
}
"""What is said to who opts out, and to who opts in again; the word that undoes it stands in the middle."""

LONGEST = 400
"""Characters of a message that may be one of these words, with what is unseen in it."""
_LETTERS = r"[\p{L}\p{M}\p{N}]"
_INNER = expression(rf"{_LETTERS}.*{_LETTERS}|{_LETTERS}", regex.DOTALL)
_COMMA = expression(r"[ ,]++(?<=, )")
_OUTER_ASCII = " \t\n\r\f\v!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


@dataclass(frozen=True, slots=True)
class OptingWords:
    """The words in force. `stop` and `start` have them in the form that messages are compared in, each with the
    languages it belongs to; `first_start` and `first_stop` have of each language the word that a confirmation names."""

    stop: ByLanguage
    start: ByLanguage
    first_start: Mapping[str, str]
    first_stop: Mapping[str, str]

    def said_in(self, text: str, *, opted_out: bool) -> tuple[Opt, tuple[str, ...]] | None:
        """What a whole message says, and the languages of its word; None where it is like any other.

        Who is opted out can only opt in, and the other way round.
        """
        word = whole(text)
        languages = (self.start if opted_out else self.stop).get(word) if word else None
        return ("in" if opted_out else "out", languages) if languages else None


def opting_words(*, stop: ByLanguage, start: ByLanguage) -> OptingWords:
    """The built-in words, but for those of the languages (tags in small letters) that have others here."""
    stops, starts = {**_STOP, **stop}, {**_START, **start}
    return OptingWords(_by_word(stops), _by_word(starts), _first(starts), _first(stops))


def whole(text: str) -> str:
    """A message as it is compared with such a word: in normal form, without accents (from four letters on), without
    punctuation, emoji and all else that is no letter or digit around it, unless there is nothing else, and without
    commas between words; `""` where it is too long to be one."""
    core = _bare(text) or text.strip()
    if len(core) > LONGEST:
        return ""
    normal = fold_accents(normalise(core))
    if ", " in normal:
        normal = _COMMA.sub(" ", normal).strip()
    return _bare(normal) or normal


def confirmation(opt: Opt, words: OptingWords, said_in: Iterable[str], *, language: str | None, usual: str) -> str:
    """What is said to who has just opted out or in, with the word that undoes it.

    `language` is the customer's where it is known; else one of those of the word (`said_in`) is spoken, the `usual` one
    if it is among them.
    """
    own = tuple(said_in)
    spoken = [language or "", nearest(usual, own) or "", *own, usual]
    tag = next((each for each in spoken if each and nearest(each, _CONFIRMED)), ENGLISH)
    first = words.first_start if opt == "out" else words.first_stop
    return _CONFIRMED[nearest(tag, _CONFIRMED) or ENGLISH][0 if opt == "out" else 1].format(
        first[nearest(tag, first) or ENGLISH]
    )


def _by_word(given: ByLanguage) -> ByLanguage:
    found: dict[str, tuple[str, ...]] = {}
    for language, words in given.items():
        for word in map(whole, words):
            if word and language not in found.get(word, ()):
                found[word] = (*found.get(word, ()), language)
    return found


def _first(given: ByLanguage) -> Mapping[str, str]:
    """The first word of each language, in capitals where that is the same word."""
    firsts = {language: next((word for word in words if whole(word)), "") for language, words in given.items()}
    return {
        language: word.upper() if whole(word.upper()) == whole(word) else word
        for language, word in firsts.items()
        if word
    }


def _bare(text: str) -> str:
    if text.isascii():
        return text.strip(_OUTER_ASCII)
    found = _INNER.search(text)
    return found[0] if found else ""


BUILT_IN = opting_words(stop={}, start={})
NO_WORDS = OptingWords({}, {}, {}, {})
"""None at all: for deciding again on what was no such word then."""
