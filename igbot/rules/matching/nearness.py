"""Whether two words stand near each other in a message."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate

from igbot.rules.matching.matchers import Near
from igbot.rules.matching.words import standing_alone, word_lengths


@dataclass(frozen=True, slots=True)
class _Ruler:
    """Where the words of a text begin, and how many quarters of a word there are before each (and in all)."""

    begins: tuple[int, ...]
    quarters: tuple[int, ...]

    def words_on(self, end: int, start: int) -> int:
        """How many words on from the one that ends at `end` the one is that starts at `start`; 1 is the next."""
        between = self.quarters[bisect_left(self.begins, start)] - self.quarters[bisect_left(self.begins, end)]
        return -(-between // 4) + 1


def _ruler(text: str) -> _Ruler:
    words = tuple(word_lengths(text))
    return _Ruler(
        begins=tuple(start for start, _ in words),
        quarters=tuple(accumulate((length for _, length in words), initial=0)),
    )


def stand_near(near: Near, text: str) -> bool:
    """Whether `near.word` stands in a text (as `Text.folded`) close enough to one of its companions."""
    here = list(standing_alone(text, near.word.folded))
    if not here:
        return False
    ruler = _ruler(text)
    return any(
        _close(here, list(standing_alone(text, companion.folded)), ruler, near.within) for companion in near.near
    )


def _close(here: list[tuple[int, int]], there: list[tuple[int, int]], ruler: _Ruler, within: int) -> bool:
    """Whether two places, one of each list, do not overlap and are at most `within` words apart.

    The places of a list are in order and equally long, so of each list only the neighbours need a look.
    """
    starts, ends = [start for start, _ in there], [end for _, end in there]
    for start, end in here:
        after = bisect_left(starts, end)
        if after < len(there) and ruler.words_on(end, starts[after]) <= within:
            return True
        before = bisect_right(ends, start) - 1
        if before >= 0 and ruler.words_on(ends[before], start) <= within:
            return True
    return False
