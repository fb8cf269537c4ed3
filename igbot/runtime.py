"""Runs an app: its loops in one task group, its listeners, its signals, and an end in which nothing is cut off."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from igbot.answering.worker import run_worker
from igbot.app import App
from igbot.errors import DatabaseUnavailable, UsageError
from igbot.settings.model import Settings
from igbot.settings.reading import token_missing
from igbot.store.listening import listen
from igbot.store.loops import keep_going, wait_for_wake
from igbot.telemetry.log import EventLog, event_log
from igbot.web.listeners import Endpoint, Listeners, local_url, open_listeners
from igbot.web.management import ManagementPorts, make_management_app
from igbot.web.public import PublicPorts, make_public_app
from igbot.web.self_signed import development_certificate
from igbot.web.tls import ServerCertificate

POLL_SECONDS = 1.0
"""The slow look that catches what a wake-up missed."""
REQUEST_GRACE, COMMIT_GRACE, TURN_GRACE, CALL_GRACE, ALERT_GRACE = 5.0, 5.0, 5.0, 15.0, 3.0
"""Seconds after SIGTERM for requests in flight, their commits, turns, calls of Meta and a last alert; together less
than the unit's TimeoutStopSec. What does not end in time is taken up by the next start."""
CERTIFICATE_SECONDS = 10.0
FIRST_LOOK_SECONDS = 10.0
"""How long a start may take until the health checks judge it."""


@dataclass(frozen=True, slots=True)
class Running:
    """An app that runs: where it listens."""

    app: App
    public_url: str
    management_url: str


@asynccontextmanager
async def running(app: App, *, stopping: asyncio.Event, shared: bool = False) -> AsyncIterator[Running]:
    """The app with its database tried, its rules loaded, its ports open and its loops going, for the block.

    An unreachable database is a degraded start. `stopping` ends the loops; leaving the block sets it. `shared`: other
    processes listen on the public port as well.
    Raises UsageError (ports, certificate, a database that refuses, no token anywhere).
    """
    log = event_log("runtime")
    await _open_database(app, log)
    await app.rulebook.load()
    certificate = _certificate(app.settings, app.clock())
    place = _Place()
    listeners, urls = await _listen(app, certificate, place, shared=shared)
    place.public_url = urls[0]
    failed: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        leaving = asyncio.Event()
        working = _start_work(tasks, app, stopping)
        endless = _start_loops(tasks, app, certificate, leaving, log)
        endless.append(tasks.create_task(_first_look(app, log), name="first look"))
        try:
            yield Running(app, *urls)
        except Exception as error:
            failed = error  # the block's own error must not come out as a group of errors
        finally:
            stopping.set()
            await _drain(app, listeners, working, log)
            leaving.set()
            for task in (*working, *endless):
                task.cancel()
    if failed is not None:
        raise failed


@dataclass(slots=True)
class _Place:
    """Where the public listener turned out to be; the management routes ask when they need it."""

    public_url: str = ""


async def _open_database(app: App, log: EventLog) -> None:
    try:
        await app.database.open()
    except DatabaseUnavailable as error:
        log.error("degraded_start", reason=error.message, hint=error.hint)
        return
    async with app.database.connection() as conn:
        if lacking := await app.membership.accounts.lacking(conn):
            raise token_missing(app.settings, lacking)


def _certificate(settings: Settings, now: datetime) -> ServerCertificate | None:
    if settings.tls == "proxy":
        return None
    if settings.tls_cert is None or settings.tls_key is None:
        return ServerCertificate(*development_certificate(settings.data_dir, now=now))
    return ServerCertificate(settings.tls_cert, settings.tls_key)


async def _listen(
    app: App, certificate: ServerCertificate | None, place: _Place, *, shared: bool
) -> tuple[Listeners, tuple[str, str]]:
    settings = app.settings
    public_app = make_public_app(
        PublicPorts(
            verify_token=settings.verify_token,
            app_secrets=settings.app_secrets,
            trusted_proxies=settings.trusted_proxies,
            accept=app.receiver.accept,
            clock=app.clock,
            log=event_log("web"),
        )
    )
    management_app = make_management_app(
        ManagementPorts(
            token=settings.management_token,
            host=settings.management_host,
            dev=not settings.production_like,
            verify_token=settings.verify_token,
            public_url=lambda: place.public_url,
            readiness=app.health.readiness,
            figures=app.health.figures,
            reload=app.rules_watch.reload,
            decision=app.decision_on,
            metrics=app.metrics,
            log=event_log("web"),
        )
    )
    tls = certificate.context if certificate else None
    public = Endpoint(public_app, settings.host, settings.port, tls, shared)
    management = Endpoint(management_app, settings.management_host, settings.management_port)
    listeners = await open_listeners(public=public, management=management)
    urls = local_url(public, listeners.public_port), local_url(management, listeners.management_port)
    return listeners, urls


def _start_work(tasks: asyncio.TaskGroup, app: App, stopping: asyncio.Event) -> list[asyncio.Task[None]]:
    """Answer and send, from the moment the database knows this process until `stopping`."""

    async def answering() -> None:
        await app.membership.joined.wait()
        log = event_log("answering")
        await run_worker(app.worker, app.database, woken=app.wakes.inbox, stopping=stopping, idle=POLL_SECONDS, log=log)

    async def sending() -> None:
        await app.membership.joined.wait()

        async def rounds() -> None:
            await app.delivery.run(stopping=stopping, idle=POLL_SECONDS)

        await keep_going(rounds, stopping=stopping, log=event_log("outbox"))

    async def calling() -> None:
        await app.membership.joined.wait()
        # Without the token, which is asked for next, no customer's profile is to be had.
        await wait_for_wake(app.membership.token_looked_at, FIRST_LOOK_SECONDS)

        async def rounds() -> None:
            await app.caller.run(stopping=stopping, idle=POLL_SECONDS)

        await keep_going(rounds, stopping=stopping, log=event_log("calls"))

    works = {"answering": answering, "sending": sending, "calling": calling}
    return [tasks.create_task(work(), name=name) for name, work in works.items()]


def _start_loops(
    tasks: asyncio.TaskGroup, app: App, certificate: ServerCertificate | None, leaving: asyncio.Event, log: EventLog
) -> list[asyncio.Task[Any]]:
    """Start what serves the work; a loop that dies takes the process down loudly. Returns those to be cancelled."""

    def woken(topic: str) -> None:
        {"inbox": app.wakes.inbox, "outbox": app.wakes.outbox, "calls": app.wakes.calls}[topic].set()

    async def caring() -> None:
        await wait_for_wake(app.membership.token_looked_at, FIRST_LOOK_SECONDS)
        await app.token_care.run(leaving)

    tasks.create_task(app.membership.run(leaving), name="membership")
    tasks.create_task(app.database_watch.run(leaving), name="database watch")
    if certificate is not None:
        tasks.create_task(_watch_certificate(certificate, leaving, log), name="certificate")
    return [
        tasks.create_task(app.database.keep_open(), name="database"),
        tasks.create_task(app.receiver.run(), name="receiver"),
        tasks.create_task(app.delivery.run_writer(), name="delivery writer"),
        tasks.create_task(app.notifier.run(), name="notifier"),
        tasks.create_task(listen(app.database.connect, ("inbox", "outbox", "calls"), woken), name="listener"),
        tasks.create_task(app.rulebook.watch(), name="rules"),
        tasks.create_task(app.alerts.run(), name="alerts"),
        tasks.create_task(caring(), name="token care"),
        tasks.create_task(app.notices.run(), name="notices"),
    ]


async def _first_look(app: App, log: EventLog) -> None:
    """The health checks of a start (requirement 7.6): what is not well is said, and igbot goes on without it."""
    await wait_for_wake(app.membership.token_looked_at, FIRST_LOOK_SECONDS)
    report = await app.health.readiness()
    poor = [f"{name}: {check['detail']}" for name, check in report["checks"].items() if check["status"] != "ok"]
    if poor:
        log.warning("degraded_start", status=report["status"], checks=poor)
    else:
        log.info("health_checked", status=report["status"])


async def _watch_certificate(certificate: ServerCertificate, leaving: asyncio.Event, log: EventLog) -> None:
    while not leaving.is_set():
        await wait_for_wake(leaving, CERTIFICATE_SECONDS)
        try:
            if certificate.reload_if_changed():
                log.info("certificate_reloaded")
        except UsageError as error:
            log.error("certificate_rejected", reason=error.message, hint=error.hint)


async def _drain(app: App, listeners: Listeners, working: Sequence[asyncio.Task[None]], log: EventLog) -> None:
    """Requests in flight get their answer, calls in flight their verdict; what is only queued stays in the database."""
    for wake in (app.wakes.inbox, app.wakes.outbox, app.wakes.calls):
        wake.set()
    await listeners.close(REQUEST_GRACE)
    await _at_most(COMMIT_GRACE, app.receiver.close())
    if app.membership.joined.is_set():
        await asyncio.wait(working, timeout=TURN_GRACE)
    await _at_most(CALL_GRACE, asyncio.gather(app.delivery.drain(), app.caller.drain()))
    await _at_most(ALERT_GRACE, asyncio.gather(app.alerts.turn(), app.notices.turn()))
    log.info("stopped")


async def _at_most(seconds: float, work: Awaitable[object]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await work


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Have SIGTERM, SIGINT (Ctrl-C) and what Windows has for them call `stop` in the running loop."""
    loop = asyncio.get_running_loop()
    names = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
    for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
