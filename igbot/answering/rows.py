"""A turn as the JSON rows that `settle` hands to PostgreSQL, each with the key of its conversation."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from igbot.answering.outcome import NewMessage, Turn
from igbot.meta.outgoing import to_stored
from igbot.rules.deciding import memory
from igbot.rules.deciding.choice import Choice

Row = dict[str, Any]

MOST_EDITS = 32767
"""What the database can count; Meta's apps allow five."""

ASKED = frozenset({"rule", "fallback", "unmatched", "loop_guard"})
"""Reasons with details that are kept: what the rules said, what the guard counted; else only what observers did."""


def lane(turn: Turn) -> Row:
    """The conversation's lane, and when it is to be looked at again."""
    again_at = turn.again_at.isoformat() if turn.again_at else None
    return _key(turn) | {"arrivals": turn.claim.arrivals, "again_at": again_at}


def settled(turn: Turn) -> Iterator[Row]:
    """The events that are done. What a message said that was taken back goes at once."""
    return (_key(turn) | {"event_key": e.key, "wiped": e.deleted_at is not None} for e in turn.settled)


def talk(turn: Turn, now: datetime) -> Row:
    """The conversation itself."""
    times = [message.at for message in turn.messages] or [now]
    profile = turn.profile if turn.new_profile else None
    return _key(turn) | {
        "first_at": min(times).isoformat(),
        "last_at": max([*times, *([now] if turn.replies else [])]).isoformat(),
        "customer_at": turn.customer_at.isoformat() if turn.customer_at else None,
        "paused_at": turn.paused_at.isoformat() if turn.paused_at and (turn.pause or turn.resumed) else None,
        "paused_until": _paused_until(turn, now),
        "paused_reason": turn.pause.reason if turn.pause else None,
        "opted_out_at": turn.opted_out_at.isoformat() if turn.opted_out_at else None,
        "cancel_reason": _cancel_reason(turn),
        "memory": memory.to_stored(turn.memory),
        "profile": dict(profile.fields) if profile else None,
        "profile_at": profile.at.isoformat() if profile else None,
        "test": any(event.test for event in turn.settled),
    }


def messages(turn: Turn) -> Iterator[Row]:
    """The history of the turn."""
    return (_message(turn, message) for message in turn.messages)


def replies(turn: Turn) -> Iterator[Row]:
    """The answers, in order."""
    for reply in turn.replies:
        delay = reply.delay // timedelta(milliseconds=1)
        yield _key(turn) | {
            "for_key": reply.for_key,
            "for_mid": reply.for_mid,
            "part": reply.part,
            "body": to_stored(reply.message),
            "rule": reply.choice.rule,
            "digest": reply.choice.digest,
            "despite_pause": reply.despite_pause,
            "expires_at": reply.expires_at.isoformat(),
            "wait_ms": 0 if reply.typing else delay,
            "typing": reply.typing,
            "delay_ms": delay if reply.typing else 0,
            "test": reply.test,
        }


def calls(turn: Turn) -> Iterator[Row]:
    """The calls to be made."""
    for call in turn.calls:
        yield _key(turn) | {
            "for_key": call.for_key,
            "for_mid": call.for_mid,
            "kind": call.kind,
            "rule": call.rule,
            "name": call.name,
            "body": dict(call.body),
            "timeout_ms": call.timeout // timedelta(milliseconds=1),
            "retry": call.retry,
            "waits": call.waits,
            "test": call.test,
        }


def given_up(turn: Turn) -> Iterator[Row]:
    """The calls that nobody waits for any more."""
    return (_key(turn) | {"call_id": call_id, "why": why} for call_id, why in turn.given_up.items())


def uses(turn: Turn) -> Iterator[Row]:
    """The answers of rules whose limit counts all customers."""
    account = turn.claim.account_id
    return (
        {"account_id": account, "rule": use.rule, "for_key": use.for_key, "observer": use.observer} for use in turn.uses
    )


def facts(turn: Turn) -> list[Row]:
    """What Meta told of our replies, one row a reply: a statement changes a row only once."""
    told: dict[str, Row] = {}
    for fact in turn.facts:
        row = told.setdefault(fact.mid, _key(turn) | {"mid": fact.mid, "outbox_id": None})
        row.setdefault(f"{fact.what}_at", fact.at.isoformat())
        row["outbox_id"] = row["outbox_id"] or fact.outbox_id
    return list(told.values())


def _paused_until(turn: Turn, now: datetime) -> str | None:
    """Until when the bot is silent from now on, where the turn has changed that."""
    if turn.pause:
        return turn.pause.until.isoformat()
    return now.isoformat() if turn.resumed else None


def _cancel_reason(turn: Turn) -> str | None:
    """Why replies that were decided before this turn do not go out any more, if so."""
    if turn.opted_out_now:
        return "the customer opted out"
    if turn.pause is None or not turn.pause.cancels:
        return None
    return "another app has the conversation" if turn.pause.reason == "thread_control" else "a person took over"


def _key(turn: Turn) -> Row:
    return {"account_id": turn.claim.account_id, "igsid": turn.claim.igsid}


def _message(turn: Turn, message: NewMessage) -> Row:
    content = message.content
    attachments = [{"type": a.type, "url": a.url, "title": a.title} for a in content.attachments]
    return (
        _key(turn)
        | {
            "event_key": message.key,
            "at": message.at.isoformat(),
            "direction": message.direction,
            "author": message.author,
            "kind": content.kind if content.kind != "echo" else "text",
            "mid": content.mid,
            "text": content.text,
            "attachments": attachments or None,
            "payload": content.payload,
            "test": message.test,
            "deleted_at": message.deleted_at.isoformat() if message.deleted_at else None,
            "edits": min(content.num_edit or 0, MOST_EDITS),
            "reason": message.reason,
            "answered_with": message.answered_with,
        }
        | _decision(message)
    )


def _decision(message: NewMessage) -> Row:
    """The decision as it stands with a message. A line that was answered with a later one leaves the details to it."""
    choice = message.choice
    if choice is None or not (choice.reason in ASKED or choice.observers):
        return {}
    if message.answered_with is not None:
        return {"rule": choice.rule, "digest": choice.digest}
    return {
        "rule": choice.rule,
        "digest": choice.digest,
        "considered": _considered(choice),
        "matched": choice.matched or None,
        "rank": list(choice.order) if choice.order else None,
        "variant": choice.variant,
        "withheld": choice.withheld,
        "observers": list(choice.observers) or None,
    }


def _considered(choice: Choice) -> list[Row]:
    return [
        {"rule": c.rule, "fits": c.fits, "because": c.because, "order": list(c.order) if c.order else None}
        for c in choice.considered
    ]
