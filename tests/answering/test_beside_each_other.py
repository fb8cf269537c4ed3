"""Everyone at once: receivers, workers and senders lock the same rows and never wait for each other in a circle."""

import asyncio
import random

import pytest

from igbot.store.pool import Database
from tests.answering.talking import ACCOUNT, Desk, customer_says, logged, open_desk

DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


async def test_receivers_and_workers_do_not_lock_each_other_out(
    desk: Desk, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Batches over the same conversations, in any order, while they are settled: everything is answered once."""
    customers = [str(9_000_000_000_000_000 + number) for number in range(60)]
    chance = random.Random(7)

    async def receive(name: str) -> None:
        for number in range(12):
            some = chance.sample(customers, 40)
            await desk.arrive(*(customer_says("hello", f"{name}-{number}-{igsid}", igsid=igsid) for igsid in some))

    async def work(process_id: int) -> None:
        async with open_desk(database, process_id=process_id) as other:
            for _ in range(30):
                await other.work()

    await asyncio.gather(receive("a"), receive("b"), work(2), work(3))
    await desk.settle_all()

    assert await desk.value("SELECT count(*) FROM outbox") == 2 * 12 * 40
    assert await desk.value("SELECT count(*) FROM inbox WHERE status = 'pending'") == 0
    async with database.connection() as conn:
        await conn.execute("SELECT pg_stat_force_next_flush()")
    assert await desk.value(DEADLOCKS) == 0
    assert logged(caplog, "batch_failed") == logged(caplog, "event_failed") == []
    assert await desk.value("SELECT count(*) FROM conversation WHERE account_id = $1", ACCOUNT) == 60
