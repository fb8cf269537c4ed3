"""The rules that may answer in place of each other, by the words and payloads under which a rival is found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ahocorasick_rs import AhoCorasick

from igbot.rules.conditions import When
from igbot.rules.lint.implication import is_plain_words, phrases_in
from igbot.rules.lint.subjects import Key, Subject, key_of, list_words
from igbot.rules.matching.matchers import Keyword, Matcher, Near, bare
from igbot.rules.matching.words import tokens
from igbot.rules.rule import Rule

MOST_RIVALS = 16
"""Rules with the same word that are compared with one; of more the best."""
MOST_LIST_WORDS = 100_000
"""Words of lists, counted once for each rule that uses them, under which rules are found."""


@dataclass(frozen=True, slots=True)
class Field:
    """The rules that compete, best priority first, as numbers in `rules`.

    `parts` finds the words that count inside other words, `open` are the rules that ask for no text and no payload.
    """

    rules: tuple[Subject, ...]
    by_key: Mapping[Key, Sequence[int]]
    by_word: Mapping[str, Sequence[int]]
    parts: AhoCorasick | None
    by_part: tuple[Sequence[int], ...]
    by_payload: Mapping[str, Sequence[int]]
    prefix_lengths: tuple[int, ...]
    open: tuple[int, ...]

    def with_word(self, word: Matcher, above: int) -> list[Subject]:
        """Rules above a priority that may fit each message with this word, the first few."""
        found: list[Subject] = []
        for numbers in self._places_of(word):
            for number in numbers:
                if self.rules[number].rule.priority <= above:
                    break
                found.append(self.rules[number])
        return found[:MOST_RIVALS]

    def _places_of(self, word: Matcher) -> Iterable[Sequence[int]]:
        keyword = word.word if type(word) is Near else word
        if type(keyword) is not Keyword:
            return (self.by_key.get(word, ()),)
        text = keyword.folded
        if keyword is word and keyword.kind == "word" and not self.parts and " " not in text:
            return (self.by_word.get(text) or self.by_key.get(key_of(word), ()),)
        text = bare(text) if keyword.kind == "is" else text
        found = [self.by_key.get(key_of(word), ())]
        if keyword.kind in ("word", "is"):
            found += [numbers for phrase in phrases_in(text) if (numbers := self.by_word.get(phrase))]
        if self.parts:
            hits = self.parts.find_matches_as_indexes(text, overlapping=True)
            found += [self.by_part[number] for number, _, _ in hits]
        return found

    def with_payload(self, payload: str, above: int) -> list[Subject]:
        """Rules above a priority that may take each tap with this payload, the first few."""
        begin = payload.removesuffix("*")
        found = [self.by_payload.get(payload, ())]
        found += [
            self.by_payload.get(begin[:length] + "*", ()) for length in self.prefix_lengths if length <= len(begin)
        ]
        return self._above(above, [number for numbers in found for number in numbers])

    def without_text(self, above: int) -> list[Subject]:
        """Rules above a priority that ask for neither text nor payload, the first few."""
        return self._above(above, self.open[:MOST_RIVALS])

    def _above(self, above: int, numbers: Iterable[int]) -> list[Subject]:
        rivals = (self.rules[number] for number in numbers)
        return list(islice((rival for rival in rivals if rival.rule.priority > above), MOST_RIVALS))


def field_of(rules: Sequence[Subject]) -> Field:
    """The field of the rules that compete."""
    competing = sorted((each for each in rules if each.competes), key=lambda each: -each.rule.priority)
    by_key: defaultdict[Key, list[int]] = defaultdict(list)
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    by_part: defaultdict[str, list[int]] = defaultdict(list)
    by_payload: defaultdict[str, list[int]] = defaultdict(list)
    for number, word in _words(competing):
        if len(same := by_key[key_of(word)]) < MOST_RIVALS:
            same.append(number)
            if isinstance(word, Keyword) and (table := _table(word, by_word, by_part)) is not None:
                table[word.folded].append(number)
    for number, each in enumerate(competing):
        for payload in each.rule.when.payloads:
            by_payload[payload].append(number)
    return Field(
        rules=tuple(competing),
        by_key=by_key,
        by_word=by_word,
        parts=AhoCorasick(list(by_part)) if by_part else None,
        by_part=tuple(by_part.values()),
        by_payload=by_payload,
        prefix_lengths=tuple(sorted({len(each) - 1 for each in by_payload if each.endswith("*")})),
        open=tuple(number for number, each in enumerate(competing) if _is_open(each.rule)),
    )


def _table(word: Keyword, by_word: dict[str, list[int]], by_part: dict[str, list[int]]) -> dict[str, list[int]] | None:
    if word.kind == "contains":
        return by_part
    if word.kind != "word":
        return None
    if is_plain_words(word.folded):
        return by_word
    spans = tokens(word.folded)
    whole = spans and spans[0][0] == 0 and spans[-1][1] == len(word.folded)
    return by_word if whole else by_part


def _words(rules: Sequence[Subject]) -> Iterator[tuple[int, Matcher]]:
    budget = MOST_LIST_WORDS
    for number, each in enumerate(rules):
        for word in each.wanted:
            yield number, word
        for given in each.lists:
            for word in list_words(given):
                if budget > 0:
                    budget -= 1
                    yield number, word


def _is_open(rule: Rule) -> bool:
    return rule.when.text is None and not rule.when.payloads


def other_conditions(when: When) -> tuple[object, ...]:
    """What a rule asks besides text, payload and kind."""
    return (
        *(when.emojis, when.stories, when.posts, when.ads, when.schedule, when.first_message, when.idle_for),
        *(when.after, when.turn, when.customer, when.test, when.any, when.every, when.none),
    )


ANYTHING = other_conditions(When())
"""Of a rule that asks no more."""


def serves(better: Rule, other: Rule) -> bool:
    """Whether `better` takes every kind and payload that `other` takes, whenever and of whomever, whatever the text."""
    kinds, wanted = served(better), served(other)
    return (
        wanted <= kinds
        and _no_narrower(better, other)
        and all(
            asks in (nothing, given)
            for asks, given, nothing in zip(
                other_conditions(better.when), other_conditions(other.when), ANYTHING, strict=True
            )
        )
        and _covers(better.when.payloads, other.when.payloads)
    )


def served(rule: Rule) -> frozenset[str]:
    """The kinds of messages that a rule can answer."""
    return rule.kinds if rule.when.kinds is None else rule.kinds & rule.when.kinds


def _no_narrower(better: Rule, other: Rule) -> bool:
    if better.accounts is not None and (other.accounts is None or not other.accounts <= better.accounts):
        return False
    if better.starts and (other.starts is None or other.starts < better.starts):
        return False
    return not better.ends or (other.ends is not None and other.ends <= better.ends)


def _covers(payloads: Sequence[str], others: Sequence[str]) -> bool:
    if not payloads:
        return True
    beginnings = tuple(each[:-1] for each in payloads if each.endswith("*"))
    return bool(others) and all(
        each in payloads or (beginnings and each.removesuffix("*").startswith(beginnings)) for each in others
    )


def always_answers(rule: Rule) -> bool:
    """Whether nothing makes a rule that fits pass on to the next."""
    return not rule.limits and (rule.call is None or rule.call.on_error != "next")
