"""Tells in which of a few languages a customer writes, where extra `languages` is installed."""

import copy
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any

from igbot.rules.deciding.choice import Detect
from igbot.rules.expressions import expression
from igbot.rules.languages import base_of

SUREST = 0.85
"""How sure it has to be, from 0 to 1: an answer in the wrong language is worse than one in the usual one."""
_LONGEST = 2000
# Addresses, names and numbers are the same in every language.
_NO_WORDS = expression(r"\b(?:https?://|www\.)\S+|\S+@\S+|[@#]\w+|\d+")
_LETTER = expression(r"\p{L}")


def detector(languages: Collection[str]) -> Detect | None:
    """What tells some languages (BCP 47 tags) apart; None where there is nothing to tell, or nothing to tell it by.

    Takes half a second and 100 MB of memory the first time, and waits for the disk: not for an event loop. The same
    text and languages always have the same answer.
    """
    if len({base_of(tag) for tag in languages}) < 2:
        return None
    identifier = _load()
    if identifier is None or len(_told(identifier, languages)) < 2:
        return None
    narrowed = cache(lambda tags: _narrow(identifier, tags))

    def detect(text: str, among: Sequence[str]) -> str | None:
        return _detect(text, narrowed, tuple(among))

    return detect


def _detect(text: str, narrowed: Callable[[tuple[str, ...]], Any], among: tuple[str, ...]) -> str | None:
    words = _NO_WORDS.sub(" ", text[:_LONGEST]).strip()
    identifier = narrowed(among) if _LETTER.search(words) else None
    if identifier is None:
        return None
    code, confidence = identifier.classify(words)
    if confidence < SUREST:
        return None
    # The plain tag comes before those of countries, between which a text does not tell.
    return min((tag for tag in among if base_of(tag) == code), key=lambda tag: (tag.lower() != code, among.index(tag)))


@cache  # the model is a file of a package: it stays what it is as long as the process lives
def _load() -> Any:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        return None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _told(identifier: Any, languages: Collection[str]) -> set[str]:
    """The codes of those languages that the model knows."""
    return {base_of(tag) for tag in languages} & set(identifier.labels)


def _narrow(identifier: Any, languages: tuple[str, ...]) -> Any:
    """The same for these languages alone; None where fewer than two of them can be told."""
    told = _told(identifier, languages)
    if len(told) < 2:
        return None
    narrowed = copy.copy(identifier)
    narrowed.set_languages(sorted(told))
    return narrowed
