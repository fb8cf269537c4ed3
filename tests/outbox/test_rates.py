"""How fast replies are claimed: the buckets of an account are one for all processes on the database."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from igbot.meta.outgoing import Attachment, Outgoing
from igbot.outbox.again import begin_again
from igbot.outbox.claim import claim_replies
from igbot.outbox.claimed import ClaimedReply, Room
from igbot.outbox.gate import Bucket
from igbot.outbox.lanes import next_due
from igbot.outbox.optional_calls import spares_calls
from igbot.outbox.verdict import Verdict
from igbot.settings.model import Rates
from igbot.store.pool import Database
from tests.answering.talking import ACCOUNT, OTHER_ACCOUNT, Desk, Time
from tests.outbox.posting import MARGIN, SECOND, Post

PICTURE = Outgoing(attachment=Attachment("image", "https://lola.example/mug.jpg"))
SLOW = Rates(text=100, media=10, customer=1, look_ups=2)
MILLISECOND = timedelta(milliseconds=1)
NEW_ACCOUNT = "INSERT INTO account (account_id, ids, production) VALUES ($1, ARRAY[$1], true)"


async def drained(post: Post, rates: Rates, *, processes: int = 1) -> AsyncIterator[tuple[datetime, ClaimedReply]]:
    """All that is claimed until nothing is left, by processes that look when they were told to, and then at once."""
    while True:
        looks: list[datetime] = []
        for process in range(1, processes + 1):
            claimed = await post.claimed(process_id=process, limit=1000, rates=rates)
            for reply in claimed.replies:
                yield post.now, reply
                await post.sent(reply, process_id=process)
            if claimed.again_at is not None:
                looks.append(claimed.again_at)
        if not looks:
            async with post.desk.database.connection() as conn:
                due = await next_due(conn, rooms=[post.room(rates=rates)], now=post.now)
            if due is None:
                return
            looks.append(due)
        post.desk.time.now = max(post.now, min(looks))


@pytest.mark.parametrize("processes", [1, 2])
async def test_a_backlog_drains_oldest_first_at_the_rate_and_no_faster(post: Post, processes: int) -> None:
    """However many processes share it: in no second more than a bucketful above the rate."""
    await post.queue_many(230)
    sent = [(at, reply.igsid) async for at, reply in drained(post, SLOW, processes=processes)]
    assert [igsid for _, igsid in sent] == [f"c{number:06}" for number in range(230)]
    began, took = sent[0][0], (sent[-1][0] - sent[0][0]).total_seconds()
    assert 2.2 <= took <= 2.3
    for start, _ in sent:
        assert sum(start <= at < start + SECOND for at, _ in sent) <= 105
    assert sum(at == began for at, _ in sent) == 5


async def test_a_tenth_of_the_rate_while_metas_budget_is_nearly_used(post: Post) -> None:
    """For a minute after Meta said so; a profile is not asked for meanwhile."""
    await post.queue_many(40)
    await post.desk.value("UPDATE account SET usage_percent = 96, usage_at = $1", post.now)
    async with post.desk.database.connection() as conn:
        assert await spares_calls(conn, ACCOUNT, now=post.now + 59 * SECOND)
        assert not await spares_calls(conn, ACCOUNT, now=post.now + 60 * SECOND)
    times = [at async for at, _ in drained(post, SLOW)]
    assert 3.9 <= (times[-1] - times[0]).total_seconds() <= 4.0


async def test_pictures_go_at_their_own_rate_and_words_overtake_them(post: Post) -> None:
    """Ten a second, the oldest first; who waits for the narrow bucket is not looked at again before it opens."""
    await post.queue_many(30, PICTURE)
    await post.queue_many(100, first=100)
    began = post.now
    sent = [(at, reply.igsid) async for at, reply in drained(post, SLOW)]
    pictures = [(at, igsid) for at, igsid in sent if igsid < "c000100"]
    words = [(at, igsid) for at, igsid in sent if igsid >= "c000100"]
    assert [igsid for _, igsid in pictures] == [f"c{number:06}" for number in range(30)]
    assert [igsid for _, igsid in words] == [f"c{number:06}" for number in range(100, 200)]
    assert 2.8 <= (pictures[-1][0] - began).total_seconds() <= 3.1
    assert (words[-1][0] - began).total_seconds() <= 1.7


async def test_a_customer_is_written_to_once_a_second(post: Post) -> None:
    """The next reply is due when the second is over; another customer's does not wait for it."""
    await post.queue("repeat 1", "repeat 2", "repeat 3")
    times = [at async for at, _ in drained(post, Rates(*[1e9, 1e9, 1, 1e9]))]
    assert [(at - times[0]).total_seconds() for at in times] == [0, 1, 2]


async def test_what_is_queued_later_waits_for_the_customers_second_too(post: Post) -> None:
    """However it came that the lane was looked at before."""
    rates = Rates(*[1e9, 1e9, 1, 1e9])
    await post.queue("repeat 1")
    [reply] = await post.claim(rates=rates)
    await post.sent(reply)
    await post.queue("repeat 2")
    assert (await post.lane())["due_at"] == post.now + SECOND
    await post.desk.value("UPDATE outbox_lane SET due_at = $1", post.now)
    assert await post.claim(rates=rates) == []
    assert (await post.lane())["due_at"] == post.now + SECOND
    post.desk.time.pass_by(seconds=1)
    assert len(await post.claim(rates=rates)) == 1


async def test_look_ups_wait_for_their_turn(post: Post) -> None:
    """Two a second, and none of them is given up for it; sends go on meanwhile."""
    await post.queue_many(7)
    for reply in await post.claim(limit=7):
        await post.finish((reply, Verdict("unknown", "no answer", post.now)))
    await post.queue_many(50, first=100)
    began, steps = post.now, []
    async for at, reply in drained(post, SLOW):
        steps.append((reply.step, (at - began).total_seconds()))
    looked_up = [at for step, at in steps if step == "settle"]
    assert [at - looked_up[0] for at in looked_up] == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5, 3], abs=1e-4)
    assert max(at for step, at in steps if step == "send") <= 0.6


async def test_what_needs_no_call_costs_nothing(post: Post) -> None:
    """What expires or is cancelled is not counted, and goes as fast as it can be written."""
    await post.queue_many(20)
    post.desk.time.pass_by(hours=24)
    began = post.now
    steps = []
    while claimed := await post.claim(rates=SLOW):
        steps += [reply.step for reply in claimed]
        for reply in claimed:
            await post.finish((reply, Verdict("expired", "expired")))
    assert steps == ["expire"] * 20
    assert (await post.account())["text_spent_until"] is None
    assert post.now == began


async def test_an_account_that_may_not_send_holds_up_no_other(post: Post) -> None:
    """Each has its own gate: the other's replies go out in the same claim, however many wait before them."""
    await post.desk.value(NEW_ACCOUNT, OTHER_ACCOUNT)
    await post.queue_many(50)
    post.desk.time.pass_by(seconds=5)
    await post.queue_many(3, account=OTHER_ACCOUNT, first=100)
    rooms = [post.room(calls=10), Room(OTHER_ACCOUNT, 10, SLOW)]
    for stop in ("send_after = '2099-01-01'", "halted_at = '2026-01-01'", "paused_at = '2026-01-01'"):
        await post.desk.value(f"UPDATE account SET {stop} WHERE account_id = $1", ACCOUNT)
        async with post.desk.database.connection() as conn:
            undone = conn.transaction()
            await undone.start()
            claimed = await claim_replies(conn, process_id=1, rooms=rooms, margin=MARGIN, now=post.now)
            await undone.rollback()
        assert [reply.account_id for reply in claimed.replies] == [OTHER_ACCOUNT] * 3
        await post.desk.value("UPDATE account SET send_after = NULL, halted_at = NULL, paused_at = NULL")


async def test_the_next_look_knows_of_the_gate(post: Post) -> None:
    """When a wait ends, not when the reply was due; never for an account that a person must let go on."""
    await post.queue("hello")

    async def due() -> datetime | None:
        async with post.desk.database.connection() as conn:
            return await next_due(conn, rooms=[post.room(rates=SLOW)], now=post.now)

    assert await due() == post.now
    later = post.now + 300 * SECOND
    for wait in ("send_after", "probe_until"):
        await post.desk.value(f"UPDATE account SET {wait} = $1", later)
        assert await due() == later
        await post.desk.value(f"UPDATE account SET {wait} = NULL")
    await post.desk.value("UPDATE account SET text_spent_until = $1", later)
    assert await due() == Bucket(100, later).opens_at(post.now, 2.5)
    for stop in ("paused_at", "halted_at"):
        await post.desk.value(f"UPDATE account SET {stop} = $1", post.now)
        assert await due() is None
        await post.desk.value(f"UPDATE account SET {stop} = NULL")


async def test_a_second_call_is_paid_for_even_where_the_bucket_is_empty(post: Post) -> None:
    """Look-ups are rarer than sends; those that come after it wait for it."""
    await post.queue("hello")
    reply = await post.claim_one()
    await post.finish((reply, Verdict("unknown", "unknown", post.now)))
    reply = await post.claim_one()
    spent = post.now + SECOND
    await post.desk.value("UPDATE account SET text_spent_until = $1", spent)
    async with post.desk.database.connection() as conn:
        assert await begin_again(conn, reply, rates=SLOW, margin=MARGIN, now=post.now) == ("send", "a person took over")
    assert (await post.account())["text_spent_until"] == spent + 10 * MILLISECOND
    assert (await post.lane())["free_at"] == post.now + SECOND


WILD = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@WILD
@given(rate=st.floats(0.1, 1000), spent=st.floats(-3, 3), waiting=st.integers(0, 70))
async def test_the_claim_counts_as_the_buckets_do(database: Database, rate: float, spent: float, waiting: int) -> None:
    """The same arithmetic in SQL: how many are claimed, what is left, and when to look again."""
    async with database.connection() as conn:
        await conn.execute("TRUNCATE account, outbox, outbox_lane")
    post = Post(Desk(database, Time(), None))
    await post.open()
    await post.queue_many(waiting)
    until = post.now + timedelta(seconds=spent)
    await post.desk.value("UPDATE account SET text_spent_until = $1", until)
    bucket = Bucket(rate, until)
    claimed = await post.claimed(limit=60, rates=Rates(rate, 1e9, 1e9, 1e9))
    calls = min(waiting, 60, bucket.left(post.now))
    assert len(claimed.replies) == calls
    left = bucket.spend(post.now, calls)
    account = await post.account()
    if calls:
        assert abs((account["text_spent_until"] - left.spent_until).total_seconds()) < 1e-5
    looks_again = waiting > 0 and bucket.left(post.now) < 60 and calls == bucket.left(post.now)
    assert (claimed.again_at is not None) == looks_again
    if claimed.again_at is not None:
        assert claimed.again_at == left.opens_at(post.now, max(1.0, left.holds / 2))
