"""This process among the others: entered in the database, its accounts and their tokens known, dead neighbours cleared
up."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg

from igbot.answering.other_tools import forget_echoes
from igbot.errors import IgbotError, UsageError
from igbot.ops.our_accounts import OurAccounts
from igbot.ops.upkeep import drop_raw, rearm
from igbot.store.loops import wait_for_wake
from igbot.store.pool import Database
from igbot.store.processes import give_back, register, rescue
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog

TURN_SECONDS = 5.0
TURNS_TO_REARM = 12
REFUSED_SECONDS = 10.0


class Membership:
    """What the loops need to know of this process and of its accounts; empty until the database was reached."""

    def __init__(
        self,
        database: Database,
        *,
        accounts: OurAccounts,
        keep_raw: timedelta,
        clock: Clock,
        log: EventLog,
        on_joined: Callable[["asyncpg.Connection[Any]"], Awaitable[None]],
    ) -> None:
        self._database = database
        self._keep_raw = keep_raw
        self._clock = clock
        self._log = log
        self._on_joined = on_joined
        self.accounts = accounts
        self.joined = asyncio.Event()
        self.token_looked_at = asyncio.Event()
        self.process_id = 0
        self.peers = 0
        self._turns = 0

    async def run(self, stopping: asyncio.Event) -> None:
        """Join, look after what is shared every few seconds, join again after an outage; leave when `stopping`."""
        while not stopping.is_set():
            try:
                await self._belong(stopping)
            except UsageError as error:
                self._log.error("accounts_refused", reason=error.message, hint=error.hint)
                await wait_for_wake(stopping, REFUSED_SECONDS)
            except IgbotError:
                await wait_for_wake(stopping, 0.25)
            except Exception as error:  # a database that goes away mid-word says so in many ways; join again
                lost = isinstance(error, (asyncpg.PostgresError, asyncpg.InterfaceError, OSError))
                reason = f"{type(error).__name__}: {error}"
                self._log.warning("membership_interrupted", exc=None if lost else error, reason=reason)
                await wait_for_wake(stopping, 1.0)

    async def _belong(self, stopping: asyncio.Event) -> None:
        conn = await self._database.connect()
        try:
            await self.join(conn)
            while not stopping.is_set():
                await self.turn(conn)
                await wait_for_wake(stopping, TURN_SECONDS)
            await give_back(conn, self.process_id)
        finally:
            conn.terminate()

    async def join(self, conn: "asyncpg.Connection[Any]") -> None:
        """Enter this process and its accounts; `conn` holds the process's lock. Raises UsageError as `enter` does."""
        await self.accounts.enter(conn)
        self.process_id = await register(conn, now=self._clock(), before=self.process_id)
        if not self.joined.is_set():
            await self.accounts.resume(conn)
        await self._on_joined(conn)
        self.joined.set()
        await self.accounts.take_tokens(conn)
        self.token_looked_at.set()

    async def turn(self, conn: "asyncpg.Connection[Any]") -> None:
        """Give back what dead processes held, find what was forgotten, take new tokens."""
        dead, self.peers = await rescue(conn, own=self.process_id)
        if dead:
            self._log.warning("process_lost", processes=dead)
        if self._turns % TURNS_TO_REARM == 0:
            await rearm(conn, now=self._clock())
            await drop_raw(conn, before=self._clock() - self._keep_raw)
            await forget_echoes(conn, now=self._clock())
        self._turns += 1
        await self.accounts.take_tokens(conn)
