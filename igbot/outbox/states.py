"""The states of a reply on its way. The same eight stand in the table's CHECK and in README; a test compares them."""

from typing import Literal

State = Literal["queued", "sending", "unknown", "sent", "failed", "cancelled", "expired", "dead"]

MEANING: dict[State, str] = {
    "queued": "decided, waits for its turn; the sender takes it on",
    "sending": "the call is in flight; its answer takes it on, or the loss of its process",
    "unknown": "called, but not known whether Meta took it; an echo or a look-up takes it on",
    "sent": "Meta took it and gave its mid; echoed_at and seen_at may follow",
    "failed": "Meta refused it for good",
    "cancelled": "a person took over before it went out",
    "expired": "the 24-hour window closed before it could go out",
    "dead": "every try failed; a person must look",
}
"""Each state, and who moves a reply on from it."""

TRANSITIONS: dict[State, tuple[State, ...]] = {
    "queued": ("sending", "cancelled", "expired"),
    "sending": ("sent", "queued", "unknown", "failed", "expired", "dead"),
    "unknown": ("sent", "sending", "cancelled", "expired", "dead"),
    "sent": (),
    "failed": (),
    "cancelled": (),
    "expired": (),
    "dead": (),
}

OPEN: frozenset[State] = frozenset(state for state, to in TRANSITIONS.items() if to)
"""States that somebody still moves on; a finished reply carries the time it finished."""
