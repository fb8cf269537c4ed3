"""What the operator does with replies that came to nothing or still wait."""

from datetime import timedelta
from typing import Any

import pytest

from igbot.outbox.dead_letters import DOUBTFUL, DROPPED, Handled, dead_replies, drop, list_replies, retry
from igbot.outbox.states import State
from igbot.outbox.verdict import NEVER_ARRIVED, Verdict, lost
from igbot.sandbox.faults import CutAfterFault, CutBeforeFault, ErrorFault
from tests.answering.talking import ACCOUNT, ANA, BEN, DAY, OTHER_ACCOUNT
from tests.outbox.posting import MARGIN, Post
from tests.outbox.sending import Sender
from tests.waiting import eventually

DEAD = Verdict("dead", "retry", reason="every try failed")
LANES = "SELECT igsid, due_at, arrivals FROM outbox_lane ORDER BY igsid"


async def kill(post: Post, igsid: str = ANA, verdict: Verdict = DEAD) -> int:
    """The customer's next reply is given up; its outbox_id."""
    [reply] = [each for each in await post.claim() if each.igsid == igsid]
    await post.finish((reply, verdict))
    return reply.outbox_id


async def retried(post: Post, *ids: int, even_if_sent: bool = False, account: str = ACCOUNT) -> list[Handled]:
    """The operator has them sent again."""
    async with post.desk.database.connection() as conn:
        return await retry(conn, ids, [account], margin=MARGIN, even_if_sent=even_if_sent, now=post.now)


async def dropped(post: Post, *ids: int) -> list[Handled]:
    """The operator drops them."""
    async with post.desk.database.connection() as conn:
        return await drop(conn, ids, [ACCOUNT], now=post.now)


async def listed(post: Post, which: Any = "dead", limit: int = 100) -> list[dict[str, Any]]:
    """What `igbot outbox list` shows."""
    async with post.desk.database.connection() as conn:
        return await list_replies(conn, which=which, accounts=[ACCOUNT], limit=limit)


async def test_a_dead_reply_is_listed_with_the_event_it_answers(post: Post) -> None:
    """Its reason and codes, what it would have said, and what the customer had asked."""
    await post.queue("hello")
    outbox_id = await kill(post)
    [found] = await listed(post)
    event = found.pop("event")
    assert found == {
        "outbox_id": outbox_id, "account": ACCOUNT, "igsid": ANA, "status": "dead", "attempts": 1, "due_at": post.now,
        "reason": "every try failed", "code": None, "rule": "greeting", "for_mid": "in-1", "text": "Hi there!",
    }  # fmt: skip
    assert (event["kind"], event["mid"], event["text"], event["at"]) == ("text", "in-1", "hello", post.now)


async def test_other_states_are_listed_on_request_the_newest_first(post: Post) -> None:
    """One state, or all of them; of one account only."""
    await post.queue("hello", "repeat after me", "human")
    dead = await kill(post)
    assert [found["status"] for found in await listed(post, "all")] == ["queued", "queued", "dead"]
    assert [found["text"] for found in await listed(post, "queued", limit=1)] == ["Eva will write to you."]
    assert await listed(post, "sent") == []
    async with post.desk.database.connection() as conn:
        assert await list_replies(conn, which="all", accounts=[OTHER_ACCOUNT], limit=9) == []
        assert await dead_replies(conn, [ACCOUNT, OTHER_ACCOUNT]) == [dead]


async def test_a_reply_that_meta_never_took_is_queued_again_with_all_its_tries(sender: Sender) -> None:
    """It goes out at once, and `why` can still tell what was tried before."""
    sender.fails(ErrorFault(status=400, code=9999999), times=None)
    await sender.post.queue("hello")
    await sender.settles()
    before = await sender.post.row()
    assert before["status"] == "dead"
    sender.sandbox.faults.clear()
    [done] = await retried(sender.post, before["outbox_id"])
    assert done == Handled(before["outbox_id"], "queued", done=True, doubtful=False, why=None)
    await sender.becomes("sent")
    assert (await sender.post.row())["attempts"] == 1
    outcomes = await sender.post.desk.rows("SELECT outcome FROM send_attempt ORDER BY attempt_id")
    assert [row["outcome"] for row in outcomes] == ["retry"] * before["attempts"] + ["retried"]
    assert sender.received() == ["Hi there!"]


async def test_what_may_have_been_sent_is_left_alone_unless_that_is_said(post: Post) -> None:
    """A call of it had no known outcome: the customer may have it."""
    await post.queue("hello")
    reply = await post.claim_one()
    await post.finish((reply, lost(sending_at=post.now, unanswered=0)))
    post.desk.time.pass_by(seconds=30)
    outbox_id = await kill(post, verdict=Verdict("dead", "given up", reason="not known to have been sent"))
    [held] = await retried(post, outbox_id)
    assert held == Handled(outbox_id, "dead", done=False, doubtful=True, why=DOUBTFUL)
    assert await post.states() == ["dead"]
    [done] = await retried(post, outbox_id, even_if_sent=True)
    assert (done.status, done.done, done.doubtful) == ("unknown", True, True)
    assert (await post.claim_one()).step == "settle"


async def test_what_meta_has_nothing_of_is_sent_again_without_more_ado(sender: Sender) -> None:
    """Errors that prove nothing were made good by look-ups, the last of which found nothing."""
    sender.fails(ErrorFault(status=500, code=2), times=4)
    await sender.post.queue("hello")
    await sender.settles()
    row = await sender.post.row()
    assert (row["status"], row["reason"]) == ("dead", NEVER_ARRIVED)
    [done] = await retried(sender.post, row["outbox_id"])
    assert (done.status, done.doubtful) == ("queued", False)
    await sender.settles()
    assert sender.received() == ["Hi there!"]


@pytest.mark.parametrize("fault", [CutAfterFault(), CutBeforeFault()])
async def test_meta_is_asked_before_a_doubtful_one_is_sent_again(sender: Sender, fault: Any) -> None:
    """Whether Meta had taken it or not, the customer has it once."""
    sender.fails(fault)
    await sender.post.queue("hello")
    await sender.becomes("unknown")
    row = await sender.post.row()
    await sender.post.desk.value(
        "UPDATE outbox SET status = 'dead', finished_at = $1, reason = 'given up' WHERE outbox_id = $2",
        sender.post.now,
        row["outbox_id"],
    )
    await retried(sender.post, row["outbox_id"], even_if_sent=True)
    await sender.settles()
    assert await sender.post.states() == ["sent"]
    assert sender.received() == ["Hi there!"]


async def test_after_its_window_nothing_is_sent_again(post: Post) -> None:
    """The margin counts, as right before a call; it stays dead until it is dropped."""
    await post.queue("hello")
    outbox_id = await kill(post)
    post.desk.time.now += DAY - MARGIN
    [held] = await retried(post, outbox_id)
    assert not held.done
    assert held.why is not None
    assert "24 hours are over" in held.why
    assert await post.states() == ["dead"]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("UPDATE conversation SET cancel_before = $1, cancel_reason = 'the customer has opted out'", "opted out"),
        ("UPDATE conversation SET blocked_at = $1", "Meta reaches this customer no more"),
        ("UPDATE message SET deleted_at = $1 WHERE direction = 'in'", "has deleted the message"),
    ],
)
async def test_what_was_overtaken_meanwhile_is_not_sent_again(post: Post, what: str, why: str) -> None:
    """By a person, an opt-out, a deletion, or because Meta reaches the customer no more."""
    await post.queue("hello")
    outbox_id = await kill(post)
    await post.desk.value(what, post.now)
    [held] = await retried(post, outbox_id)
    assert not held.done
    assert why in (held.why or "")


async def test_only_dead_replies_of_the_account_are_sent_again(post: Post) -> None:
    """One that is queued, one of another account and one that is not there; each says why not, in the order named."""
    await post.queue("hello", "repeat it")
    first = await kill(post)
    second = (await post.desk.rows("SELECT max(outbox_id) AS id FROM outbox"))[0]["id"]
    found = await retried(post, 10**12, second, first)
    assert [(each.outbox_id, each.done) for each in found] == [(10**12, False), (second, False), (first, True)]
    assert [each.why for each in found] == [
        "there is no such reply",
        "it is queued, and only a dead one can be sent again",
        None,
    ]
    await post.desk.value("UPDATE outbox SET status = 'dead', finished_at = $1 WHERE outbox_id = $2", post.now, first)
    [foreign] = await retried(post, first, account=OTHER_ACCOUNT)
    assert not foreign.done


async def test_a_reply_that_is_sent_again_comes_before_later_ones(post: Post) -> None:
    """Its conversation is due at once, and whoever works on it learns of it."""
    await post.queue("hello", "repeat it")
    first = await kill(post)
    [lane] = await post.desk.rows(LANES)
    await retried(post, first)
    [after] = await post.desk.rows(LANES)
    assert (after["due_at"], after["arrivals"]) == (post.now, lane["arrivals"] + 1)
    assert (await post.claim_one()).outbox_id == first


async def test_a_customer_who_has_just_been_written_to_is_not_written_to_sooner(post: Post) -> None:
    """The pace for one customer holds for the operator too."""
    await post.queue("hello")
    outbox_id = await kill(post)
    soon = post.now + timedelta(seconds=1)
    await post.desk.value("UPDATE outbox_lane SET free_at = $1", soon)
    await retried(post, outbox_id)
    assert (await post.lane())["due_at"] == soon


@pytest.mark.parametrize("state", ["dead", "queued", "unknown"])
async def test_what_is_not_done_can_be_dropped(post: Post, state: State) -> None:
    """It is cancelled, with who did it, and the conversation goes on with its next reply."""
    await post.queue("hello", "repeat it")
    if state == "dead":
        await kill(post)
    elif state == "unknown":
        await post.finish((await post.claim_one(), lost(sending_at=post.now, unanswered=0)))
    row = await post.row()
    assert row["status"] == state
    [done] = await dropped(post, row["outbox_id"])
    assert (done.status, done.done, done.doubtful) == ("cancelled", True, state == "unknown")
    after = await post.row()
    assert (after["status"], after["reason"], after["finished_at"]) == ("cancelled", DROPPED, post.now)
    post.desk.time.pass_by(seconds=2)
    assert (await post.claim_one()).message.text == "You said: repeat it"


async def test_what_is_under_way_or_done_is_not_dropped(post: Post) -> None:
    """A call that was made ends by its answer."""
    await post.queue("hello")
    await post.queue("hello", igsid=BEN)
    [first, second] = await post.claim()
    await post.sent(second)
    [flying, sent] = await dropped(post, first.outbox_id, second.outbox_id)
    assert (flying.done, flying.why) == (False, "it is sending: there is nothing to drop")
    assert (sent.done, sent.why) == (False, "it is sent: there is nothing to drop")


async def test_what_is_being_looked_up_is_not_dropped_meanwhile(post: Post) -> None:
    """What Meta says of it comes first."""
    await post.queue("hello")
    await post.finish((await post.claim_one(), lost(sending_at=post.now, unanswered=0)))
    post.desk.time.pass_by(seconds=30)
    reply = await post.claim_one()
    [held] = await dropped(post, reply.outbox_id)
    assert (reply.step, held.done, held.status) == ("settle", False, "unknown")
    assert "try again in a moment" in (held.why or "")


async def test_a_dropped_reply_is_not_sent_by_a_sender_that_runs(sender: Sender) -> None:
    """It was waiting for its next try."""
    sender.fails(ErrorFault(status=400, code=9999999), times=1)
    await sender.post.queue("hello")
    await sender.idle()
    row = await sender.post.row()
    assert row["status"] == "queued"
    await dropped(sender.post, row["outbox_id"])
    sender.passes(seconds=60)

    async def is_quiet() -> bool:
        return bool((await sender.post.lane())["due_at"] is None)

    await eventually(is_quiet)
    assert await sender.post.states() == ["cancelled"]
    assert sender.received() == []
