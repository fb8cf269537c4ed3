"""How many SQL statements a message takes, by PostgreSQL's own count, at a trickle and under load."""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import asyncpg

from bench.customers import write_rules
from bench.graph_endpoint import GraphEndpoint, open_graph_endpoint
from bench.ground import Postgres
from bench.scene import CUSTOMERS, Scene, open_scene
from bench.subject import Contender, Figure, Goal, Ground, NotMeasurable, Opening, Sample, Subject
from bench.whole_bot import PLAYED_OUT
from igbot.answering import claim, settle
from igbot.inbox import receiver
from igbot.outbox import claim as sending
from igbot.outbox import finish, lanes

RATE = 50
SECONDS, QUICK_SECONDS = 6, 2
MESSAGES, QUICK_MESSAGES = 5_000, 1_000
WARM_UP = 500
FINISHED_SECONDS = 20.0
IDLE, LOADED = f"{RATE} messages/s", "as fast as they are taken"
REST = "rest"

KNOWN: Mapping[str, str] = MappingProxyType(
    {
        "keep": receiver.KEEP,
        "claim": claim.CLAIM,
        "settle": settle.SETTLE,
        "take": sending.CLAIM,
        "due": lanes.NEXT_DUE,
        "finish": finish.FINISH,
    }
)
"""igbot's statements on the path of a message; all others are the rest."""

Databases = Callable[[], AbstractAsyncContextManager[str]]

EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"
RESET = "SELECT pg_stat_statements_reset() AS bench_reset"
COUNTED = """
SELECT s.query, s.calls, s.total_exec_time FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
WHERE d.datname = current_database() AND s.query NOT LIKE '%bench_%' AND s.query NOT LIKE '%pg_stat_statements%'
"""
UNFINISHED = """
SELECT (SELECT count(*) FROM inbox WHERE status = 'pending')
    + (SELECT count(*) FROM outbox WHERE status IN ('queued', 'sending', 'unknown')) AS bench_unfinished
"""


def kind_of(query: str) -> str:
    """Which of the known statements PostgreSQL's normalised text is: it replaces literals, so the start tells."""
    said = " ".join(query.split())
    return next((name for name, sql in KNOWN.items() if said.startswith(_start(sql))), REST)


def _start(sql: str) -> str:
    return " ".join(re.split(r"['$\d]", sql, maxsplit=1)[0].split())


def sample_of(rows: Sequence[Mapping[str, Any]], messages: int) -> Sample:
    """Statements a message, all and by kind, and the microseconds that PostgreSQL worked on them (`…_us`)."""
    calls = dict.fromkeys((*KNOWN, REST), 0.0)
    microseconds = dict.fromkeys((*KNOWN, REST), 0.0)
    for row in rows:
        kind = kind_of(row["query"])
        calls[kind] += row["calls"] / messages
        microseconds[kind] += row["total_exec_time"] * 1000 / messages
    return {
        "statements": sum(calls.values()),
        **calls,
        "us": sum(microseconds.values()),
        **{f"{kind}_us": spent for kind, spent in microseconds.items()},
    }


async def _round(ground: Ground, graph: GraphEndpoint, rules: Path, databases: Databases, rate: float) -> Sample:
    if rate:
        count = RATE * (QUICK_SECONDS if ground.quick else SECONDS)
    else:
        count = QUICK_MESSAGES if ground.quick else MESSAGES
    urls: list[str] = []

    @asynccontextmanager
    async def database() -> AsyncIterator[str]:
        async with databases() as url:
            urls.append(url)
            yield url

    async with open_scene(replace(ground, database=database), graph, rules=rules) as scene:
        connection = await asyncpg.connect(urls[0])
        try:
            return await _counted(connection, scene, count, rate=rate)
        finally:
            await connection.close()


async def _counted(connection: "asyncpg.Connection[Any]", scene: Scene, count: int, *, rate: float) -> Sample:
    await connection.execute(EXTENSION)
    await scene.load(WARM_UP)
    await _finished(connection)
    await connection.execute(RESET)
    await scene.load(count, rate=rate)
    await _finished(connection)
    return sample_of([dict(row) for row in await connection.fetch(COUNTED)], count)


async def _finished(connection: "asyncpg.Connection[Any]") -> None:
    """Every verdict is written, and not only every answer sent."""
    deadline = time.monotonic() + FINISHED_SECONDS
    while await connection.fetchval(UNFINISHED):
        if time.monotonic() > deadline:
            raise NotMeasurable(f"replies were sent and not written down within {FINISHED_SECONDS:.0f} s")
        await asyncio.sleep(0.1)


@asynccontextmanager
async def _counting(ground: Ground) -> AsyncIterator[Databases]:
    """Databases of a server that counts: the run's own if it does, else an embedded one for the occasion."""
    async with ground.database() as url:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(EXTENSION)
            await connection.execute(RESET)
            counts = True
        except asyncpg.PostgresError:
            counts = False
        finally:
            await connection.close()
    if counts:
        yield ground.database
        return
    directory = ground.directory / f"counting-{secrets.token_hex(4)}"
    directory.mkdir(mode=0o711)
    postgres = Postgres(directory, None, settings=["shared_preload_libraries=pg_stat_statements"])
    try:
        yield postgres.database
    finally:
        await postgres.close()


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    rules = write_rules(ground.directory / "statements-rules", count=3)
    async with _counting(ground) as databases, open_graph_endpoint() as graph:
        yield (
            Contender(IDLE, partial(_round, ground, graph, rules, databases, RATE)),
            Contender(LOADED, partial(_round, ground, graph, rules, databases, 0.0)),
        )


SUBJECT = Subject(
    name="statements",
    title="SQL statements a message, from the webhook to the written verdict",
    notes=(
        f"Counted by PostgreSQL (pg_stat_statements) for one igbot process, its background loops included: "
        f"{RATE * SECONDS} messages at {RATE}/s, and {MESSAGES:,} messages over 64 connections, of {CUSTOMERS:,} "
        f"customers in turn; no echoes, no read receipts. {WARM_UP} before that do not count. {PLAYED_OUT}."
    ),
    figures=(
        Figure("statements", "statements", 2, more_is_better=False),
        Figure("keep", "keep events", 2, more_is_better=False),
        Figure("claim", "claim conversations", 2, more_is_better=False),
        Figure("settle", "write turns", 2, more_is_better=False),
        Figure("take", "claim replies", 2, more_is_better=False),
        Figure("due", "next due", 2, more_is_better=False),
        Figure("finish", "write verdicts", 2, more_is_better=False),
        Figure(REST, "rest", 2, more_is_better=False),
        Figure("us", "µs in PostgreSQL", 0, more_is_better=False),
    ),
    open=_open,
    goals=(Goal("statements", IDLE, at_most=6), Goal("statements", LOADED, at_most=0.5)),
    rounds=3,
)
