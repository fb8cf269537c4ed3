"""The one page where everything meets: settings in, the parts of igbot out, each given what it needs and no more."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import aiohttp
import asyncpg

from igbot.accounts.vault import TokenVault, vault_of
from igbot.answering.policy import Policy
from igbot.answering.worker import Worker
from igbot.app import App, Wakes
from igbot.calls.caller import Address, Caller
from igbot.calls.queue import Ended
from igbot.inbox.receiver import Receiver
from igbot.meta.events import AccountId, Igsid
from igbot.ops.alerts import Alerts
from igbot.ops.database_watch import DatabaseWatch
from igbot.ops.health import Health
from igbot.ops.membership import Membership
from igbot.ops.notices import Notices, trouble_of
from igbot.ops.our_accounts import OurAccounts, graph_clients, our_accounts
from igbot.ops.our_tokens import care_of_tokens
from igbot.ops.rules_watch import RulesWatch
from igbot.ops.telling import tell_notices, tell_trouble
from igbot.ops.token_care import TokenCare
from igbot.outbox.delivery import Delivery
from igbot.outbox.optional_calls import spares_calls
from igbot.outbox.troubles import Trouble
from igbot.rule_settings import options_of, surroundings_of
from igbot.settings.model import Settings
from igbot.settings.neighbours import OWNER
from igbot.settings.reading import token_missing
from igbot.store.embedded.attach import EmbeddedServer
from igbot.store.listening import Notifier
from igbot.store.pool import Database
from igbot.telemetry.clock import Clock
from igbot.telemetry.counters import Counters
from igbot.telemetry.log import event_log
from igbot.telemetry.redaction import Redactor

POOL = 12
IDLE_CONNECTION_SECONDS = 15.0
"""Shorter than Meta's: a call on a connection that the other side has just closed ends in doubt."""


@dataclass(frozen=True, slots=True)
class _Given:
    """What every part below is made from."""

    settings: Settings
    clock: Clock
    database: Database
    session: aiohttp.ClientSession
    channels: Mapping[str, Sequence[str]]
    accounts: OurAccounts
    alerts: Alerts
    notices: Notices
    on_trouble: Callable[[Trouble], None]
    counters: Counters
    wakes: Wakes
    redactor: Redactor
    vault: TokenVault
    sandbox_url: str | None


@asynccontextmanager
async def open_app(
    settings: Settings, *, sandbox_url: str | None, clock: Clock, redactor: Redactor
) -> AsyncIterator[App]:
    """All parts, not yet running; the database not yet open.

    `sandbox_url` is the built-in sandbox's base address, where there is one; `redactor` learns the tokens that logs and
    alerts must hide. Raises UsageError for settings that only turn out wrong here.
    """
    vault = vault_of(settings, hide=redactor.hide)
    alerts = Alerts(settings.alert_urls, clock=clock, log=event_log("alerts"), clean=redactor.clean)
    watch = DatabaseWatch(alerts, clock=clock)
    embedded = None if settings.database_url else EmbeddedServer(settings.data_dir)
    without = [account for account in settings.accounts if account.token is None]
    if embedded is not None and without and not embedded.is_made():
        raise token_missing(settings, without)  # a database made for the occasion would hold none
    log = event_log("store")
    database = Database(settings.database_url, embedded=embedded, size=POOL, log=log, on_change=[watch.changed])
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_CONNECTION_SECONDS)
    async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
        wakes = Wakes(asyncio.Event(), asyncio.Event(), asyncio.Event())
        accounts = our_accounts(
            settings,
            clients=graph_clients(settings, session, sandbox_url=sandbox_url, clock=clock),
            vault=vault,
            alerts=alerts,
            hide=redactor.hide,
            clock=clock,
            woken=wakes.outbox,
        )
        channels: Mapping[str, Sequence[str]] = {OWNER: settings.alert_urls, **settings.channels}
        notices = Notices(channels, clock=clock, log=event_log("notices"), clean=redactor.clean)
        given = _Given(
            settings,
            clock,
            database,
            session,
            channels,
            accounts,
            alerts,
            notices,
            partial(tell_trouble, notices, accounts, alerts=alerts),
            Counters(),
            wakes=wakes,
            redactor=redactor,
            vault=vault,
            sandbox_url=sandbox_url,
        )
        try:
            yield _app(given, watch)
        finally:
            await database.close()


def _app(given: _Given, watch: DatabaseWatch) -> App:
    settings, clock, database = given.settings, given.clock, given.database
    rules_watch = RulesWatch(
        settings.rules_dir,
        database,
        given.alerts,
        surroundings=surroundings_of(settings),
        clock=clock,
        log=event_log("rules"),
    )
    rulebook = rules_watch.rulebook
    membership = _membership(given, rules_watch)
    notifier = Notifier(database, peers=lambda: membership.peers > 0, log=event_log("store"))
    receiver = _receiver(given, membership, notifier)
    delivery = _delivery(given, membership)
    health = Health(
        database,
        given.accounts,
        rulebook,
        last_webhook_at=lambda: receiver.last_at,
        rules_trouble=lambda: rules_watch.trouble,
        alerts_trouble=trouble_of(given.channels),
        clock=clock,
    )
    return App(
        settings=settings,
        clock=clock,
        database=database,
        membership=membership,
        receiver=receiver,
        worker=_worker(given, membership, rules_watch, notifier),
        delivery=delivery,
        caller=_caller(given, membership, notifier),
        rulebook=rulebook,
        rules_watch=rules_watch,
        notifier=notifier,
        alerts=given.alerts,
        notices=given.notices,
        counters=given.counters,
        database_watch=watch,
        token_care=_care(given, delivery),
        health=health,
        wakes=given.wakes,
    )


def _membership(given: _Given, rules_watch: RulesWatch) -> Membership:
    wakes = given.wakes

    async def joined(conn: "asyncpg.Connection[Any]") -> None:
        await rules_watch.joined(conn)
        wakes.inbox.set()
        wakes.outbox.set()

    return Membership(
        given.database,
        accounts=given.accounts,
        keep_raw=given.settings.keep_raw,
        clock=given.clock,
        log=event_log("accounts"),
        on_joined=joined,
    )


def _receiver(given: _Given, membership: Membership, notifier: Notifier) -> Receiver:
    settings = given.settings

    def kept() -> None:
        given.wakes.inbox.set()
        notifier.notify("inbox")

    return Receiver(
        given.database,
        accounts=lambda: given.accounts.own_ids,
        is_test=lambda igsid: settings.test_mode or igsid in settings.testers,
        on_kept=kept,
        log=event_log("inbox", called=given.accounts.told_apart),
    )


def _worker(given: _Given, membership: Membership, rules_watch: RulesWatch, notifier: Notifier) -> Worker:
    settings, alerts = given.settings, given.alerts
    policy = Policy(options_of(settings), settings.takeover_pause)

    def queued() -> None:
        given.wakes.outbox.set()
        notifier.notify("outbox")

    def asked() -> None:
        given.wakes.calls.set()
        notifier.notify("calls")

    def dead(account: str, why: str) -> None:
        detail = f"account {given.accounts.called(account)}: {why}"
        alerts.raise_alert("dead-event", "igbot: a message could not be worked on", detail, "critical")

    return Worker(
        process_id=lambda: membership.process_id,
        accounts=lambda: given.accounts.ids,
        account_name=given.accounts.name_of,
        rules=lambda: rules_watch.rulebook.current,
        policy=lambda: replace(policy, options=replace(policy.options, detect=rules_watch.rulebook.detect)),
        clock=given.clock,
        log=event_log("answering", called=given.accounts.told_apart),
        counters=given.counters,
        on_replies=queued,
        on_calls=asked,
        on_alerts=partial(tell_notices, given.notices, given.accounts),
        on_dead=dead,
    )


def _delivery(given: _Given, membership: Membership) -> Delivery:
    return Delivery(
        given.database,
        process_id=lambda: membership.process_id,
        accounts=given.accounts.sending,
        margin=given.settings.window_margin,
        clock=given.clock,
        log=event_log("outbox", called=given.accounts.told_apart),
        woken=given.wakes.outbox,
        on_trouble=given.on_trouble,
    )


def _care(given: _Given, delivery: Delivery) -> TokenCare:
    return care_of_tokens(
        given.settings,
        given.accounts,
        given.session,
        sandbox_url=given.sandbox_url,
        database=given.database,
        vault=given.vault,
        alerts=given.alerts,
        on_trouble=delivery.tell,  # which tells the end, too
        hide=given.redactor.hide,
        clock=given.clock,
    )


def _caller(given: _Given, membership: Membership, notifier: Notifier) -> Caller:
    def answered() -> None:
        given.wakes.inbox.set()
        notifier.notify("inbox")

    async def profile(account: AccountId, igsid: Igsid, seconds: float) -> Ended:
        async with given.database.connection() as conn:
            if await spares_calls(conn, account, now=given.clock()):
                return Ended(False, None, "Meta's budget is nearly used")
        sending = given.accounts.sending().get(account)
        told = await sending.graph.profile(igsid, token=sending.token, seconds=seconds) if sending else None
        return Ended(told is not None, told, None if told is not None else "Meta told nothing")

    return Caller(
        given.database,
        given.session,
        services={service.name: Address(service.url, service.secret) for service in given.settings.services},
        profiles=profile,
        process_id=lambda: membership.process_id,
        accounts=lambda: given.accounts.ids,
        clock=given.clock,
        log=event_log("calls", called=given.accounts.told_apart),
        woken=given.wakes.calls,
        on_answer=answered,
    )
