"""One turn of one conversation: its pending events folded into what is to be written. Pure; `settle` writes it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from igbot.answering.claim import EVENTS_A_TURN
from igbot.answering.claimed import Claim, PendingEvent
from igbot.answering.echoes import fold_echo
from igbot.answering.messages import Ground, fold_message
from igbot.answering.outcome import Fact, NewMessage, Turn
from igbot.answering.policy import Policy
from igbot.answering.profiles import kept
from igbot.meta.events import CUSTOMER_KINDS
from igbot.rules.deciding.ruleset import RuleSet


def take_turn(
    claim: Claim,
    rules: RuleSet,
    policy: Policy,
    *,
    now: datetime,
    account: str = "",
    remaining: Mapping[str, int] | None = None,
) -> Turn:
    """Fold the pending events of a claim: echoes first, customers' messages last in order of Meta's timestamp.

    Echoes go first because a person who has answered meanwhile has answered: the bot must not answer as well.
    `account` is the name of the account in the rules, `remaining` how many answers are left to rules whose limit
    counts all customers. An event that raises ends the turn with `failure` set; what came before it stands. An event
    that has failed before is taken alone, so that it cannot take its neighbours with it.
    """
    turn = Turn(
        claim,
        claim.memory,
        profile=kept(claim.profile, claim.profile_at),
        customer_at=claim.customer_at,
        opted_out_at=claim.opted_out_at,
    )
    events = sorted(claim.events, key=_place)
    alone = bool(events) and events[0].attempts > 0
    ground = Ground(rules, policy, account, remaining or {}, now, alone)
    open_replies = list(claim.open_replies)
    waiting: Sequence[PendingEvent] = events[:1] if alone else events
    while waiting:
        first = waiting[0]
        try:
            if first.kind == "echo":
                done = int(fold_echo(turn, first, policy, open_replies=open_replies, now=now))
            elif first.kind in CUSTOMER_KINDS:
                done = fold_message(turn, waiting, ground)
            else:
                done = _fold_other(turn, first)
        except Exception as error:  # a bug on one event must not cost the customer the others
            turn.failed, turn.failure = first, error
            break
        if not done:
            break
        turn.settled.extend(waiting[:done])
        waiting = waiting[done:]
    if turn.again_at is None and (len(turn.settled) < len(events) or len(events) == EVENTS_A_TURN):
        turn.again_at = now
    return turn


def _place(event: PendingEvent) -> int:
    if event.kind == "echo":
        return 0
    return 2 if event.kind in CUSTOMER_KINDS else 1


def _fold_other(turn: Turn, event: PendingEvent) -> int:
    """What no rule is asked about: seen marks are facts; another app's conversation is history."""
    if event.kind == "seen" and event.mid:
        turn.facts.append(Fact("seen", event.mid, event.at, event.test))
    elif event.kind == "standby":
        content = event.content()
        if content.is_echo:
            turn.messages.append(NewMessage(event.key, event.at, "out", "person", content, event.test))
        elif content.text or content.attachments:
            turn.messages.append(NewMessage(event.key, event.at, "in", "customer", content, event.test, "standby"))
    return 1
