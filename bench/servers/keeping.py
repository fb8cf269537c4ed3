"""The servers that keep webhooks, over one database: started when needed, loaded, checked for what they keep."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType

import asyncpg

from bench.load.driver import run_load
from bench.load.plan import Outcome, Plan
from bench.machine import CpuMeter
from bench.servers.standing import Server, standing
from bench.subject import Ground, NotMeasurable, Sample
from igbot.store.migrations import migrate, read_migrations

IGBOT = "igbot"
STUBBED = "igbot, storage stubbed out"
ONE_INSERT = "igbot, one INSERT per request"
FASTAPI = "FastAPI, one INSERT per request"


@dataclass(frozen=True, slots=True)
class Kind:
    """How a server is started, and the table in which it keeps what it acknowledges."""

    command: Sequence[str]
    table: str | None


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        IGBOT: Kind(("bench.servers.ingest", "group-commit"), "inbox"),
        STUBBED: Kind(("bench.servers.ingest", "stubbed"), None),
        ONE_INSERT: Kind(("bench.servers.ingest", "one-insert"), "inbox"),
        FASTAPI: Kind(("bench.servers.fastapi_peer",), "peer_message"),
    }
)

TABLES = ("inbox", "inbox_lane", "peer_message")
EXISTING = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename = ANY($1)"
EMPTY = "TRUNCATE {}"
COUNT = "SELECT count(*) FROM {}"


class Field:
    """One migrated database and the servers over it."""

    def __init__(
        self, ground: Ground, url: str, connection: "asyncpg.Connection[asyncpg.Record]", stack: AsyncExitStack
    ) -> None:
        self.url = url
        self._ground = ground
        self._connection = connection
        self._stack = stack
        self._servers: dict[str, Server] = {}
        self._postmaster: CpuMeter | None = None
        self._loads = 0

    async def empty(self) -> None:
        """No rows, and no checkpoint due: every contender starts from the same."""
        there = [row["tablename"] for row in await self._connection.fetch(EXISTING, TABLES)]
        await self._connection.execute(EMPTY.format(", ".join(there)))
        try:
            await self._connection.execute("CHECKPOINT")
        except asyncpg.InsufficientPrivilegeError:
            return

    async def measure(self, name: str, plan: Plan) -> Sample:
        """Loads the server by the plan (its port is filled in) and counts what it kept. Raises NotMeasurable."""
        kind = KINDS[name]
        server = await self._server(name, kind)
        await self.empty()
        self._loads += 1
        serving, storing = CpuMeter([server.pid]), await self.storing()
        before = serving.seconds(), storing.seconds() if storing else 0.0
        outcome = await run_load(replace(plan, port=server.port, seed=self._loads))
        used = serving.seconds() - before[0]
        stored = storing.seconds() - before[1] if storing else None
        if kind.table is not None:
            await check_kept(self._connection, kind.table, outcome)
        return figures_of(outcome, server_cpu=used, postgres_cpu=stored)

    async def _server(self, name: str, kind: Kind) -> Server:
        if name not in self._servers:
            module, *arguments = kind.command
            log = self._ground.directory / f"{'-'.join(kind.command)}.log"
            self._servers[name] = await self._stack.enter_async_context(
                standing(module, *arguments, database_url=self.url, log=log)
            )
        return self._servers[name]

    async def storing(self) -> CpuMeter | None:
        """The meter of PostgreSQL's processes, where it runs on this machine."""
        import psutil

        if self._postmaster is None:
            try:
                backend = psutil.Process(await self._connection.fetchval("SELECT pg_backend_pid()"))
                parent = backend.parent() if backend.name().startswith("postgres") else None
            except psutil.Error:
                parent = None
            if parent is None:
                return None
            self._postmaster = CpuMeter([parent.pid])
        return self._postmaster


async def check_kept(connection: "asyncpg.Connection[asyncpg.Record]", table: str, outcome: Outcome) -> None:
    """Raises NotMeasurable where less was kept than acknowledged: such a server has no speed."""
    kept = await connection.fetchval(COUNT.format(table))
    if kept < outcome.acked:
        raise NotMeasurable(f"it acknowledged {outcome.acked} webhooks and kept {kept} of them")


def figures_of(outcome: Outcome, *, server_cpu: float, postgres_cpu: float | None = None) -> dict[str, float]:
    """A sample; CPU goes in as seconds and comes out as a percentage of one core."""
    figures = {
        "per_second": outcome.per_second,
        "p50": outcome.p50,
        "p90": outcome.p90,
        "p99": outcome.p99,
        "max": outcome.max,
        "acked": float(outcome.acked),
        "server_cpu": 100 * server_cpu / outcome.seconds,
        "load_cpu": 100 * outcome.cpu / outcome.seconds,
    }
    if postgres_cpu is not None:
        figures["postgres_cpu"] = 100 * postgres_cpu / outcome.seconds
    return figures


@asynccontextmanager
async def open_field(ground: Ground) -> AsyncIterator[Field]:
    """A fresh database with igbot's schema. Raises NotMeasurable."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(ground.database())
        connection = await asyncpg.connect(url)
        stack.push_async_callback(connection.close)
        await migrate(connection, read_migrations())
        yield Field(ground, url, connection, stack)
