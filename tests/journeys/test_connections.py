"""One connection to PostgreSQL breaks in the middle of a statement: nobody waits for a lease, nothing is said twice."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from igbot.answering.claim import CLAIM as CLAIM_MESSAGES
from igbot.answering.settle import SETTLE
from igbot.inbox.receiver import KEEP
from igbot.outbox.claim import CLAIM as CLAIM_REPLIES
from igbot.outbox.finish import FINISH
from tests.journeys.shop import ANA, REPEATING, Shop, open_shop
from tests.journeys.test_answering import HELLO
from tests.journeys.wire import Moment, Passing, open_wire
from tests.waiting import eventually

STATEMENTS = {
    "keeping the message": KEEP,
    "claiming the message": CLAIM_MESSAGES,
    "settling the message": SETTLE,
    "claiming the reply": CLAIM_REPLIES,
    "writing what became of it": FINISH,
}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("sql", STATEMENTS.values(), ids=STATEMENTS.keys())
async def test_a_connection_that_breaks_costs_no_message(
    database_url: str, tmp_path: Path, sql: str, moment: Moment
) -> None:
    """The statement is lost on its way, or done and its answer lost: the customer gets the one reply, at the latest
    when the time for an echo is over."""
    struck: list[Passing] = []

    def strikes(passing: Passing) -> bool:
        # A claim asks for anybody: before it, the one that would find them is as good as any.
        named = ANA.encode() in passing.said or (moment == "before" and sql in (CLAIM_MESSAGES, CLAIM_REPLIES))
        if struck or not named or (passing.sql, passing.moment) != (sql, moment):
            return False
        struck.append(passing)
        return True

    async with (
        open_wire(database_url) as wire,
        open_shop(database_url, tmp_path, through=wire.url, echo="never") as shop,
    ):
        wire.watch = strikes
        await posted(shop, ANA, "hello")
        await eventually(lambda: struck)
        await shop.comes_about(shop.is_quiet)
        assert shop.received(ANA) == [HELLO]
        assert await shop.reply_states(ANA) == ["sent"]
        assert await shop.reasons(ANA) == ["rule"]


async def test_connections_cut_under_load_cost_no_message(database_url: str, tmp_path: Path) -> None:
    """Every connection is cut three times while twenty customers write: each message is answered once, in order."""
    customers = [f"94{number:014d}" for number in range(20)]
    texts = [f"number {number}" for number in range(8)]

    async def writes(shop: Shop, igsid: str) -> None:
        for text in texts:
            await posted(shop, igsid, text)

    async with (
        open_wire(database_url) as wire,
        open_shop(database_url, tmp_path, through=wire.url, rules=REPEATING) as shop,
    ):
        writing = [asyncio.create_task(writes(shop, igsid)) for igsid in customers]
        for count in (15, 50, 90):
            await shop.comes_about(partial(has_accepted, shop, count))
            wire.cut()
        await asyncio.gather(*writing)
        await shop.comes_about(shop.is_quiet)
        for igsid in customers:
            assert shop.received(igsid) == [f"You wrote: {text}" for text in texts]


def has_accepted(shop: Shop, count: int) -> bool:
    """Whether Meta has taken more than so many replies."""
    return len(shop.sandbox.accepted.select()) > count


async def posted(shop: Shop, igsid: str, text: str) -> None:
    """A message is delivered until it is taken, as Meta does."""
    did = shop.sandbox.customer_does(igsid, text=text)

    async def taken() -> bool:
        return (await shop.sandbox.deliver(did)).status == 200

    await eventually(taken)
