"""What befalls the bot from outside, by plan: processes are killed, connections to PostgreSQL are ended."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from bench.campaign.fleet import Fleet
from bench.campaign.plan import Kill, Plan
from bench.subject import NotMeasurable

STALLED = 3.0
"""Seconds without a step, once everything is written, after which what is planned for later comes now."""
_LOOK_SECONDS = 0.01
_RUNNING_WITHIN = 120.0

CUT = """
SELECT count(*) FROM (
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'igbot' AND random() < $1
) AS ended
"""


@dataclass
class Strikes:
    """The plan's kills and cuts, each at its step. `steps` counts what has been done so far."""

    plan: Plan
    fleet: Fleet
    steps: Callable[[], int]
    written: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing more will be written."""
    called_off: asyncio.Event = field(default_factory=asyncio.Event)
    """No more strikes."""
    kills: int = 0
    cuts: int = 0
    connections: int = 0
    """How many connections the cuts have ended."""

    async def kill(self) -> None:
        """All kills, one after the other."""
        for kill in self.plan.kills:
            if not await self._reached(kill.at):
                return
            await self._kill(kill)

    async def cut(self, conn: "asyncpg.Connection[Any]") -> None:
        """All cuts; `conn` is a connection of the campaign's own."""
        for cut in self.plan.cuts:
            if not await self._reached(cut.at):
                return
            self.connections += int(await conn.fetchval(CUT, cut.share))
            self.cuts += 1

    async def _kill(self, kill: Kill) -> None:
        place = self.fleet.places[kill.place]
        while not self.called_off.is_set():
            try:
                async with asyncio.timeout(_RUNNING_WITHIN):
                    await place.running(answering=not kill.starting)
            except TimeoutError:
                raise NotMeasurable(f"igbot serve does not start again within {_RUNNING_WITHIN:.0f} s") from None
            await asyncio.sleep(kill.pause)
            if self.fleet.kill(place):
                self.kills += 1
                return

    async def _reached(self, at: int) -> bool:
        """Waits for a step; false once everything is called off."""
        seen, since = self.steps(), time.monotonic()
        while not self.called_off.is_set():
            now = self.steps()
            if now >= at:
                return True
            if now > seen:
                seen, since = now, time.monotonic()
            elif self.written.is_set() and time.monotonic() - since > STALLED:
                return True
            await asyncio.sleep(_LOOK_SECONDS)
        return False
