"""The words by which customers stop and start the bot, where the owner names other than the built-in ones."""

import re
from collections.abc import Mapping
from typing import Literal

from igbot.settings import values
from igbot.settings.layers import Layers
from igbot.settings.problems import Problem

_KEY = re.compile(r"policy\.(?:stop_words|start_words)\.([^.]+)")
_MOST_WORDS = 50


def is_words_key(key: str) -> bool:
    """Whether a key of `config/` names such words (`policy: {stop_words: {en: [stop]}}`); it has no variable."""
    return _KEY.fullmatch(key) is not None


def read_words(layers: Layers, which: Literal["stop_words", "start_words"]) -> Mapping[str, tuple[str, ...]]:
    """The words by language (a tag in small letters), of the strongest file that names that language."""
    found: dict[str, tuple[str, ...]] = {}
    for layer in layers.config:
        for key, given in layer.items():
            match = _KEY.fullmatch(key)
            if match is None or not key.startswith(f"policy.{which}."):
                continue
            try:
                language = values.language(match[1])
                words = values.listed(given.text)
                if len(words) > _MOST_WORDS or any(len(word) > 100 for word in words):
                    raise ValueError(f"must be at most {_MOST_WORDS} words of at most 100 characters")
            except ValueError as error:
                layers.problems.append(Problem(f"{key[:80]} (from {given.origin})", str(error)))
                continue
            found.setdefault(language, words)
    return found
