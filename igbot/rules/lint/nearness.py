"""Tolerant words that catch what another rule asks for exactly: `track` is one letter from `truck`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from igbot.rules.conditions import WordList
from igbot.rules.lint.subjects import Subject, list_words
from igbot.rules.matching.matchers import Fuzzy, Keyword, Matcher
from igbot.rules.reading.source import FileReport

MOST_COMPARED = 500_000
"""Pairs of words that one run compares; those beyond are not looked at."""
MOST_NAMED = 3
MOST_OWNERS = 50
"""Rules that are known to use a list."""


@dataclass(frozen=True, slots=True)
class _Owner:
    """The first rule that asks for a word exactly."""

    number: int
    name: str


def check_nearness(rules: Sequence[Subject], lists: Sequence[WordList], reports: Mapping[str, FileReport]) -> None:
    """Finding R029: a fuzzy word within reach of an exact word that only other rules have."""
    tolerant = list(_tolerant(rules, lists, reports))
    if not tolerant:
        return
    owners = _owners(rules)
    groups: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for word in owners:
        groups[word[0], len(word)].append(word)
    left = MOST_COMPARED
    for fuzzy, users, report in tolerant:
        for length in range(len(fuzzy.text) - fuzzy.distance, len(fuzzy.text) + fuzzy.distance + 1):
            left -= len(groups.get((fuzzy.text[0], length), ()))
        if left < 0:
            return
        near = [word for word in _near(fuzzy, groups) if not users & {owner.number for owner in owners[word]}]
        if near:
            listed = ", ".join(f'"{word}" of "{owners[word][0].name}"' for word in sorted(near)[:MOST_NAMED])
            message = f"{{fuzzy: {fuzzy.written}}} also takes {listed} for a slip"
            hint = f"write none: [{', '.join(sorted(near)[:MOST_NAMED])}] beside it"
            report.warning("R029", fuzzy.at, message, hint=hint)


def _tolerant(
    rules: Sequence[Subject], lists: Sequence[WordList], reports: Mapping[str, FileReport]
) -> Iterator[tuple[Fuzzy, set[int], FileReport]]:
    """Every fuzzy word with the rules that have it."""
    for each in rules:
        if each.competes:
            for word in each.wanted:
                if isinstance(word, Fuzzy):
                    yield word, {each.number}, each.report
    users: defaultdict[str, set[int]] = defaultdict(set)
    for each in rules:
        for given in each.lists:
            users[given.name].add(each.number)
    for given in lists:
        if given.file in reports:
            for node in given.any:
                if isinstance(node, Fuzzy):
                    yield node, users[given.name], reports[given.file]


def _owners(rules: Sequence[Subject]) -> dict[str, list[_Owner]]:
    """The single words that rules ask for exactly, with the first of those rules."""
    found: defaultdict[str, list[_Owner]] = defaultdict(list)
    using: defaultdict[str, list[_Owner]] = defaultdict(list)
    lists: dict[str, WordList] = {}
    for each in rules:
        if each.competes:
            owner = _Owner(each.number, each.rule.name)
            for word in each.wanted:
                _add(word, (owner,), found)
            for given in each.lists:
                lists[given.name] = given
                using[given.name].append(owner)
    for name, given in lists.items():
        for word in list_words(given):
            _add(word, using[name][:MOST_OWNERS], found)
    return found


def _add(word: Matcher, owners: Sequence[_Owner], found: dict[str, list[_Owner]]) -> None:
    if isinstance(word, Keyword) and word.kind in ("word", "is") and " " not in word.folded:
        found[word.folded].extend(owners)


def _near(fuzzy: Fuzzy, groups: Mapping[tuple[str, int], Sequence[str]]) -> Iterator[str]:
    for length in range(len(fuzzy.text) - fuzzy.distance, len(fuzzy.text) + fuzzy.distance + 1):
        for word in groups.get((fuzzy.text[0], length), ()):
            if word != fuzzy.text and OSA.distance(fuzzy.text, word, score_cutoff=fuzzy.distance) <= fuzzy.distance:
                yield word
