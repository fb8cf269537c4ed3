"""An account as the sender knows it: whom it is, with what it may be called, and how fast."""

from dataclasses import dataclass, field

from igbot.meta.events import AccountId
from igbot.outbox.graph import GraphClient


@dataclass(frozen=True, slots=True)
class Rates:
    """The most calls per second, shared by every process on the database.

    `text` and `media` are sends of the account, `customer` those to one customer of it, `look_ups` questions what Meta
    has sent (its own limits: meta-platform reference §6).
    """

    text: float = 100.0
    media: float = 10.0
    customer: float = 1.0
    look_ups: float = 2.0


@dataclass(frozen=True, slots=True)
class SendingAccount:
    """One account that may send now. `graph` is the client for its login flavour's host, `token` its access token."""

    account_id: AccountId
    graph: GraphClient
    token: str = field(repr=False)
    rates: Rates = field(default_factory=Rates)
