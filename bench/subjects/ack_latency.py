"""How long a webhook waits for its 200 at fixed rates, whatever the server does meanwhile."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from bench.chart import RATE
from bench.load.plan import Plan
from bench.servers.keeping import FASTAPI, IGBOT, ONE_INSERT, Field, open_field
from bench.subject import Contender, Figure, Goal, Ground, Sample, Subject

RATES = (100, 1_000, 3_000)


@asynccontextmanager
async def open_latencies(ground: Ground) -> AsyncIterator[Sequence[Contender]]:
    """Each server at each rate, over one database whose tables are emptied before each round."""
    async with open_field(ground) as field:
        yield [
            Contender(_name(server, rate), partial(_round, ground, field, server, rate))
            for rate in RATES
            for server in (IGBOT, ONE_INSERT, FASTAPI)
        ]


async def _round(ground: Ground, field: Field, server: str, rate: int) -> Sample:
    return await field.measure(
        server, Plan(port=0, seconds=ground.seconds, connections=ground.connections, rate=float(rate))
    )


def _name(server: str, rate: int) -> str:
    return f"{server}{RATE}{rate:,}/s"


SUBJECT = Subject(
    name="ack_latency",
    title="Webhook to 200 at a fixed rate",
    notes=(
        "Open loop over 64 connections: webhooks are due at even distances whatever became of those before, and each"
        " one's time counts from when it was due, so that a stall is seen by all who had to wait for its end. Plain"
        " HTTP, durable, every 200 was found in the database afterwards."
    ),
    figures=(
        Figure("p50", "p50 ms", 2, more_is_better=False),
        Figure("p99", "p99 ms", 2, more_is_better=False),
        Figure("max", "longest ms", 1, more_is_better=False),
        Figure("server_cpu", "server CPU %", 0, more_is_better=False),
        Figure("postgres_cpu", "PostgreSQL CPU %", 0, more_is_better=False),
    ),
    open=open_latencies,
    goals=(Goal("p99", _name(IGBOT, 1_000), at_most=10.0, fast_disk=True),),
    chart=("p50", "p99"),
)
