"""Where a word begins and ends, in every script (`rules.md` §3.2)."""

import re
from collections.abc import Iterator

from igbot.rules.expressions import Expression, expression
from igbot.rules.matching.normalise import EUROPEAN

# Script extensions, so that the long-vowel sign of Katakana counts too.
UNSPACED = r"\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}"
# Letters, marks, numbers and underscores of scripts with spaces between words: two of them side by side are one word.
_SPACED_CLASS = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{UNSPACED}]]"
_SPACED = expression(rf"(?V1){_SPACED_CLASS}")
_SPACED_RUN = expression(rf"(?V1){_SPACED_CLASS}+")
_ASCII_RUN = re.compile(r"[0-9A-Za-z_]+")
_EUROPEAN_RUN = re.compile(r"\w+")
_SYLLABIC = r"\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}"
_COUNTED = expression(
    rf"(?V1)({_SPACED_CLASS}+)|([[{_SYLLABIC}]&&[\p{{L}}\p{{N}}]]+)|([[{UNSPACED}]--[{_SYLLABIC}]&&[\p{{L}}\p{{N}}]]+)"
)
WHOLE = 4
"""Quarters of a word."""
_QUARTERS: dict[int | None, int] = {1: WHOLE, 2: 1, 3: 2}
_CLINGS = expression(r"[\p{M}\u200d]")
_OUTER = r"[\p{P}\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3\u200d\s\U000e0020-\U000e007f]+"
_OUTER_ASCII = "!\"#%&'()*,-./:;?@[\\]_{} \t\n\r\f\v"
_OUTER_START = expression(_OUTER)
# Matched from the end backwards; searching forwards for `+$` costs the square of a row of emoji.
_OUTER_END = expression(rf"(?r){_OUTER}")


def runs(text: str) -> list[str]:
    """Every run of word characters of spaced scripts, in order."""
    return _run_in(text).findall(text)


def tokens(text: str) -> list[tuple[int, int]]:
    """Start and end of every such run, in order."""
    return [found.span() for found in _run_in(text).finditer(text)]


def may_cling(text: str) -> bool:
    """Whether there may be a mark or a joiner in a text; False spares asking at every place."""
    return not (text.isascii() or EUROPEAN.fullmatch(text))


def _run_in(text: str) -> "re.Pattern[str] | Expression":
    if text.isascii():
        return _ASCII_RUN
    return _SPACED_RUN if may_cling(text) else _EUROPEAN_RUN


def word_spans(text: str) -> Iterator[tuple[int, int, int]]:
    """Start and end of each word, and 4; in scripts without spaces, of each row of characters, and what part of a word
    every one is taken for: 2 quarters in Chinese and Japanese, 1 in Thai, Lao, Khmer and Burmese."""
    if not may_cling(text):
        yield from ((start, end, WHOLE) for start, end in tokens(text))
        return
    for found in _COUNTED.finditer(text):
        yield *found.span(), _QUARTERS[found.lastindex]


def is_counted(text: str) -> bool:
    """Whether a text begins with what `word_spans` finds."""
    return _COUNTED.match(text) is not None


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether neither edge of `text[start:end]` cuts a word or a grapheme."""
    return not (_cuts_word(text, start) or _cuts_word(text, end) or cuts_grapheme(text, start, end))


def _cuts_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and _SPACED.match(text, at - 1) is not None and _SPACED.match(text, at) is not None


def cuts_grapheme(text: str, start: int, end: int) -> bool:
    """Whether a mark or a joiner ties `text[start:end]` to what stands beside it."""
    return (end < len(text) and bool(_CLINGS.match(text, end))) or (start > 0 and text[start - 1] == "\u200d")


def places(text: str, part: str) -> Iterator[tuple[int, int]]:
    """Start and end of every place where `part` stands in `text`, overlapping ones too."""
    at = text.find(part)
    while at >= 0:
        yield at, at + len(part)
        at = text.find(part, at + 1)


def standing_alone(text: str, word: str) -> Iterator[tuple[int, int]]:
    """Start and end of every place where `word` stands in `text` with neither edge cutting a word."""
    begins_spaced, ends_spaced = _SPACED.match(word), _SPACED.match(word, len(word) - 1)
    clings = may_cling(text) and _CLINGS.search(text)
    for start, end in places(text, word):
        if (
            not (begins_spaced and start > 0 and _SPACED.match(text, start - 1))
            and not (ends_spaced and end < len(text) and _SPACED.match(text, end))
            and not (clings and cuts_grapheme(text, start, end))
        ):
            yield start, end


def bare_span(text: str) -> tuple[int, int]:
    """What is left between outer punctuation, emoji and space; an empty span at 0 where nothing is."""
    if text.isascii():
        start = len(text) - len(text.lstrip(_OUTER_ASCII))
        return (start, len(text.rstrip(_OUTER_ASCII))) if start < len(text) else (0, 0)
    found = _OUTER_START.match(text)
    start = found.end() if found else 0
    if start == len(text):
        return 0, 0
    found = _OUTER_END.match(text)
    return start, found.start() if found else len(text)
