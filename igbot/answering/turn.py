"""One turn of one conversation: its pending events folded into what is to be written. Pure; `settle` writes it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from igbot.answering.claim import EVENTS_A_TURN, Claim, OpenReply, PendingEvent, plain_words
from igbot.answering.policy import ECHO_GRACE, Policy, silence, window_ends
from igbot.meta.events import CUSTOMER_KINDS, OPENS_WINDOW, Content, Mid
from igbot.meta.outgoing import Outgoing
from igbot.meta.sendapi import parts
from igbot.rules.deciding.decision import decide
from igbot.rules.model import Choice, Incoming
from igbot.rules.deciding.ruleset import RuleSet

ECHO_RECHECK = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A history row, told by the event `key`. `reason` and what follows are the decision on a customer's message."""

    key: str
    at: datetime
    direction: str
    author: str
    content: Content
    test: bool
    reason: str | None = None
    choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class NewReply:
    """An outbox row: one part of the answer to the event `for_key`."""

    for_key: str
    for_mid: Mid | None
    part: int
    message: Outgoing
    choice: Choice
    expires_at: datetime
    despite_pause: bool
    test: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """The bot is silent for this customer until then, because of a `handoff` or a `person` who answered."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Meta told of a reply of ours: `echoed` or `seen`, by its mid; `outbox_id` where only the text told which."""

    what: str
    mid: Mid
    at: datetime
    test: bool
    outbox_id: int | None = None


@dataclass(slots=True)
class Turn:
    """What one turn came to. `again_at`: an echo still waits to be understood; later events wait with it."""

    claim: Claim
    messages: list[NewMessage] = field(default_factory=list)
    replies: list[NewReply] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    settled: list[PendingEvent] = field(default_factory=list)
    customer_at: datetime | None = None
    pause: Pause | None = None
    again_at: datetime | None = None
    failed: PendingEvent | None = None
    failure: Exception | None = None


def take_turn(claim: Claim, rules: RuleSet, policy: Policy, *, now: datetime) -> Turn:
    """Fold the pending events of a claim: echoes first, then the rest in order of Meta's timestamp.

    Echoes go first because a person who has answered meanwhile has answered: the bot must not answer as well.
    An event that raises ends the turn with `failure` set; what came before it stands. An event that has failed before
    is taken alone, so that it cannot take its neighbours with it.
    """
    turn = Turn(claim, customer_at=claim.customer_at)
    paused_until = claim.paused_until
    open_replies = list(claim.open_replies)
    events = sorted(claim.events, key=lambda event: event.kind != "echo")
    alone = bool(events) and events[0].attempts > 0
    for event in events[:1] if alone else events:
        try:
            if event.kind == "echo":
                if not _fold_echo(turn, event, policy, open_replies=open_replies, now=now):
                    break
            elif event.kind == "standby":
                _fold_standby(turn, event)
            elif event.kind in CUSTOMER_KINDS:
                _fold_message(turn, event, rules, policy, paused_until=paused_until, now=now)
            elif event.kind == "seen" and event.mid:
                turn.facts.append(Fact("seen", event.mid, event.at, event.test))
        except Exception as error:  # a bug on one event must not cost the customer the others
            turn.failed, turn.failure = event, error
            break
        if turn.pause:
            paused_until = turn.pause.until
        turn.settled.append(event)
    if turn.again_at is None and (len(turn.settled) < len(events) or len(events) == EVENTS_A_TURN):
        turn.again_at = now
    return turn


def _fold_message(
    turn: Turn, event: PendingEvent, rules: RuleSet, policy: Policy, *, paused_until: datetime | None, now: datetime
) -> None:
    content = event.content()
    if event.kind in OPENS_WINDOW:
        turn.customer_at = max(turn.customer_at or event.at, event.at)
    reason = silence(
        known_account=event.known_account,
        paused_until=paused_until,
        customer_at=turn.customer_at,
        now=now,
    )
    message = NewMessage(event.key, event.at, "in", "customer", content, event.test, reason)
    if reason is not None:
        turn.messages.append(message)
        return
    incoming = Incoming(event.kind, content.text, content.payload)  # type: ignore[arg-type]  # a CustomerKind here
    choice = decide(rules, incoming, default_reply=policy.default_reply)
    turn.messages.append(replace(message, reason=choice.reason, choice=choice))
    expires_at = window_ends(turn.customer_at) or now
    for number, part in enumerate([p for reply in choice.replies for p in parts(reply)], start=1):
        turn.replies.append(
            NewReply(
                for_key=event.key,
                for_mid=event.mid,
                part=number,
                message=part,
                choice=choice,
                expires_at=expires_at,
                despite_pause=choice.handoff is not None,
                test=event.test,
            )
        )
    if choice.handoff:
        turn.pause = Pause(now + choice.handoff.pause, "handoff")


def _fold_standby(turn: Turn, event: PendingEvent) -> None:
    """Another app has the conversation: what is said in it is history, and none of our business."""
    content = event.content()
    if content.is_echo:
        turn.messages.append(NewMessage(event.key, event.at, "out", "person", content, event.test))
    elif content.text or content.attachments:
        turn.messages.append(NewMessage(event.key, event.at, "in", "customer", content, event.test, "standby"))


def _fold_echo(
    turn: Turn, event: PendingEvent, policy: Policy, *, open_replies: list[OpenReply], now: datetime
) -> bool:
    """Whose words came back? False: not known yet, ask again at `turn.again_at`."""
    if event.mid is None:
        return True
    if event.our_echo:
        turn.facts.append(Fact("echoed", event.mid, event.at, event.test))
        return True
    content = event.content()
    words = plain_words(content.text)
    for reply in open_replies:
        if plain_words(reply.text) == words:
            # The echo overtook the answer to our call, or the answer is lost: it is the proof that Meta took it.
            open_replies.remove(reply)
            turn.facts.append(Fact("echoed", event.mid, event.at, event.test, reply.outbox_id))
            return True
    if words in turn.claim.said:
        # The second copy of a reply that had to be sent again, whose row has the first one's mid; or one that was given
        # up and reached the customer after all, long ago and many messages back as that may be.
        return True
    if now < event.received_at + ECHO_GRACE:
        turn.again_at = min(now + ECHO_RECHECK, event.received_at + ECHO_GRACE)
        return False
    turn.messages.append(NewMessage(event.key, event.at, "out", "person", content, event.test))
    if policy.takeover_pause is not None:
        turn.pause = Pause(now + policy.takeover_pause, "person")
    return True
