"""Waking other processes: what is told arrives, and a lost connection is replaced."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg

from igbot.store.listening import Notifier, listen, listen_once
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from tests.waiting import PATIENCE, eventually

TOPICS = ("inbox", "outbox")
CUT_LISTENERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'
"""
COUNT_LISTENERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"


@contextlib.asynccontextmanager
async def hearing(database: Database) -> AsyncIterator[list[str]]:
    """What a listener hears during the block."""
    heard: list[str] = []
    task = asyncio.create_task(listen(database.connect, TOPICS, heard.append))
    try:
        await eventually(lambda: sorted(heard) == ["inbox", "outbox"])
        heard.clear()
        yield heard
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _notifier(database: Database, *, peers: bool = True) -> Notifier:
    return Notifier(database, peers=lambda: peers, log=event_log("store"))


async def test_many_notifications_of_a_topic_arrive_as_one(database: Database) -> None:
    """They are gathered until the turn, and each topic is heard once."""
    notifier = _notifier(database)
    async with hearing(database) as heard:
        for _ in range(50):
            notifier.notify("outbox")
        notifier.notify("inbox")
        await notifier.turn()
        await eventually(lambda: len(heard) >= 2)
        assert sorted(heard) == ["inbox", "outbox"]


async def test_nobody_is_told_where_there_is_nobody(database: Database) -> None:
    """A process that is alone sends nothing; foreign topics are not heard."""
    async with hearing(database) as heard:
        alone = _notifier(database, peers=False)
        alone.notify("inbox")
        await alone.turn()
        others = _notifier(database)
        others.notify("somebody-elses")
        await others.turn()
        others.notify("outbox")
        await others.turn()
        await eventually(lambda: heard)
        assert heard == ["outbox"]


async def test_the_notifiers_loop_sends_by_itself(database: Database) -> None:
    """`run` waits for something to tell, and tells it."""
    notifier = _notifier(database)
    task = asyncio.create_task(notifier.run())
    async with hearing(database) as heard:
        notifier.notify("inbox")
        await eventually(lambda: heard == ["inbox"])
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_cut_listener_comes_back_and_wakes_everybody(database: Database) -> None:
    """What was missed meanwhile is made up for by waking every topic."""
    async with hearing(database) as heard:
        async with database.connection() as connection:
            await connection.execute(CUT_LISTENERS)
        await eventually(lambda: sorted(heard) == ["inbox", "outbox"])


async def test_a_lost_database_ends_the_turn_quietly(database_url: str) -> None:
    """`listen_once` returns, `turn` drops what it could not tell: polls catch it up."""
    database = Database(database_url, embedded=None, size=2, log=event_log("store"))
    await database.open()
    listener = asyncio.create_task(listen_once(database.connect, TOPICS, lambda topic: None))
    admin: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(database_url)
    await eventually(lambda: _listeners(admin))
    await admin.execute(CUT_LISTENERS)
    await asyncio.wait_for(listener, PATIENCE)
    await admin.close()
    await database.close()
    notifier = _notifier(database)
    notifier.notify("inbox")
    await notifier.turn()


async def _listeners(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    return int(await connection.fetchval(COUNT_LISTENERS))
