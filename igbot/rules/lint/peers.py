"""Rules of the same priority that have words in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from igbot.rules.lint.field import always_answers, other_conditions, served, serves
from igbot.rules.lint.implication import groups_of, text_implies
from igbot.rules.lint.subjects import Key, Subject, is_plain, key_of, seek
from igbot.rules.places import Place
from igbot.rules.rule import Rule

MOST_PEERS = 8
"""Rules with one word and one priority that are compared with another."""

Owned = tuple[int, Key]


class Peers:
    """Rules that compete, by priority and by what they ask for, if that is a plain list of words or payloads."""

    def __init__(self, rules: Sequence[Subject]) -> None:
        """`rules` in the order in which they win when nothing else tells them apart."""
        self._rules = [(each, _keys(each)) for each in rules if _is_simple(each)]
        self._owners: defaultdict[Owned, list[Subject]] = defaultdict(list)
        for each, keys in self._rules:
            priority = each.rule.priority
            for key in keys:
                owners = self._owners[priority, key]
                if len(owners) < MOST_PEERS:
                    owners.append(each)

    def better_in_all(self, each: Subject) -> list[Subject]:
        """The rule that wins over this one at the same priority whatever the message; [] where there is none."""
        keys = _keys(each) if _is_simple(each) else []
        owners = self._owners[each.rule.priority, keys[0]] if keys else []
        if len(owners) < 2:
            return []
        return next(([rival] for rival in owners if rival is not each and _is_better(rival, each, set(keys))), [])

    def check_shared(self, unreachable: set[int]) -> None:
        """R022: words in two rules of equal priority, each pair of rules once."""
        for each, keys in self._rules:
            if each.number not in unreachable and not each.report.full:
                self._check_shared(each, keys, unreachable)

    def _check_shared(self, each: Subject, keys: Sequence[Key], unreachable: set[int]) -> None:
        shared: dict[int, tuple[Subject, list[Key]]] = {}
        priority = each.rule.priority
        for key in keys:
            first = self._owners[priority, key][0]
            if first is not each and first.number not in unreachable and _meet(first.rule, each.rule):
                shared.setdefault(first.number, (first, []))[1].append(key)
        for first, common in shared.values():
            _tell_shared(each, first, common)


def _is_simple(each: Subject) -> bool:
    return each.flat or (each.rule.when.text is None and is_plain(each.rule.when))


def _keys(each: Subject) -> list[Key]:
    """What a rule asks for, in words, lists and payloads; a rule that asks for none of them has a key of its own."""
    keys: list[Key] = [key_of(word) for word in each.wanted]
    keys += [("list", given.name) for given in each.lists]
    keys += [("payload", payload) for payload in each.rule.when.payloads]
    if not keys and each.rule.when.text is None:
        keys.append(("anything", ""))
    return keys


def _is_better(rival: Subject, each: Subject, keys: set[Key]) -> bool:
    better, other = rival.rule, each.rule
    if (better.conditions, -rival.number) < (other.conditions, -each.number) or not keys.issubset(_keys(rival)):
        return False
    if better.label and other.label and (better.ask_on_tie, other.ask_on_tie) != (False, False):
        return False
    if not always_answers(better) or not serves(better, other):
        return False
    wanted, given = better.when.text, other.when.text
    if wanted is None or given is None:
        return wanted is given
    return text_implies(groups_of(given), given.none, given, wanted)


def _meet(first: Rule, other: Rule) -> bool:
    """Whether only their order tells which of two rules with a common word answers."""
    if first.label and other.label and first.ask_on_tie and other.ask_on_tie:
        return False  # the customer is asked which one is meant
    if first.when.payloads or other.when.payloads or first.when.text is None:
        return False
    if not served(first) & served(other) or other_conditions(first.when) != other_conditions(other.when):
        return False
    if first.accounts is not None and other.accounts is not None and not first.accounts & other.accounts:
        return False
    return not _apart(first, other) and not _apart(other, first)


def _apart(first: Rule, later: Rule) -> bool:
    return first.ends is not None and later.starts is not None and first.ends <= later.starts


def _tell_shared(each: Subject, first: Subject, keys: Sequence[Key]) -> None:
    winner = each if each.rule.conditions > first.rule.conditions else first
    names = list(_written(each, set(keys)))
    if len(names) == 1:
        words = f"{names[0]} is"
    else:
        words = f"{names[0]} and {len(names) - 1} other{'s' if len(names) > 2 else ''} are"
    message = f'{words} also in "{first.rule.name}" ({first.where}) of the same priority; "{winner.rule.name}" wins'
    word = next((word for word in each.wanted if key_of(word) in keys), None)
    place: Place = word.at if word else seek(each, f"list: {each.lists[0].name}", "keywords")
    each.report.warning("R022", place, message, hint="delete one, or give one rule a priority")


def _written(each: Subject, keys: set[Key]) -> Iterator[str]:
    for word in each.wanted:
        if key_of(word) in keys:
            yield str(word)
    for given in each.lists:
        if ("list", given.name) in keys:
            yield f'list "{given.name}"'
