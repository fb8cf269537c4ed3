"""Languages: which tags are any, which fits which, and the few words that igbot has to say itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

from igbot.rules.expressions import expression

ENGLISH = "en"
_TAG = expression(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_NO_LANGUAGES = frozenset({"und", "mul", "zxx", "mis"})

WHICH_ONE: Mapping[str, str] = {
    "en": "Which one do you mean?",
    "es": "¿A cuál te refieres?",
    "de": "Was davon meinst du?",
    "fr": "De quoi parles-tu ?",
    "pt": "A qual você se refere?",
    "it": "Quale intendi?",
    "tr": "Hangisini kastediyorsun?",
    "ru": "Что именно вы имеете в виду?",
    "ar": "أيّها تقصد؟",
}
"""The question where two rules are equally good."""

YES_NO: Mapping[str, tuple[str, str]] = {
    "en": ("yes", "no"),
    "es": ("sí", "no"),
    "de": ("ja", "nein"),
    "fr": ("oui", "non"),
    "pt": ("sim", "não"),
    "it": ("sì", "no"),
    "tr": ("evet", "hayır"),
    "ru": ("да", "нет"),
    "ar": ("نعم", "لا"),
}
"""What true and false are in a reply."""


def is_language(tag: str) -> bool:
    """Whether a BCP 47 tag (`es`, `es-MX`, `zh-Hant`) begins with the code of a language that there is."""
    if not _TAG.fullmatch(tag):
        return False
    code = base_of(tag)
    return code not in _NO_LANGUAGES and code in _names()


def suggest_language(written: str) -> str:
    """The tag that was probably meant by the name of a language, a country's code or an underscore; `""` if unknown."""
    if is_language(tag := written.strip().replace("_", "-")):
        return tag
    name = written.strip().casefold()
    for code, english in _names().items():
        if english.casefold() == name:
            return code.replace("_", "-")
    for code in WHICH_ONE:
        if (Locale(code).get_display_name() or "").casefold() == name:
            return code
    official: tuple[str, ...] = get_official_languages(written.upper()) if len(written) == 2 else ()
    return official[0].replace("_", "-") if official else ""


def base_of(tag: str) -> str:
    """The code of the language alone: `es` of `es-MX`."""
    return tag.partition("-")[0].lower()


def fits(tag: str, wanted: str) -> bool:
    """Whether a language is the wanted one or a kind of it: `es-MX` fits `es`, `es` does not fit `es-MX`."""
    return tag.lower() == wanted.lower() or tag.lower().startswith(f"{wanted.lower()}-")


def nearest(language: str, tags: Iterable[str]) -> str | None:
    """Which of some tags in lower case to speak with somebody who speaks `language`; None: none of them.

    The same tag, else the one that is the least wider (`es` for `es-MX`), else the first of the same language.
    """
    known = list(tags)
    tag = language.lower()
    while tag:
        if tag in known:
            return tag
        tag = tag.rpartition("-")[0]
    return next((each for each in known if each and base_of(each) == base_of(language)), None)


def locale_of(language: str) -> Locale:
    """How to write dates and numbers in a language; as in English where that is not known."""
    for tag in (language, base_of(language)):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale(ENGLISH)


def which_one(language: str) -> str:
    """The question which of several is meant, in a language or else in English."""
    return WHICH_ONE[nearest(language, WHICH_ONE) or ENGLISH]


def _names() -> Mapping[str, str]:
    """The English names of all languages by their codes."""
    names: Mapping[str, str] = Locale(ENGLISH).languages
    return names
