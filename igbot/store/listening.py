"""Wakes other processes, and is woken by them. A wake-up may be missed: a slow poll has to catch what it was for."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Any, NoReturn

import asyncpg

from igbot.errors import IgbotError
from igbot.store.pool import Database
from igbot.store.reachability import UNREACHABLE
from igbot.telemetry.log import EventLog

if TYPE_CHECKING:
    Connect = Callable[[], Awaitable[asyncpg.Connection[Any]]]

CHANNEL = "igbot_wake"
_RECONNECT_SECONDS = 1.0
_PROBE_SECONDS = 30.0
_ANSWER_SECONDS = 5.0
_PROBE = "SELECT 1"
_NOTIFY = "SELECT pg_notify($1, topic) FROM unnest($2::text[]) AS topic"


async def listen(connect: "Connect", topics: Collection[str], on_wake: Callable[[str], None]) -> NoReturn:
    """Calls `on_wake` with each of `topics` that any process notifies, for ever, over a connection of its own.

    On every connection made, every topic is woken: something may have been missed. `connect` is `Database.connect`.
    """
    while True:
        # Whoever keeps the database open reports what is wrong; here there is nothing to do but to come back.
        with contextlib.suppress(IgbotError, asyncpg.PostgresError):
            await listen_once(connect, topics, on_wake)
        await asyncio.sleep(_RECONNECT_SECONDS)


async def listen_once(connect: "Connect", topics: Collection[str], on_wake: Callable[[str], None]) -> None:
    """One turn of `listen`: from connecting to the connection's end. Raises what `connect` raises."""
    connection = await connect()
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())

    def heard(_connection: object, _pid: int, _channel: str, topic: object) -> None:
        if isinstance(topic, str) and topic in topics:
            on_wake(topic)

    try:
        await connection.add_listener(CHANNEL, heard)
        for topic in topics:
            on_wake(topic)
        while not await _came(lost, within=_PROBE_SECONDS):
            # A connection cut by something on the way looks idle for hours.
            await connection.execute(_PROBE, timeout=_ANSWER_SECONDS)
    except UNREACHABLE:
        return
    finally:
        connection.terminate()


class Notifier:
    """Tells other processes that there is work, at most one NOTIFY at a time and outside every transaction.

    Many concurrent NOTIFYs queue for one lock in PostgreSQL: that is why they are gathered. `peers` says whether
    there is any other process to tell.
    """

    def __init__(self, database: Database, *, peers: Callable[[], bool], log: EventLog) -> None:
        self._database = database
        self._peers = peers
        self._log = log
        self._topics: set[str] = set()
        self._wake = asyncio.Event()

    def notify(self, topic: str) -> None:
        """Has the others woken for `topic` soon; returns at once."""
        self._topics.add(topic)
        self._wake.set()

    async def run(self) -> NoReturn:
        """The loop that sends, for ever."""
        while True:
            await self._wake.wait()
            await self.turn()

    async def turn(self) -> None:
        """Sends what was asked for until now; a failure is logged and left to the listeners' polls."""
        self._wake.clear()
        topics, self._topics = sorted(self._topics), set()
        if not topics or not self._peers():
            return
        try:
            async with self._database.connection() as connection:
                await connection.execute(_NOTIFY, CHANNEL, topics)
        except IgbotError as error:
            self._log.debug("notify_skipped", reason=error.message)
        except Exception as error:  # a hint that was not sent must not end the process
            self._log.warning("notify_failed", exc=error)


async def wake(conn: "asyncpg.Connection[Any]", *topics: str) -> None:
    """Has every process woken for `topics` now: for a command, which ends right after."""
    await conn.execute(_NOTIFY, CHANNEL, topics)


async def _came(event: asyncio.Event, *, within: float) -> bool:
    try:
        async with asyncio.timeout(within):
            await event.wait()
    except TimeoutError:
        return False
    return True
