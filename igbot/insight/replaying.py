"""Decides again on what customers wrote, by other rules, and sets it beside what was decided then. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from igbot.insight.past import Decided, Piece
from igbot.meta.events import CustomerKind
from igbot.rules.conditions import When
from igbot.rules.deciding.choice import Answered, CallRequest, Choice, Customer, Incoming, Options
from igbot.rules.deciding.memory import Memory, without
from igbot.rules.deciding.responding import WINDOW, Standing, respond
from igbot.rules.deciding.ruleset import RuleSet

RULES_WERE_ASKED = frozenset({"rule", "fallback", "unmatched"})
TESTER = "test"
DETAILS = "details"
"""Why messages are left out beside the reasons of decisions: what the rules ask of them is not kept."""

_FROM_A_CALL = "call "
_SOON = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Answer:
    """Who answers: a rule; or `fallback`, `unmatched`, or (`rule` without a name) a question which rule is meant.

    `silent`: the rule wins and holds its reply back.
    """

    reason: str
    rule: str = ""
    silent: bool = False

    def __str__(self) -> str:
        plain = {"fallback": "fallback", "unmatched": "no answer"}.get(self.reason) or self.rule or "asking back"
        return f"{plain} (silent)" if self.silent else plain


@dataclass(frozen=True, slots=True)
class Again:
    """A message decided again: by `was` then, by `now` now. `left_out` says why the two are not compared."""

    message: Decided
    text: str
    was: Answer
    now: Answer
    left_out: str | None = None

    @property
    def changed(self) -> bool:
        """Whether somebody else answers now."""
        return self.left_out is None and self.was != self.now


@dataclass(slots=True)
class Replay:
    """The rules, and one conversation after the other. `account_name` is what rules call an account.

    Pauses, opt-outs and closed windows are as they were, and so is what the loop guard silenced. No call is made: a
    rule that wants one answers, unless its call failed then. Limits that count all customers together hold where they
    held then.
    """

    rules: RuleSet
    options: Options
    account_name: Callable[[str], str]
    since: datetime
    _memory: Memory = field(default_factory=Memory)
    _lines: dict[str, list[str]] = field(default_factory=dict)
    _lossy: frozenset[str] | None = None

    def take(self, piece: Piece) -> Iterator[Again]:
        """The piece's messages that were written since then; those before are remembered."""
        if piece.first:
            self._memory, self._lines = Memory(), {}
        customer = Customer(piece.igsid, self.account_name(piece.account), profile=piece.profile)
        for message in piece.messages:
            if message.never_left is not None:
                self._memory = without(self._memory, frozenset({message.never_left}))
            elif message.answered_with is not None:
                self._lines.setdefault(message.answered_with, []).append(message.text)
            elif again := self._again(message, customer):
                yield again

    def _again(self, message: Decided, customer: Customer) -> Again | None:
        lines = [*self._lines.pop(message.mid or "", ()), message.text]
        text = "\n".join(lines)
        was = answer_of(message.reason or "", message.rule, silent=message.withheld is not None)
        standing = _standing(message)
        left_out = None if message.reason in RULES_WERE_ASKED else message.reason
        now = was
        if standing is not None:
            choice = self._respond(message, text, replace(customer, memory=self._memory), standing)
            self._memory = choice.memory
            if left_out is None:
                now = answer_of(choice.reason, choice.rule, silent=choice.withheld is not None)
        if message.at < self.since:
            return None
        if message.test:
            left_out = TESTER
        elif left_out is None and self._is_lossy(message):
            left_out = DETAILS
        return Again(message, text, was, now, left_out)

    def _respond(self, message: Decided, text: str, customer: Customer, standing: Standing) -> Choice:
        # What the answers of calls were is not known; that they failed is.
        failed = {rule: why for rule, why in message.held.items() if why.startswith(_FROM_A_CALL)}
        if message.rule and message.withheld and message.withheld.startswith(_FROM_A_CALL):
            failed[message.rule] = message.withheld
        held = {*message.held, *([message.rule] if message.rule and message.withheld else [])} - failed.keys()
        answers: dict[str, Answered] = {}
        while True:
            choice = respond(
                self.rules,
                _incoming(message, text),
                customer,
                standing,
                sent_at=message.at,
                now=message.decided_at,
                options=self.options.without_policy(),
                answers=answers,
                used_up=held & self.rules.limited_for_all.keys(),
            )
            if not isinstance(choice.wanted, CallRequest):
                return choice
            rule = choice.wanted.rule
            answers[rule] = Answered(ok=rule not in failed, answer={}, why=failed.get(rule, ""))

    def _is_lossy(self, message: Decided) -> bool:
        if self._lossy is None:
            self._lossy = frozenset(_kinds_judged_by_more(rule.when for rule in self.rules.rules if rule.enabled))
        return message.kind in self._lossy


def answer_of(reason: str, rule: str | None, *, silent: bool = False) -> Answer:
    """A decision's answer; which of the rules is the fallback makes no difference."""
    return Answer(reason, (rule or "") if reason == "rule" else "", silent)


def _standing(message: Decided) -> Standing | None:
    """What stood above the rules then; None where not even observers were asked, and nothing was remembered."""
    match message.reason:
        case "rule" | "fallback" | "unmatched":
            return Standing(customer_at=message.decided_at)
        case "paused" | "loop_guard":
            return Standing(paused_until=message.decided_at + _SOON, customer_at=message.decided_at)
        case "window_closed":
            return Standing(customer_at=message.decided_at - WINDOW)
        case "unknown_account":
            return Standing(known_account=False)
        case "opted_out":
            return Standing(opted_out=True)
    return None


def _incoming(message: Decided, text: str) -> Incoming:
    return Incoming(
        kind=cast(CustomerKind, message.kind),
        text=text,
        payload=message.payload,
        test=message.test,
        key=message.mid or str(message.number),
    )


_BESIDE: Mapping[str, tuple[str, ...]] = {
    "emojis": ("reaction",),
    "stories": ("story_reply", "story_mention"),
    "posts": ("share",),
}
"""Conditions on what the history does not keep, and the kinds that have it."""


def _kinds_judged_by_more(whens: Iterable[When]) -> Iterator[str]:
    for when in whens:
        for key, kinds in _BESIDE.items():
            if getattr(when, key):
                yield from kinds
        yield from _kinds_judged_by_more((*when.any, *when.every, *when.none))
