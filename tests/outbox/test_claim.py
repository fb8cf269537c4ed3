"""Which reply goes out next, and what is checked once more right before it does."""

import asyncio

import pytest

from igbot.outbox.again import begin_again
from igbot.outbox.claim import LEASE, claim_replies
from igbot.outbox.claimed import Room
from igbot.outbox.lanes import next_due
from igbot.outbox.verdict import Verdict
from tests.answering.talking import ANA, BEN, DAY, OTHER_ACCOUNT, customer_says
from tests.outbox.posting import MARGIN, SECOND, UNLIMITED, Post
from tests.rules.writing import rules


async def test_replies_of_one_conversation_go_out_one_after_the_other(post: Post) -> None:
    """Only the oldest is claimed; the next one is due when it is finished."""
    await post.queue("repeat 1", "repeat 2", "repeat 3")
    said = []
    while claimed := await post.claim():
        [reply] = claimed
        said.append(reply.message.text)
        assert await post.claim() == []
        await post.sent(reply)
    assert said == [f"You said: repeat {number}" for number in (1, 2, 3)]
    assert await post.states() == ["sent"] * 3
    assert (await post.lane())["due_at"] is None


async def test_only_the_commit_right_before_the_call_waits_for_the_disk(post: Post) -> None:
    """Leasing and settling can be undone by a crash of PostgreSQL, and are then done anew; a call of Meta cannot."""
    desk = post.desk
    await desk.arrive(customer_says("repeat 1", "in-1", at=desk.time()))
    async with desk.database.connection() as conn, conn.transaction():
        assert await desk.worker.run_once(conn) == 1
        assert await conn.fetchval("SHOW synchronous_commit") == "off"
    async with desk.database.connection() as conn, conn.transaction():
        claims = claim_replies(conn, process_id=1, rooms=[post.room()], margin=MARGIN, now=desk.time())
        assert [reply.step for reply in (await claims).replies] == ["send"]
        assert await conn.fetchval("SHOW synchronous_commit") == "on"


async def test_the_parts_of_a_long_reply_go_out_in_order(post: Post) -> None:
    """Before the reply to the customer's next message."""
    post.desk.rules = rules(f"- name: long\n  keywords: [long]\n  reply: {'word ' * 500}")
    await post.queue("long", "other")
    parts = []
    while claimed := await post.claim():
        [reply] = claimed
        parts.append((reply.for_mid, len(reply.message.text.encode())))
        await post.sent(reply)
    assert [mid for mid, _ in parts] == ["in-1", "in-1", "in-1", "in-2"]
    assert all(size <= 1000 for _, size in parts)


async def test_conversations_do_not_wait_for_each_other(post: Post) -> None:
    """One claim takes the oldest reply of each."""
    for number in range(5):
        await post.queue("repeat 1", "repeat 2", igsid=str(number))
    claimed = await post.claim()
    assert sorted(reply.igsid for reply in claimed) == [str(number) for number in range(5)]
    assert {reply.message.text for reply in claimed} == {"You said: repeat 1"}


async def test_those_who_wait_longest_go_first(post: Post) -> None:
    """Where there are more than free slots."""
    for igsid in ("3", "1", "2"):
        await post.queue("hello", igsid=igsid)
        post.desk.time.pass_by(seconds=1)
    assert [[reply.igsid for reply in await post.claim(limit=1)] for _ in range(3)] == [["3"], ["1"], ["2"]]


async def test_a_reply_is_marked_before_the_call(post: Post) -> None:
    """So that a crash in between leaves a trace."""
    await post.queue("hello")
    reply = await post.claim_one()
    row = await post.row()
    assert (row["status"], row["attempts"], row["sending_at"]) == ("sending", 1, post.now)
    assert (reply.step, reply.attempts) == ("send", 0)


async def test_a_reply_too_late_for_the_window_expires(post: Post) -> None:
    """Ten seconds before the end of it, by Meta's own time of the customer's message."""
    await post.queue("hello")
    post.desk.time.now += DAY - MARGIN
    reply = await post.claim_one()
    assert reply.step == "expire"
    await post.finish((reply, Verdict("expired", "expired")))
    assert await post.states() == ["expired"]


async def test_a_reply_just_inside_the_window_goes_out(post: Post) -> None:
    """A second earlier it is sent."""
    await post.queue("hello")
    post.desk.time.now += DAY - MARGIN - SECOND
    assert (await post.claim_one()).step == "send"


async def test_a_takeover_after_the_decision_cancels(post: Post) -> None:
    """A person was quicker."""
    await post.queue("hello")
    await post.person_writes()
    assert (await post.claim_one()).step == "cancel"


async def test_a_takeover_cancels_also_when_its_pause_is_over(post: Post) -> None:
    """What a person has answered stays answered, however long Meta could not be reached."""
    await post.queue("hello")
    await post.person_writes()
    post.desk.time.pass_by(hours=13)
    assert (await post.claim_one()).step == "cancel"


async def test_a_decision_after_the_pause_is_not_cancelled(post: Post) -> None:
    """The takeover lies before it."""
    await post.person_writes()
    post.desk.time.pass_by(hours=12)
    await post.queue("hello")
    assert (await post.claim_one()).step == "send"


async def test_a_takeover_does_not_touch_other_customers(post: Post) -> None:
    """Only the conversation in which the person wrote."""
    await post.queue("hello")
    await post.queue("hello", igsid=BEN)
    await post.person_writes(BEN)
    assert {reply.igsid: reply.step for reply in await post.claim()} == {ANA: "send", BEN: "cancel"}


async def test_a_handoffs_words_go_out_although_the_customer_is_paused(post: Post) -> None:
    """And the handoff cancels nothing that was decided before it."""
    await post.queue("hello", "a human please")
    first = await post.claim_one()
    assert (first.step, first.message.text) == ("send", "Hi there!")
    await post.sent(first)
    second = await post.claim_one()
    assert (second.step, second.message.text) == ("send", "Eva will write to you.")


async def test_a_handoffs_words_go_out_after_a_takeover(post: Post) -> None:
    """The customer was promised them."""
    await post.queue("a human please")
    await post.person_writes()
    assert (await post.claim_one()).step == "send"


async def test_only_accounts_with_a_token_are_served(post: Post) -> None:
    """The others' replies wait."""
    await post.queue("hello")
    async with post.desk.database.connection() as conn:
        others = [Room(OTHER_ACCOUNT, 64)]
        assert await next_due(conn, rooms=others, now=post.now - SECOND) is None
        assert await next_due(conn, rooms=[post.room()], now=post.now - SECOND) == post.now
        await conn.execute("UPDATE outbox_lane SET account_id = $1", OTHER_ACCOUNT)
    assert await post.claim() == []


@pytest.mark.parametrize("column", ["halted_at = '2026-01-01'", "send_after = '2026-12-01'"])
async def test_a_stopped_account_sends_nothing(post: Post, column: str) -> None:
    """Halted until somebody acts, or waiting for a rate limit."""
    await post.queue("hello")
    await post.desk.value(f"UPDATE account SET {column}")
    assert await post.claim() == []
    assert await post.states() == ["queued"]


async def test_a_reply_whose_process_is_gone_is_lost_on_the_way(post: Post) -> None:
    """After the lease somebody finds it `sending`, and does not send it again by itself."""
    await post.queue("hello")
    first = await post.claim_one()
    post.desk.time.now += LEASE
    assert await post.claim(process_id=2) == []
    post.desk.time.now += SECOND
    [found] = await post.claim(process_id=2)
    assert (found.step, found.sending_at, found.outbox_id) == ("lost", post.now - LEASE - SECOND, first.outbox_id)
    assert (await post.row())["attempts"] == 1


async def test_a_conversation_with_nothing_due_is_put_back(post: Post) -> None:
    """A lane that was armed for nothing sleeps until something is queued."""
    await post.queue("hello")
    await post.desk.value("UPDATE outbox SET due_at = due_at + interval '5 s'")
    assert await post.claim() == []
    assert (await post.lane())["due_at"] == post.now + 5 * SECOND
    await post.desk.value("DELETE FROM outbox")
    post.desk.time.pass_by(seconds=5)
    assert await post.claim() == []
    lane = await post.lane()
    assert (lane["due_at"], lane["lease_by"]) == (None, None)


@pytest.mark.parametrize(
    ("happened", "expected"), [("nothing", "send"), ("takeover", "cancel"), ("window", "expire"), ("echo", "settled")]
)
async def test_an_unknown_reply_is_checked_once_more_before_it_goes_out_again(
    post: Post, happened: str, expected: str
) -> None:
    """A person, the window, or an echo may have come first."""
    await post.queue("hello")
    reply = await post.claim_one()
    await post.finish((reply, Verdict("unknown", "unknown", post.now + SECOND)))
    post.desk.time.pass_by(seconds=1)
    [reply] = await post.claim()
    assert reply.step == "settle"
    if happened == "takeover":
        await post.person_writes()
    elif happened == "window":
        post.desk.time.now += DAY
    elif happened == "echo":
        await post.desk.value("UPDATE outbox SET status = 'sent', mid = 'echoed', finished_at = now()")
    async with post.desk.database.connection() as conn:
        step, _ = await begin_again(conn, reply, rates=UNLIMITED, margin=MARGIN, now=post.now)
        assert step == expected
    row = await post.row()
    assert (row["status"], row["attempts"]) == {
        "send": ("sending", 2),
        "settled": ("sent", 1),
    }.get(expected, ("unknown", 1))


async def test_an_unknown_reply_is_settled_before_a_takeover_is_looked_at(post: Post) -> None:
    """It may have gone out long before the person wrote: whether it did is asked first."""
    await post.queue("hello")
    reply = await post.claim_one()
    await post.finish((reply, Verdict("unknown", "unknown", post.now + SECOND)))
    await post.person_writes()
    post.desk.time.pass_by(seconds=1)
    assert (await post.claim_one()).step == "settle"


async def test_two_processes_never_claim_the_same_reply(post: Post) -> None:
    """Whoever comes second finds the conversation leased."""
    for number in range(20):
        await post.queue("hello", igsid=str(number))
    shares = await asyncio.gather(*(post.claim(process_id=number, limit=7) for number in range(1, 5)))
    ids = [reply.outbox_id for share in shares for reply in share]
    assert len(ids) == len(set(ids)) == 20
