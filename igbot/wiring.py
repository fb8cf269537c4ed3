"""The one page where everything meets: settings in, the parts of igbot out, each given what it needs and no more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg

from igbot.accounts.encryption_key import development_key
from igbot.accounts.tokens import TokenVault
from igbot.answering.policy import Policy
from igbot.answering.worker import Worker
from igbot.conversations.history import decision_on
from igbot.inbox.receiver import Receiver
from igbot.ops.alerts import Alerts
from igbot.ops.database_watch import DatabaseWatch
from igbot.ops.health import Health
from igbot.ops.membership import Membership
from igbot.ops.rules_watch import RulesWatch
from igbot.outbox.delivery import Delivery
from igbot.outbox.graph import GraphClient
from igbot.rulebook.book import Rulebook
from igbot.settings.model import Settings
from igbot.store.embedded.attach import EmbeddedServer
from igbot.store.listening import Notifier
from igbot.store.pool import Database
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import event_log

POOL = 12


@dataclass(frozen=True, slots=True)
class Wakes:
    """What wakes the loops of this process; `other processes` are woken by `notifier`."""

    inbox: asyncio.Event
    outbox: asyncio.Event


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
    rulebook: Rulebook
    rules_watch: RulesWatch
    notifier: Notifier
    alerts: Alerts
    database_watch: DatabaseWatch
    health: Health
    wakes: Wakes

    async def decision_on(self, mid: str) -> dict[str, Any] | None:
        """The stored decision on a customer's message and what was sent; None while there is none."""
        async with self.database.connection() as conn:
            return await decision_on(conn, mid, accounts=[self.membership.account_id])


@asynccontextmanager
async def open_app(
    settings: Settings, *, graph_url: str, clock: Clock, hide: Callable[[str], None]
) -> AsyncIterator[App]:
    """All parts, not yet running; the database not yet open.

    `graph_url` is Meta's or the sandbox's base address, `hide` keeps a token that is learned later out of the log.
    Raises UsageError for settings that only turn out wrong here.
    """
    keys = settings.encryption_keys or (development_key(settings.data_dir),)
    for key in keys:
        hide(key)
    alerts = Alerts(settings.alert_urls, clock=clock, log=event_log("alerts"))
    wakes = Wakes(asyncio.Event(), asyncio.Event())
    embedded = None if settings.database_url else EmbeddedServer(settings.data_dir)
    watch = DatabaseWatch(alerts, clock=clock)
    database = Database(
        settings.database_url, embedded=embedded, size=POOL, log=event_log("store"), on_change=[watch.changed]
    )
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=15), trust_env=False, auto_decompress=True
    ) as session:
        graph = GraphClient(session, url=graph_url, version=settings.graph_version, clock=clock)
        app = _assemble(settings, clock, database, graph, alerts, wakes, watch=watch, vault=TokenVault(keys), hide=hide)
        try:
            yield app
        finally:
            await database.close()


def _assemble(
    settings: Settings,
    clock: Clock,
    database: Database,
    graph: GraphClient,
    alerts: Alerts,
    wakes: Wakes,
    *,
    watch: DatabaseWatch,
    vault: TokenVault,
    hide: Callable[[str], None],
) -> App:
    rules_watch = RulesWatch(settings.rules_dir, database, alerts, clock=clock, log=event_log("rules"))
    rulebook = rules_watch.rulebook

    async def joined(conn: "asyncpg.Connection[Any]") -> None:
        await rules_watch.joined(conn)
        wakes.inbox.set()
        wakes.outbox.set()

    def token_ready() -> None:
        wakes.outbox.set()
        alerts.clear("token")

    membership = Membership(
        database,
        ids=settings.account_ids,
        vault=vault,
        from_environment=settings.access_token,
        identity=lambda token: graph.identity(token=token),
        hide=hide,
        keep_raw=settings.keep_raw,
        clock=clock,
        log=event_log("accounts"),
        on_joined=joined,
        on_trouble=lambda key, why: alerts.raise_alert(key, "igbot: no replies are sent", why, "critical"),
        on_token=token_ready,
    )
    notifier = Notifier(database, peers=lambda: membership.peers > 0, log=event_log("store"))

    def kept() -> None:
        wakes.inbox.set()
        notifier.notify("inbox")

    def queued() -> None:
        wakes.outbox.set()
        notifier.notify("outbox")

    receiver = Receiver(
        database,
        accounts=lambda: membership.own_ids.accounts,
        is_test=lambda igsid: settings.test_mode or igsid in settings.testers,
        on_kept=kept,
        log=event_log("inbox"),
    )
    worker = Worker(
        process_id=lambda: membership.process_id,
        rules=lambda: rulebook.current,
        policy=Policy(default_reply=settings.fallback_reply, takeover_pause=settings.takeover_pause),
        clock=clock,
        log=event_log("answering"),
        on_replies=queued,
        on_dead=lambda account, why: alerts.raise_alert(
            "dead-event", "igbot: a message could not be worked on", f"account {account}: {why}", "critical"
        ),
    )
    delivery = Delivery(
        database,
        graph,
        process_id=lambda: membership.process_id,
        tokens=membership.tokens,
        margin=settings.window_margin,
        clock=clock,
        log=event_log("outbox"),
        woken=wakes.outbox,
        on_trouble=lambda account, kind, why: alerts.raise_alert(
            f"send-{kind}", TROUBLE[kind], f"account {account}: {why}", "warning" if kind == "refused" else "critical"
        ),
    )
    health = Health(
        database,
        membership,
        rulebook,
        last_webhook_at=lambda: receiver.last_at,
        rules_trouble=lambda: rules_watch.trouble,
        clock=clock,
    )
    return App(
        settings, clock, database, membership, receiver, worker, delivery, rulebook, rules_watch, notifier, alerts,
        watch, health, wakes,
    )  # fmt: skip


TROUBLE = {
    "halted": "igbot: sends are stopped",
    "dead": "igbot: a reply could not be sent",
    "refused": "igbot: Meta refused a reply",
}
