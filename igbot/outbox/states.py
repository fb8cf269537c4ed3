"""The states of a reply on its way. The same eight stand in the table's CHECK and in README; a test compares them."""

from typing import Literal

State = Literal["queued", "sending", "unknown", "sent", "failed", "cancelled", "expired", "dead"]

MEANING: dict[State, str] = {
    "queued": "decided, waits for its turn; the sender takes it on",
    "sending": "the call is in flight; its answer takes it on, or the loss of its process",
    "unknown": "called, but not known whether Meta took it; an echo or a look-up takes it on",
    "sent": "Meta took it and gave its mid; echoed_at and seen_at may follow",
    "failed": "Meta refused it for good",
    "cancelled": "overtaken by a person, an opt-out or a deletion before it went out, or dropped by the operator",
    "expired": "the 24-hour window closed before it could go out",
    "dead": "every try failed; a person must look, and may have it sent again or drop it",
}
"""Each state, and who moves a reply on from it."""

TRANSITIONS: dict[State, dict[State, str]] = {
    "queued": {
        "sending": "its turn has come",
        "cancelled": "overtaken or dropped",
        "expired": "its window has closed",
        "failed": "Meta reaches this customer no more",
        "dead": "written by another version of igbot",
    },
    "sending": {
        "sent": "Meta's answer, or an echo",
        "queued": "not taken, tried again later",
        "unknown": "no answer, or one that proves nothing",
        "failed": "refused for good",
        "cancelled": "not taken, and its message deleted",
        "expired": "refused, its window has closed",
        "dead": "every try failed",
    },
    "unknown": {
        "sent": "an echo, or found by a look-up",
        "sending": "not found, called again",
        "cancelled": "overtaken or dropped",
        "expired": "its window has closed",
        "failed": "Meta reaches this customer no more",
        "dead": "every try failed",
    },
    "sent": {},
    "failed": {},
    "cancelled": {},
    "expired": {},
    "dead": {
        "queued": "igbot outbox retry",
        "unknown": "igbot outbox retry, if it may have been sent",
        "cancelled": "igbot outbox drop",
    },
}
"""Where a reply can go from each state, and what takes it there. From `dead` only the operator does."""

OPEN: frozenset[State] = frozenset({"queued", "sending", "unknown"})
"""States that the bot itself moves on; any other reply carries the time it finished."""
