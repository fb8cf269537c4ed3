"""Buttons and payloads that must find each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from igbot.meta.events import CustomerKind
from igbot.rules.answers import Reply
from igbot.rules.conditions import WordList
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.lint.field import served
from igbot.rules.lint.subjects import Subject, all_conditions, list_words, seek
from igbot.rules.matching.matchers import Matcher, Text
from igbot.rules.places import Place
from igbot.rules.spelling import did_you_mean

MOST_TITLES = 2_000
"""Buttons whose titles are tried on the rules, where no rule names their payload."""
MOST_LIKENED = 200_000
"""Pairs of such a title and a sentence that may be alike."""
OF_A_QUESTION = "RULE:"
"""How the payloads of igbot's own question begin."""


@dataclass(frozen=True, slots=True)
class _Tap:
    """A button as it comes back when a customer taps it."""

    kind: CustomerKind
    title: str
    payload: str
    place: Place
    file: str


def check_conditions(rules: Sequence[Subject]) -> None:
    """Finding R044: payloads that rules wait for and no button sends."""
    sent: set[str] = {tap.payload for each in rules for tap in _taps(each)}
    ordered = sorted(sent)
    for each in rules:
        for payload in dict.fromkeys(_awaited(each)):
            if payload.startswith(OF_A_QUESTION) or _is_sent(payload, sent, ordered):
                continue
            # Menus, ice breakers and advertisements are set up at Meta, where no rule file shows them.
            outside = payload.endswith("*") or each.rule.kinds & {"postback", "referral"}
            if each.report.hopeless or (outside and each.report.full):
                break
            place = seek(each, payload, "payload" if each.rule.when.payloads else "when")
            if payload.endswith("*"):
                message = f'no button sends a payload that begins with "{payload[:-1][:60]}"'
                each.report.warning("R044", place, message, hint="add a button with one, or leave it to advertisements")
            else:
                add = each.report.warning if outside else each.report.error
                message = f'no button sends the payload "{payload[:60]}"'
                add("R044", place, message, hint="add a quick reply or a button with it")


def _awaited(each: Subject) -> Iterator[str]:
    for when in all_conditions(each.rule.when):
        yield from when.payloads


def _is_sent(payload: str, sent: set[str], ordered: Sequence[str]) -> bool:
    if not payload.endswith("*"):
        return payload in sent
    at = bisect_left(ordered, payload[:-1])
    return at < len(ordered) and ordered[at].startswith(payload[:-1])


def check_taps(rules: Sequence[Subject], ruleset: RuleSet) -> None:
    """Finding R043: buttons whose payload no rule takes, and whose title none understands."""
    waiting = _Waiting(rules)
    lost = [
        (each, tap)
        for each in rules
        if each.rule.enabled
        for tap in _taps(each)
        if not waiting.takes(tap.payload, tap.kind)
    ]
    if not lost:
        return
    understood = _understood(rules, ruleset)
    tried: dict[tuple[str, str], bool] = {}
    sentences = len(ruleset.index.similar[1]) if ruleset.index.similar else 0
    for each, tap in lost[: min(MOST_TITLES, MOST_LIKENED // (sentences + 1))]:
        if (tap.kind, tap.title) not in tried:
            hits = ruleset.index.hits(Text.of(tap.title))
            tried[tap.kind, tap.title] = any(tap.kind in understood.get(number, ()) for number in hits)
        if not tried[tap.kind, tap.title]:
            _tell(each, tap, waiting)


def _tell(each: Subject, tap: _Tap, waiting: _Waiting) -> None:
    named = tap.payload[:60]
    other: CustomerKind = "postback" if tap.kind == "quick_reply" else "quick_reply"
    if waiting.takes(tap.payload, other):
        message = f'the rule for the payload "{named}" does not take this kind of button'
        hint = f"add {tap.kind} to its kinds"
    else:
        message = f'no rule takes the payload "{named}": a tap gets the fallback'
        kinds = "" if tap.kind == "quick_reply" else ", kinds: [postback]"
        hint = f"add a rule with payload: {named}{kinds}"
    if tap.payload in waiting.unlabelled:
        hint = "give the rule of that name a label: without one no tap picks it"
    elif tap.payload.startswith(OF_A_QUESTION):
        known = [payload.removeprefix(OF_A_QUESTION) for payload in waiting.picked]
        hint = did_you_mean(tap.payload.removeprefix(OF_A_QUESTION), known)
        hint = hint or f"write the name of a rule with a label behind {OF_A_QUESTION}"
    place = tap.place if tap.file == each.rule.file else each.rule.place("reply")
    each.report.warning("R043", place, message, hint=hint)


def _taps(each: Subject) -> Iterator[_Tap]:
    for reply in each.rule.replies:
        yield from _taps_of(reply)


def _taps_of(reply: Reply) -> Iterator[_Tap]:
    places = iter(reply.button_places)
    for quick in reply.quick_replies:
        yield _Tap("quick_reply", quick.title, quick.payload, next(places, reply.at), reply.file)
    for button in reply.buttons:
        place = next(places, reply.at)
        if button.payload is not None:
            yield _Tap("postback", button.title, button.payload, place, reply.file)


class _Waiting:
    """The payloads that enabled rules wait for, by the kind of message that may bring them."""

    def __init__(self, rules: Sequence[Subject]) -> None:
        """Reads them from all conditions of the rules that answer."""
        self._exact: set[tuple[CustomerKind, str]] = set()
        self._beginnings: set[tuple[CustomerKind, str]] = set()
        # A tap on an answer to "which one do you mean?" picks a rule by its name.
        named = [each.rule for each in rules if each.competes]
        self.picked = {f"{OF_A_QUESTION}{rule.name}" for rule in named if rule.label}
        self.unlabelled = {f"{OF_A_QUESTION}{rule.name}" for rule in named} - self.picked
        for each in rules:
            if each.competes:
                for payload in _awaited(each):
                    table = self._beginnings if payload.endswith("*") else self._exact
                    table.update((kind, payload.removesuffix("*")) for kind in served(each.rule))  # type: ignore[misc]
        self._lengths = sorted({len(begin) for _, begin in self._beginnings})

    def takes(self, payload: str, kind: CustomerKind) -> bool:
        """Whether some rule asks for this payload."""
        return (
            payload in self.picked
            or (kind, payload) in self._exact
            or any((kind, payload[:length]) in self._beginnings for length in self._lengths if length <= len(payload))
        )


def _understood(rules: Sequence[Subject], ruleset: RuleSet) -> dict[int, frozenset[str]]:
    """By the number of a word in the set's index, the kinds of messages in which some rule asks for it."""
    found: dict[int, frozenset[str]] = {}
    lists: dict[str, tuple[WordList, frozenset[str]]] = {}
    for each in rules:
        if each.competes:
            kinds = served(each.rule)
            _add(each.wanted, kinds, ruleset, found)
            for given in each.lists:
                _, before = lists.get(given.name, (given, frozenset()))
                lists[given.name] = (given, before | kinds)
    for given, kinds in lists.values():
        _add(list_words(given), kinds, ruleset, found)
    return found


def _add(words: Iterable[Matcher], kinds: frozenset[str], ruleset: RuleSet, found: dict[int, frozenset[str]]) -> None:
    for word in words:
        number = ruleset.numbers.get(word)
        if number is not None:
            found[number] = found.get(number, frozenset()) | kinds
