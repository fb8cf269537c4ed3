"""What end-to-end rounds share: bots in production on a fresh database, customers in front, a Send API behind."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.customers import Delivery, answered_at, deliveries
from bench.graph_endpoint import GraphEndpoint
from bench.machine import CpuMeter
from bench.posting import post
from bench.subject import Ground
from bench.whole_bot import APP_SECRET, WholeBot, open_bot, production

CUSTOMERS = 1_000
STILL_SECONDS = 30.0
"""Without a further answer for so long, the rest will not come."""
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Load:
    """A load that was answered whole: when each message was due, taken with a 200, and answered at the Send API."""

    due: list[float]
    taken: list[float]
    answered: list[float]


@dataclass(frozen=True, slots=True)
class Scene:
    """The bots of one round; customers write to the first."""

    bots: Sequence[WholeBot]
    graph: GraphEndpoint
    connections: int

    async def load(self, count: int, *, rate: float = 0.0) -> Load:
        """Post `count` messages and wait for all answers; `rate` a second, 0: as fast as they are taken.

        Raises NotMeasurable unless every message was answered exactly once.
        """
        await self.graph.forget()
        sent = deliveries(count, customers=CUSTOMERS, secret=APP_SECRET, series=secrets.token_hex(4))
        posted = await post(sent, self.bots[0].webhook_url, connections=self.connections, rate=rate)
        return Load(posted.due, posted.taken, await self._answers(sent))

    def cpu_seconds(self) -> float:
        """What all processes of the bots have used of the processors so far."""
        return CpuMeter([bot.pid for bot in self.bots]).seconds()

    async def _answers(self, sent: Sequence[Delivery]) -> list[float]:
        seen, since = -1, time.monotonic()
        while (came := await self.graph.count()) < len(sent):
            if came != seen:
                seen, since = came, time.monotonic()
            elif time.monotonic() - since > STILL_SECONDS:
                break
            await asyncio.sleep(LOOK_SECONDS)
        return answered_at(sent, await self.graph.answers())


@asynccontextmanager
async def open_scene(
    ground: Ground, graph: GraphEndpoint, *, rules: Path, processes: int = 1, workers: int = 1
) -> AsyncIterator[Scene]:
    """Bots on a fresh database: `processes` igbots of `workers` processes each. Raises NotMeasurable."""
    async with AsyncExitStack() as stack:
        database_url = await stack.enter_async_context(ground.database())
        bots = []
        for _ in range(processes):
            place = ground.directory / f"bot-{secrets.token_hex(4)}"
            environ = production(graph_url=graph.url, data=place / "data", rules=rules, database_url=database_url)
            bots.append(await stack.enter_async_context(open_bot(environ, place, workers=workers)))
        yield Scene(bots, graph, ground.connections)
