"""A campaign from its first message to the verdict."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from bench.campaign.book import read_book
from bench.campaign.door import Door
from bench.campaign.evidence import Evidence, Received, by_reply
from bench.campaign.fleet import Fleet
from bench.campaign.history import OPEN, STATES, Logged, read_history, read_logs
from bench.campaign.judge import Finding, Judgement, judge
from bench.campaign.owner import Owner
from bench.campaign.pace import Pace, in_pauses, too_fast
from bench.campaign.plan import Plan
from bench.campaign.quiet import QuietWatch
from bench.campaign.standin import PlannedMeta
from bench.campaign.strikes import Strikes
from bench.campaign.terms import RULES, Now, Outcome, Terms
from bench.campaign.writing import Writing

MOST_HISTORIES = 100
LOOK_SECONDS = 0.25
_UNSPOILT = (None, "delay", "headers")


@dataclass
class Campaign:
    """What its parts share. `database` is a connection of its own, as each of the watches has one."""

    plan: Plan
    terms: Terms
    meta: PlannedMeta
    door: Door
    writing: Writing
    fleet: Fleet
    strikes: Strikes
    owner: Owner
    quiet: QuietWatch
    database: "asyncpg.Connection[Any]"
    now: Now
    server: str
    seconds: dict[str, float] = field(default_factory=dict)

    def look(self, phase: str) -> None:
        """Tells where it stands."""
        self.now.phase, self.now.kills = phase, self.strikes.kills
        self.now.written, self.now.received = len(self.writing.taken), self.meta.accepted.total

    async def run(self) -> Outcome:
        """Everything, in its order."""
        began = time.monotonic()
        watches = [asyncio.create_task(each) for each in (self.owner.watch(), self.quiet.watch())]
        try:
            await self._write(watches)
            settled = await self._settle(watches)
            exit_codes = await self.fleet.end()
        finally:
            await _end(watches)
        last = max((each.at.timestamp() for each in self.meta.accepted.select()), default=0.0)
        first = min((each.at for each in self.writing.taken), default=last)
        self.seconds |= {"all": time.monotonic() - began, "to the last reply": last - first}
        return await self._verdict(settled=settled, exit_codes=exit_codes)

    async def _write(self, watches: "list[asyncio.Task[Any]]") -> None:
        """Everybody writes; kills, cuts and outages come as planned."""
        began = time.monotonic()
        writing = asyncio.create_task(self.writing.run())
        planned: tuple[Coroutine[Any, Any, None], ...] = (
            self.strikes.kill(),
            self.strikes.cut(self.database),
            self.strikes.storm(),
        )
        strikes = [asyncio.create_task(each) for each in planned]
        try:
            while not writing.done():
                await asyncio.wait({writing}, timeout=LOOK_SECONDS)
                self.look("writing")
                _check(*watches, *strikes)
                if self.terms.seconds is not None and time.monotonic() - began > self.terms.seconds:
                    self.writing.stopping.set()
                    self.strikes.called_off.set()
            await writing
            self.seconds["writing"] = time.monotonic() - began
            self.strikes.written.set()
            while not all(strike.done() for strike in strikes):
                await asyncio.wait(strikes, timeout=LOOK_SECONDS)
                self.look("last strikes")
                _check(*watches)
            _check(*strikes)
        finally:
            self.strikes.called_off.set()
            self.writing.given_up.set()
            await _end([writing, *strikes])

    async def _settle(self, watches: "list[asyncio.Task[Any]]") -> bool:
        """Waits until nothing is under way any more; false where that takes too long."""
        began = time.monotonic()
        settled = False
        while not settled and time.monotonic() - began < self.terms.drain:
            self.look("the rest is answered")
            await asyncio.sleep(LOOK_SECONDS)
            _check(*watches)
            settled = await self.database.fetchval(OPEN) == 0 and self.meta.postback.pending == 0
        self.seconds["drain"] = time.monotonic() - began
        return settled

    async def _verdict(self, *, settled: bool, exit_codes: list[int | None]) -> Outcome:
        """What came of it."""
        logs = [place.log for place in self.fleet.places]
        logged, faults = read_logs(logs), self.meta.planned
        book, written = await read_book(self.database, self.writing.taken)
        evidence = Evidence(
            kills=self.fleet.killed,
            refused=faults.refused,
            repeated=logged.repeated,
            given_up=logged.given_up,
            known=logged.known,
            unseen=logged.unseen,
            cuts=self.strikes.cuts,
            away=self.strikes.away,
            states=book.states,
            caused=book.worked_on,
            calls=by_reply(faults.calls),
        )
        judgement = judge(
            written,
            _received(self.meta),
            unacknowledged=self.writing.unacknowledged,
            evidence=evidence,
            late=self.terms.late,
            more=self._hurried(evidence),
        )
        return await self._outcome(judgement, logged, settled=settled, exit_codes=exit_codes)

    def _hurried(self, evidence: Evidence) -> list[Finding]:
        """Calls that came when none may, or too fast."""
        faults, rates = self.meta.planned, self.terms.rates
        found = list(in_pauses(faults.calls, self.owner.pauses, evidence))
        if rates is None:
            return found
        pace = Pace(rates.text, rates.customer, rates.look_ups)
        return [*found, *too_fast(faults.calls, faults.look_ups, pace)]

    async def _outcome(
        self, judgement: Judgement, logged: Logged, *, settled: bool, exit_codes: list[int | None]
    ) -> Outcome:
        logs = [place.log for place in self.fleet.places]
        histories = [
            {"finding": finding.wrong, "excused": finding.excused, "why": finding.why}
            | await read_history(self.database, self.meta, logs, igsid=finding.igsid, mid=finding.mid, rules=RULES)
            for finding in sorted(judgement.findings, key=lambda each: each.excused or each.wrong == "late")[
                :MOST_HISTORIES
            ]
        ]
        states = await self.database.fetch(STATES)
        return Outcome(
            judgement=judgement,
            histories=histories,
            figures=self._figures(),
            acks=tuple(sorted(self.door.acks)),
            faults=dict(sorted(self.meta.planned.injected.items())),
            refused=dict(self.door.refused),
            errors=dict(logged.errors),
            warnings=dict(logged.warnings),
            samples=logged.samples,
            states={row["status"]: row["replies"] for row in states},
            deaths=self.fleet.deaths,
            exit_codes=exit_codes,
            settled=settled,
            seconds=self.seconds,
            timeline=self._timeline(),
            server=self.server,
        )

    def _timeline(self) -> list[tuple[float, str]]:
        began = min(self.writing.written_at.values(), default=0.0)
        told = [
            *((at, "killed") for at in self.fleet.killed),
            *((at, "connections to PostgreSQL ended") for at in self.strikes.cuts),
            *((since, f"away for {until - since:.1f} s") for since, until in self.strikes.away),
            *((each.since, f"held for {each.until - each.since:.1f} s: {each.why}") for each in self.owner.pauses),
        ]
        return sorted((round(at - began, 1), what) for at, what in told)

    def _figures(self) -> Mapping[str, int]:
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
            "cuts of PostgreSQL": len(self.strikes.cuts),
            "connections ended": self.strikes.connections,
            "answers that stop or hold the account": len(self.meta.planned.stops),
            **self.owner.did,
            "waited in vain for quiet or a call": self.quiet.in_vain + self.writing.uncalled,
        }


def _check(*tasks: "asyncio.Task[Any]") -> None:
    """Raises what ended any of them."""
    for task in tasks:
        if task.done():
            task.result()


async def _end(tasks: "list[asyncio.Task[Any]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _received(meta: PlannedMeta) -> list[Received]:
    calls = {call.mid: call for call in meta.calls.select() if call.route == "send" and call.mid is not None}
    received = []
    for each in meta.accepted.select():
        call = calls[each.mid]
        told = call.status == 200 and call.fault in _UNSPOILT
        text, called = each.sending.text or "", call.at.timestamp()
        received.append(Received(each.mid, each.sending.igsid, text, each.at.timestamp(), told, called))
    return received


async def run(opened: AbstractAsyncContextManager[Campaign], *, now: Now, on_turn: Callable[[Now], None]) -> Outcome:
    """Runs an opened campaign; `on_turn` is told now and then where it stands. Raises NotMeasurable."""

    async def tell() -> None:
        while True:
            on_turn(now)
            await asyncio.sleep(LOOK_SECONDS)

    telling = asyncio.create_task(tell())
    try:
        async with opened as campaign:
            return await campaign.run()
    finally:
        telling.cancel()
