"""All keywords of a rule set as one matcher, whose cost follows the message's length and hardly the number of rules."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from igbot.rules.matching.matchers import Matcher, Text, bare
from igbot.rules.matching.words import bare_span, cuts_grapheme, places, stands_alone, tokens

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    """Keywords that may end or begin inside a word, by their text."""

    starts: Mapping[str, Ids]
    start_lengths: Ids
    ends: Mapping[str, Ids]
    end_lengths: Ids
    inside: Mapping[str, tuple[tuple[str, int], ...]]
    """Keywords of `contains` by their first character."""

    def hits(self, text: str) -> Iterator[int]:
        """The ids of all keywords that `text` starts or ends with, or contains."""
        first, last = bare_span(text) if self.starts or self.ends else (0, 0)
        for length in self.start_lengths:
            for start in {0, first}:
                if not cuts_grapheme(text, start, start + length):
                    yield from self.starts.get(text[start : start + length], ())
        for length in self.end_lengths:
            for end in {len(text), last or len(text)}:
                if length <= end and not cuts_grapheme(text, end - length, end):
                    yield from self.ends.get(text[end - length : end], ())
        for first_letter in self.inside.keys() & set(text):
            for part, matcher in self.inside[first_letter]:
                if any(not cuts_grapheme(text, *place) for place in places(text, part)):
                    yield matcher


@dataclass(frozen=True, slots=True)
class Index:
    """`phrases` holds every keyword that begins and ends with a word, `lengths` how many words those with a first word
    have; `odd_words` holds the others (`c++`, `价格`, an emoji) by their first character."""

    phrases: Mapping[str, Ids]
    lengths: Mapping[str, Ids]
    odd_words: Mapping[str, tuple[tuple[str, int], ...]]
    wholes: Mapping[str, Ids]
    plain: _Parts
    folded: _Parts

    def hits(self, text: Text) -> set[int]:
        """The ids (places in the list given to `build_index`) of all keywords that hit."""
        found: set[int] = set()
        if not text.plain:
            return found
        found.update(self._words(text.folded))
        found.update(self.wholes.get(bare(text.folded), ()))
        found.update(self.wholes.get(text.folded, ()))
        found.update(self.plain.hits(text.plain))
        found.update(self.folded.hits(text.folded))
        return found

    def _words(self, text: str) -> Iterator[int]:
        spans = tokens(text)
        for at, (start, first_end) in enumerate(spans):
            for count in self.lengths.get(text[start:first_end], ()):
                if at + count <= len(spans):
                    end = spans[at + count - 1][1]
                    ids = self.phrases.get(text[start:end])
                    if ids and stands_alone(text, start, end):
                        yield from ids
        for first_letter in self.odd_words.keys() & set(text):
            for word, matcher in self.odd_words[first_letter]:
                if any(stands_alone(text, *place) for place in places(text, word)):
                    yield matcher


def build_index(matchers: Sequence[Matcher]) -> Index:
    """The index over matchers whose texts are not empty; a matcher's id is its place in the list."""
    phrases: defaultdict[str, list[int]] = defaultdict(list)
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    odd_words: list[tuple[str, int]] = []
    wholes: defaultdict[str, list[int]] = defaultdict(list)
    for number, matcher in enumerate(matchers):
        if matcher.kind == "is":
            wholes[bare(matcher.folded)].append(number)
        elif matcher.kind == "word":
            spans = tokens(matcher.folded)
            if spans and spans[0][0] == 0 and spans[-1][1] == len(matcher.folded):
                phrases[matcher.folded].append(number)
                lengths[matcher.folded[: spans[0][1]]].add(len(spans))
            else:
                odd_words.append((matcher.folded, number))
    return Index(
        phrases=_frozen(phrases),
        lengths={word: tuple(sorted(counts)) for word, counts in lengths.items()},
        odd_words=_by_first_letter(odd_words),
        wholes=_frozen(wholes),
        plain=_parts([(matcher.kind, matcher.text, number) for number, matcher in enumerate(matchers)]),
        folded=_parts(
            [
                (matcher.kind, matcher.folded, number)
                for number, matcher in enumerate(matchers)
                if matcher.ignores_accents
            ]
        ),
    )


def _parts(entries: Iterable[tuple[str, str, int]]) -> _Parts:
    starts: defaultdict[str, list[int]] = defaultdict(list)
    ends: defaultdict[str, list[int]] = defaultdict(list)
    inside: list[tuple[str, int]] = []
    for kind, text, number in entries:
        if kind == "starts":
            starts[text].append(number)
        elif kind == "ends":
            ends[text].append(number)
        elif kind == "contains":
            inside.append((text, number))
    return _Parts(
        starts=_frozen(starts),
        start_lengths=tuple(sorted({len(text) for text in starts})),
        ends=_frozen(ends),
        end_lengths=tuple(sorted({len(text) for text in ends})),
        inside=_by_first_letter(inside),
    )


def _frozen(table: Mapping[str, list[int]]) -> dict[str, Ids]:
    return {text: tuple(ids) for text, ids in table.items()}


def _by_first_letter(entries: Iterable[tuple[str, int]]) -> dict[str, tuple[tuple[str, int], ...]]:
    table: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for text, number in entries:
        table[text[0]].append((text, number))
    return {letter: tuple(group) for letter, group in table.items()}
