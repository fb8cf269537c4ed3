"""Who may answer at all, then the rules: the one function that `serve`, `simulate` and rule tests call. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from igbot.rules.deciding.choice import Answers, Choice, Customer, Incoming, Options
from igbot.rules.deciding.ruleset import RuleSet

WINDOW = timedelta(hours=24)
"""How long after a customer's action a bot may write (Meta's standard messaging window)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands above the rules for one conversation. `customer_at`: the newest action that opens the window."""

    known_account: bool = True
    paused_until: datetime | None = None
    customer_at: datetime | None = None


def window_ends(customer_at: datetime | None) -> datetime | None:
    """When the window opened by the customer's newest action closes."""
    return customer_at + WINDOW if customer_at else None


def respond(
    rules: RuleSet,
    message: Incoming,
    customer: Customer,
    standing: Standing,
    *,
    sent_at: datetime,
    now: datetime,
    options: Options,
    answers: Answers | None = None,
    used_up: Collection[str] = (),
) -> Choice:
    """The decision on one message, in the order of contract §5; observers run while the bot is paused too.

    `sent_at` is Meta's time of the message, `now` when it is decided (both aware). `answers` are those of the calls
    that an earlier decision on the same message wanted; `used_up` names rules whose limit for all customers is
    reached. The message counts in the memory that comes back, whatever is decided.
    """
    raise NotImplementedError
