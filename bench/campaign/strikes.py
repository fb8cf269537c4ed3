"""What befalls the bot from outside, by plan: processes are killed, connections are ended, Meta goes away."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from bench.campaign.fleet import Fleet
from bench.campaign.plan import Kill, Outage, Plan
from bench.campaign.port import Port
from bench.campaign.standin import PlannedFaults
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
    """The plan's strikes, each at its step. `steps` counts what has been done so far; `token_dies` makes the token in
    use worth nothing."""

    plan: Plan
    fleet: Fleet
    port: Port
    faults: PlannedFaults
    steps: Callable[[], int]
    token_dies: Callable[[], None]
    written: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing more will be written."""
    called_off: asyncio.Event = field(default_factory=asyncio.Event)
    """No more strikes."""
    kills: int = 0
    connections: int = 0
    """How many connections the cuts have ended."""
    cuts: list[float] = field(default_factory=list)
    """When connections were ended."""
    away: list[tuple[float, float]] = field(default_factory=list)
    """When Meta was away."""

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
            self.cuts.append(time.time())
            self.connections += int(await conn.fetchval(CUT, cut.share))

    async def storm(self) -> None:
        """All outages, and the death of the token."""
        token = [] if self.plan.token_dies is None else [(self.plan.token_dies, None)]
        for at, outage in sorted([*((each.at, each) for each in self.plan.outages), *token], key=lambda due: due[0]):
            if not await self._reached(at):
                return
            if outage is None:
                self.token_dies()
            else:
                await self._be_away(outage)

    async def _be_away(self, outage: Outage) -> None:
        since = time.time()
        try:
            for weather, seconds in outage.spells:
                self.faults.weather = weather
                if weather == "closed":
                    await self.port.close()
                self.away.append((since, time.time() + seconds))
                await asyncio.sleep(seconds)
                if weather == "closed":
                    await self.port.open()
                self.away[-1] = since, time.time()
                since = time.time()
        finally:
            self.faults.weather = None

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
