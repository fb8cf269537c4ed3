"""Words with typing errors and sentences said in other words: what is close enough, of many at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from igbot.rules.expressions import expression

_BETWEEN_WORDS = expression(r"[^\p{L}\p{M}\p{N}_]+")

Group = tuple[int, tuple[str, ...], tuple[int, ...]]
"""Edits allowed, words, and their numbers."""


def edits(one: str, other: str, at_most: int) -> int | None:
    """How many letters must be put in, left out, replaced or swapped with their neighbour; None if over `at_most`."""
    count = OSA.distance(one, other, score_cutoff=at_most)
    return count if count <= at_most else None


@dataclass(frozen=True, slots=True)
class FuzzyTable:
    """Fuzzy words by their first letter and the length of the words that they may be meant by."""

    groups: Mapping[tuple[str, int], tuple[Group, ...]]

    def hits(self, words: Iterable[str]) -> Iterator[int]:
        """The numbers (places in what the table was built from) of the fuzzy words that are close to one of `words`."""
        for word in words:
            for allowed, close, numbers in self.groups.get((word[0], len(word)), ()):
                for _, _, place in process.extract(
                    word, close, scorer=OSA.distance, processor=None, score_cutoff=allowed, limit=None
                ):
                    yield numbers[place]


def build_fuzzy(words: Sequence[tuple[str, int]]) -> FuzzyTable:
    """The table over words in normal form, not empty, each with the edits it allows."""
    grouped: defaultdict[tuple[str, int], defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, (word, allowed) in enumerate(words):
        for length in range(max(1, len(word) - allowed), len(word) + allowed + 1):
            grouped[word[0], length][allowed].append(number)
    return FuzzyTable(
        {
            key: tuple(
                (allowed, tuple(words[number][0] for number in numbers), tuple(numbers))
                for allowed, numbers in by_distance.items()
            )
            for key, by_distance in grouped.items()
        }
    )


def words_only(text: str) -> str:
    """A text without what stands between its words; the text itself where it has none."""
    return _BETWEEN_WORDS.sub(" ", text).strip() or text


def similarity(sentence: str, message: str) -> float:
    """How much of a sentence a message says, 0 to 100, in any order; what the message says besides costs little.

    The token-set ratio, but for one thing: a message is not held against only those words that the two share, or
    `you` would be all of `do you have any offer`.
    """
    wanted, said = set(sentence.split()), set(message.split())
    shared = " ".join(sorted(wanted & said))
    whole = " ".join(filter(None, (shared, *sorted(wanted - said))))
    other = " ".join(filter(None, (shared, *sorted(said - wanted))))
    # Floating-point noise must not part 88 from a `min` of 88.
    return round(max(fuzz.ratio(shared, whole), fuzz.ratio(whole, other)), 6)


@dataclass(frozen=True, slots=True)
class SimilarTable:
    """Sentences (`words_only`), and how similar a message must be to each."""

    sentences: tuple[str, ...]
    least: tuple[int, ...]
    lowest: int

    def hits(self, message: str) -> Iterator[int]:
        """The numbers (places in what the table was built from) of the sentences that a message resembles."""
        said = words_only(message)
        for sentence, _, number in process.extract(
            said, self.sentences, scorer=fuzz.token_set_ratio, processor=None, score_cutoff=self.lowest, limit=None
        ):
            if similarity(sentence, said) >= self.least[number]:
                yield number


def build_similar(sentences: Sequence[tuple[str, int]]) -> SimilarTable:
    """The table over sentences in normal form, not empty, each with its least similarity."""
    return SimilarTable(
        sentences=tuple(words_only(sentence) for sentence, _ in sentences),
        least=tuple(least for _, least in sentences),
        lowest=min((least for _, least in sentences), default=0),
    )
