"""Durable acknowledgements per second: igbot's ingest path against its own parts, pgbench and the usual peer."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from bench.load.plan import Plan
from bench.pgbench import find_pgbench, one_row_script, run_pgbench
from bench.servers.keeping import FASTAPI, IGBOT, ONE_INSERT, STUBBED, Field, open_field
from bench.subject import Contender, Figure, Goal, Ground, Sample, Subject

PGBENCH = "pgbench, one row a commit"
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
    " nothing else."
)


@asynccontextmanager
async def open_acks(ground: Ground) -> AsyncIterator[Sequence[Contender]]:
    """All contenders over one database, whose tables are emptied before each round."""
    async with AsyncExitStack() as stack:
        field = await stack.enter_async_context(open_field(ground))

        async def pgbench() -> Sample:
            return await _pgbench(ground, field)

        def loaded(kept: str) -> Contender:
            async def once() -> Sample:
                plan = Plan(port=0, seconds=ground.seconds, connections=ground.connections)
                return await field.measure(kept, plan)

            return Contender(kept, once)

        yield [Contender(PGBENCH, pgbench), *(loaded(kept) for kept in (IGBOT, STUBBED, ONE_INSERT, FASTAPI))]


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
