"""Words that count only near one another: all of a rule set looked at together, each word of a message but once."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import accumulate

from igbot.rules.matching.matchers import Near
from igbot.rules.matching.words import WHOLE, is_counted, may_cling, standing_alone, word_spans

Wanted = tuple[tuple[int, tuple[int, ...]], ...]
"""How many words two may be apart, and the ids of the matchers that allow so many; fewer first."""


@dataclass(frozen=True, slots=True)
class NearTable:
    """`words` has the text of each number, `pairs` for a word's number and those of its companions what is wanted."""

    words: Mapping[int, str]
    pairs: Mapping[int, Mapping[int, Wanted]]

    def hits(self, heard: AbstractSet[int], text: str) -> Iterator[int]:
        """The ids of all matchers that hit a text (as `Text.folded`), in which the words `heard` stand; some more than
        once."""
        ruler: _Ruler | None = None
        for number in heard & self.pairs.keys():
            companions = self.pairs[number]
            together = companions.keys() & heard
            if not together:
                continue
            ruler = ruler or _ruler(text, self.words)
            word = ruler.standing(number)
            for other in together:
                companion, close = ruler.standing(other), False
                for within, ids in companions[other]:
                    close = close or ruler.are_near(word, companion, within)
                    if close:
                        yield from ids


def build_near(matchers: Mapping[int, Near], first: int) -> NearTable:
    """The table over some matchers by their ids; their words are numbered from `first` on."""
    numbers: dict[str, int] = {}
    wanted: defaultdict[int, defaultdict[int, defaultdict[int, list[int]]]]
    wanted = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for id_, near in matchers.items():
        word = numbers.setdefault(near.word.folded, first + len(numbers))
        for companion in near.near:
            other = numbers.setdefault(companion.folded, first + len(numbers))
            wanted[word][other][near.within].append(id_)
    return NearTable(
        words={number: word for word, number in numbers.items()},
        pairs={
            word: {
                other: tuple((within, tuple(ids)) for within, ids in sorted(by_distance.items()))
                for other, by_distance in companions.items()
            }
            for word, companions in wanted.items()
        },
    )


@dataclass(slots=True)
class _Standing:
    """Where a word stands alone in a text: the quarters of words up to its starts and up to its ends, as bits.

    `counted`: it begins with what is counted, so that nothing that ends within it has as few quarters before its end.
    """

    word: str
    starts: int
    ends: int
    counted: bool
    _reach: dict[int, tuple[int, int]] = field(default_factory=dict)

    def reach(self, within: int) -> tuple[int, int]:
        """The bits that are at most so many words on from its ends, and back from its starts; the next word is one."""
        known = self._reach.get(within)
        if known is None:
            after, before, done = self.ends, self.starts, 0
            while done < WHOLE * (within - 1):
                step = min(done + 1, WHOLE * (within - 1) - done)
                after, before, done = after | after << step, before | before >> step, done + step
            known = self._reach[within] = after, before
        return known


@dataclass(slots=True)
class _Ruler:
    """Where the words of a text begin, how many quarters of a word there are before each (and in all), and which of
    them are whole words of scripts with spaces. `words` has the texts of numbers."""

    text: str
    words: Mapping[int, str]
    begins: Sequence[int]
    quarters: Sequence[int]
    runs: Mapping[str, Sequence[int]]
    _standing: dict[int, _Standing] = field(default_factory=dict)

    def standing(self, number: int) -> _Standing:
        """Where the word of a number stands."""
        known = self._standing.get(number)
        if known is None:
            known = self._standing[number] = self._find(self.words[number])
        return known

    def _find(self, word: str) -> _Standing:
        numbers = self.runs.get(word)
        if numbers is None or may_cling(self.text):
            places = list(standing_alone(self.text, word))
            starts, ends = (_bits(self._before(place[edge]) for place in places) for edge in (0, 1))
            return _Standing(word, starts, ends, is_counted(word))
        starts = _bits(self.quarters[each] for each in numbers)
        return _Standing(word, starts, starts << WHOLE, counted=True)

    def are_near(self, one: _Standing, other: _Standing, within: int) -> bool:
        """Whether two words stand somewhere without overlapping, at most `within` words apart."""
        after, before = one.reach(within)
        if after & other.starts and (other.counted or self._follows(one.word, other.word, within)):
            return True
        return before & other.ends != 0 and (one.counted or self._follows(other.word, one.word, within))

    def _follows(self, one: str, other: str, within: int) -> bool:
        """The same for one of them behind the other, by their places: signs are part of no word, so that quarters do
        not tell which of two comes first."""
        starts = [start for start, _ in standing_alone(self.text, other)]
        for _, end in standing_alone(self.text, one):
            next_ = bisect_left(starts, end)
            if next_ < len(starts) and self._before(starts[next_]) - self._before(end) <= WHOLE * (within - 1):
                return True
        return False

    def _before(self, at: int) -> int:
        """How many quarters of a word have begun before a place."""
        return self.quarters[bisect_left(self.begins, at)]


def _ruler(text: str, words: Mapping[int, str]) -> _Ruler:
    runs: defaultdict[str, list[int]] = defaultdict(list)
    begins: list[int] = []
    lengths: list[int] = []
    for start, end, quarters in word_spans(text):
        if quarters == WHOLE:
            runs[text[start:end]].append(len(begins))
            begins.append(start)
            lengths.append(WHOLE)
        else:
            begins.extend(range(start, end))
            lengths.extend([quarters] * (end - start))
    return _Ruler(text, words, begins, list(accumulate(lengths, initial=0)), runs)


def _bits(places: Iterable[int]) -> int:
    found = 0
    for place in places:
        found |= 1 << place
    return found
