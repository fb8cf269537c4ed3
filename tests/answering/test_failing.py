"""What fails, fails alone: an event, a lease, a connection."""

from datetime import timedelta

import pytest

from igbot.answering.claim import LEASE
from igbot.answering.turn import take_turn
from igbot.answering.worker import TRIES
from igbot.store.pool import Database
from tests.answering.talking import ACCOUNT, ANA, BEN, START, Desk, claimed, customer_says, logged

SECOND = timedelta(seconds=1)


async def test_an_event_that_keeps_failing_dies_and_the_conversation_goes_on(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Five tries, each later than the one before; what came after it waits, then is answered."""
    await desk.arrive(customer_says("hello", "bad"))
    await desk.arrive(customer_says("hello", "m2", at=START + SECOND))
    await desk.value("UPDATE inbox SET raw = '{' WHERE mid = 'bad'")
    for number in range(TRIES):
        assert desk.dead == []
        await desk.settle_all()
        assert await desk.replies() == []
        desk.time.pass_by(seconds=2**number)
    await desk.settle_all()
    assert await desk.replies() == ["Hi there!"]
    [row] = await desk.rows("SELECT status, attempts, error FROM inbox WHERE mid = 'bad'")
    assert (row["status"], row["attempts"]) == ("dead", TRIES)
    assert "JSONDecodeError" in row["error"] or "ValueError" in row["error"]
    assert [account for account, _ in desk.dead] == [ACCOUNT]
    assert [line["attempt"] for line in logged(caplog, "event_failed")] == [1, 2, 3, 4, 5]


async def test_an_event_that_cannot_be_written_dies_alone(desk: Desk, database: Database) -> None:
    """The batch fails, then the turn, then only the event at fault; other customers notice nothing."""
    async with database.connection() as conn:
        await conn.execute("ALTER TABLE message_live ADD CHECK (text <> 'hello poison')")
    texts = ("repeat a", "hello poison", "repeat b")
    items = [customer_says(text, f"m{n}", at=START + n * SECOND) for n, text in enumerate(texts)]
    await desk.arrive(*items, customer_says("hello", "ben", igsid=BEN))
    desk.time.pass_by(seconds=5)
    await desk.work()
    assert await desk.replies(BEN) == ["Hi there!"]
    for _ in range(20):
        desk.time.pass_by(seconds=20)
        await desk.settle_all()
    assert await desk.replies() == ["You said: repeat a", "You said: repeat b"]
    rows = await desk.rows("SELECT mid, status FROM inbox WHERE igsid = $1 ORDER BY event_at", ANA)
    assert [row["status"] for row in rows] == ["done", "dead", "done"]


async def test_a_failure_is_not_counted_against_a_conversation_that_another_process_has(desk: Desk) -> None:
    """That one meets the event itself; its lease stays its own."""
    await desk.arrive(customer_says("hello", "bad"))
    await desk.value("UPDATE inbox SET raw = '{'")
    await claimed(desk, 1)
    desk.time.now += LEASE + SECOND
    [late] = await claimed(desk, 2)
    assert desk.rules is not None
    turn = take_turn(late, desk.rules, desk.policy, now=desk.time())
    assert turn.failed is not None
    assert turn.failure is not None
    desk.process_id = 1
    async with desk.database.connection() as conn:
        await desk.worker._fail(conn, late, turn.failed, turn.failure)
    assert await desk.value("SELECT attempts FROM inbox") == 0
    assert await desk.value("SELECT lease_by FROM inbox_lane") == 2


async def test_what_was_claimed_over_a_broken_connection_is_taken_up_at_once(desk: Desk) -> None:
    """A worker that comes back hands back what it held; nobody waits for the lease."""
    await desk.arrive(customer_says("hello", "m1"))
    await claimed(desk, 1)
    assert await desk.work() == 0
    async with desk.database.connection() as conn:
        await desk.worker.recover(conn)
    assert await desk.work() == 1
    assert await desk.replies() == ["Hi there!"]
