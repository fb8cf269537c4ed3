"""All parts of a running igbot, wired: what `wiring` makes and `runtime` runs."""

import asyncio
from dataclasses import dataclass
from typing import Any

from igbot.answering.worker import Worker
from igbot.calls.caller import Caller
from igbot.conversations.history import decision_on
from igbot.inbox.receiver import Receiver
from igbot.ops.alerts import Alerts
from igbot.ops.database_watch import DatabaseWatch
from igbot.ops.health import Health
from igbot.ops.membership import Membership
from igbot.ops.notices import Notices
from igbot.ops.rules_watch import RulesWatch
from igbot.ops.token_care import TokenCare
from igbot.outbox.delivery import Delivery
from igbot.rulebook.book import Rulebook
from igbot.settings.model import Settings
from igbot.store.listening import Notifier
from igbot.store.pool import Database
from igbot.telemetry.clock import Clock
from igbot.telemetry.counters import Counters


@dataclass(frozen=True, slots=True)
class Wakes:
    """What wakes the loops of this process; other processes are woken by `notifier`."""

    inbox: asyncio.Event
    outbox: asyncio.Event
    calls: asyncio.Event


@dataclass(frozen=True, slots=True)
class App:
    """Every part that runs, wired."""

    settings: Settings
    clock: Clock
    database: Database
    membership: Membership
    receiver: Receiver
    worker: Worker
    delivery: Delivery
    caller: Caller
    rulebook: Rulebook
    rules_watch: RulesWatch
    notifier: Notifier
    alerts: Alerts
    notices: Notices
    counters: Counters
    database_watch: DatabaseWatch
    token_care: TokenCare
    health: Health
    wakes: Wakes

    async def metrics(self) -> bytes:
        """What `/metrics` shows."""
        return self.counters.page(await self.health.figures())

    async def decision_on(self, mid: str) -> dict[str, Any] | None:
        """The stored decision on a customer's message and what was sent; None while there is none."""
        async with self.database.connection() as conn:
            return await decision_on(conn, mid, accounts=self.membership.accounts.ids)
