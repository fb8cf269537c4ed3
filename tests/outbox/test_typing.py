"""Before a reply the customer may be shown that somebody types: best effort, and nothing depends on it."""

import pytest

from igbot.meta.outgoing import Outgoing
from igbot.outbox.claim import LEASE
from igbot.sandbox.faults import CutBeforeFault, ErrorFault, Fault, HangFault
from tests.answering.talking import BEN, DAY
from tests.outbox.posting import MARGIN, SECOND, Post
from tests.outbox.sending import Sender

HI = Outgoing("Hi!")


async def test_typing_comes_first_and_the_message_when_it_is_due(post: Post) -> None:
    """Once: the reply stays queued for as long as typing is to show, and is then sent like any other."""
    await post.queue_message(HI, typing=3)
    reply = await post.claim_one()
    assert (reply.step, reply.due_at) == ("type", post.now + 3 * SECOND)
    row = await post.row()
    assert (row["status"], row["attempts"], row["sending_at"], row["typing"]) == ("queued", 0, None, False)
    await post.put_off(reply)
    lane = await post.lane()
    assert (lane["due_at"], lane["lease_by"]) == (post.now + 3 * SECOND, None)
    post.desk.time.pass_by(seconds=2)
    assert await post.claim() == []
    post.desk.time.pass_by(seconds=1)
    reply = await post.claim_one()
    assert (reply.step, reply.attempts, reply.message) == ("send", 0, HI)


async def test_typing_shows_only_when_it_is_the_replys_turn(post: Post) -> None:
    """What waits behind another reply waits without it; what comes behind it waits for both."""
    await post.queue("repeat 1")
    await post.queue_message(HI, typing=3)
    await post.queue("repeat 2")
    await post.sent(await post.claim_one())
    typing = await post.claim_one()
    assert typing.step == "type"
    await post.put_off(typing)
    assert await post.claim() == []
    post.desk.time.pass_by(seconds=3)
    await post.sent(await post.claim_one())
    assert (await post.claim_one()).message.text == "You said: repeat 2"


async def test_what_is_queued_while_typing_is_shown_is_not_forgotten(post: Post) -> None:
    """It goes out after the reply for which somebody types, without anybody looking a second time."""
    await post.queue_message(HI, typing=3)
    typing = await post.claim_one()
    await post.queue("repeat 1")
    await post.put_off(typing)
    assert await post.claim() == []
    assert (await post.lane())["due_at"] == post.now + 3 * SECOND
    post.desk.time.pass_by(seconds=3)
    for text in ("Hi!", "You said: repeat 1"):
        reply = await post.claim_one()
        assert reply.message.text == text
        await post.sent(reply)
    assert (await post.lane())["due_at"] is None


async def test_a_takeover_while_typing_shows_cancels(post: Post) -> None:
    """As it cancels any reply that waits."""
    await post.queue_message(HI, typing=20)
    await post.put_off(await post.claim_one())
    await post.person_writes()
    post.desk.time.pass_by(seconds=20)
    assert (await post.claim_one()).step == "cancel"


@pytest.mark.parametrize(("happened", "step"), [("takeover", "cancel"), ("window", "expire")])
async def test_nobody_types_what_will_not_be_sent(post: Post, happened: str, step: str) -> None:
    """A person was quicker, or the window is closed."""
    await post.queue_message(HI, typing=3)
    if happened == "takeover":
        await post.person_writes()
    else:
        post.desk.time.now += DAY - MARGIN
    assert (await post.claim_one()).step == step


async def test_a_reply_with_a_later_time_waits_for_it(post: Post) -> None:
    """A delay without typing is nothing but its time; a takeover cancels it as well."""
    for igsid in (BEN, "13"):
        await post.queue("hello", igsid=igsid)
    await post.desk.value("UPDATE outbox SET due_at = due_at + interval '5 s'")
    await post.desk.value("UPDATE outbox_lane SET due_at = due_at + interval '5 s'")
    assert await post.claim() == []
    await post.person_writes(BEN)
    post.desk.time.pass_by(seconds=5)
    assert {reply.igsid: reply.step for reply in await post.claim()} == {BEN: "cancel", "13": "send"}


async def test_a_process_that_dies_while_typing_is_shown_leaves_a_queued_reply(post: Post) -> None:
    """Nothing is lost or doubled, and nobody types again."""
    await post.queue_message(HI, typing=3)
    assert (await post.claim_one()).step == "type"
    post.desk.time.now += LEASE + SECOND
    [reply] = await post.claim(process_id=2)
    assert (reply.step, reply.attempts) == ("send", 0)


async def test_a_lease_that_was_lost_while_typing_was_shown_is_left_alone(post: Post) -> None:
    """The conversation is another process's by now."""
    await post.queue_message(HI, typing=3)
    typing = await post.claim_one()
    await post.desk.value("UPDATE outbox_lane SET lease_by = 2")
    await post.put_off(typing)
    assert (await post.lane())["lease_by"] == 2


async def test_the_customer_sees_typing_and_then_the_message(sender: Sender) -> None:
    """Two calls, in this order, seconds apart; the message is one attempt."""
    await sender.post.queue_message(HI, typing=3)
    await sender.idle()
    assert [call.route for call in sender.sandbox.calls.select()] == ["action"]
    assert (await sender.post.states(), sender.received()) == (["queued"], [])
    sender.passes(seconds=3)
    await sender.becomes("sent")
    assert [call.route for call in sender.sandbox.calls.select()] == ["action", "send"]
    assert (sender.received(), (await sender.post.row())["attempts"]) == (["Hi!"], 1)


@pytest.mark.parametrize(
    "fault",
    [ErrorFault(code=190, status=401), ErrorFault(code=613), CutBeforeFault(), HangFault(seconds=0.05)],
    ids=lambda fault: fault.kind,
)
async def test_typing_that_fails_costs_the_message_nothing(sender: Sender, fault: Fault) -> None:
    """No second try, no attempt, no unknown outcome, no halt: the message follows at its time."""
    sender.fails(fault, times=None, route="action")
    await sender.post.queue_message(HI, typing=3)
    await sender.idle()
    sender.passes(seconds=3)
    await sender.becomes("sent")
    row = await sender.post.row()
    assert (sender.received(), row["attempts"], row["code"], sender.troubles) == (["Hi!"], 1, None, [])
    assert (sender.calls("action"), sender.calls("conversations")) == (1, 0)
    assert await sender.post.desk.rows("SELECT outcome FROM send_attempt") == []
