"""Why a reply has not gone out yet, in words, and everything that has happened to it."""

from datetime import timedelta

import pytest

from igbot.insight.explanation import Reply
from igbot.outbox.dead_letters import drop, retry
from igbot.outbox.verdict import Verdict, lost
from igbot.sandbox.faults import ErrorFault
from tests.answering.talking import ACCOUNT, DAY, START, customer_says
from tests.insight.asking import why
from tests.outbox.posting import MARGIN, Post
from tests.outbox.sending import Sender

LATER = START + timedelta(minutes=5)


async def told(post: Post, mid: str = "in-1") -> Reply:
    """All that is known of the one reply to a message."""
    [reply] = (await why(post.desk, mid)).replies
    return reply


async def test_a_reply_that_nothing_holds_up_says_so(post: Post) -> None:
    """Then it is the server that does not run."""
    await post.queue("hello")
    assert (await told(post)).waits == (
        "nothing holds it up: due since 2026-09-01 10:11:12 UTC, a running server takes it on",
    )


async def test_one_that_nobody_has_taken_on_for_long_says_where_to_look(post: Post) -> None:
    """No server runs, or it has no token that it can use: the database knows of neither."""
    await post.queue("hello")
    post.desk.time.pass_by(minutes=1)
    assert (await told(post)).waits == (
        "due since 2026-09-01 10:11:12 UTC, and no server takes it on: `igbot health` says whether one runs, "
        "`igbot token status` whether it has a token to send with",
    )


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        (
            "UPDATE account SET halted_at = $1, halted_reason = 'the token has expired'",
            "sends are stopped: the token has expired",
        ),
        (
            "UPDATE account SET halted_at = $1, halted_until = $1, halted_reason = 'blocked by policy'",
            "sends are stopped: blocked by policy; tried again at 2026-09-01 10:16:12 UTC",
        ),
        (
            "UPDATE account SET paused_at = $1",
            "the operator has paused all sends since 2026-09-01 10:16:12 UTC (`igbot resume`)",
        ),
        ("UPDATE account SET send_after = $1", "rate limit: sends wait until 2026-09-01 10:16:12 UTC"),
        (
            "UPDATE account SET send_after = $1, send_after_reason = 'outage', outage_at = $1",
            "Meta has not been reached since 2026-09-01 10:16:12 UTC: sends wait until 2026-09-01 10:16:12 UTC",
        ),
        (
            "UPDATE account SET outage_at = $1",
            "Meta has not been reached since 2026-09-01 10:16:12 UTC: one call tries whether it is again, the others "
            "wait for what comes of it",
        ),
        (
            "UPDATE account SET text_spent_until = $1",
            "due since 2026-09-01 10:11:12 UTC, and the account sends as fast as it may: its turn comes",
        ),
    ],
)
async def test_what_holds_up_the_account_is_told_on_each_of_its_replies(post: Post, stop: str, words: str) -> None:
    """A stop, a pause, a limit, an outage, its own rate."""
    await post.queue("hello")
    await post.desk.value(stop, LATER)
    reply = await told(post)
    assert reply.waits == (words,)
    assert reply.reason == words


async def test_several_reasons_are_all_told(post: Post) -> None:
    """Whoever ends one of them must know of the other."""
    await post.queue("hello")
    await post.desk.value("UPDATE account SET paused_at = $1, halted_at = $1, halted_reason = 'no permission'", START)
    assert [wait.split(":")[0][:28] for wait in (await told(post)).waits] == [
        "sends are stopped",
        "the operator has paused all ",
    ]


async def test_what_comes_before_it_is_named(post: Post) -> None:
    """One reply to a customer at a time."""
    await post.queue("hello", "repeat it")
    first = (await told(post)).outbox_id
    assert (await told(post, "in-2")).waits == (f"an earlier reply to this customer comes first ({first}, queued)",)


async def test_a_reply_waits_for_its_time(post: Post) -> None:
    """After a failed try, for the pace of one customer, for an echo."""
    await post.queue("hello")
    reply = await post.claim_one()
    await post.finish((reply, Verdict("queued", "retry", LATER, reason="retry")))
    assert (await told(post)).waits == ("retry: due at 2026-09-01 10:16:12 UTC",)
    post.desk.time.now = LATER
    await post.desk.value("UPDATE outbox_lane SET free_at = $1", LATER + timedelta(seconds=1))
    assert (await told(post)).waits == ("this customer has just been written to: next at 2026-09-01 10:16:13 UTC",)
    await post.desk.value("UPDATE outbox_lane SET free_at = NULL")
    await post.finish((await post.claim_one(), lost(sending_at=LATER, unanswered=0)))
    [wait] = (await told(post)).waits
    assert wait.startswith("it is not known whether Meta took it: an echo is waited for, and Meta asked at ")


async def test_what_will_end_it_is_told_before_it_does(post: Post) -> None:
    """It was overtaken, or is too late."""
    await post.queue("hello")
    await post.desk.value("UPDATE conversation SET cancel_before = $1, cancel_reason = 'a person took over'", START)
    assert (await told(post)).waits[0] == "it will be cancelled at its turn: a person took over"
    await post.desk.value("UPDATE conversation SET cancel_before = NULL, blocked_at = $1", START)
    assert (await told(post)).waits[0] == "it will not be sent: Meta reaches this customer no more"
    post.desk.time.now += DAY
    assert (await told(post)).waits[0].startswith("its 24 hours were over at ")


async def test_one_in_flight_whose_message_was_deleted_says_so(post: Post) -> None:
    """And has a time by which it could be sent, like any other; `why --json` gives it."""
    await post.queue("hello")
    await post.finish((await post.claim_one(), lost(sending_at=START, unanswered=0)))
    await post.desk.arrive(customer_says("", "", kind="deleted", about="in-1", at=START))
    await post.desk.settle_all()
    reply = await told(post)
    assert reply.waits[0] == "the customer deleted the message: it is not called again"
    assert reply.expires_at == START


async def test_everything_that_happened_is_told_in_order(sender: Sender) -> None:
    """The calls, what the operator did, and what came of it."""
    post = sender.post
    sender.fails(ErrorFault(status=400, code=9999999), times=None)
    await post.queue("hello")
    await sender.settles()
    dead = await told(post)
    assert (dead.status, dead.waits) == ("dead", ())
    sender.sandbox.faults.clear()
    async with post.desk.database.connection() as conn:
        await retry(conn, [dead.outbox_id], [ACCOUNT], margin=MARGIN, even_if_sent=False, now=post.now)
    await sender.becomes("sent")
    sent = await told(post)
    assert (sent.known_by, [call.outcome for call in sent.attempts][-1]) == ("answer", "sent")
    whats = [event.what.split(" (")[0] for event in sent.events]
    assert whats == [
        "decided",
        *["called: not taken, to be tried again"] * len(dead.attempts),
        "the operator has it sent again",
        "called: Meta took it",
    ]
    assert [event.code for event in sent.events][1] == 9999999
    assert [event.at for event in sent.events] == sorted(event.at for event in sent.events)


async def test_a_dropped_reply_says_by_whom(post: Post) -> None:
    """With the time."""
    await post.queue("hello")
    async with post.desk.database.connection() as conn:
        await drop(conn, [(await told(post)).outbox_id], [ACCOUNT], now=LATER)
    reply = await told(post)
    assert (reply.status, reply.reason) == ("cancelled", "dropped by the operator")
    assert [(event.at, event.what) for event in reply.events] == [
        (START, "decided"),
        (LATER, "cancelled: dropped by the operator"),
    ]


async def test_that_a_message_was_deleted_or_edited_is_told(post: Post) -> None:
    """The fact is kept, the words are not."""
    await post.queue("hello")
    await post.desk.value("UPDATE message SET deleted_at = $1, edits = 2, text = '' WHERE direction = 'in'", LATER)
    message = (await why(post.desk, "in-1")).message
    assert (message.deleted_at, message.edits, message.text) == (LATER, 2, "")
