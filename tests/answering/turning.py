"""One turn without a database: inbox rows as a claim reads them, and what a turn over them comes to."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from igbot.answering.claimed import Claim, PendingEvent
from igbot.answering.outcome import Turn
from igbot.answering.policy import Policy
from igbot.answering.turn import take_turn
from igbot.meta.events import Igsid
from igbot.meta.webhook import read_webhook
from igbot.rules.deciding.memory import Memory
from igbot.rules.deciding.ruleset import RuleSet
from igbot.sandbox.customer import delivery_body
from tests.answering.talking import ACCOUNT, ANA, POLICY, SHOP, START


def pending(item: dict[str, Any], **changes: Any) -> PendingEvent:
    """An inbox row as a claim reads it."""
    [event] = read_webhook(delivery_body([item], ACCOUNT, START), accounts={ACCOUNT: ACCOUNT}, received_at=START)
    row = PendingEvent(
        key=event.key.hex(),
        kind=event.kind,
        mid=event.mid,
        at=event.at,
        received_at=START,
        known_account=event.known_account,
        test=False,
        attempts=0,
        our_echo=False,
        raw=event.raw.decode(),
    )
    return replace(row, **changes)


def claim(*events: PendingEvent, **changes: Any) -> Claim:
    """A conversation with pending events."""
    fresh = Claim(
        account_id=ACCOUNT,
        igsid=Igsid(ANA),
        arrivals=1,
        known=False,
        customer_at=None,
        paused_at=None,
        paused_until=None,
        paused_reason=None,
        opted_out_at=None,
        memory=Memory(),
        profile=None,
        profile_at=None,
        events=events,
        history=(),
        open_replies=(),
        said=frozenset(),
    )
    return replace(fresh, **changes)


def turn_over(
    rules: RuleSet, *events: PendingEvent, now: datetime = START, policy: Policy = POLICY, **changes: Any
) -> Turn:
    """What a turn over these events comes to."""
    remaining = changes.pop("remaining", None)
    return take_turn(claim(*events, **changes), rules, policy, now=now, account=SHOP, remaining=remaining)


def reasons(turn: Turn) -> list[str | None]:
    """Why each message was decided as it was."""
    return [message.reason for message in turn.messages]


def texts(turn: Turn) -> list[str]:
    """What is said."""
    return [reply.message.text for reply in turn.replies]
