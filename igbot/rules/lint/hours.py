"""Rules for the time when a shop is open and for when it is not, that leave something unanswered between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from igbot.rules.conditions import WordList
from igbot.rules.lint.field import other_conditions
from igbot.rules.lint.subjects import Subject, list_words
from igbot.rules.matching.matchers import Keyword, Matcher

MOST_NAMED = 4
MOST_COUNTERPARTS = 8
"""Rules with the same word that are compared with one for the other time; of more the first."""

Side = tuple[str, bool]
"""A schedule, and whether it must be open."""


def check_hours(rules: Sequence[Subject]) -> None:
    """Finding R053: of two rules that share words, one for open and one for closed, words that only one of them has."""
    timed = [(each, side) for each in rules if each.competes and each.flat and (side := _side(each))]
    if not timed:
        return
    anytime = _words(each for each in rules if each.competes and _side(each) is None)
    counterparts: defaultdict[tuple[Side, str], list[Subject]] = defaultdict(list)
    for each, side in timed:
        for word in _words([each]):
            if len(counterparts[side, word]) < MOST_COUNTERPARTS:
                counterparts[side, word].append(each)
    for each, (name, is_open) in timed:
        words = _words([each])
        shared = (other for word in words for other in counterparts.get(((name, not is_open), word), ()))
        partner = next((other for other in shared if _is_alike(each, other)), None)
        if partner is not None:
            missing = [w for w in words if ((name, not is_open), w) not in counterparts and w not in anytime]
            _tell(each, partner, missing)


def _side(each: Subject) -> Side | None:
    condition = each.rule.when.schedule
    return (condition.name, condition.is_open) if condition else None


def _words(rules: Iterable[Subject]) -> dict[str, str]:
    """The words of rules in normal form, with what was written."""
    found: dict[str, str] = {}
    lists: dict[str, WordList] = {}
    for each in rules:
        lists.update((given.name, given) for given in each.lists)
        for word in each.wanted:
            _add(word, found)
    for given in lists.values():
        for word in list_words(given):
            _add(word, found)
    return found


def _add(word: Matcher, found: dict[str, str]) -> None:
    if isinstance(word, Keyword) and word.kind in ("word", "is"):
        found.setdefault(word.folded, word.written)


def _is_alike(each: Subject, other: Subject) -> bool:
    """Whether two rules ask for nothing else that tells them apart, and for plain words only."""
    mine, theirs = (other_conditions(replace(subject.rule.when, schedule=None)) for subject in (each, other))
    return mine == theirs and all(isinstance(word, Keyword) for word in other.wanted)


def _tell(each: Subject, partner: Subject, missing: Sequence[str]) -> None:
    if not missing:
        return
    words = _words([each])
    named = ", ".join(words[word] for word in missing[:MOST_NAMED]) + (" …" if len(missing) > MOST_NAMED else "")
    side = _side(each)
    when, otherwise = ("open", "closed") if side and side[1] else ("closed", "open")
    message = f'"{each.rule.name}" answers {named} while it is {when}, and no rule does while it is {otherwise}'
    place = partner.wanted[0].at if partner.wanted else partner.rule.place("name")
    partner.report.warning("R053", place, message, hint=f'add {named} to "{partner.rule.name}"')
