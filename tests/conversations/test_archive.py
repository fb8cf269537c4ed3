"""Idle conversations move into the archived partition: in batches, beside live traffic, twice at once, interrupted."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from igbot.conversations import archive as archiving
from igbot.conversations.archive import ROWS_A_BATCH, Archived, archive, count_idle, last_run
from igbot.conversations.history import show_conversations
from tests.answering.talking import ACCOUNT, ANA, BEN, DAY, START, Desk, customer_says
from tests.waiting import eventually

LATER = START + 40 * DAY
OLDER = 30 * DAY
PARTITIONS = """
SELECT (SELECT count(*) FROM message_live) AS live, (SELECT count(*) FROM message_archived) AS archived
"""
MANY = """
WITH talks AS (
    INSERT INTO conversation (account_id, igsid, started_at, last_at, test)
    SELECT $1, n::text, $2, $2, false FROM generate_series(1, $3::int) n RETURNING igsid
)
INSERT INTO message (account_id, igsid, at, direction, author, kind, text, test)
SELECT $1, igsid, $2::timestamptz + m * interval '1 s', 'in', 'customer', 'text', 'hello', false
FROM talks, generate_series(1, $4::int) m
"""


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def run(desk: Desk, *, now: datetime = LATER, older_than: timedelta = OLDER, **more: Any) -> Archived:
    """One archive run."""
    batches: list[tuple[int, int]] = more.pop("batches", [])

    def on_batch(*moved: int) -> None:
        batches.append((moved[0], moved[1]))

    return await archive(desk.database, older_than=older_than, now=lambda: now, on_batch=on_batch)


async def finished(desk: Desk) -> None:
    """All replies were sent long ago."""
    await desk.value(
        "UPDATE outbox SET status = 'sent', mid = 'out-' || outbox_id, finished_at = now() WHERE status = 'queued'"
    )


async def partitions(desk: Desk) -> tuple[int, int]:
    """How many messages are live, and how many archived."""
    [row] = await desk.rows(PARTITIONS)
    return row["live"], row["archived"]


async def test_what_is_idle_is_archived_and_the_rest_stays(desk: Desk) -> None:
    """By the conversation's last message, whole conversations."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    desk.time.now = START + 20 * DAY
    await desk.arrive(customer_says("hello", "m2", igsid=BEN, at=desk.time()))
    await desk.settle_all()
    await finished(desk)
    assert await run(desk) == Archived(archived=1, messages=2, remaining=0)
    assert await partitions(desk) == (2, 2)
    assert (await desk.talk())["archived_at"] == LATER
    assert (await desk.talk(BEN))["archived_at"] is None


async def test_archived_conversations_are_reached_by_the_same_queries(desk: Desk) -> None:
    """And a customer who writes again has a live conversation with its past, which can be archived again."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    await finished(desk)
    await run(desk)
    desk.time.now = LATER
    await desk.arrive(customer_says("hello", "m2", at=LATER))
    await desk.settle_all()
    await finished(desk)
    assert await partitions(desk) == (2, 2)
    async with desk.database.connection() as conn:
        [talk] = await show_conversations(conn, ANA, now=LATER)
    assert [message["text"] for message in talk["messages"]] == ["hello", "Hi there!"] * 2
    assert talk["archived_at"] is None
    assert await run(desk, now=LATER + 31 * DAY) == Archived(archived=1, messages=2, remaining=0)
    assert await partitions(desk) == (0, 4)


async def test_thousands_of_rows_go_in_batches(desk: Desk) -> None:
    """No batch is much over a thousand rows; a conversation longer than a batch takes several."""
    await desk.value(MANY, ACCOUNT, START, 3, ROWS_A_BATCH + 300)
    batches: list[tuple[int, int]] = []
    result = await run(desk, batches=batches)
    assert result == Archived(archived=3, messages=3 * (ROWS_A_BATCH + 300), remaining=0)
    moved = [0, *(messages for _, messages in batches)]
    assert max(after - before for before, after in pairwise(moved)) <= ROWS_A_BATCH
    assert await partitions(desk) == (0, result.messages)


async def test_what_still_has_work_is_left_alone(desk: Desk) -> None:
    """A pending event, a reply on its way: it remains, and the run ends all the same."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    assert await run(desk) == Archived(archived=0, messages=0, remaining=1)
    await finished(desk)
    desk.time.now = LATER
    await desk.arrive(customer_says("hello", "m2", at=START))
    assert (await run(desk)).archived == 0
    await desk.settle_all()
    assert (await run(desk)).archived == 1


async def test_a_dry_run_counts_and_changes_nothing(desk: Desk) -> None:
    """Conversations and messages that a run would move."""
    await desk.value(MANY, ACCOUNT, START, 5, 4)
    async with desk.database.connection() as conn:
        assert await count_idle(conn, before=LATER - OLDER) == (5, 20)
        assert await count_idle(conn, before=START) == (0, 0)
    assert await partitions(desk) == (20, 0)


async def test_two_runs_at_once_share_the_work(desk: Desk) -> None:
    """Nothing is moved twice, nothing is left."""
    await desk.value(MANY, ACCOUNT, START, 900, 5)
    results = await asyncio.gather(*(run(desk) for _ in range(3)))
    await run(desk)
    assert sum(result.messages for result in results) <= 4500
    assert await partitions(desk) == (0, 4500)
    assert await desk.value("SELECT count(*) FROM conversation WHERE archived_at IS NULL") == 0


async def test_an_interrupted_run_is_taken_up_by_the_next(desk: Desk) -> None:
    """What was moved stays moved, what was under way is as it was."""
    await desk.value(MANY, ACCOUNT, START, 5, ROWS_A_BATCH // 2)

    class Interrupted(Exception):
        pass

    def on_batch(_conversations: int, messages: int) -> None:
        if messages >= ROWS_A_BATCH:
            raise Interrupted

    with pytest.raises(Interrupted):
        await archive(desk.database, older_than=OLDER, now=lambda: LATER, on_batch=on_batch)
    live, archived = await partitions(desk)
    assert archived == ROWS_A_BATCH
    assert await desk.value("SELECT count(*) FROM archive_run") == 0
    result = await run(desk)
    assert (result.messages, result.remaining) == (live, 0)
    assert await partitions(desk) == (0, 5 * ROWS_A_BATCH // 2)


async def test_archiving_beside_live_traffic_loses_nothing(desk: Desk) -> None:
    """Customers write to conversations that are being archived: whichever came first, all is there afterwards."""
    await desk.value(MANY, ACCOUNT, START, 200, 10)
    desk.time.now = LATER

    async def write() -> None:
        for number in range(1, 201, 4):
            await desk.arrive(customer_says("hello", f"new-{number}", igsid=str(number), at=LATER))
            await desk.settle_all()

    await asyncio.gather(run(desk), write())
    assert sum(await partitions(desk)) == 200 * 10 + 50 * 2
    live = await desk.rows("SELECT igsid FROM conversation WHERE archived_at IS NULL")
    assert {int(row["igsid"]) for row in live} == set(range(1, 201, 4))
    strays = """
        SELECT count(*) FROM message_live JOIN conversation USING (account_id, igsid) WHERE archived_at IS NOT NULL
    """
    assert await desk.value(strays) == 0


async def test_a_message_that_comes_while_its_conversation_is_archived_waits_for_it(desk: Desk) -> None:
    """It then finds the conversation archived and makes it live again, never half."""
    await desk.value(MANY, ACCOUNT, START, 1, 3)
    desk.time.now = LATER
    async with desk.database.connection() as conn:
        batch = conn.transaction()
        await batch.start()
        await conn.fetchrow(archiving.BATCH, LATER - OLDER, LATER, ROWS_A_BATCH, 10)
        await desk.arrive(customer_says("hello", "new", igsid="1", at=LATER))
        settling = asyncio.create_task(desk.settle_all())
        await eventually(lambda: desk.value(WAITING))
        await batch.commit()
        await settling
    assert (await desk.talk("1"))["archived_at"] is None
    assert await partitions(desk) == (2, 3)


async def test_each_run_is_noted(desk: Desk) -> None:
    """`health` warns when the last one is long ago."""
    async with desk.database.connection() as conn:
        assert await last_run(conn) is None
        await run(desk)
        await run(desk, now=LATER + DAY)
        assert await last_run(conn) == LATER + DAY
