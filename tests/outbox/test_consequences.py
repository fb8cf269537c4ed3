"""What a verdict means for the account and the customer, in the database."""

import asyncio
from dataclasses import replace

import pytest

from igbot.meta.graph_error import other_error
from igbot.outbox.again import begin_again
from igbot.outbox.consequences import bear
from igbot.outbox.finish import Finished
from igbot.outbox.gate import Usage
from igbot.outbox.verdict import Verdict
from igbot.sandbox.faults import ErrorFault, HeadersFault
from tests.answering.talking import ACCOUNT, ANA, BEN, HOUR, OTHER_ACCOUNT
from tests.outbox.posting import HI, MARGIN, SECOND, UNLIMITED, Post
from tests.outbox.sending import Sender
from tests.waiting import eventually

ERROR = other_error("test", "something")
NEW_ACCOUNT = "INSERT INTO account (account_id, ids, production) VALUES ($1, ARRAY[$1], true)"
USED = {"X-App-Usage": '{"call_count": 97}'}


async def test_a_limit_of_the_app_holds_all_accounts_of_this_process(post: Post) -> None:
    """One of the account holds only it."""
    await post.desk.value(NEW_ACCOUNT, OTHER_ACCOUNT)
    await post.queue("hello")
    reply = await post.claim_one()
    until = post.now + 60 * SECOND
    for whole_app, others in ((False, None), (True, until)):
        verdict = Verdict("queued", "wait", until, error=ERROR, counted=False, account_wait=True, whole_app=whole_app)
        async with post.desk.database.connection() as conn:
            served = [ACCOUNT, OTHER_ACCOUNT]
            await bear(
                conn, [Finished(reply, verdict)], marked=set(), served=served, on_stop=post.stops.append, now=post.now
            )
        waits = await post.desk.rows("SELECT account_id, send_after FROM account ORDER BY account_id")
        assert [row["send_after"] for row in waits] == [until, others]


async def test_of_many_calls_that_meet_a_dead_token_one_has_stopped_the_account(post: Post) -> None:
    """Two processes write their verdicts at the same time; what had ended by itself is no stop of that kind."""
    await post.queue_many(20)
    halted = Verdict("queued", "halted", post.now, error=ERROR, halt="the token is dead", counted=False, alert=True)
    replies = {process: await post.claim(process_id=process, limit=10) for process in (1, 2)}
    await asyncio.gather(
        *(post.finish((reply, halted), process_id=process) for process in (1, 2) for reply in replies[process])
    )
    assert [by.verdict for by in post.stops] == [halted]
    for until, halt, stops in ((post.now + HOUR, halted.halt, 1), (post.now, "blocked", 2), (None, halted.halt, 3)):
        if until == post.now:
            await post.desk.value("UPDATE account SET halted_at = NULL")
        verdict = replace(halted, halt=halt, resumes_at=until)
        await post.finish((replies[1][0], verdict), (replies[1][1], verdict))
        assert len(post.stops) == stops


async def test_a_series_of_waits_is_one_stop(post: Post) -> None:
    """A limit that comes again after the wait is the same; another cause, or one after sends went out, is not."""
    await post.queue_many(2)
    reply, _ = await post.claim()
    for reason, stops in (("restricted", 1), ("restricted", 1), ("outage", 2), ("outage", 2)):
        post.desk.time.pass_by(hours=1)
        until = post.now + 60 * SECOND
        verdict = Verdict("queued", "wait", until, error=ERROR, reason=reason, account_wait=True, counted=False)
        await post.finish((reply, verdict), (reply, verdict))
        assert len(post.stops) == stops
    post.desk.time.pass_by(hours=1)
    await post.desk.value("UPDATE account SET rate_waits = 0")
    await post.finish((reply, verdict))
    assert len(post.stops) == 3


async def test_a_conversation_that_is_anothers_is_left_alone_for_a_day(sender: Sender) -> None:
    """What was decided before is cancelled and says why; the pause of a person that lasts longer stays."""
    sender.fails(ErrorFault(status=400, code=10, subcode=2018300))
    post = sender.post
    await post.queue("repeat 1", "repeat 2")
    await sender.becomes("failed", "cancelled")
    talk = await post.desk.talk(ANA)
    assert (talk["paused_reason"], talk["paused_until"] - post.now) == ("thread_control", 24 * HOUR)
    [_, second] = await post.desk.rows("SELECT reason FROM outbox ORDER BY outbox_id")
    assert second["reason"] == "another app talks to the customer"
    await eventually(lambda: [kind for kind, _ in sender.troubles] == ["refused"])


async def test_a_cancelled_reply_says_why(post: Post) -> None:
    """Whoever wanted it: the conversation has the reason."""
    await post.queue("hello")
    await post.queue("hello", igsid=BEN)
    await post.desk.value(
        "UPDATE conversation SET cancel_before = $1, cancel_reason = 'the customer opted out'", post.now
    )
    assert {(reply.step, reply.why) for reply in await post.claim()} == {("cancel", "the customer opted out")}


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        ("UPDATE conversation SET blocked_at = now()", "block"),
        ("UPDATE account SET paused_at = now()", "hold"),
        ("UPDATE account SET halted_at = now()", "hold"),
        ("UPDATE account SET send_after = '2099-01-01'", "hold"),
        ("UPDATE account SET outage_at = now()", "hold"),
        ("UPDATE account SET halted_at = now(), halted_until = '2026-01-01'", "send"),
    ],
)
async def test_what_stops_the_account_meanwhile_stops_a_second_call(post: Post, happened: str, expected: str) -> None:
    """It was looked up, and the operator paused the sends, or Meta went away."""
    await post.queue("hello")
    await post.finish((await post.claim_one(), Verdict("unknown", "unknown", post.now)))
    reply = await post.claim_one()
    await post.desk.value(happened)
    async with post.desk.database.connection() as conn:
        step, _ = await begin_again(conn, reply, rates=UNLIMITED, margin=MARGIN, now=post.now)
    assert step == expected


async def test_a_paused_account_is_not_looked_up_for_either(sender: Sender) -> None:
    """What is unknown stays so until the operator lets it go on."""
    sender.fails(ErrorFault(status=500, code=2, accepted=True))
    await sender.post.queue("hello")
    await sender.becomes("unknown")
    await sender.post.desk.value("UPDATE account SET paused_at = $1", sender.post.now)
    sender.passes(minutes=5)
    await sender.idle()
    assert (await sender.post.states(), sender.calls("conversations")) == (["unknown"], 0)
    await sender.post.desk.value("UPDATE account SET paused_at = NULL")
    await sender.becomes("sent")
    assert sender.calls() == 1


async def test_a_policy_block_is_tried_with_one_message_hours_later(sender: Sender) -> None:
    """It goes on by itself if that one goes out; if not, the account waits for as long again."""
    sender.fails(ErrorFault(status=400, code=368), times=2)
    for igsid in (ANA, BEN):
        await sender.post.desk.value("UPDATE account SET paused_at = $1", sender.post.now)
        await sender.post.queue("hello", igsid=igsid)
    await sender.post.queue_many(5)
    await sender.post.desk.value(
        "UPDATE account SET halted_at = $1, halted_until = $1, paused_at = NULL", sender.post.now
    )
    for calls in (1, 2):
        sender.woken.set()
        await eventually(lambda calls=calls: sender.calls() == calls)  # type: ignore[misc]
        await sender.idle()
        account = await sender.post.account()
        assert account["halted_until"] == sender.post.now + 4 * HOUR
        sender.passes(hours=4)
    await sender.becomes("sent")
    await sender.becomes("sent", igsid=BEN)
    account = await sender.post.account()
    assert (account["halted_at"], account["halted_until"], account["halted_reason"]) == (None, None, None)
    assert (await sender.post.row())["attempts"] == 1


async def test_a_nearly_used_budget_is_known_to_all_and_forgotten_when_it_is_not(sender: Sender) -> None:
    """Written when Meta says so, and once when it is over; in between nothing is written."""
    sender.sandbox.faults.clear()
    sender.fails(HeadersFault(headers=USED))
    await sender.post.queue("hello")
    await sender.becomes("sent")
    account = await sender.post.account()
    assert (account["usage_percent"], account["usage_at"]) == (97, sender.post.now)
    sender.fails(HeadersFault(headers={"X-App-Usage": '{"call_count": 40}'}))
    await sender.post.queue("hello")
    await sender.becomes("sent", "sent")
    assert (await sender.post.account())["usage_percent"] is None


async def test_nobody_types_while_the_budget_is_nearly_used(sender: Sender) -> None:
    """The message comes when it would have come."""
    now = sender.post.now
    await sender.post.desk.value("UPDATE account SET usage_percent = 80, usage_at = $1", now)
    await sender.post.queue_message(HI, typing=3)
    await sender.idle()
    assert await sender.post.states() == ["queued"]
    sender.passes(seconds=3)
    await sender.becomes("sent")
    assert (sender.calls("action"), sender.calls()) == (0, 1)


async def test_a_simple_success_writes_nothing_beside_itself(post: Post) -> None:
    """No account is locked for it."""
    await post.queue("hello")
    reply = await post.claim_one()
    async with post.desk.database.connection() as conn, conn.transaction():
        done = [Finished(reply, Verdict("sent", "sent", mid="m", answered=True), Usage(12, post.now))]
        opened = await bear(conn, done, marked=set(), served=[ACCOUNT], on_stop=post.stops.append, now=post.now)
        assert not opened
        assert await conn.fetchval("SELECT pg_current_xact_id_if_assigned()") is None
