"""Who may answer at all: what stands above every rule (Meta's window, a pause, another app). Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(hours=24)
"""How long after a customer's action a bot may write (Meta's standard messaging window)."""

ECHO_GRACE = timedelta(seconds=10)
"""An echo that matches no send of ours after this long was written by a person in the Instagram app."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The owner's settings that stand above the rules. `takeover_pause` None: a person's answer pauses nothing."""

    default_reply: str
    takeover_pause: timedelta | None


def window_ends(customer_at: datetime | None) -> datetime | None:
    """When the window opened by the customer's newest action closes."""
    return customer_at + WINDOW if customer_at else None


def silence(
    *, known_account: bool, paused_until: datetime | None, customer_at: datetime | None, now: datetime
) -> str | None:
    """The reason to say nothing to a customer's message, or None if the rules may decide.

    The names and their order are the contract's (§5); what it has before them (echo, standby, the dashboard's test)
    never comes here, and `unknown_account` stands first.
    """
    if not known_account:
        return "unknown_account"
    if paused_until is not None and paused_until > now:
        return "paused"
    ends = window_ends(customer_at)
    if ends is None or ends <= now:
        return "window_closed"
    return None
