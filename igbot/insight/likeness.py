"""Puts messages that ask for the same together, and finds the words that they share. Deterministic, and bounded."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import regex
from rapidfuzz import fuzz, process

from igbot.insight.everyday_words import EVERYDAY
from igbot.rules.expressions import expression
from igbot.rules.matching.normalise import fold_accents
from igbot.rules.matching.words import tokens
from igbot.rules.opting import BUILT_IN

LIKE = 75
"""How like two messages are that belong together, of 100 (`token_set_ratio` of what they ask for)."""
MOST_COMPARED = 60
"""Groups that a message is held against: those that share most with it."""
MOST_IN_A_BUCKET = 100
MOST_WORDS = 30
LONGEST_WORD = 40
MOST_KEYWORDS = 6
MOST_LOOKED_AT = 500
"""Forms of a group, the most frequent, that its keywords are taken from."""
COVERED = 0.9
"""The share of a group's messages that its keywords have to find."""

_LINK = expression(r"\b(?:https?://|www\.)\S+|\S+@\S+")
_GRAPHEME = expression(r"\X")
_MEANING = expression(r"(?V1)[[\p{L}\p{Extended_Pictographic}]--\p{Default_Ignorable_Code_Point}]")
_PREFIX = 4
_LONGEST_PHRASE = 4
_LONGEST_SIGNS = 12


@dataclass(frozen=True)
class Form:
    """A text in normal form, and how often it was written."""

    text: str
    count: int = 1

    def pieces(self) -> Mapping[str, str]:
        """What may be a keyword of it: folded, by which messages share it, and as it is written."""
        words = self._words()
        content = [word for word in words if _tells(word)]
        if words and not content:
            whole = " ".join(self.text[a:b] for a, b in self._spans[:_LONGEST_PHRASE])
            return {fold_accents(whole): whole} if whole in self.text and _usable(whole) else {}
        found = {fold_accents(word): word for word in content}
        for (a, b), (c, d) in zip(self._spans, self._spans[1:], strict=False):
            first, second = self.text[a:b], self.text[c:d]
            if self.text[b:c] == " " and _tells(first) and _tells(second):
                found[fold_accents(f"{first} {second}")] = f"{first} {second}"
        return found or self._signs(_LONGEST_SIGNS)

    @cached_property
    def asks(self) -> tuple[str, ...]:
        """The words by which it is compared, folded; letters where a script has no spaces."""
        words = self._words()
        told = [fold_accents(word) for word in words if _tells(word)] or [fold_accents(word) for word in words]
        return tuple(sorted(set(told))) or tuple(sorted(self._signs(2)))

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        links = [found.span() for found in _LINK.finditer(self.text)]
        return [
            (a, b)
            for a, b in tokens(self.text)
            if b - a <= LONGEST_WORD and not any(start <= a < end for start, end in links)
        ][:MOST_WORDS]

    def _words(self) -> list[str]:
        return [self.text[a:b] for a, b in self._spans]

    def _signs(self, longest: int) -> dict[str, str]:
        """Pieces of a text without words in the sense of spaces: Chinese, Thai, emoji."""
        if self._spans or _LINK.search(self.text):
            return {}
        signs = [sign for sign in _GRAPHEME.findall(self.text[:MOST_WORDS]) if _MEANING.search(sign)]
        # Somebody who is moved writes an emoji more than once.
        signs = [sign for place, sign in enumerate(signs) if not place or signs[place - 1] != sign]
        return {
            piece: piece
            for length in range(1, longest + 1)
            for start in range(len(signs) - length + 1)
            if (piece := "".join(signs[start : start + length])) in self.text
        }


def _tells(word: str) -> bool:
    """Whether a word may tell what somebody asks for: no everyday word, no number, none that igbot itself takes."""
    return word not in EVERYDAY and _usable(word) and len(word) > 1


def _usable(text: str) -> bool:
    return fold_accents(text) not in BUILT_IN.stop and _MEANING.search(text) is not None


@dataclass(slots=True)
class Alike:
    """Messages that ask for the same; the first form is the one that is written most often."""

    forms: list[Form] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many messages these are."""
        return sum(form.count for form in self.forms)


def group(forms: Sequence[Form]) -> list[Alike]:
    """The forms put together by likeness, each with the first group that it is most like; the largest group first.

    Each is held against a few groups that share a beginning of a word with it, so that the time grows with the number
    of forms alone.
    """
    groups: list[Alike] = []
    texts: list[str] = []
    buckets: dict[str, list[int]] = defaultdict(list)
    for form in sorted(forms, key=lambda each: (-each.count, each.text)):
        beginnings = sorted({word[:_PREFIX] for word in form.asks})
        shared = Counter[int](number for beginning in beginnings for number in buckets.get(beginning, ()))
        near = [number for number, _ in sorted(shared.items(), key=lambda each: (-each[1], each[0]))[:MOST_COMPARED]]
        asked = " ".join(form.asks)
        best = process.extractOne(
            asked, {number: texts[number] for number in near}, scorer=fuzz.token_set_ratio, score_cutoff=LIKE
        )
        if best is not None:
            groups[best[2]].forms.append(form)
            continue
        groups.append(Alike([form]))
        texts.append(asked)
        for beginning in beginnings:
            if len(buckets[beginning]) < MOST_IN_A_BUCKET:
                buckets[beginning].append(len(groups) - 1)
    return sorted(groups, key=lambda each: (-each.count, each.forms[0].text))


def keywords(alike: Alike) -> tuple[str, ...]:
    """A few words or phrases that find nearly all messages of a group; none where there is nothing to go by."""
    left = [(form.count, form.pieces()) for form in alike.forms[:MOST_LOOKED_AT]]
    wanted = sum(count for count, _ in left) * (1 - COVERED)
    found: list[str] = []
    while left and len(found) < MOST_KEYWORDS and (not found or sum(count for count, _ in left) > wanted):
        best = _most_shared(left)
        if best is None:
            break
        found.append(best[1])
        left = [(count, pieces) for count, pieces in left if best[0] not in pieces]
    return tuple(found)


def _most_shared(forms: Sequence[tuple[int, Mapping[str, str]]]) -> tuple[str, str] | None:
    """The piece that most messages share, the longest of equals; folded, and as it is written most often."""
    shared, written = Counter[str](), dict[str, str]()
    for count, pieces in forms:
        for folded, piece in pieces.items():
            shared[folded] += count
            written.setdefault(folded, piece)
    if not shared:
        return None
    folded = min(shared, key=lambda piece: (-shared[piece], -len(piece), piece))
    return folded, written[folded]


_NOT_IN_A_NAME = regex.compile(r"[^a-z0-9]+")


def name_for(word: str, taken: set[str]) -> str:
    """A name for a rule with this keyword that no other rule has; it is taken then."""
    stem = _NOT_IN_A_NAME.sub("-", fold_accents(word)).strip("-")[:40].strip("-") or "gap"
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name)
    return name
