"""A step costs by what it works on, however many wait behind it and whatever the planner knew of the tables."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from igbot.answering.claim import claim_conversations
from igbot.answering.settle import settle
from igbot.answering.turn import take_turn
from igbot.outbox.claim import claim_replies
from igbot.outbox.finish import Finished, finish
from igbot.outbox.verdict import Verdict
from tests.answering.talking import ACCOUNT, customer_says
from tests.outbox.posting import MARGIN, Post

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
    async with post.desk.database.connection() as conn, conn.transaction():
        before = await conn.fetchval(READ)
        await step(conn)
        return int(await conn.fetchval(READ) - before)


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
