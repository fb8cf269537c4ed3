"""igbot's ingest path from its real parts, as wiring puts them together, without the loops that answer."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from ipaddress import ip_network

from aiohttp import web

from bench.load.bodies import ACCOUNT, SECRET
from bench.servers.being_served import database_url, serve_until_closed
from igbot.cli import event_loop
from igbot.inbox.receiver import Receiver
from igbot.meta.events import AccountId
from igbot.meta.webhook import read_webhook
from igbot.store.pool import Database
from igbot.telemetry.clock import system_clock
from igbot.telemetry.log import event_log
from igbot.telemetry.setup import configure_logging
from igbot.web.listeners import Endpoint, open_listeners
from igbot.web.public import Accept, PublicPorts, make_public_app

POOL = 16
ACCOUNTS = {ACCOUNT: AccountId(ACCOUNT)}
LOG = event_log("inbox")


@asynccontextmanager
async def group_commit() -> AsyncIterator[Accept]:
    """igbot's own receiver: what arrives while one insert is in flight goes into the next."""
    async with _receivers(1) as receivers:
        yield receivers[0].accept


@asynccontextmanager
async def one_insert() -> AsyncIterator[Accept]:
    """One INSERT and commit for each request, on as many connections as most people's pools have."""
    async with _receivers(POOL) as receivers:
        free: asyncio.Queue[Receiver] = asyncio.Queue()
        for each in receivers:
            free.put_nowait(each)

        async def accept(body: bytes, received_at: datetime) -> None:
            # A receiver that has one delivery at a time has nothing to commit it together with.
            receiver = await free.get()
            try:
                await receiver.accept(body, received_at)
            finally:
                free.put_nowait(receiver)

        yield accept


@asynccontextmanager
async def stubbed() -> AsyncIterator[Accept]:
    """All that the receiver does (parse, log) but storage."""

    async def accept(body: bytes, received_at: datetime) -> None:
        events = read_webhook(body, accounts=ACCOUNTS, received_at=received_at)
        LOG.info("webhook_received", events=len(events), new=len(events), bytes=len(body))

    yield accept


@asynccontextmanager
async def _receivers(count: int) -> AsyncIterator[list[Receiver]]:
    database = Database(database_url(), embedded=None, size=POOL, log=event_log("store"))
    await database.open()
    receivers = [
        Receiver(database, accounts=lambda: ACCOUNTS, is_test=lambda _: False, on_kept=lambda: None, log=LOG)
        for _ in range(count)
    ]
    running = [asyncio.create_task(receiver.run()) for receiver in receivers]
    try:
        yield receivers
    finally:
        for task in running:
            task.cancel()
        await database.close()


STORAGE = {"group-commit": group_commit, "one-insert": one_insert, "stubbed": stubbed}


async def serve(storage: str) -> None:
    """The public listener over one of `STORAGE`, logging at INFO to standard error."""
    configure_logging(level="INFO", format="json", secrets=[SECRET], stream=sys.stderr)
    async with AsyncExitStack() as stack:
        accept = await stack.enter_async_context(STORAGE[storage]())
        ports = PublicPorts(
            verify_token="igbot-bench",
            app_secrets=[SECRET],
            trusted_proxies=[ip_network("127.0.0.0/8")],
            accept=accept,
            clock=system_clock,
            log=event_log("web"),
        )
        listeners = await open_listeners(
            public=Endpoint(make_public_app(ports), "127.0.0.1", 0),
            management=Endpoint(web.Application(), "127.0.0.1", 0),
        )
        event_loop.spare_the_collector()
        await serve_until_closed(listeners.public_port)
        await listeners.close(1.0)


if __name__ == "__main__":
    # The loop and the collector are those of `igbot serve`.
    event_loop.run(serve(sys.argv[1]))
