"""The operator takes a conversation over, or gives it back to the bot."""

from datetime import timedelta

import pytest

from igbot.conversations.history import list_conversations, show_conversations
from igbot.conversations.pausing import REASON, ConversationGone, Standing, pause_conversation, resume_conversation
from tests.answering.talking import ACCOUNT, ANA, BEN, HOUR, START, Desk, claimed, customer_says, settled
from tests.outbox.posting import Post


async def paused(desk: Desk, *, length: timedelta = HOUR, igsid: str = ANA) -> Standing:
    """The operator takes over now."""
    async with desk.database.connection() as conn:
        return await pause_conversation(conn, ACCOUNT, igsid, length=length, now=desk.time())


async def resumed(desk: Desk, igsid: str = ANA) -> Standing:
    """The operator gives the conversation back now."""
    async with desk.database.connection() as conn:
        return await resume_conversation(conn, ACCOUNT, igsid, now=desk.time())


async def says(desk: Desk, text: str, mid: str) -> None:
    """The customer writes, and whatever is to be decided is."""
    await desk.arrive(customer_says(text, mid, at=desk.time()))
    await desk.settle_all()


async def test_while_a_person_answers_the_bot_is_silent(desk: Desk) -> None:
    """As long as was said, and not a moment longer."""
    await says(desk, "hello", "m1")
    stands = await paused(desk)
    assert (stands.state, stands.paused_until, stands.was) == ("paused", START + HOUR, None)
    desk.time.pass_by(minutes=59)
    await says(desk, "hello", "m2")
    desk.time.pass_by(minutes=1)
    await says(desk, "hello", "m3")
    assert await desk.reasons() == ["rule", "paused", "rule"]


async def test_a_shorter_pause_takes_the_place_of_a_longer_one(desk: Desk) -> None:
    """And tells until when the bot would have been silent; so does the end of it."""
    await says(desk, "hello", "m1")
    assert (await paused(desk)).was_until is None
    shorter = await paused(desk, length=HOUR / 2)
    assert (shorter.paused_until, shorter.was, shorter.was_until) == (START + HOUR / 2, "operator", START + HOUR)
    assert (await resumed(desk)).was_until == START + HOUR / 2
    assert (await resumed(desk)).was_until is None


async def test_what_was_queued_does_not_go_out(desk: Desk) -> None:
    """It is cancelled at its turn, with the reason; a hand-off's own words still go out."""
    post = Post(desk)
    await post.open()
    await post.queue("hello", "human")
    assert (await paused(desk)).cancelled == 1
    reply = await post.claim_one()
    assert (reply.step, reply.message.text) == ("cancel", "Hi there!")
    assert (await desk.talk())["cancel_reason"] == REASON


async def test_a_call_under_way_cannot_be_held_back(desk: Desk) -> None:
    """It is told, and not counted as cancelled."""
    post = Post(desk)
    await post.open()
    await post.queue("hello")
    await post.claim_one()
    stands = await paused(desk)
    assert (stands.cancelled, stands.on_its_way) == (0, 1)


async def test_a_decision_that_is_being_made_is_made_anew(desk: Desk) -> None:
    """A worker that had looked before the pause writes nothing; the next look finds the pause."""
    await says(desk, "hello", "m1")
    await desk.arrive(customer_says("hello", "m2", at=desk.time()))
    claims = await claimed(desk, 7)
    await paused(desk)
    assert await settled(desk, claims, 7) == {}
    await desk.settle_all()
    assert await desk.reasons() == ["rule", "paused"]
    assert await desk.replies() == ["Hi there!"]


async def test_a_decision_of_a_clock_that_is_ahead_is_cancelled_too(desk: Desk) -> None:
    """Another machine's reply counts by when it was written, not by its time."""
    post = Post(desk)
    await post.open()
    desk.time.pass_by(seconds=3)
    await post.queue("hello")
    desk.time.pass_by(seconds=-3)
    await paused(desk)
    desk.time.pass_by(seconds=4)
    assert (await post.claim_one()).step == "cancel"


async def test_given_back_the_next_message_is_answered(desk: Desk) -> None:
    """What was written meanwhile is not; since when the bot was silent stays known."""
    await says(desk, "hello", "m1")
    await paused(desk)
    desk.time.pass_by(minutes=5)
    await says(desk, "hello", "m2")
    stands = await resumed(desk)
    assert (stands.state, stands.was, stands.paused_until) == ("open", "operator", None)
    await says(desk, "hello", "m3")
    assert await desk.reasons() == ["rule", "paused", "rule"]
    talk = await desk.talk()
    assert (talk["paused_at"], talk["paused_until"]) == (START, START + timedelta(minutes=5))


async def test_any_pause_can_be_ended_by_the_operator(desk: Desk) -> None:
    """Also one that a rule began."""
    await says(desk, "human", "m1")
    assert (await resumed(desk)).was == "handoff"
    await says(desk, "hello", "m2")
    assert await desk.reasons() == ["rule", "rule"]


async def test_to_resume_what_is_not_paused_changes_nothing(desk: Desk) -> None:
    """Neither a conversation that never was, nor one whose pause is over."""
    await says(desk, "hello", "m1")
    assert (await resumed(desk)).was is None
    await paused(desk)
    desk.time.pass_by(hours=2)
    before = await desk.talk()
    assert (await resumed(desk)).was is None
    assert await desk.talk() == before


async def test_an_opt_out_stays(desk: Desk) -> None:
    """Only the customer takes it back."""
    await says(desk, "hello", "m1")
    await paused(desk)
    await desk.value("UPDATE conversation SET opted_out_at = $1", desk.time())
    stands = await resumed(desk)
    assert (stands.state, stands.opted_out_at) == ("opted_out", START)
    assert (await desk.talk())["opted_out_at"] == START


async def test_lists_tell_who_may_not_be_answered(desk: Desk) -> None:
    """An opt-out is told before a pause, which is told all the same."""

    async def listed() -> tuple[str, object]:
        async with desk.database.connection() as conn:
            [talk] = await list_conversations(conn, which="live", limit=1, now=desk.time())
        return talk["state"], talk["paused_until"]

    await says(desk, "hello", "m1")
    assert await listed() == ("open", None)
    await paused(desk)
    assert await listed() == ("paused", START + HOUR)
    await desk.value("UPDATE conversation SET opted_out_at = $1", desk.time())
    assert await listed() == ("opted_out", START + HOUR)
    await resumed(desk)
    assert await listed() == ("opted_out", None)


async def test_a_deleted_message_is_shown_as_deleted(desk: Desk) -> None:
    """When, and nothing of what it said."""
    await says(desk, "hello", "m1")
    await desk.value("UPDATE message SET deleted_at = $1, text = '' WHERE direction = 'in'", desk.time())
    async with desk.database.connection() as conn:
        [talk] = await show_conversations(conn, ANA, now=desk.time())
    assert [(each["text"], each["deleted_at"]) for each in talk["messages"]] == [("", START), ("Hi there!", None)]


async def test_a_conversation_that_is_gone_is_said_to_be(desk: Desk) -> None:
    """It may have been forgotten between two looks."""
    with pytest.raises(ConversationGone, match="is gone"):
        await paused(desk, igsid=BEN)
    with pytest.raises(ConversationGone, match="is gone"):
        await resumed(desk, igsid=BEN)
