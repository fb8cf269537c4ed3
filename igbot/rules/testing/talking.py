"""Plays a case: the conversation as `serve` would have it, on a frozen clock, through the same `respond`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from igbot.meta.events import OPENS_WINDOW
from igbot.rules.deciding.choice import Answered, CallRequest, Choice, Customer, Incoming, Options
from igbot.rules.deciding.memory import Memory, Use, without
from igbot.rules.deciding.responding import MOST_LINES, Standing, respond, says_stop, window_ends
from igbot.rules.testing.cases import Case, OwnerResumes, OwnerSays, Past, Step, Unsend
from igbot.rules.testing.outcomes import IGSID, Asked, Outcome, Setup

KNOWN_SINCE = timedelta(hours=1)
"""How long ago a customer who is `known` wrote last, where no history says it."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Lines that wait for more (`settle`), until `due`. `steps` are their places in the case."""

    lines: tuple[str, ...]
    last: Incoming
    sent_at: datetime
    settle: timedelta
    stubs: Mapping[str, Answered]
    steps: tuple[int, ...]

    @property
    def due(self) -> datetime:
        """Until when one more line may come."""
        return self.sent_at + self.settle

    @property
    def message(self) -> Incoming:
        """All lines as the one message that is decided."""
        return replace(self.last, text="\n".join(self.lines))


@dataclass(frozen=True, slots=True)
class _Leaving:
    """Replies that have not left yet, because of a `delay`. `despite_pause`: they leave whoever else answers."""

    step: int
    key: str
    at: datetime
    despite_pause: bool


class _Unstubbed(Exception):
    pass


def play(case: Case, setup: Setup) -> tuple[Outcome, ...]:
    """What each step of a case comes to, in order; of a table, what each row comes to by itself.

    Nothing follows a step with `trouble`.
    """
    if case.form == "table":
        return tuple(outcome for step in case.steps for outcome in _Talk.begun(case, setup).play((step,)))
    return _Talk.begun(case, setup).play(case.steps)


@dataclass(slots=True)
class _Talk:
    """One conversation while it is played."""

    case: Case
    setup: Setup
    options: Options
    clock: datetime
    memory: Memory
    paused_at: datetime | None = None
    paused_until: datetime | None = None
    resumable: bool = False
    opted_out: bool = False
    customer_at: datetime | None = None
    waiting: _Waiting | None = None
    leaving: _Leaving | None = None
    uses_for_all: list[tuple[str, datetime]] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    @classmethod
    def begun(cls, case: Case, setup: Setup) -> "_Talk":
        """The conversation as the case's history leaves it."""
        options = replace(setup.options, detect=None) if case.person.language else setup.options
        memory = Memory(tags=case.person.tags, facts=case.person.facts, language=case.person.language)
        talk = cls(case, setup, options, case.now, memory)
        if case.person.known and not any(past.author == "customer" for past in case.history):
            talk._recall(Past("customer", "", KNOWN_SINCE), 0)
        for number, past in enumerate(case.history, start=1):
            talk._recall(past, number)
        return talk

    def _recall(self, past: Past, number: int) -> None:
        at = self.case.now - past.before
        if past.author == "customer":
            self.memory = replace(self.memory, messages=self.memory.messages + 1, last_message_at=at)
            self.customer_at = at
            if self.options.opting.said_in(past.text, opted_out=self.opted_out):
                self.opted_out = not self.opted_out
        elif past.author == "owner":
            self._owner_says(at)
        elif past.rule is not None:
            name = past.rule.name
            entry = self.setup.ruleset.by_name.get(name)
            rule = entry.rule if entry else None
            self.memory = replace(self.memory, answered_by=name, answered_at=at)
            if rule is not None and any(limit.per == "customer" for limit in rule.limits):
                uses = (*self.memory.uses.get(name, ()), Use(at, f"history {number}"))
                self.memory = replace(self.memory, uses={**self.memory.uses, name: uses})
            if rule is not None and any(limit.per == "all" for limit in rule.limits):
                self.uses_for_all.append((name, at))
            if rule is not None and rule.handoff is not None:
                self._pause(at, rule.handoff.pause, resumable=True)

    def play(self, steps: tuple[Step, ...]) -> tuple[Outcome, ...]:
        try:
            for number, step in enumerate(steps):
                self._take(number, step)
            self._settle(None)
        except _Unstubbed as trouble:
            number = min(set(range(len(steps))) - self.outcomes.keys())
            self.outcomes[number] = Outcome("error", self.clock, trouble=str(trouble))
        return tuple(self.outcomes[number] for number in sorted(self.outcomes))

    def _take(self, number: int, step: Step) -> None:
        happening = step.happening
        if step.after is not None:
            at = self.case.now + step.after
        elif self.waiting is not None and not isinstance(happening, Unsend):
            at = self.waiting.due + timedelta(seconds=1)
        else:
            at = self.clock
        self._settle(at)
        self.clock = max(at, self.clock)
        match happening:
            case Incoming():
                self._message(number, replace(happening, key=f"step {number}", test=self.case.person.test), step)
            case OwnerSays():
                self._stop_leaving("paused", self.clock)
                self._owner_says(self.clock)
                self.outcomes[number] = Outcome("owner_says", self.clock)
            case OwnerResumes():
                self.paused_until = None
                ends = window_ends(self.customer_at)
                closed = ends is None or ends <= self.clock
                self.outcomes[number] = Outcome("window_closed" if closed else "owner_resume", self.clock)
            case Unsend():
                self.outcomes[number] = Outcome(self._unsend(), self.clock)

    def _owner_says(self, at: datetime) -> None:
        if self.setup.takeover_pause is not None:
            self._pause(at, self.setup.takeover_pause, resumable=True)

    def _pause(self, at: datetime, length: timedelta, *, resumable: bool) -> None:
        self.paused_at, self.paused_until, self.resumable = at, at + length, resumable

    def _unsend(self) -> str:
        """The customer takes the last message back; "too_late" where it is answered already."""
        if self.waiting is not None:
            number = self.waiting.steps[-1]
            self.outcomes[number] = Outcome("deleted", self.clock)
            lines, left = self.waiting.lines[:-1], self.waiting.steps[:-1]
            self.waiting = replace(self.waiting, lines=lines, steps=left) if left else None
            return "deleted"
        return "deleted" if self._stop_leaving("deleted", self.clock) else "too_late"

    def _stop_leaving(self, reason: str, left_by: datetime) -> bool:
        """Keeps back the answer if it had not left by then."""
        leaving, self.leaving = self.leaving, None
        if leaving is None or leaving.at <= left_by or (leaving.despite_pause and reason != "deleted"):
            return False
        self.outcomes[leaving.step] = replace(self.outcomes[leaving.step], reason=reason, replies=())
        self.memory = without(self.memory, frozenset({leaving.key}))
        return True

    def _message(self, number: int, message: Incoming, step: Step) -> None:
        if message.kind in OPENS_WINDOW:
            self.customer_at = self.clock
        before = self.waiting
        stops = not self.opted_out and says_stop(message, self.options)
        if before is not None and message.kind == "text" and len(before.lines) < MOST_LINES and not stops:
            lines, steps = (*before.lines, message.text), (*before.steps, number)
            stubs = {**before.stubs, **step.stubs}
            self.waiting = _Waiting(lines, message, self.clock, before.settle, stubs, steps)
            return
        if before is not None:
            self._decide_waiting()
        if stops:
            # What was decided at this moment has not left.
            self._stop_leaving("opted_out", self.clock - timedelta.resolution if before is not None else self.clock)
        choice, asked = self._decide(message, step.stubs, self.clock)
        if choice.settle and message.kind == "text":
            self.waiting = _Waiting((message.text,), message, self.clock, choice.settle, step.stubs, (number,))
        else:
            self._apply(choice, asked, (number,))

    def _settle(self, until: datetime | None) -> None:
        """Decides on the lines that wait where no more can come by then (None: ever)."""
        if self.waiting is not None and (until is None or until > self.waiting.due):
            self.clock = max(self.waiting.due, self.clock)
            self._decide_waiting()

    def _decide_waiting(self) -> None:
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            choice, asked = self._decide(waiting.message, waiting.stubs, waiting.sent_at)
            self._apply(choice, asked, waiting.steps)

    def _decide(self, message: Incoming, stubs: Mapping[str, Answered], sent_at: datetime) -> tuple[Choice, Asked]:
        person = self.case.person
        customer = Customer(IGSID, person.account, self.memory, person.profile)
        standing = Standing(
            paused_until=self.paused_until,
            customer_at=self.customer_at,
            paused_at=self.paused_at,
            opted_out=self.opted_out,
            resumable=self.resumable,
        )
        asked = Asked(message, customer, standing, sent_at, self.clock, self.options, self._used_up())
        answers: dict[str, Answered] = {}
        while True:
            choice = respond(
                self.setup.ruleset,
                message,
                customer,
                standing,
                sent_at=sent_at,
                now=self.clock,
                options=self.options,
                answers=answers,
                used_up=asked.used_up,
            )
            if not isinstance(choice.wanted, CallRequest):
                return choice, replace(asked, answers=answers)
            answers[choice.wanted.rule] = _stubbed(choice.wanted, stubs)

    def _used_up(self) -> frozenset[str]:
        found = set()
        for name, limit in self.setup.ruleset.limited_for_all.items():
            uses = [at for used, at in self.uses_for_all if used == name]
            if sum(limit.within is None or at > self.clock - limit.within for at in uses) >= limit.times:
                found.add(name)
        return frozenset(found)

    def _apply(self, choice: Choice, asked: Asked, steps: tuple[int, ...]) -> None:
        for number in steps[:-1]:
            self.outcomes[number] = Outcome("settle", self.clock, choice, asked)
        number = steps[-1]
        reason = "limit" if choice.withheld and not choice.replies else choice.reason
        self.outcomes[number] = Outcome(reason, self.clock, choice, asked, choice.replies)
        self.memory = choice.memory
        self._silence(choice)
        answered = (choice.rule,) if choice.rule is not None and choice.withheld is None else ()
        limited = self.setup.ruleset.limited_for_all
        self.uses_for_all.extend((name, self.clock) for name in (*answered, *choice.observers) if name in limited)
        despite = choice.despite_pause
        leaves = _Leaving(number, asked.message.key, self.clock + choice.delay, despite)
        self.leaving = leaves if choice.replies else None

    def _silence(self, choice: Choice) -> None:
        """What a decision means for whether the bot answers from now on."""
        if choice.opt is not None:
            self.opted_out = choice.opt == "out"
        if choice.resumed:
            self.paused_until = None
        if choice.handoff is not None:
            self._pause(self.clock, choice.handoff.pause, resumable=True)
        elif choice.guarded is not None:
            self._pause(self.clock, choice.guarded, resumable=False)


def _stubbed(wanted: CallRequest, stubs: Mapping[str, Answered]) -> Answered:
    if wanted.name not in stubs:
        raise _Unstubbed(
            f'rule "{wanted.rule}" calls {wanted.name}, and tests never use the network: '
            f"say what it answers, as in stub: {{{wanted.name}: {{status: sent}}}}"
        )
    return stubs[wanted.name]
