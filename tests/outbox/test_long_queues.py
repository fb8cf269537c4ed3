"""A step costs by what it works on, however many wait behind it and whatever the planner knew of the tables."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from igbot.answering.claim import claim_conversations
from igbot.answering.settle import settle
from igbot.answering.turn import take_turn
from igbot.outbox.claim import claim_replies
from igbot.outbox.claimed import Room
from igbot.outbox.finish import Finished, finish
from igbot.outbox.lanes import next_due
from igbot.outbox.patrol import Patrol
from igbot.outbox.verdict import Verdict
from igbot.settings.model import Rates
from igbot.telemetry.log import event_log
from tests.answering.talking import ACCOUNT, ANA, OTHER_ACCOUNT, customer_says
from tests.outbox.posting import MARGIN, SECOND, Post

WAITING = 150
ENOUGH = 40
"""Rows that one conversation's step may look at, all tables together."""
# What this transaction has read so far, by any way.
READ = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int FROM pg_stat_xact_user_tables"

Step = Callable[["asyncpg.Connection[Any]"], Awaitable[Any]]


async def _write(post: Post) -> None:
    items = [customer_says("hello", f"wait-{n}", igsid=str(9_000_000 + n), at=post.now) for n in range(WAITING)]
    await post.desk.arrive(*items)


async def _rows_read(post: Post, step: Step) -> int:
    async with post.desk.database.connection() as conn:
        undone = conn.transaction()
        await undone.start()
        before = await conn.fetchval(READ)
        await step(conn)
        read = int(await conn.fetchval(READ) - before)
        await undone.rollback()
        return read


async def test_a_turn_does_not_read_what_waits_behind_it(post: Post) -> None:
    """The statements were planned when the tables were empty; then 150 customers write, and one is answered."""
    await post.queue("hello")
    await _write(post)
    rules = post.desk.rules
    assert rules is not None

    async def one(conn: "asyncpg.Connection[Any]") -> None:
        [claim] = await claim_conversations(conn, process_id=1, accounts=[ACCOUNT], limit=1, now=post.now)
        turn = take_turn(claim, rules, post.desk.policy, now=post.now)
        assert (await settle(conn, [turn], process_id=1, now=post.now)).replies

    assert await _rows_read(post, one) <= ENOUGH


async def test_a_send_does_not_read_what_is_queued_behind_it(post: Post) -> None:
    """The same for a reply: its claim and its verdict, with 75 others queued and 76 sent before."""
    await post.queue("hello")
    await post.sent(await post.claim_one())
    await _write(post)
    await post.desk.settle_all()
    for reply in await post.claim(limit=WAITING // 2):
        await post.sent(reply)

    async def one(conn: "asyncpg.Connection[Any]") -> None:
        claimed = await claim_replies(conn, process_id=1, rooms=[post.room(calls=1)], margin=MARGIN, now=post.now)
        await finish(
            conn, [Finished(claimed.replies[0], Verdict("sent", "sent", mid="out"))], process_id=1, now=post.now
        )

    assert await _rows_read(post, one) <= ENOUGH


BEHIND = 10_000
NEW_ACCOUNT = "INSERT INTO account (account_id, ids, production) VALUES ($1, ARRAY[$1], true)"
BACKLOGS = {
    "of the same account": "SELECT 1",
    "of a stopped account": f"UPDATE outbox_lane SET account_id = '{OTHER_ACCOUNT}' WHERE igsid LIKE 'c%'",
    "of pictures": "UPDATE outbox_lane SET bucket = 'media' WHERE igsid LIKE 'c%'",
    "that is due later": "UPDATE outbox_lane SET due_at = due_at + interval '1 hour' WHERE igsid LIKE 'c%'",
}


@pytest.mark.parametrize("analyzed", [False, True])
@pytest.mark.parametrize("backlog", BACKLOGS)
async def test_a_backlog_costs_the_claim_nothing(post: Post, backlog: str, analyzed: bool) -> None:
    """Thousands queued, in whatever way they may not go yet: a claim reads what it reads without them."""
    await post.desk.value(NEW_ACCOUNT, OTHER_ACCOUNT)
    await post.desk.value("UPDATE account SET halted_at = now() WHERE account_id = $1", OTHER_ACCOUNT)
    rates = Rates(1e9, 10, 1e9, 2)
    rooms = [post.room(calls=1, rates=rates), Room(OTHER_ACCOUNT, 64)]

    async def one(conn: "asyncpg.Connection[Any]") -> None:
        claimed = await claim_replies(conn, process_id=1, rooms=rooms, margin=MARGIN, now=post.now)
        assert [reply.igsid for reply in claimed.replies] == [ANA]

    async def none(conn: "asyncpg.Connection[Any]") -> None:
        claimed = await claim_replies(conn, process_id=2, rooms=rooms, margin=MARGIN, now=post.now)
        assert claimed.replies == []

    async def due(conn: "asyncpg.Connection[Any]") -> None:
        await next_due(conn, rooms=rooms, now=post.now)

    await post.desk.value("UPDATE account SET media_spent_until = $1", post.now + 10 * SECOND)
    await post.queue("hello")
    await post.desk.value("UPDATE outbox_lane SET due_at = due_at - interval '1 minute'")
    least = await _rows_read(post, one)
    await post.queue_many(BEHIND)
    await post.desk.value(BACKLOGS[backlog])
    if analyzed:
        await post.desk.value("ANALYZE")
    await _rows_read(post, one)  # the first look clears away the index entries that moving them has left behind
    assert await _rows_read(post, one) <= 2 * least
    await post.desk.value("UPDATE outbox_lane SET due_at = NULL WHERE igsid NOT LIKE 'c%'")
    if backlog != "of the same account":
        assert await _rows_read(post, none) <= 2 * least
    assert await _rows_read(post, due) <= 2 * least


async def test_the_patrol_reads_nothing_of_accounts_that_send(post: Post) -> None:
    """Also where the planner knows of no reply; whose sends go on is the claim's business."""
    await post.queue_many(BEHIND)
    patrol = Patrol(margin=MARGIN, log=event_log("outbox"), on_trouble=lambda _: None)

    async def look(conn: "asyncpg.Connection[Any]") -> None:
        await patrol.turn(conn, [ACCOUNT], now=post.now)

    assert await _rows_read(post, look) <= ENOUGH
