"""Statements that meet on the same rows: whichever comes first, all is written, and once."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from igbot.accounts.identity import enter
from igbot.answering.claim import claim_conversations
from igbot.answering.claimed import Claim
from igbot.answering.outcome import Turn
from igbot.answering.policy import Policy
from igbot.answering.settle import settle
from igbot.answering.turn import take_turn
from igbot.inbox.receiver import Receiver
from igbot.meta.events import AccountId
from igbot.outbox.claim import claim_replies
from igbot.outbox.claimed import ClaimedReply, Room
from igbot.outbox.finish import Finished, finish
from igbot.outbox.verdict import Verdict
from igbot.rules.deciding.choice import Options
from igbot.rules.loading import load_rules
from igbot.sandbox.customer import customer_message, delivery_body, echo, seen
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from tests.journeys.shop import ACCOUNT, ANA
from tests.waiting import eventually

NOW = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
POLICY = Policy(Options(default_reply="hello"))
PROCESS = 7
OURS = [AccountId(ACCOUNT)]
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class Parts:
    """The statements of a bot, each run when the test says so."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def arrives(self, *items: object) -> None:
        """Keeps items as one delivery."""
        receiver = Receiver(
            self.database,
            accounts=lambda: {ACCOUNT: AccountId(ACCOUNT)},
            is_test=lambda _: False,
            on_kept=lambda: None,
            log=event_log("inbox"),
        )
        writer = asyncio.create_task(receiver.run())
        await receiver.accept(delivery_body(items, ACCOUNT, NOW), NOW)  # type: ignore[arg-type]  # items are JSON
        writer.cancel()

    async def claim(self) -> list[Claim]:
        """Leases what is pending."""
        async with self.database.connection() as conn:
            return await claim_conversations(conn, process_id=PROCESS, accounts=OURS, limit=64, now=NOW)

    def turn(self, claim: Claim) -> Turn:
        """Decides on a claim, with no rules."""
        rules = load_rules([]).ruleset
        assert rules is not None
        return take_turn(claim, rules, POLICY, now=NOW)

    async def settle(self, *turns: Turn) -> dict[tuple[str, str], int]:
        """Writes turns."""
        async with self.database.connection() as conn:
            return (await settle(conn, turns, process_id=PROCESS, now=NOW)).replies

    async def claim_replies(self, *, now: datetime = NOW) -> list[ClaimedReply]:
        """Marks replies as being sent."""
        async with self.database.connection() as conn:
            rooms = [Room(account, 64) for account in OURS]
            claimed = await claim_replies(conn, process_id=PROCESS, rooms=rooms, margin=timedelta(seconds=10), now=now)
            return claimed.replies

    async def finish(self, reply: ClaimedReply, mid: str) -> None:
        """Writes that Meta took a reply."""
        async with self.database.connection() as conn:
            await finish(conn, [Finished(reply, Verdict("sent", "sent", mid=mid))], process_id=PROCESS, now=NOW)


@pytest.fixture
async def parts(database: Database) -> Parts:
    """The statements on a fresh database that knows the account."""
    async with database.connection() as conn:
        await enter(conn, [ACCOUNT], production=True)
    return Parts(database)


async def test_an_echo_and_the_answer_it_overtook_are_both_written(parts: Parts, database_url: str) -> None:
    """The worker settles a reply by its echo while the sender writes it as sent: neither locks the other out."""
    await parts.arrives(customer_message(ANA, ACCOUNT, at=NOW, mid="m_1", text="hi"))
    await parts.settle(*map(parts.turn, await parts.claim()))
    [reply] = await parts.claim_replies()
    await parts.arrives(echo(ANA, ACCOUNT, mid="m_2", at=NOW, text="hello"), seen(ANA, ACCOUNT, mid="m_2", at=NOW))
    [claim] = await parts.claim()
    blocker = await asyncpg.connect(database_url)
    try:
        block = blocker.transaction()
        await block.start()
        await blocker.execute("SELECT FROM outbox FOR UPDATE")
        echoed = asyncio.create_task(parts.settle(parts.turn(claim)))
        await eventually(lambda: waiting(parts, 1))
        answered = asyncio.create_task(parts.finish(reply, "m_2"))
        await eventually(lambda: waiting(parts, 2))
        await block.commit()
        await asyncio.gather(echoed, answered)
        [row] = await blocker.fetch("SELECT status, mid, echoed_at, seen_at FROM outbox")
    finally:
        await blocker.close()
    assert tuple(row) == ("sent", "m_2", NOW, NOW)


async def waiting(parts: Parts, count: int) -> bool:
    """Whether so many statements wait for a lock."""
    async with parts.database.connection() as conn:
        return int(await conn.fetchval(WAITING)) == count


async def test_a_claim_that_looked_too_early_tells_nothing_twice(parts: Parts, database_url: str) -> None:
    """A worker whose look at a conversation is older than another worker's writing adds nothing to it."""
    await parts.arrives(customer_message(ANA, ACCOUNT, at=NOW, mid="m_1", text="hi"))
    [turn] = map(parts.turn, await parts.claim())
    await parts.settle(turn)
    other = await asyncpg.connect(database_url)
    try:
        await other.execute("UPDATE inbox_lane SET lease_by = $1, lease_until = $2", PROCESS, NOW)
        await parts.settle(turn)
        [counts] = await other.fetch("SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM outbox)")
    finally:
        await other.close()
    assert tuple(counts) == (2, 1)


async def test_a_claim_that_looked_too_early_sends_nothing_twice(parts: Parts, database_url: str) -> None:
    """A sender waits for nobody who is just writing of a reply: it leaves it alone, and finds the lane empty the next
    time."""
    await parts.arrives(customer_message(ANA, ACCOUNT, at=NOW, mid="m_1", text="hi"))
    await parts.settle(*map(parts.turn, await parts.claim()))
    other = await asyncpg.connect(database_url)
    try:
        writing = other.transaction()
        await writing.start()
        await other.execute("UPDATE outbox SET status = 'sent', mid = 'm_2', finished_at = $1", NOW)
        assert await parts.claim_replies() == []
        await writing.commit()
        assert await parts.claim_replies(now=NOW + timedelta(seconds=1)) == []
        [lane] = await other.fetch("SELECT lease_by, due_at FROM outbox_lane")
    finally:
        await other.close()
    assert tuple(lane) == (None, None)
