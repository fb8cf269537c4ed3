"""The operator stops all sends of an account, and lets them go on."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from igbot.accounts.stopping import Sends, pause_sends, resume_sends, sends_of
from igbot.meta.events import AccountId
from igbot.store.pool import Database
from tests.answering.talking import ACCOUNT, OTHER_ACCOUNT, START, open_desk
from tests.outbox.posting import Post

LATER = START + timedelta(minutes=5)


@pytest.fixture
async def post(database: Database) -> AsyncIterator[Post]:
    """The outbox of one account."""
    async with open_desk(database) as desk:
        post = Post(desk)
        await post.open()
        yield post


async def paused(post: Post, *accounts: str) -> list[Sends]:
    """The operator pauses these accounts now."""
    async with post.desk.database.connection() as conn:
        return list(await pause_sends(conn, [AccountId(each) for each in accounts or (ACCOUNT,)], now=post.now))


async def resumed(post: Post) -> Sends:
    """The operator lets the account's sends go on now."""
    async with post.desk.database.connection() as conn:
        [sends] = await resume_sends(conn, [AccountId(ACCOUNT)], now=post.now)
    return sends


async def test_a_paused_account_keeps_its_replies_until_it_goes_on(post: Post) -> None:
    """Nothing is claimed meanwhile, however long; then all of it, in order."""
    await post.queue("hello", "repeat it")
    [sends] = await paused(post)
    assert (sends.paused_at, sends.was_paused_at, sends.waiting) == (post.now, None, 2)
    post.desk.time.pass_by(hours=3)
    assert await post.claim() == []
    after = await resumed(post)
    assert (after.paused_at, after.was_paused_at, after.waiting) == (None, post.now - timedelta(hours=3), 2)
    assert (await post.claim_one()).message.text == "Hi there!"


async def test_a_second_pause_keeps_the_time_of_the_first(post: Post) -> None:
    """So that it can be told since when nothing goes out."""
    await paused(post)
    post.desk.time.pass_by(minutes=5)
    [sends] = await paused(post)
    assert (sends.paused_at, sends.was_paused_at) == (post.now - timedelta(minutes=5),) * 2


async def test_a_halted_account_is_tried_again(post: Post) -> None:
    """What had stopped it is told once more, and forgotten."""
    await post.desk.value(
        "UPDATE account SET halted_at = $1, halted_until = $1, halted_reason = 'the token has expired'", post.now
    )
    sends = await resumed(post)
    assert (sends.halted_reason, sends.was_halted) == (None, "the token has expired")
    row = await post.account()
    assert (row["halted_at"], row["halted_reason"], row["halted_until"]) == (None, None, None)


async def test_a_wait_of_metas_is_not_cut_short(post: Post) -> None:
    """The same call would meet the same limit; the wait is told until it is over."""
    until = post.now + timedelta(minutes=10)
    await post.desk.value("UPDATE account SET send_after = $1, send_after_reason = 'rate limit'", until)
    sends = await resumed(post)
    assert (sends.send_after, sends.send_after_reason) == (until, "rate limit")
    assert (await post.account())["send_after"] == until
    post.desk.time.now = until
    assert (await resumed(post)).send_after is None


async def test_other_accounts_go_on(post: Post) -> None:
    """Each account for itself; one that is not there is not made."""
    await post.desk.value("INSERT INTO account (account_id, ids) VALUES ($1, ARRAY[$1])", OTHER_ACCOUNT)
    [sends] = await paused(post, OTHER_ACCOUNT, "nobody")
    assert sends.account_id == OTHER_ACCOUNT
    await post.queue("hello")
    assert len(await post.claim()) == 1
    async with post.desk.database.connection() as conn:
        found = await sends_of(conn, [ACCOUNT, OTHER_ACCOUNT], now=post.now)
    assert [(each.account_id, each.paused_at is None, each.waiting) for each in found] == [
        (ACCOUNT, True, 1),
        (OTHER_ACCOUNT, False, 0),
    ]
