"""A campaign from its first message to the verdict."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from aiohttp import web

from bench.campaign.fleet import Fleet, open_fleet
from bench.campaign.history import OPEN, STATES, read_history, read_logs
from bench.campaign.judge import Evidence, Judgement, Received, judge
from bench.campaign.plan import Plan
from bench.campaign.standin import PlannedMeta
from bench.campaign.strikes import Strikes
from bench.campaign.writing import Door, Writing
from bench.graph_endpoint import ACCOUNT_IDS
from bench.ground import open_ground
from bench.whole_bot import APP_SECRET, production
from igbot.sandbox.app import make_app
from igbot.sandbox.options import SandboxSettings

RULES = Path(__file__).parent / "rules"
TOKEN = "EAAbench"
MOST_HISTORIES = 100
_POST_BACK_FOR = 24 * 3600.0
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Terms:
    """How a campaign is run: `seconds` bounds the writing (None: until all is written), `drain` what comes after it;
    a reply is listed as late after `late` seconds."""

    seconds: float | None
    drain: float
    late: float
    database_url: str | None
    places: int


@dataclass(slots=True)
class Now:
    """Where a campaign stands."""

    phase: str = "starting"
    written: int = 0
    received: int = 0
    kills: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that came of a campaign."""

    judgement: Judgement
    histories: list[dict[str, Any]]
    figures: Mapping[str, int]
    acks: tuple[float, ...]
    """Seconds from a delivery to its 200, sorted."""
    faults: Mapping[str, int]
    refused: Mapping[str, int]
    """What deliveries got instead of a 200."""
    errors: Mapping[str, int]
    warnings: Mapping[str, int]
    samples: list[str]
    """Log lines of errors."""
    states: Mapping[str, int]
    deaths: list[str]
    exit_codes: list[int | None]
    settled: bool
    """Whether in the end nothing waited to be decided or sent."""
    seconds: Mapping[str, float]
    server: str

    @property
    def passed(self) -> bool:
        """Whether the promises were kept, and no process ended by itself."""
        ended = all(code == 0 for code in self.exit_codes)
        return self.judgement.kept and self.settled and ended and not self.deaths


@dataclass
class _Campaign:
    """What its parts share."""

    plan: Plan
    terms: Terms
    meta: PlannedMeta
    door: Door
    writing: Writing
    fleet: Fleet
    strikes: Strikes
    database: "asyncpg.Connection[Any]"
    now: Now
    seconds: dict[str, float] = field(default_factory=dict)

    def look(self, phase: str) -> None:
        """Tells where it stands."""
        self.now.phase, self.now.kills = phase, self.strikes.kills
        self.now.written, self.now.received = len(self.writing.taken), self.meta.accepted.total

    async def write(self) -> None:
        """Everybody writes; kills and cuts come as planned."""
        began = time.monotonic()
        writing = asyncio.create_task(self.writing.run())
        strikes = [asyncio.create_task(self.strikes.kill()), asyncio.create_task(self.strikes.cut(self.database))]
        try:
            while not writing.done():
                await asyncio.wait({writing}, timeout=_LOOK_SECONDS)
                self.look("writing")
                for strike in strikes:
                    if strike.done():
                        strike.result()
                if self.terms.seconds is not None and time.monotonic() - began > self.terms.seconds:
                    self.writing.stopping.set()
                    self.strikes.called_off.set()
            await writing
            self.seconds["writing"] = time.monotonic() - began
            self.strikes.written.set()
            while not all(strike.done() for strike in strikes):
                await asyncio.wait(strikes, timeout=_LOOK_SECONDS)
                self.look("last strikes")
            for strike in strikes:
                strike.result()
        finally:
            self.strikes.called_off.set()
            self.writing.given_up.set()
            for task in (writing, *strikes):
                task.cancel()

    async def settle(self) -> bool:
        """Waits until nothing is under way any more; false where that takes too long."""
        began = time.monotonic()
        while time.monotonic() - began < self.terms.drain:
            if await self.database.fetchval(OPEN) == 0 and self.meta.postback.pending == 0:
                self.seconds["drain"] = time.monotonic() - began
                return True
            self.look("the rest is answered")
            await asyncio.sleep(_LOOK_SECONDS)
        self.seconds["drain"] = time.monotonic() - began
        return False

    async def verdict(self, *, settled: bool, exit_codes: list[int | None], server: str) -> Outcome:
        """What came of it."""
        logs = [place.log for place in self.fleet.places]
        logged = read_logs(logs)
        injected = self.meta.planned
        judgement = judge(
            self.writing.taken,
            _received(self.meta),
            unacknowledged=self.writing.unacknowledged,
            evidence=Evidence(
                self.fleet.killed,
                injected.refused,
                logged.repeated,
                given_up=logged.given_up,
                known=logged.known,
                unseen=logged.unseen,
            ),
            late=self.terms.late,
        )
        histories = [
            {"finding": finding.wrong, "excused": finding.excused, "why": finding.why}
            | await read_history(self.database, self.meta, logs, igsid=finding.igsid, mid=finding.mid, rules=RULES)
            for finding in judgement.findings[:MOST_HISTORIES]
        ]
        states = await self.database.fetch(STATES)
        return Outcome(
            judgement=judgement,
            histories=histories,
            figures=self._figures(),
            acks=tuple(sorted(self.door.acks)),
            faults=dict(sorted(injected.injected.items())),
            refused=dict(self.door.refused),
            errors=dict(logged.errors),
            warnings=dict(logged.warnings),
            samples=logged.samples,
            states={row["status"]: row["replies"] for row in states},
            deaths=self.fleet.deaths,
            exit_codes=exit_codes,
            settled=settled,
            seconds=self.seconds,
            server=server,
        )

    def _figures(self) -> dict[str, int]:
        routes = Counter(call.route for call in self.meta.calls.select())
        return {
            "messages": self.plan.messages,
            "acknowledged": len(self.writing.taken),
            "received": self.meta.accepted.total,
            "delivered again": self.writing.redelivered,
            "delivered twice": self.writing.twice,
            "calls": self.meta.calls.total,
            "sends": routes["send"],
            "look-ups": routes["conversations"],
            "webhooks of echoes and receipts": self.meta.postback.delivered,
            "kills planned": len(self.plan.kills),
            "kills": self.strikes.kills,
            "starts": self.fleet.starts,
            "cuts of PostgreSQL": self.strikes.cuts,
            "connections ended": self.strikes.connections,
        }


def _received(meta: PlannedMeta) -> list[Received]:
    calls = {call.mid: call for call in meta.calls.select() if call.route == "send" and call.mid is not None}
    received = []
    for each in meta.accepted.select():
        call = calls[each.mid]
        told = call.status == 200 and call.fault in (None, "delay", "headers")
        received.append(Received(each.mid, each.sending.igsid, each.sending.text or "", each.at.timestamp(), told))
    return received


async def run(plan: Plan, terms: Terms, *, on_turn: Callable[[Now], None]) -> Outcome:
    """Runs the campaign; `on_turn` is told now and then where it stands. Raises NotMeasurable."""
    now = Now()

    async def tell() -> None:
        while True:
            on_turn(now)
            await asyncio.sleep(_LOOK_SECONDS)

    telling = asyncio.create_task(tell())
    try:
        async with _opened(plan, terms, now) as (campaign, server):
            began = time.monotonic()
            await campaign.write()
            settled = await campaign.settle()
            exit_codes = await campaign.fleet.end()
            last = max((each.at.timestamp() for each in campaign.meta.accepted.select()), default=0.0)
            first = min(campaign.writing.written_at.values(), default=last)
            campaign.seconds |= {"all": time.monotonic() - began, "to the last reply": last - first}
            return await campaign.verdict(settled=settled, exit_codes=exit_codes, server=server)
    finally:
        telling.cancel()


@asynccontextmanager
async def _opened(plan: Plan, terms: Terms, now: Now) -> AsyncIterator[tuple[_Campaign, str]]:
    """Everything a campaign needs, started."""
    async with AsyncExitStack() as stack:
        ground, postgres = await stack.enter_async_context(
            open_ground(url=terms.database_url, seconds=0, connections=0, quick=False)
        )
        database_url = await stack.enter_async_context(ground.database())
        http = await stack.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=15),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        )
        written_at: dict[str, float] = {}
        door = Door(http, secret=APP_SECRET, account_id=ACCOUNT_IDS[0], seed=plan.seed)
        # The address is never used: the door knows where the bot is.
        settings = SandboxSettings(
            account_ids=tuple(ACCOUNT_IDS), access_token=TOKEN, app_secret=APP_SECRET, retry_for=_POST_BACK_FOR,
            webhook_url="http://127.0.0.1/webhook",
        )  # fmt: skip
        meta = PlannedMeta(settings, plan, written_at=written_at, post=door.post)
        runner = web.AppRunner(make_app(meta), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        environ = production(
            graph_url=f"http://{host}:{port}", data=ground.directory, rules=RULES, database_url=database_url
        )
        fleet = await stack.enter_async_context(open_fleet(ground.directory, environ, places=terms.places))
        door.fleet = fleet
        database = await asyncpg.connect(database_url, server_settings={"application_name": "igbot-campaign"})
        stack.push_async_callback(database.close)
        writing = Writing(plan, meta, door, written_at)
        strikes = Strikes(plan, fleet, lambda: len(writing.taken) + meta.accepted.total)
        yield _Campaign(plan, terms, meta, door, writing, fleet, strikes, database, now), postgres.version
