"""What limits and calls need is found by keys, however much there is and whatever the planner knew of the tables."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from igbot.answering.claim import claim_conversations
from igbot.answering.limits import remaining_uses
from igbot.answering.other_tools import look_for_tools
from igbot.answering.settle import settle
from igbot.answering.turn import take_turn
from igbot.answering.wiping import wipe
from igbot.meta.events import Mid
from igbot.rules.answers import Limit
from tests.answering.talking import ACCOUNT, ANA, Desk, customer_says, shop_says
from tests.rules.writing import rules

OTHERS = 150
ENOUGH = 45
"""Rows that one step may look at, all tables together."""
# What this transaction has read so far, by any way.
READ = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int FROM pg_stat_xact_user_tables"
RULES = rules(
    """
    - {name: gift, keywords: [gift], reply: Here it is., limit: {times: 2, within: 30d}}
    - {name: order, keywords: [order], call: {name: orders}, reply: There.}
    - {name: hello, keywords: [hello], reply: Hi there!}
    """
)


async def rows_read(desk: Desk, step: Callable[["asyncpg.Connection[Any]"], Awaitable[Any]]) -> int:
    """How many rows a step looks at."""
    async with desk.database.connection() as conn, conn.transaction():
        before = await conn.fetchval(READ)
        await step(conn)
        return int(await conn.fetchval(READ) - before)


async def others_write(desk: Desk, text: str) -> None:
    """So many customers write this, and it is worked on."""
    await desk.arrive(*(customer_says(text, f"{text}-{n}", igsid=str(9_000_000 + n)) for n in range(OTHERS)))
    await desk.settle_all()


async def one_turn(desk: Desk, conn: "asyncpg.Connection[Any]") -> None:
    """The longest-waiting conversation."""
    [claim] = await claim_conversations(conn, process_id=1, accounts=[ACCOUNT], limit=1, now=desk.time())
    turn = take_turn(claim, RULES, desk.policy, now=desk.time())
    written = await settle(conn, [turn], process_id=1, now=desk.time())
    assert written.replies or written.calls


async def test_uses_are_looked_up_by_their_events(desk: Desk) -> None:
    """Of 150 replies in the outbox only those that a limit counts for this customer."""
    desk.rules = RULES
    await desk.arrive(customer_says("gift", "first"))
    await desk.settle_all()
    await others_write(desk, "hello")
    await desk.arrive(customer_says("gift", "second"))
    assert await rows_read(desk, lambda conn: one_turn(desk, conn)) <= ENOUGH


async def test_calls_are_looked_up_by_their_events(desk: Desk) -> None:
    """150 conversations wait for calls, another one is answered."""
    desk.rules = RULES
    await others_write(desk, "order")
    await desk.arrive(customer_says("hello", "m1", igsid=ANA))
    assert await rows_read(desk, lambda conn: one_turn(desk, conn)) <= ENOUGH


async def test_a_deletion_is_looked_up_by_its_mid(desk: Desk) -> None:
    """Of 150 messages with their answers, events and calls only what belongs to the one; and for a message none of 150
    other deletions."""
    desk.rules = RULES
    await desk.arrive(customer_says("gift", "m1"))
    await desk.settle_all()
    await others_write(desk, "hello")
    await others_write(desk, "order")
    others = (customer_says("", "", kind="deleted", about=f"none-{n}", igsid=str(9_000_000 + n)) for n in range(OTHERS))
    await desk.arrive(*others)
    await desk.settle_all()

    async def wiped(conn: "asyncpg.Connection[Any]") -> None:
        assert (await wipe(conn, ACCOUNT, Mid("m1"), at=desk.time(), facts={}, now=desk.time())).cancelled == 1

    assert await rows_read(desk, wiped) <= ENOUGH
    await desk.arrive(customer_says("gift", "m2"))
    assert await rows_read(desk, lambda conn: one_turn(desk, conn)) <= ENOUGH


async def test_other_tools_are_looked_for_by_their_words(desk: Desk) -> None:
    """Of 150 other echoes none; of 150 customers of a known tool three."""
    query = (
        "INSERT INTO foreign_echo (account_id, words, igsid, seen_at, told)"
        " SELECT $1, sha256(convert_to(CASE word WHEN 'other' THEN word || n ELSE word END, 'UTF8')), n::text, $2, true"
        " FROM generate_series(1, 150) AS n, unnest($3::text[]) AS word"
    )
    await desk.value(query, ACCOUNT, desk.time(), ["other", "tool"])
    await desk.arrive(customer_says("hello", "m1"), shop_says("tool", "p1"))
    async with desk.database.connection() as conn:
        claims = await claim_conversations(conn, process_id=1, accounts=[ACCOUNT], limit=1, now=desk.time())

    async def look(conn: "asyncpg.Connection[Any]") -> None:
        [claim], tools = await look_for_tools(conn, claims, pause=None, now=desk.time())
        assert (set(claim.tools), tools) == ({"tool"}, [])

    assert await rows_read(desk, look) <= ENOUGH


async def test_limits_for_all_are_counted_no_further_than_they_reach(desk: Desk) -> None:
    """Of 150 uses of another rule none, of 150 of its own as many as are allowed."""
    await desk.value(
        "INSERT INTO rule_use (account_id, rule, for_key, used_at, observer)"
        " SELECT $1, rule, gen_random_uuid(), $2, false FROM generate_series(1, 150), unnest($3::text[]) AS rule",
        ACCOUNT,
        desk.time(),
        ["gift", "other"],
    )
    limits = {"gift": Limit(times=5, within=None, per="all")}

    async def count(conn: "asyncpg.Connection[Any]") -> None:
        left = await remaining_uses(conn, limits, [ACCOUNT], now=desk.time())
        assert left == {(ACCOUNT, "gift"): 0}

    assert await rows_read(desk, count) <= ENOUGH
