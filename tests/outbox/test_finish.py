"""What became of a call is written once, and the conversation passes on to its next reply."""

from igbot.meta.graph_error import other_error
from igbot.meta.outcomes import Halted, Wait
from igbot.outbox.finish import Written
from igbot.outbox.verdict import Verdict, judge
from tests.answering.talking import BEN, HOUR
from tests.outbox.posting import SECOND, Post

ERROR = other_error("test", "something")
ATTEMPTS = "SELECT outcome, code, detail FROM send_attempt ORDER BY attempt_id"


async def test_a_sent_reply_has_its_mid_and_leaves_no_attempt(post: Post) -> None:
    """Only what did not simply succeed needs explaining later."""
    await post.queue("hello")
    await post.sent(await post.claim_one())
    row = await post.row()
    assert (row["status"], row["mid"], row["finished_at"]) == ("sent", f"out-{row['outbox_id']}", post.now)
    assert await post.desk.rows(ATTEMPTS) == []


async def test_a_failed_call_is_noted_and_tried_again_when_due(post: Post) -> None:
    """The conversation is due at the same time; its later replies wait behind this one."""
    await post.queue("repeat 1", "repeat 2")
    await post.finish((await post.claim_one(), Verdict("queued", "retry", post.now + 2 * SECOND, error=ERROR)))
    lane = await post.lane()
    assert (lane["due_at"], lane["lease_by"]) == (post.now + 2 * SECOND, None)
    assert await post.claim() == []
    post.desk.time.pass_by(seconds=2)
    again = await post.claim_one()
    assert (again.message.text, again.attempts) == ("You said: repeat 1", 1)
    assert [row["outcome"] for row in await post.desk.rows(ATTEMPTS)] == ["retry"]


async def test_after_a_reply_that_failed_for_good_the_next_one_goes_out(post: Post) -> None:
    """At once."""
    await post.queue("repeat 1", "repeat 2")
    await post.finish((await post.claim_one(), Verdict("failed", "refused", error=ERROR)))
    assert (await post.claim_one()).message.text == "You said: repeat 2"


async def test_what_is_queued_while_a_call_is_under_way_is_not_forgotten(post: Post) -> None:
    """Neither after the last reply of a conversation, nor behind one that has to wait."""
    await post.queue("repeat 1")
    first = await post.claim_one()
    await post.queue("repeat 2")
    await post.sent(first)
    second = await post.claim_one()
    assert second.message.text == "You said: repeat 2"
    await post.queue("repeat 3")
    await post.finish((second, Verdict("queued", "retry", post.now + SECOND, error=ERROR)))
    assert await post.claim() == []
    assert (await post.lane())["due_at"] == post.now + SECOND


async def test_a_verdict_that_is_no_attempt_gives_the_call_back(post: Post) -> None:
    """A rate limit, an outage."""
    await post.queue("hello")
    await post.finish((await post.claim_one(), Verdict("queued", "wait", post.now, error=ERROR, counted=False)))
    assert (await post.row())["attempts"] == 0


async def test_a_bound_on_the_calls_is_kept_for_later_calls(post: Post) -> None:
    """The smallest that any answer gave."""
    await post.queue("hello")
    await post.finish((await post.claim_one(), Verdict("unknown", "unknown", post.now, most_calls=1)))
    reply = await post.claim_one()
    assert reply.most_calls == 1
    await post.finish((reply, Verdict("unknown", "unknown", post.now)))
    assert (await post.row())["most_calls"] == 1


async def limited(post: Post) -> float:
    """One call that meets a rate limit without a hint; the seconds that the account then waits."""
    outcome = Wait(None, "account", ERROR, alert=False)
    rate_waits = (await post.account())["rate_waits"]
    verdict = judge(outcome, calls=1, unanswered=0, rate_waits=rate_waits, spread=1.0, now=post.now)
    await post.finish((await post.claim_one(), verdict))
    return float(((await post.account())["send_after"] - post.now).total_seconds())


async def test_a_rate_limit_pauses_the_whole_account_longer_each_time(post: Post) -> None:
    """60, 120, 240 seconds in a row; a sent reply ends the row."""
    await post.queue("hello")
    await post.queue("hello", igsid=BEN)
    await post.desk.value("UPDATE outbox_lane SET due_at = NULL WHERE igsid = $1", BEN)
    for seconds in (60, 120, 240):
        assert await limited(post) == seconds
        assert await post.claim() == []
        post.desk.time.pass_by(seconds=seconds)
    await post.sent(await post.claim_one())
    await post.queue("hello")
    assert await limited(post) == 60


async def test_calls_that_meet_one_limit_together_count_once(post: Post) -> None:
    """However many were in flight, the next pause is the second, not the tenth."""
    replies = []
    for number in range(10):
        await post.queue("hello", igsid=str(number))
    replies = await post.claim()
    verdict = Verdict("queued", "wait", post.now + 60 * SECOND, error=ERROR, counted=False, account_wait=True)
    for reply in replies:
        await post.finish((reply, verdict))
    account = await post.account()
    assert (account["rate_waits"], account["send_after"]) == (1, post.now + 60 * SECOND)


async def test_a_halt_stops_the_account_and_keeps_the_reply(post: Post) -> None:
    """The first reason stands until somebody acts; nothing is lost."""
    await post.queue("hello")
    reply = await post.claim_one()
    for reason in ("the token is dead", "another"):
        verdict = judge(Halted(ERROR, reason), calls=1, unanswered=0, rate_waits=0, spread=1.0, now=post.now)
        await post.finish((reply, verdict))
    account = await post.account()
    assert account["halted_reason"] == "the token is dead"
    assert await post.claim() == []
    assert await post.states() == ["queued"]
    await post.desk.value("UPDATE account SET halted_at = NULL, halted_reason = NULL")
    assert (await post.claim_one()).step == "send"


async def test_an_echo_that_came_first_stays(post: Post) -> None:
    """The answer of a call that was already proved sent changes nothing."""
    await post.queue("hello")
    reply = await post.claim_one()
    await post.desk.value("UPDATE outbox SET status = 'sent', mid = 'echoed', finished_at = $1", post.now)
    await post.finish((reply, Verdict("unknown", "no answer", post.now + HOUR, unanswered=1)))
    row = await post.row()
    assert (row["status"], row["mid"]) == ("sent", "echoed")


async def test_a_verdict_that_an_echo_has_overtaken_is_told_apart(post: Post) -> None:
    """The reply is sent: nobody must be told that it is dead."""
    await post.queue("hello")
    reply = await post.claim_one()
    await post.desk.value("UPDATE outbox SET status = 'sent', mid = 'echoed', finished_at = $1", post.now)
    written = await post.finish((reply, Verdict("dead", "given up")))
    assert written == Written({reply.outbox_id: "echoed"}, due_at=None)
    assert await post.states() == ["sent"]


async def test_sent_without_a_mid_is_never_written(post: Post) -> None:
    """`Settled by an echo` only releases the conversation."""
    await post.queue("hello")
    await post.finish((await post.claim_one(), Verdict("sent", "settled by echo")))
    assert await post.states() == ["sending"]
    assert (await post.lane())["lease_by"] is None


async def test_a_lease_that_was_lost_keeps_the_other_ones_hands_off(post: Post) -> None:
    """The mid is a fact and is written; the lane belongs to whoever holds it now."""
    await post.queue("hello")
    reply = await post.claim_one()
    await post.desk.value("UPDATE outbox_lane SET lease_by = 2")
    await post.sent(reply)
    assert await post.states() == ["sent"]
    assert (await post.lane())["lease_by"] == 2
