"""One keyword of a rule, and the message it is held against, both in normal form."""

from dataclasses import dataclass
from typing import Literal

import regex

from igbot.rules.matching.normalise import FOLDED_FROM, fold_accents, normalise
from igbot.rules.matching.words import bare_span

MatcherKind = Literal["is", "word", "starts", "ends", "contains"]
Rank = tuple[int, int, int]
"""(exactness, words, characters): how precisely something hit (`rules.md` §3.4)."""

NO_TEXT: Rank = (0, 0, 0)
LONGEST_TEXT = 2000
"""Characters of a message that are looked at."""

_EXACTNESS: dict[MatcherKind, int] = {"is": 8, "starts": 6, "ends": 6, "word": 5, "contains": 3}
_PHRASE = 6
_PAYLOAD = 8
_LETTER = regex.compile(r"\p{L}")


@dataclass(frozen=True, slots=True)
class Matcher:
    """`text` is the keyword in normal form, `folded` without the accents that are ignored; `written` is the owner's."""

    kind: MatcherKind
    text: str
    folded: str
    written: str

    @classmethod
    def of(cls, kind: MatcherKind, written: str) -> "Matcher":
        """The matcher of a keyword as written; its `text` is empty where nothing visible was written."""
        text = normalise(written)
        return cls(kind, text, fold_accents(text), written)

    @property
    def rank(self) -> Rank:
        """How much a hit of this keyword counts."""
        words = self.text.count(" ") + 1
        exactness = _PHRASE if self.kind == "word" and words > 1 else _EXACTNESS[self.kind]
        return exactness, words, len(self.text)

    @property
    def ignores_accents(self) -> bool:
        """Whether a part of a word may be compared without accents: as for whole words, from four letters on."""
        return len(_LETTER.findall(self.text)) >= FOLDED_FROM

    def __str__(self) -> str:
        return f'{self.kind} "{self.written}"'


def payload_rank(payload: str) -> Rank:
    """How much a button's payload counts, written in full or as a prefix."""
    return _PAYLOAD, 1, len(payload.removesuffix("*"))


@dataclass(frozen=True, slots=True)
class Text:
    """A message ready to be matched. `bare` is the span of `folded` inside outer punctuation and emoji."""

    plain: str
    folded: str
    bare: tuple[int, int]

    @classmethod
    def of(cls, written: str) -> "Text":
        """Normalises the first 2000 characters of a message."""
        plain = normalise(written[:LONGEST_TEXT])
        folded = fold_accents(plain)
        return cls(plain, folded, bare_span(folded))


def bare(text: str) -> str:
    """What `is` compares: without outer punctuation and emoji, unless there is nothing else."""
    start, end = bare_span(text)
    return text[start:end] or text
