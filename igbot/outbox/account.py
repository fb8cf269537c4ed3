"""An account as the sender knows it: whom it is, with what it may be called, and how fast."""

from dataclasses import dataclass, field

from igbot.meta.events import AccountId
from igbot.outbox.graph import GraphClient
from igbot.settings.model import Rates


@dataclass(frozen=True, slots=True)
class SendingAccount:
    """One account that may send now. `graph` is the client for its login flavour's host, `token` its access token."""

    account_id: AccountId
    graph: GraphClient
    token: str = field(repr=False)
    rates: Rates = field(default_factory=Rates)
