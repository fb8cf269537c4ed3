"""Clocks that go back or differ, and whoever stands still with a row in hand: nobody waits for either."""

from igbot.settings.model import Rates
from tests.outbox.posting import SECOND, Post


async def test_what_was_spent_before_the_clock_went_back_is_not_owed(post: Post) -> None:
    """A bot that was shown next spring answers today: its buckets and the customer's second are not next spring's."""
    post.desk.time.pass_by(days=100)
    await post.queue("repeat then")
    [reply] = await post.claim(rates=Rates())
    await post.sent(reply)
    post.desk.time.pass_by(days=-100)
    await post.queue_many(3)
    assert len(await post.claim(rates=Rates())) == 3
    await post.queue("repeat now")
    post.desk.time.pass_by(seconds=1)
    [reply] = await post.claim(rates=Rates())
    assert reply.message.text == "You said: repeat now"
    assert (await post.lane())["free_at"] == post.now + SECOND


async def test_a_process_whose_clock_is_behind_does_not_take_the_others_spending_for_nothing(post: Post) -> None:
    """A few seconds are no clock that went back: two processes together keep the rate."""
    await post.queue_many(20)
    post.desk.time.pass_by(seconds=3)
    assert len(await post.claim(rates=Rates())) == 5
    post.desk.time.pass_by(seconds=-3)
    assert await post.claim(rates=Rates(), process_id=2) == []


async def test_a_stop_cancels_what_a_clock_ahead_has_decided(post: Post) -> None:
    """The reply was decided by another process, whose clock is three seconds ahead."""
    post.desk.time.pass_by(seconds=3)
    await post.queue("repeat that")
    post.desk.time.pass_by(seconds=-2)
    await post.queue("STOP")
    post.desk.time.pass_by(seconds=10)
    assert (await post.claim_one()).step == "cancel"


async def test_a_stop_by_a_clock_ahead_cancels_nothing_that_comes_after_it(post: Post) -> None:
    """The customer is back before the other clock would say so."""
    post.desk.time.pass_by(seconds=3)
    await post.queue("STOP")
    post.desk.time.pass_by(seconds=-2)
    await post.queue("START", "repeat that")
    for _ in range(3):
        post.desk.time.pass_by(seconds=10)
        reply = await post.claim_one()
        assert reply.step == "send"
        await post.sent(reply)


async def test_a_block_by_a_clock_ahead_fails_nothing_that_is_decided_after_it(post: Post) -> None:
    """The customer has written again."""
    await post.queue("repeat one")
    await post.sent(await post.claim_one())
    await post.desk.value("UPDATE conversation SET blocked_at = $1", post.now + 3 * SECOND)
    post.desk.time.pass_by(seconds=1)
    await post.queue("repeat two")
    assert (await post.claim_one()).step == "send"


async def test_whoever_holds_a_reply_and_stands_still_holds_up_no_other(post: Post) -> None:
    """The bucket allows one call at a time, and the longest-waiting reply is in somebody's hands."""
    await post.queue_many(3)
    async with post.desk.database.connection() as conn, conn.transaction():
        await conn.execute("SELECT FROM outbox WHERE igsid = 'c000000' FOR UPDATE")
        found = []
        for _ in range(3):
            found += [reply.igsid for reply in await post.claim(rates=Rates(text=10))]
            post.desk.time.pass_by(seconds=1)
    assert found == ["c000001", "c000002"]
    assert [reply.igsid for reply in await post.claim(rates=Rates(text=10))] == ["c000000"]
