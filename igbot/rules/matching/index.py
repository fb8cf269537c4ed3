"""All matchers of a rule set as one, whose cost follows the message's length and hardly the number of rules."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from igbot.rules.matching.closeness import FuzzyTable, SimilarTable, build_fuzzy, build_similar
from igbot.rules.matching.matchers import Fuzzy, Keyword, Matcher, Near, Pattern, Similar, Text, bare
from igbot.rules.matching.nearness import NearTable, build_near
from igbot.rules.matching.normalise import fold_accents
from igbot.rules.matching.parts import Parts, Role, build_parts
from igbot.rules.matching.patterns import PatternTable, build_patterns
from igbot.rules.matching.phrases import Ids, Phrases, build_phrases
from igbot.rules.matching.words import runs


@dataclass(frozen=True, slots=True)
class Index:
    """One table for each way of matching. `plain` and `folded` hold what is compared with a message's accents and
    without. The words of `near` are among the phrases and parts, numbered behind all ids. None: there are no such
    matchers.
    """

    wholes: Mapping[str, Ids]
    phrases: Phrases
    plain: Parts
    folded: Parts
    near: NearTable | None
    patterns: tuple[PatternTable, Ids] | None
    raw_patterns: tuple[PatternTable, Ids] | None
    fuzzy: tuple[FuzzyTable, Ids] | None
    similar: tuple[SimilarTable, Ids] | None

    def hits(self, text: Text) -> set[int]:
        """The ids (places in the list given to `build_index`) of all matchers that hit; none hits an empty text."""
        folded = text.folded
        if not text.plain:
            return set()
        found = set(self.phrases.hits(folded))
        if self.wholes:
            start, end = text.bare
            found.update(self.wholes.get(folded[start:end] or folded, ()))
        found.update(self.folded.hits(folded))
        found.update(self.plain.hits(text.plain))
        if self.near:
            heard = self.near.words.keys() & found
            if heard:
                found -= heard
                found.update(self.near.hits(heard, folded))
        self._add_costly(text, found)
        return found

    def _add_costly(self, text: Text, found: set[int]) -> None:
        if self.patterns:
            table, ids = self.patterns
            found.update(ids[number] for number in table.hits(text.plain))
        if self.raw_patterns:
            table, ids = self.raw_patterns
            found.update(ids[number] for number in table.hits(text.written))
        if self.fuzzy:
            words, ids = self.fuzzy
            found.update(ids[number] for number in words.hits(set(runs(text.folded))))
        if self.similar:
            sentences, ids = self.similar
            found.update(ids[number] for number in sentences.hits(text.folded))


@dataclass(slots=True)
class _Sorted:
    """The matchers by the table they go into, each with its id."""

    wholes: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    words: list[tuple[str, int]] = field(default_factory=list)
    plain: list[tuple[str, Role, int]] = field(default_factory=list)
    folded: list[tuple[str, Role, int]] = field(default_factory=list)
    near: dict[int, Near] = field(default_factory=dict)
    patterns: dict[int, Pattern] = field(default_factory=dict)
    raw_patterns: dict[int, Pattern] = field(default_factory=dict)
    fuzzy: dict[int, Fuzzy] = field(default_factory=dict)
    similar: dict[int, Similar] = field(default_factory=dict)

    def add(self, matcher: Matcher, number: int) -> None:
        """Puts one matcher where it belongs."""
        match matcher:
            case Keyword():
                self._add_keyword(matcher, number)
            case Near():
                self.near[number] = matcher
            case Pattern():
                (self.raw_patterns if matcher.raw else self.patterns)[number] = matcher
            case Fuzzy():
                self.fuzzy[number] = matcher
            case Similar():
                self.similar[number] = matcher

    def _add_keyword(self, keyword: Keyword, number: int) -> None:
        if keyword.kind == "word":
            self.words.append((keyword.folded, number))
        elif keyword.kind == "is":
            self.wholes[bare(keyword.folded)].append(number)
        else:
            ignores = keyword.ignores_accents
            if ignores:
                self.folded.append((keyword.folded, keyword.kind, number))
            # One without accents of its own hits the folded message wherever it hits the plain one.
            if not ignores or not keyword.text.isascii():
                self.plain.append((keyword.text, keyword.kind, number))


def build_index(matchers: Sequence[Matcher]) -> Index:
    """The index over matchers whose texts are not empty; a matcher's id is its place in the list.

    ValueError for a pattern that has a `pattern_problem`.
    """
    tables = _Sorted()
    for number, matcher in enumerate(matchers):
        tables.add(matcher, number)
    near = build_near(tables.near, len(matchers)) if tables.near else None
    near_words = [(word, number) for number, word in near.words.items()] if near else []
    phrases, odd_words = build_phrases([*tables.words, *near_words])
    return Index(
        wholes={text: tuple(ids) for text, ids in tables.wholes.items()},
        phrases=phrases,
        plain=build_parts(tables.plain),
        folded=build_parts([*tables.folded, *((text, "word", number) for text, number in odd_words)]),
        near=near,
        patterns=_pattern_table(tables.patterns),
        raw_patterns=_pattern_table(tables.raw_patterns),
        fuzzy=_fuzzy_table(tables.fuzzy),
        similar=_similar_table(tables.similar),
    )


def _pattern_table(patterns: Mapping[int, Pattern]) -> tuple[PatternTable, Ids] | None:
    return (build_patterns([each.written for each in patterns.values()]), tuple(patterns)) if patterns else None


def _fuzzy_table(fuzzy: Mapping[int, Fuzzy]) -> tuple[FuzzyTable, Ids] | None:
    if not fuzzy:
        return None
    return build_fuzzy([(fold_accents(each.text), each.distance) for each in fuzzy.values()]), tuple(fuzzy)


def _similar_table(similar: Mapping[int, Similar]) -> tuple[SimilarTable, Ids] | None:
    if not similar:
        return None
    return build_similar([(fold_accents(each.text), each.least) for each in similar.values()]), tuple(similar)
