"""Keywords that begin and end with a word of a script with spaces: found by looking up the words of the message."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from igbot.rules.matching.words import may_cling, runs, standing_alone, stands_alone, tokens

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    """`words` are keywords of one word, `phrases` those of several; `lengths` tells how many words a phrase has that
    begins with a certain word."""

    words: Mapping[str, Ids]
    phrases: Mapping[str, Ids]
    lengths: Mapping[str, Ids]

    def hits(self, text: str) -> Iterator[int]:
        """The ids of all keywords that stand in a text (as `Text.folded`); some more than once."""
        said = set(runs(text))
        clings = may_cling(text)
        for word in self.words.keys() & said:
            if not clings or any(standing_alone(text, word)):
                yield from self.words[word]
        if not self.lengths.keys().isdisjoint(said):
            yield from self._phrases(text)

    def _phrases(self, text: str) -> Iterator[int]:
        spans = tokens(text)
        for at, (start, first_end) in enumerate(spans):
            for count in self.lengths.get(text[start:first_end], ()):
                if at + count <= len(spans):
                    end = spans[at + count - 1][1]
                    ids = self.phrases.get(text[start:end])
                    if ids and stands_alone(text, start, end):
                        yield from ids


def build_phrases(entries: Sequence[tuple[str, int]]) -> tuple[Phrases, list[tuple[str, int]]]:
    """The phrases among keywords (folded text, id), and the others: `c++`, `价格`, an emoji."""
    words: defaultdict[str, list[int]] = defaultdict(list)
    phrases: defaultdict[str, list[int]] = defaultdict(list)
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    others: list[tuple[str, int]] = []
    for text, number in entries:
        if text.isascii() and text.isalnum():
            words[text].append(number)
            continue
        spans = tokens(text)
        if not spans or spans[0][0] != 0 or spans[-1][1] != len(text):
            others.append((text, number))
        elif len(spans) == 1:
            words[text].append(number)
        else:
            phrases[text].append(number)
            lengths[text[: spans[0][1]]].add(len(spans))
    return Phrases(
        words={text: tuple(ids) for text, ids in words.items()},
        phrases={text: tuple(ids) for text, ids in phrases.items()},
        lengths={word: tuple(sorted(counts)) for word, counts in lengths.items()},
    ), others
