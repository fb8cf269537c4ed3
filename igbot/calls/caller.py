"""Makes the calls that decisions asked for: of the owner's services, and of Meta for a customer's profile."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import asyncpg

from igbot.calls.queue import Call, Ended, call_again, claim_calls, finish_call, forget_calls, next_due
from igbot.calls.service import call_service
from igbot.errors import DatabaseUnavailable
from igbot.meta.events import AccountId, Igsid
from igbot.store.loops import wait_for_wake
from igbot.store.pool import Database
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog

SLOTS = 32
"""Calls in flight at once in one process."""
FIRST_WAIT = timedelta(milliseconds=500)
"""Before the first repetition; each further one waits twice as long, give or take half."""
TIDY = timedelta(hours=1)

Profiles = Callable[[AccountId, Igsid, float], Awaitable[Ended]]
"""Asks Meta for a customer's profile, within so many seconds."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is called; `secret` None: it is not set, and nothing is called."""

    url: str
    secret: str | None = field(repr=False)


class Caller:
    """The calls of one process. `services` are those of the configuration by name.

    `on_answer` is called when a conversation that waited is ready again.
    """

    def __init__(
        self,
        database: Database,
        session: aiohttp.ClientSession,
        *,
        services: Mapping[str, Address],
        profiles: Profiles,
        process_id: Callable[[], int],
        accounts: Callable[[], Sequence[AccountId]],
        clock: Clock,
        log: EventLog,
        woken: asyncio.Event,
        on_answer: Callable[[], None],
    ) -> None:
        self._database = database
        self._session = session
        self._services = services
        self._profiles = profiles
        self._process_id = process_id
        self._accounts = accounts
        self._clock = clock
        self._log = log
        self._woken = woken
        self._on_answer = on_answer
        self._calls: set[asyncio.Task[None]] = set()
        self._tidied: datetime | None = None

    async def run(self, *, stopping: asyncio.Event, idle: float) -> None:
        """Claim and call until `stopping`, on a held connection. Raises DatabaseUnavailable (the caller comes back)."""
        async with self._database.connection() as conn:
            while not stopping.is_set():
                self._woken.clear()
                began = await self.begin(conn)
                if began and len(self._calls) < SLOTS:
                    continue  # there may be more
                due = None
                if not began and len(self._calls) < SLOTS:
                    due = await next_due(conn, accounts=self._accounts(), now=self._clock())
                await self._tidy(conn)
                await wait_for_wake(self._woken, self._until(due, idle))

    async def begin(self, conn: Any) -> int:
        """One claim for the free slots; the calls go on by themselves. Returns how many began."""
        claimed = await claim_calls(
            conn,
            process_id=self._process_id(),
            accounts=self._accounts(),
            limit=SLOTS - len(self._calls),
            now=self._clock(),
        )
        for call in claimed:
            task = asyncio.create_task(self._one(call))
            self._calls.add(task)
            task.add_done_callback(self._done)
        return len(claimed)

    async def drain(self) -> None:
        """Let the calls in flight end."""
        if self._calls:
            await asyncio.wait(self._calls)

    def _done(self, task: asyncio.Task[None]) -> None:
        if len(self._calls) >= SLOTS:
            self._woken.set()
        self._calls.discard(task)

    def _until(self, due: datetime | None, idle: float) -> float:
        if due is None:
            return idle
        return min(max((due - self._clock()).total_seconds(), 0.01), idle)

    async def _one(self, call: Call) -> None:
        try:
            ended = await self._call(call)
            await self._keep(call, ended)
        except (DatabaseUnavailable, TimeoutError):
            return  # it comes back when its lease is over; its key tells the service that it is the same
        except Exception as error:  # a bug here must not have the service called for ever
            self._log.of(call.account_id).error("call_failed", exc=error, **_fields(call))
            with contextlib.suppress(DatabaseUnavailable, TimeoutError, asyncpg.PostgresError):
                await self._keep(call, Ended(False, why=f"igbot could not make it ({type(error).__name__})"))

    async def _call(self, call: Call) -> Ended:
        if call.kind == "profile":
            return await self._profiles(call.account_id, call.igsid, call.timeout.total_seconds())
        address = self._services.get(call.name)
        if address is None:
            return Ended(False, why="the configuration has no such service")
        if address.secret is None:
            return Ended(False, why="the secret that signs its calls is not set")
        return await call_service(self._session, call, url=address.url, secret=address.secret, now=self._clock())

    async def _keep(self, call: Call, ended: Ended) -> None:
        fields, log = _fields(call) | {"attempt": call.attempts}, self._log.of(call.account_id)
        async with self._database.connection() as conn:
            if not ended.ok and ended.again and call.attempts <= call.retry:
                wait = FIRST_WAIT * 2 ** (call.attempts - 1) * random.uniform(0.5, 1.5)
                await call_again(conn, call, ended, at=self._clock() + wait)
                log.info("call_postponed", **fields, reason=ended.why)
                self._woken.set()
                return
            waited = await finish_call(conn, call, ended, now=self._clock())
        if ended.ok:
            log.info("call_answered", **fields)
        elif call.kind == "profile":
            log.info("profile_unknown", **fields, reason=ended.why)
        else:
            log.warning("call_failed", **fields, reason=ended.why)
        if waited:
            self._on_answer()

    async def _tidy(self, conn: Any) -> None:
        now = self._clock()
        if self._tidied is None or self._tidied + TIDY <= now:
            self._tidied = now
            await forget_calls(conn, now=now)


def _fields(call: Call) -> dict[str, Any]:
    fields: dict[str, Any] = {"igsid": call.igsid, "service": call.name, "rule": call.rule or None}
    fields["for_mid"] = call.for_mid
    return fields | ({"test": True} if call.test else {})
