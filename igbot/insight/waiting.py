"""Why a reply has not gone out yet, in words: all that holds it up just now, what weighs most first."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from igbot.outbox.withdrawn import REASON

TAKEN_ON_WITHIN = timedelta(seconds=10)
"""A server that can send takes on what is due at once, or after a moment."""


def waits_for(row: Mapping[str, Any], *, now: datetime) -> tuple[str, ...]:
    """What an open reply waits for; `row` has its own columns, its account's and its conversation's (`delivered`).

    Nothing for one that is finished, or under way.
    """
    if row["status"] not in ("queued", "unknown"):
        return ()
    found = (*_end_ahead(row, now), *_account(row, now), *_queue(row, now))
    if not found and now - row["due_at"] > TAKEN_ON_WITHIN:
        # A server without a token that it can use leaves no trace in the database: only it, and the keys, know.
        return (
            f"due since {_at(row['due_at'])}, and no server takes it on: `igbot health` says whether one runs, "
            "`igbot token status` whether it has a token to send with",
        )
    return found or (f"nothing holds it up: due since {_at(row['due_at'])}, a running server takes it on",)


def _end_ahead(row: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """What will end it when it is its turn."""
    if row["withdrawn"]:
        yield f"{REASON}: it is not called again"
    elif row["expires_at"] <= now:
        yield f"its 24 hours were over at {_at(row['expires_at'])}: it will not be sent any more"
    if not row["despite_pause"] and row["cancel_before"] and row["cancel_before"] >= row["decided_at"]:
        yield f"it will be cancelled at its turn: {row['cancel_reason']}"
    if row["blocked_at"] and row["blocked_at"] >= row["decided_at"]:
        yield "it will not be sent: Meta reaches this customer no more"


def _account(row: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """What holds up all sends of the account."""
    if row["halted_reason"]:
        again = f"; tried again at {_at(row['halted_until'])}" if row["halted_until"] else ""
        yield f"sends are stopped: {row['halted_reason']}{again}"
    if row["account_paused_at"]:
        yield f"the operator has paused all sends since {_at(row['account_paused_at'])} (`igbot resume`)"
    outage = f"Meta has not been reached since {_at(row['outage_at'])}" if row["outage_at"] else None
    if row["send_after"] and row["send_after"] > now:
        why = row["send_after_reason"] or "rate limit"
        until = f"sends wait until {_at(row['send_after'])}"
        yield f"{outage}: {until}" if outage and why == "outage" else f"{why}: {until}"
    elif outage:
        yield f"{outage}: one call tries whether it is again, the others wait for what comes of it"


def _queue(row: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """What comes before it, and when it is its turn."""
    if row["before_it"] is not None:
        yield f"an earlier reply to this customer comes first ({row['before_it']})"
        return
    if row["status"] == "unknown":
        yield f"it is not known whether Meta took it: an echo is waited for, and Meta asked at {_at(row['due_at'])}"
    elif row["due_at"] > now:
        why = f"{row['reason']}: " if row["reason"] else ""
        yield f"{why}due at {_at(row['due_at'])}"
    elif row["free_at"] and row["free_at"] > now:
        yield f"this customer has just been written to: next at {_at(row['free_at'])}"
    elif row["spent_until"] and row["spent_until"] > now:
        yield f"due since {_at(row['due_at'])}, and the account sends as fast as it may: its turn comes"


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
