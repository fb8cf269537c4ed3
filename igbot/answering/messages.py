"""A customer's message, or several short lines that are answered as one: decided, and what follows of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from igbot.answering.calls import Calls, ask, look_at, observing
from igbot.answering.claimed import PendingEvent
from igbot.answering.outcome import NewMessage, NewReply, Notice, Pause, PauseReason, Turn, Use
from igbot.answering.policy import Policy
from igbot.meta.events import OPENS_WINDOW, Content, CustomerKind
from igbot.meta.sendapi import parts
from igbot.rules.deciding.choice import Choice, Customer, Incoming
from igbot.rules.deciding.guarding import GUARD
from igbot.rules.deciding.responding import MOST_LINES, OBEYED, Standing, respond, says_stop, window_ends
from igbot.rules.deciding.ruleset import RuleSet

RESUMABLE: frozenset[PauseReason] = frozenset({"handoff", "person"})
"""Pauses that a rule may end: not the loop guard's own, which whoever loops would end, nor another app's or the
operator's."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What all decisions of a turn are made on. `alone`: an event that has failed before waits for no further lines."""

    rules: RuleSet
    policy: Policy
    account: str
    remaining: Mapping[str, int]
    now: datetime
    alone: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One message and what it says."""

    event: PendingEvent
    content: Content


def fold_message(turn: Turn, waiting: Sequence[PendingEvent], ground: Ground) -> int:
    """Take in the first of the waiting messages. Returns how many are done: 0 where it waits until `turn.again_at`.

    A STOP waits for nothing: what would have to be waited for before it is not answered any more.
    """
    calls = look_at(turn.claim.events, kept=turn.profile, now=ground.now)
    lines = [Line(waiting[0], waiting[0].content())]
    choice = _decide(turn, lines, ground, calls)
    if choice.settle and waiting[0].kind == "text" and not ground.alone:
        more, due = _gather(waiting, choice.settle, ground)
        if due is not None and ground.now < due:
            turn.again_at = due
            return 0
        if more:
            lines += [Line(event, event.content()) for event in more]
            choice = _decide(turn, lines, ground, calls)
    last = lines[-1].event
    if choice.wanted is not None and any(_stops(event, ground) for event in waiting[len(lines) :]):
        choice = _decide(turn, lines, ground, calls, opted_out=True)
    if choice.wanted is not None:
        turn.again_at = ask(turn, choice.wanted, last, calls, now=ground.now)
        return 0
    if _undoes_what_cancels(turn, choice):
        turn.again_at = ground.now
        return 0
    _note(turn, choice, lines, ground)
    if calls.kept is not turn.profile:
        turn.profile, turn.new_profile = calls.kept, True
    for line in lines:
        turn.given_up |= calls.unwanted(line.event)
    return len(lines)


def _stops(event: PendingEvent, ground: Ground) -> bool:
    """Whether a message that waits opts the customer out."""
    if event.kind not in OBEYED:
        return False
    return says_stop(_incoming([Line(event, event.content())]), ground.policy.options)


def _undoes_what_cancels(turn: Turn, choice: Choice) -> bool:
    """Whether a START or a hand-back follows a STOP or a takeover of the same turn.

    These cancel all replies that are decided up to the moment of the turn, so that what comes after has another one.
    """
    cancels = turn.opted_out_now or (turn.pause is not None and turn.pause.cancels)
    return cancels and (choice.opt == "in" or choice.resumed)


def _gather(
    waiting: Sequence[PendingEvent], settle: timedelta, ground: Ground
) -> tuple[list[PendingEvent], datetime | None]:
    """The lines after the first that belong to it, and until when one more may (None: none may)."""
    lines = [waiting[0]]
    for event in waiting[1:]:
        belongs = event.kind == "text" and event.known_account == lines[0].known_account
        late = event.received_at > lines[-1].received_at + settle
        if len(lines) == MOST_LINES or not belongs or late or _stops(event, ground):
            return lines[1:], None
        lines.append(event)
    return lines[1:], None if len(lines) == MOST_LINES else lines[-1].received_at + settle


def _decide(
    turn: Turn, lines: Sequence[Line], ground: Ground, calls: Calls, *, opted_out: bool | None = None
) -> Choice:
    """The decision on the lines as one message; `opted_out` where that is not to be as it is so far."""
    claim, last = turn.claim, lines[-1]
    used = turn.used
    return respond(
        ground.rules,
        _incoming(lines),
        Customer(
            igsid=claim.igsid,
            account=ground.account,
            memory=turn.memory,
            profile=calls.profile,
        ),
        Standing(
            known_account=last.event.known_account,
            paused_until=turn.paused_until,
            customer_at=_customer_at(turn, lines),
            paused_at=turn.paused_at,
            opted_out=turn.opted_out_at is not None if opted_out is None else opted_out,
            resumable=turn.paused_reason in RESUMABLE,
        ),
        sent_at=last.event.at,
        now=ground.now,
        options=ground.policy.options,
        answers=calls.answers(last.event),
        used_up=frozenset(rule for rule, left in ground.remaining.items() if left <= used[rule]),
    )


def _incoming(lines: Sequence[Line]) -> Incoming:
    event, content = lines[-1].event, lines[-1].content
    return Incoming(
        kind=cast(CustomerKind, event.kind),
        text=content.text if len(lines) == 1 else "\n".join(line.content.text for line in lines),
        payload=content.payload,
        emoji=content.emoji,
        story=content.story_id,
        post=content.post_id,
        ad=content.ad_id,
        test=event.test,
        key=event.key,
    )


def _customer_at(turn: Turn, lines: Sequence[Line]) -> datetime | None:
    opening = [line.event.at for line in lines if line.event.kind in OPENS_WINDOW]
    return max([*opening, *([turn.customer_at] if turn.customer_at else [])], default=None)


def _note(turn: Turn, choice: Choice, lines: Sequence[Line], ground: Ground) -> None:
    """Write down what a decision comes to; whatever can raise comes before anything is."""
    last = lines[-1]
    customer_at = _customer_at(turn, lines)
    said = [part for reply in choice.replies for part in parts(reply)]
    messages = [
        NewMessage(
            line.event.key,
            line.event.at,
            "in",
            "customer",
            line.content,
            line.event.test,
            reason=choice.reason,
            choice=choice,
            answered_with=None if line is last else last.event.mid or last.event.key,
            lines=len(lines),
        )
        for line in lines
    ]
    turn.customer_at = customer_at
    turn.messages.extend(messages)
    for number, part in enumerate(said, start=1):
        turn.replies.append(
            NewReply(
                for_key=last.event.key,
                for_mid=last.event.mid,
                part=number,
                message=part,
                choice=choice,
                expires_at=window_ends(customer_at) or ground.now,
                despite_pause=choice.despite_pause,
                test=last.event.test,
                delay=choice.delay,
                typing=choice.typing and number == 1,
            )
        )
    turn.memory = choice.memory
    _silence(turn, choice, ground.now)
    turn.notices.extend(_notices(turn, choice, ground, test=last.event.test))
    turn.calls.extend(observing(choice, last.event))
    answered = [choice.rule] if choice.rule is not None and choice.withheld is None else []
    turn.uses.extend(Use(rule, last.event.key) for rule in answered if rule in ground.remaining)
    observed = (rule for rule in choice.observers if rule in ground.remaining)
    turn.uses.extend(Use(rule, last.event.key, observer=True) for rule in observed)


def _silence(turn: Turn, choice: Choice, now: datetime) -> None:
    """What a decision means for whether the bot answers this customer from now on."""
    if choice.opt is not None:
        turn.opted_out_at = now if choice.opt == "out" else None
        turn.opted_out_now = choice.opt == "out"
    if choice.resumed:
        turn.pause, turn.resumed = None, True
    if choice.handoff:
        turn.pause = Pause(now, now + choice.handoff.pause, "handoff")
    elif choice.guarded:
        turn.pause = Pause(now, now + choice.guarded, "loop_guard")


def _notices(turn: Turn, choice: Choice, ground: Ground, *, test: bool) -> list[Notice]:
    tell = partial(Notice, account=ground.account or turn.claim.account_id, igsid=turn.claim.igsid, test=test)
    told = [
        tell(
            "loop_guard" if a.rule == GUARD else "alert",
            rule=a.rule,
            level=a.level,
            text=a.text,
            channels=(a.channel,) if a.channel else (),
        )
        for a in choice.alerts
    ]
    handoff = choice.handoff
    if handoff and handoff.notify:
        note, channels = handoff.note or "(no text)", handoff.notify
        told.append(tell("handoff", rule=choice.rule or "", level="info", text=note, channels=channels))
    return told
