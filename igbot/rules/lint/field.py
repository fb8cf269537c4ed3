"""The rules that may answer in place of each other, by the words and payloads under which a rival is found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ahocorasick_rs import AhoCorasick

from igbot.rules.conditions import When
from igbot.rules.lint.implication import is_plain_words, phrases_in
from igbot.rules.lint.subjects import Key, Subject, key_of, list_words
from igbot.rules.matching.matchers import Keyword, Matcher, Near, bare
from igbot.rules.matching.parts import build_automaton, spread
from igbot.rules.matching.words import tokens
from igbot.rules.rule import Rule

MOST_RIVALS = 16
"""Rules with the same word that are compared with one; of more the best."""
MOST_COMPARED = 500_000
"""Words of better rules that one run looks at; rules whose turn comes after that many are not compared."""
LONGEST_SEARCHED = 200
"""Characters of a word in which others are looked for."""
MOST_LIST_WORDS = 100_000
"""Words of lists, counted once for each rule that uses them, under which rules are found."""


@dataclass(slots=True)
class Work:
    """How many words may still be looked at."""

    left: int = MOST_COMPARED

    def allows(self, rival: Subject) -> bool:
        """Whether a rule may still be compared with; counts its words."""
        words = 1 + len(rival.wanted) + len(rival.excluded) + 10 * len(rival.lists)
        self.left -= words if rival.flat else 10 * words
        return self.left > 0


@dataclass(frozen=True, slots=True)
class Field:
    """The rules that compete, best priority first, as numbers in `rules`.

    `by_word` finds those with a word or phrase, `lengths` tells by its first word how many words a phrase has; `parts`
    finds what counts inside other words too, `by_key` all else. `open` ask for no text and no payload.
    """

    rules: tuple[Subject, ...]
    priorities: tuple[int, ...]
    by_word: Mapping[str, Sequence[int]]
    lengths: Mapping[str, Sequence[int]]
    parts: AhoCorasick | None
    by_part: tuple[Sequence[int], ...]
    by_key: Mapping[Key, Sequence[int]]
    by_payload: Mapping[str, Sequence[int]]
    prefix_lengths: tuple[int, ...]
    open: tuple[int, ...]
    work: Work = field(default_factory=Work)

    def with_word(self, word: Matcher, above: int) -> Sequence[Subject]:
        """Rules above a priority that may fit each message with this word, the first few."""
        if type(word) is Keyword and word.kind == "word" and not self.parts and is_plain_words(word.folded):
            best = self.by_word.get(word.folded)
            # So it is with nearly every word.
            if " " not in word.folded and not (best and self.priorities[best[0]] > above):
                return ()
            places = self._with_words(word.folded.split(" "), above)
        else:
            places = self._with_any(word)
        found = []
        for numbers in places:
            for number in numbers:
                if self.priorities[number] <= above:
                    break
                found.append(self.rules[number])
        return found[:MOST_RIVALS]

    def _with_words(self, words: Sequence[str], above: int) -> list[Sequence[int]]:
        by_word, lengths, priorities = self.by_word, self.lengths, self.priorities
        found = []
        for at, word in enumerate(words):
            # Mostly the best rule with a word is the one that asks.
            if (numbers := by_word.get(word)) and priorities[numbers[0]] > above:
                found.append(numbers)
            if counts := lengths.get(word):
                found += [by_word.get(" ".join(words[at : at + count]), ()) for count in counts]
        return found

    def _with_any(self, word: Matcher) -> list[Sequence[int]]:
        found = [self.by_key.get(key_of(word), ())]
        keyword = word.word if isinstance(word, Near) else word
        if isinstance(keyword, Keyword):
            text = bare(keyword.folded) if keyword.kind == "is" else keyword.folded
            if keyword.kind in ("word", "is"):
                found += [self.by_word.get(phrase, ()) for phrase in phrases_in(text)]
            if self.parts and self.work.left > 0:
                hits = self.parts.find_matches_as_indexes(text[:LONGEST_SEARCHED], overlapping=True)
                self.work.left -= len(hits)
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


def field_of(competing: Sequence[Subject]) -> Field:
    """The field of rules that compete, given best priority first."""
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    by_part: defaultdict[str, list[int]] = defaultdict(list)
    by_key: defaultdict[Key, list[int]] = defaultdict(list)
    by_payload: defaultdict[str, list[int]] = defaultdict(list)
    for number, word in _words(competing):
        if type(word) is Keyword and word.kind in ("word", "contains"):
            table = by_word if word.kind == "word" and _is_phrase(word.folded) else by_part
            same = table[word.folded]
        else:
            same = by_key[key_of(word)]
        if len(same) < MOST_RIVALS:
            same.append(number)
    for number, each in enumerate(competing):
        for payload in each.rule.when.payloads:
            by_payload[payload].append(number)
    return Field(
        rules=tuple(competing),
        priorities=tuple(each.rule.priority for each in competing),
        by_word=by_word,
        lengths=_lengths(by_word),
        parts=build_automaton(by_part),
        by_part=tuple(spread(by_part.values(), lambda _: [])),
        by_key=by_key,
        by_payload=by_payload,
        prefix_lengths=tuple(sorted({len(each) - 1 for each in by_payload if each.endswith("*")})),
        open=tuple(number for number, each in enumerate(competing) if _is_open(each.rule)),
    )


def _is_phrase(text: str) -> bool:
    """Whether a text begins and ends with a word."""
    if is_plain_words(text):
        return True
    spans = tokens(text)
    return bool(spans) and spans[0][0] == 0 and spans[-1][1] == len(text)


def _lengths(phrases: Iterable[str]) -> Mapping[str, Sequence[int]]:
    found: dict[str, tuple[int, ...]] = {}
    for phrase in phrases:
        if count := phrase.count(" "):
            word = phrase.partition(" ")[0]
            known = found.get(word, ())
            if count + 1 not in known:
                found[word] = (*known, count + 1)
    return found


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
