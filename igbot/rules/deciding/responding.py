"""Who may answer at all, then the rules: the one function that `serve`, `simulate` and rule tests call. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from igbot.rules.deciding.choice import Answers, Choice, Customer, Incoming, Options, Reason
from igbot.rules.deciding.decision import decide, keep_silent
from igbot.rules.deciding.ruleset import RuleSet

WINDOW = timedelta(hours=24)
"""How long after a customer's action a bot may write (Meta's standard messaging window)."""

MOST_LINES = 20
"""Lines of a customer that are answered as one, however fast more of them come."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands above the rules for one conversation.

    `customer_at`: the newest action that opens the window. `paused_at`: when the bot was last told to be silent, over
    or not. `opted_out`: the customer wants no more of the bot.
    """

    known_account: bool = True
    paused_until: datetime | None = None
    customer_at: datetime | None = None
    paused_at: datetime | None = None
    opted_out: bool = False


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
    silent = _silent(standing, now)
    if silent is not None:
        return keep_silent(
            rules, message, customer, reason=silent, now=now, sent_at=sent_at, options=options, used_up=used_up
        )
    return decide(rules, message, customer, now=now, sent_at=sent_at, options=options, answers=answers, used_up=used_up)


def _silent(standing: Standing, now: datetime) -> Reason | None:
    """The reason to say nothing, None if the rules may decide."""
    if not standing.known_account:
        return "unknown_account"
    if standing.paused_until is not None and standing.paused_until > now:
        return "paused"
    ends = window_ends(standing.customer_at)
    return "window_closed" if ends is None or ends <= now else None
