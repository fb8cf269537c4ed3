"""Words with typing errors and sentences said in other words: what is close enough, of many at once."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from igbot.rules.expressions import expression

_BETWEEN_WORDS = expression(r"[^\p{L}\p{M}\p{N}_]+")

_NOISE = 0.001
"""More than what floating-point numbers are off by, less than what any text is apart from another."""

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
class _Sentences:
    """Sentences (`words_only`) that a message must be equally similar to, the shortest first, with their numbers.

    What `similarity` compares cannot have more in common than its letters, whatever their order: `lengths` and
    `letters` have these, of each sentence's words without doublets. `telling` has the places of sentences by their
    rarest words: a message without any of these shares too little with the sentence.
    """

    least: int
    sentences: tuple[str, ...]
    numbers: tuple[int, ...]
    lengths: tuple[int, ...]
    letters: tuple[str, ...]
    telling: Mapping[str, tuple[int, ...]]

    def hits(self, message: str, words: AbstractSet[str]) -> Iterator[int]:
        """The numbers of the sentences that a message (`words_only`) of certain words resembles."""
        places = {place for word in self.telling.keys() & words for place in self.telling[word]}
        first, end = self._of_like_length(sum(map(len, words)) + len(words) - 1)
        if first < end:
            like = _close_ones(_letters(words), self.letters[first:end], fuzz.ratio, self.least)
            places.update(first + place for place in like)
        likely = list(places)
        for place in _close_ones(message, [self.sentences[each] for each in likely], fuzz.token_set_ratio, self.least):
            at = likely[place]
            if similarity(self.sentences[at], message) >= self.least:
                yield self.numbers[at]

    def _of_like_length(self, length: int) -> tuple[int, int]:
        """The first place, and that behind the last, of those that are neither too short nor too long to be similar."""
        part = self.least / (200 - self.least)
        return bisect_left(self.lengths, length * part - _NOISE), bisect_right(self.lengths, length / part + _NOISE)


def _close_ones(text: str, others: Sequence[str], scorer: Callable[..., float], least: int) -> Iterator[int]:
    for _, _, place in process.extract_iter(text, others, scorer=scorer, processor=None, score_cutoff=least - _NOISE):
        yield place


@dataclass(frozen=True, slots=True)
class SimilarTable:
    """Sentences by how similar a message must be to them."""

    groups: tuple[_Sentences, ...]

    def hits(self, message: str) -> Iterator[int]:
        """The numbers (places in what the table was built from) of the sentences that a message resembles."""
        said = words_only(message)
        words = set(said.split())
        for group in self.groups:
            yield from group.hits(said, words)


def build_similar(sentences: Sequence[tuple[str, int]]) -> SimilarTable:
    """The table over sentences in normal form, not empty, each with its least similarity."""
    plain = [words_only(sentence) for sentence, _ in sentences]
    uses = Counter(word for sentence in plain for word in set(sentence.split()))
    by_least: defaultdict[int, list[int]] = defaultdict(list)
    for number, (_, least) in enumerate(sentences):
        by_least[least].append(number)
    return SimilarTable(tuple(_sentences(least, numbers, plain, uses) for least, numbers in by_least.items()))


def _sentences(least: int, numbers: Iterable[int], plain: Sequence[str], uses: Mapping[str, int]) -> _Sentences:
    ordered = sorted(
        ((_letters(set(plain[number].split())), number) for number in numbers), key=lambda one: len(one[0])
    )
    telling: defaultdict[str, list[int]] = defaultdict(list)
    for place, (letters, number) in enumerate(ordered):
        # With the shared words alone, so much of a sentence may be missing.
        spare = len(letters) * (200 - 2 * least) / (200 - least) + _NOISE
        for word in sorted(set(plain[number].split()), key=lambda each: (uses[each], -len(each), each)):
            telling[word].append(place)
            spare -= len(word) + 1
            if spare < 0:
                break
    return _Sentences(
        least=least,
        sentences=tuple(plain[number] for _, number in ordered),
        numbers=tuple(number for _, number in ordered),
        lengths=tuple(len(letters) for letters, _ in ordered),
        letters=tuple(letters for letters, _ in ordered),
        telling={word: tuple(places) for word, places in telling.items()},
    )


def _letters(words: Iterable[str]) -> str:
    """The letters of some words and the spaces between them, in the order of the alphabet."""
    return "".join(sorted(" ".join(words)))
