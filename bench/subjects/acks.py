"""Durable acknowledgements per second: igbot's ingest path against its own parts, pgbench and the usual peer."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from bench.customers import write_rules
from bench.graph_endpoint import ACCOUNT_IDS, GraphEndpoint, open_graph_endpoint
from bench.load.driver import run_load
from bench.load.plan import Plan
from bench.machine import CpuMeter
from bench.pgbench import find_pgbench, one_row_script, run_pgbench
from bench.servers.keeping import FASTAPI, IGBOT, ONE_INSERT, STUBBED, Field, check_kept, figures_of, open_field
from bench.subject import Contender, Figure, Goal, Ground, Sample, Subject
from bench.whole_bot import APP_SECRET, PLAYED_OUT, open_bot, production

PGBENCH = "pgbench, one row a commit"
WHOLE = "igbot serve, answering too"
FIGURES = (
    Figure("per_second", "acks/s", 0),
    Figure("p50", "p50 ms", 1, more_is_better=False),
    Figure("p99", "p99 ms", 1, more_is_better=False),
    Figure("server_cpu", "server CPU %", 0, more_is_better=False),
    Figure("postgres_cpu", "PostgreSQL CPU %", 0, more_is_better=False),
)
NOTES = (
    "Closed loop over plain HTTP, signed bodies of 435 bytes with distinct mids from 5,000 senders; every 200 was found"
    " in the database afterwards. igbot without its answering loops (the peers do not answer either), logging at INFO."
    " igbot also notes which conversation has something to answer; pgbench writes the same row of the same table and"
    f" nothing else. For comparison the whole program, which answers every message at the same time ({PLAYED_OUT})."
)


@asynccontextmanager
async def open_acks(ground: Ground) -> AsyncIterator[Sequence[Contender]]:
    """All contenders over one database, whose tables are emptied before each round."""
    async with AsyncExitStack() as stack:
        field = await stack.enter_async_context(open_field(ground))
        graph = await stack.enter_async_context(open_graph_endpoint())
        rules = write_rules(ground.directory / "acks-rules", count=3)
        plan = Plan(port=0, seconds=ground.seconds, connections=ground.connections)
        yield [
            Contender(PGBENCH, partial(_pgbench, ground, field)),
            *(Contender(name, partial(field.measure, name, plan)) for name in (IGBOT, STUBBED, ONE_INSERT, FASTAPI)),
            Contender(WHOLE, partial(_whole, ground, field, graph, rules, plan)),
        ]


async def _whole(ground: Ground, field: Field, graph: GraphEndpoint, rules: Path, plan: Plan) -> Sample:
    """Processes and database of its own, gone with their backlog before the next contender's turn."""
    place = ground.directory / f"whole-{secrets.token_hex(4)}"
    async with ground.database() as url:
        environ = production(graph_url=graph.url, data=place / "data", rules=rules, database_url=url)
        async with open_bot(environ, place) as bot:
            port = urlsplit(bot.public_url).port
            assert port is not None
            serving, storing = CpuMeter(bot.pids()), await field.storing()
            before = serving.seconds(), storing.seconds() if storing else 0.0
            outcome = await run_load(replace(plan, port=port, account=ACCOUNT_IDS[0], secret=APP_SECRET))
            used = serving.seconds() - before[0]
            stored = storing.seconds() - before[1] if storing else None
            connection = await asyncpg.connect(url)
            try:
                await check_kept(connection, "inbox", outcome)
            finally:
                await connection.close()
    return figures_of(outcome, server_cpu=used, postgres_cpu=stored)


async def _pgbench(ground: Ground, field: Field) -> Sample:
    program = find_pgbench()
    script = ground.directory / "one-row.sql"
    script.write_text(one_row_script(), encoding="utf-8")
    await field.empty()
    per_second, mean = await run_pgbench(
        program, field.url, script=script, clients=ground.connections, seconds=ground.seconds
    )
    return {"per_second": per_second, "mean": mean}


SUBJECT = Subject(
    name="acks",
    title="Durable acks per second, one process, 64 connections",
    notes=NOTES,
    figures=FIGURES,
    open=open_acks,
    goals=(
        Goal("per_second", IGBOT, PGBENCH, at_least=0.8, fast_disk=True),
        Goal("per_second", IGBOT, STUBBED, at_least=0.6, fast_disk=True),
        Goal("per_second", IGBOT, ONE_INSERT, at_least=2.0, fast_disk=True),
        Goal("per_second", IGBOT, FASTAPI, at_least=3.0, fast_disk=True),
    ),
    baseline=PGBENCH,
)
