"""One keyword of a rule, and the message it is held against, both in normal form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from igbot.rules.expressions import expression
from igbot.rules.matching.normalise import FOLDED_FROM, fold_accents, normalise
from igbot.rules.matching.patterns import found_groups
from igbot.rules.matching.words import bare_span
from igbot.rules.places import NOWHERE, Place

KeywordKind = Literal["is", "word", "starts", "ends", "contains"]
Rank = tuple[int, int, int]
"""(exactness, words, characters): how precisely something hit (`rules.md` §3.4)."""

NO_TEXT: Rank = (0, 0, 0)
LONGEST_TEXT = 2000
"""Characters of a message that are looked at."""

_EXACTNESS: dict[KeywordKind, int] = {"is": 8, "starts": 6, "ends": 6, "word": 5, "contains": 3}
_PHRASE, _NEAR, _PATTERN, _FUZZY, _SIMILAR = 6, 5, 4, 2, 1
_PAYLOAD = 8
_LETTER = expression(r"\p{L}")


@dataclass(frozen=True, slots=True)
class Keyword:
    """`text` is the keyword in normal form, `folded` without the accents that are ignored; `written` is the owner's."""

    kind: KeywordKind
    text: str
    folded: str
    written: str = field(compare=False)
    at: Place = field(default=NOWHERE, compare=False)

    @classmethod
    def of(cls, kind: KeywordKind, written: str, at: Place = NOWHERE) -> "Keyword":
        """The matcher of a keyword as written; its `text` is empty where nothing visible was written."""
        text = normalise(written)
        if text == written:
            # One string in memory and not two; a set has tens of thousands of them.
            text = written
        return cls(kind, text, text if text.isascii() else fold_accents(text), written, at)

    @property
    def rank(self) -> Rank:
        """How much a hit of this keyword counts."""
        words = self.text.count(" ") + 1
        exactness = _PHRASE if self.kind == "word" and words > 1 else _EXACTNESS[self.kind]
        return exactness, words, len(self.text)

    @property
    def ignores_accents(self) -> bool:
        """Whether a part of a word may be compared without accents: as for whole words, from four letters on."""
        text = self.text
        return (len(text) if text.isalpha() else len(_LETTER.findall(text))) >= FOLDED_FROM

    def __str__(self) -> str:
        return f'{self.kind} "{self.written}"'


@dataclass(frozen=True, slots=True)
class Near:
    """`word` with one of `near` (all of kind `word`) at most `within` words away, before or after.

    The next word is one word away. In scripts without spaces, two characters of Chinese or Japanese or four letters of
    Thai, Lao, Khmer or Burmese count as a word.
    """

    word: Keyword
    near: tuple[Keyword, ...]
    within: int = 5
    at: Place = field(default=NOWHERE, compare=False)

    @property
    def rank(self) -> Rank:
        """How much a hit counts: the words and characters of `word`."""
        return _NEAR, *self.word.rank[1:]

    def __str__(self) -> str:
        others = " or ".join(f'"{each.written}"' for each in self.near)
        return f'word "{self.word.written}" near {others}'


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression of RE2 without a `pattern_problem`, searched in the normal form of a message (accents and
    all), or in its original where `raw`."""

    written: str
    raw: bool = False
    at: Place = field(default=NOWHERE, compare=False)

    @property
    def rank(self) -> Rank:
        """How much a hit counts: one word, the characters of the pattern."""
        return _PATTERN, 1, len(self.written)

    def groups(self, text: "Text") -> Mapping[str, str]:
        """What the groups of the first hit hold: by number (`"1"`) and by name; `{}` without a hit.

        A group that has no part in the hit is left out.
        """
        return found_groups(self.written, text.written if self.raw else text.plain)

    def __str__(self) -> str:
        return f'{"raw regex" if self.raw else "regex"} "{self.written}"'


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """A word of five letters or more, up to `distance` (1 or 2) edits away; a swap is one, the first letter agrees.

    `text` is the word in normal form; accents that are ignored are no edits.
    """

    text: str
    distance: int
    written: str = field(compare=False)
    at: Place = field(default=NOWHERE, compare=False)

    @property
    def rank(self) -> Rank:
        """How much a hit counts: one word, its characters."""
        return _FUZZY, 1, len(self.text)

    def __str__(self) -> str:
        return f'fuzzy "{self.written}"'


@dataclass(frozen=True, slots=True)
class Similar:
    """A sentence that the whole message resembles: token-set similarity of at least `least` out of 100.

    `text` is the sentence in normal form; accents that are ignored, punctuation and the order of words do not count.
    """

    text: str
    least: int
    written: str = field(compare=False)
    at: Place = field(default=NOWHERE, compare=False)

    @property
    def rank(self) -> Rank:
        """How much a hit counts: the words and characters of the sentence."""
        return _SIMILAR, self.text.count(" ") + 1, len(self.text)

    def __str__(self) -> str:
        return f'similar "{self.written}"'


Matcher = Keyword | Near | Pattern | Fuzzy | Similar
"""What can stand in a list of words. Two that compare equal hit the same messages, wherever they are written."""


def payload_rank(payload: str) -> Rank:
    """How much a button's payload counts, written in full or as a prefix."""
    return _PAYLOAD, 1, len(payload.removesuffix("*"))


@dataclass(frozen=True, slots=True)
class Text:
    """A message ready to be matched. `written` is the original (its first 2000 characters), `plain` its normal form,
    `folded` that without the accents that are ignored, `bare` the span of `folded` inside outer punctuation and emoji.
    """

    written: str
    plain: str
    folded: str
    bare: tuple[int, int]

    @classmethod
    def of(cls, written: str) -> "Text":
        """Normalises the first 2000 characters of a message."""
        written = written[:LONGEST_TEXT]
        plain = normalise(written)
        folded = fold_accents(plain)
        return cls(written, plain, folded, bare_span(folded))


def bare(text: str) -> str:
    """What `is` compares: without outer punctuation and emoji, unless there is nothing else."""
    start, end = bare_span(text)
    return text[start:end] or text
