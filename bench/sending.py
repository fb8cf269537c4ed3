"""Sends replies from a process of its own: igbot's sender what waits in a database, or a bare client as many bodies.

`python -m bench.sending` prints what it took as JSON once everything is sent.
"""

import argparse
import asyncio
import json
import resource
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bench.filling import ACCOUNT
from bench.queued import TEXT
from igbot.cli.event_loop import run
from igbot.meta.events import AccountId, Igsid
from igbot.meta.outgoing import Outgoing
from igbot.meta.sendapi import send_body
from igbot.outbox.account import SendingAccount
from igbot.outbox.delivery import Delivery
from igbot.outbox.graph import GraphClient
from igbot.settings.model import Rates
from igbot.store.pool import Database
from igbot.telemetry.clock import system_clock
from igbot.telemetry.log import event_log
from igbot.telemetry.setup import configure_logging
from igbot.wiring import IDLE_CONNECTION_SECONDS

TOKEN = "EAAbench"
VERSION = "v25.0"
POOL = 12
IDLE_SECONDS, LOOK_SECONDS = 1.0, 0.02
OPEN = "SELECT EXISTS (SELECT FROM outbox WHERE status IN ('queued', 'sending', 'unknown'))"


async def _send(url: str, graph_url: str, in_flight: int) -> dict[str, float]:
    """All that waits for the account. Seconds until the last verdict is written, and of CPU."""
    database = Database(url, embedded=None, size=POOL, log=event_log("store"))
    await database.open()
    stopping, woken = asyncio.Event(), asyncio.Event()
    connector = aiohttp.TCPConnector(limit=in_flight, keepalive_timeout=IDLE_CONNECTION_SECONDS)
    async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
        graph = GraphClient(session, url=graph_url, version=VERSION, clock=system_clock)
        account = AccountId(ACCOUNT)
        sending = {account: SendingAccount(account, graph, TOKEN, Rates(*[1e6] * 4))}
        delivery = Delivery(
            database,
            process_id=lambda: 1,
            accounts=lambda: sending,
            margin=timedelta(seconds=10),
            clock=system_clock,
            log=event_log("outbox"),
            woken=woken,
            on_trouble=lambda trouble: None,
        )
        began, cpu = time.monotonic(), _cpu()
        writing = asyncio.create_task(delivery.run_writer())
        running = asyncio.create_task(delivery.run(stopping=stopping, idle=IDLE_SECONDS))
        async with database.connection() as conn:
            while await conn.fetchval(OPEN):  # noqa: ASYNC110 - another connection's commits have no event
                await asyncio.sleep(LOOK_SECONDS)
        spent = {"seconds": time.monotonic() - began, "cpu": _cpu() - cpu}
        stopping.set()
        woken.set()
        await running
        await delivery.drain()
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    await database.close()
    return spent


async def _post(replies: int, graph_url: str, in_flight: int) -> dict[str, float]:
    """As many bodies of the same kind, without anything around it."""
    address = f"{graph_url}/{VERSION}/me/messages"
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    waiting = iter(range(replies))
    connector = aiohttp.TCPConnector(limit=in_flight, keepalive_timeout=IDLE_CONNECTION_SECONDS)
    async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:

        async def client() -> None:
            for number in waiting:
                body: dict[str, Any] = send_body(Igsid(f"95{number:014d}"), Outgoing(f"{TEXT}{number})"))
                async with session.post(address, data=json.dumps(body).encode(), headers=headers) as answer:
                    await answer.read()

        began, cpu = time.monotonic(), _cpu()
        await asyncio.gather(*(client() for _ in range(in_flight)))
        return {"seconds": time.monotonic() - began, "cpu": _cpu() - cpu}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(description="Sends replies for a bench.")
    parser.add_argument("graph_url")
    parser.add_argument("log", type=Path)
    parser.add_argument("--database-url", help="where igbot's sender finds its replies; else a bare client sends")
    parser.add_argument("--replies", type=int, default=0)
    parser.add_argument("--in-flight", type=int, default=32)
    given = parser.parse_args()
    with given.log.open("w", encoding="utf-8") as log:
        configure_logging(level="INFO", format="json", stream=log)
        if given.database_url:
            spent = run(_send(given.database_url, given.graph_url, given.in_flight))
        else:
            spent = run(_post(given.replies, given.graph_url, given.in_flight))
    print(json.dumps(spent))


if __name__ == "__main__":
    main()
