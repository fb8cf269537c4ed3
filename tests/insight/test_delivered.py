"""What happened to a reply, call by call."""

from igbot.outbox.verdict import lost as lost_verdict
from igbot.sandbox.faults import CutAfterFault, CutBeforeFault, ErrorFault
from igbot.store.processes import register
from tests.answering.talking import START, customer_says, shop_says
from tests.insight.asking import attempts, why
from tests.outbox.posting import Post
from tests.outbox.sending import Sender


async def test_a_reply_that_went_out_at_once_has_one_call(sender: Sender) -> None:
    """With its mid, known by Meta's answer."""
    await sender.post.queue("which colour")
    await sender.becomes("sent")
    [reply] = (await why(sender.post.desk, "in-1")).replies
    [accepted] = sender.sandbox.accepted.select()
    assert (reply.status, reply.mid, reply.known_by, reply.due_at) == ("sent", accepted.mid, "answer", None)
    assert (reply.text, [q.payload for q in reply.quick_replies]) == ("Which one?", ["RED"])
    [call] = reply.attempts
    assert (call.at, call.outcome, call.code, call.fbtrace_id) == (reply.finished_at, "sent", None, None)


async def test_every_call_that_failed_is_named_with_metas_codes(sender: Sender) -> None:
    """In order, the one that was taken last."""
    sender.fails(ErrorFault(status=500, code=2, subcode=99))
    sender.fails(ErrorFault(status=400, code=4))
    await sender.post.queue("hello")
    await sender.settles()
    calls = await attempts(sender.post.desk, "in-1")
    assert [(c.outcome, c.code, c.subcode) for c in calls] == [
        ("unknown", 2, 99),
        ("wait", 4, None),
        ("sent", None, None),
    ]
    assert all(c.fbtrace_id for c in calls[:2])
    assert [c.at for c in calls] == sorted(c.at for c in calls)


async def test_a_refused_reply_says_so(sender: Sender) -> None:
    """Its state, and Meta's code."""
    sender.fails(ErrorFault(status=400, code=551))
    await sender.post.queue("hello")
    await sender.becomes("failed")
    [reply] = (await why(sender.post.desk, "in-1")).replies
    assert (reply.status, reply.known_by, [(c.outcome, c.code) for c in reply.attempts]) == (
        "failed",
        None,
        [("refused", 551)],
    )


async def test_a_lost_answer_is_made_good_by_a_look_up(sender: Sender) -> None:
    """One call without an answer; nothing claims that there was one."""
    sender.fails(CutAfterFault())
    await sender.post.queue("hello")
    await sender.settles()
    [reply] = (await why(sender.post.desk, "in-1")).replies
    assert (reply.status, reply.known_by, [c.outcome for c in reply.attempts]) == ("sent", "look-up", ["no answer"])


async def test_a_lost_answer_is_made_good_by_an_echo(sender: Sender) -> None:
    """It comes before anybody asks."""
    sender.fails(CutAfterFault())
    await sender.post.queue("hello")
    await sender.becomes("unknown")
    [accepted] = sender.sandbox.accepted.select()
    await sender.post.desk.arrive(shop_says("Hi there!", accepted.mid, at=sender.post.now))
    await sender.post.desk.settle_all()
    [reply] = (await why(sender.post.desk, accepted.mid)).replies
    assert (reply.known_by, [c.outcome for c in reply.attempts]) == ("echo", ["no answer"])


async def test_a_reply_that_was_sent_again_has_both_calls(sender: Sender) -> None:
    """The first brought no answer, the second did."""
    sender.fails(CutBeforeFault())
    await sender.post.queue("hello")
    await sender.settles()
    [reply] = (await why(sender.post.desk, "in-1")).replies
    assert (reply.known_by, [c.outcome for c in reply.attempts]) == ("answer", ["no answer", "sent"])


async def test_a_call_is_in_flight_while_its_process_lives(post: Post) -> None:
    """It holds its lock; once that is free, no answer will come, whether or not anybody has noticed."""
    await post.queue("hello")
    async with post.desk.database.connection() as living:
        process_id = await register(living, now=START)
        reply, *_ = await post.claim(process_id=process_id)
        [call] = await attempts(post.desk, "in-1")
        assert (call.at, call.outcome) == (START, "in flight")
        await living.execute("SELECT pg_advisory_unlock_all()")
        [call] = await attempts(post.desk, "in-1")
        assert (call.at, call.outcome) == (START, "process lost")
    post.desk.time.pass_by(seconds=91)
    [lost] = await post.claim(process_id=2)
    assert (reply.step, lost.step) == ("send", "lost")
    await post.finish((lost, lost_verdict(sending_at=START, unanswered=0)), process_id=2)
    [call] = await attempts(post.desk, "in-1")
    assert call.outcome == "process lost"


async def test_what_holds_up_the_account_is_named_on_each_reply(post: Post) -> None:
    """Also on those that never met the error themselves."""
    await post.queue("hello")
    await post.desk.value("UPDATE account SET halted_at = $1, halted_reason = 'the token has expired'", START)
    [reply] = (await why(post.desk, "in-1")).replies
    assert (reply.status, reply.reason) == ("queued", "sends are stopped: the token has expired")
    assert (reply.due_at, reply.attempts) == (START, ())


async def test_all_parts_of_an_answer_are_there_in_order(post: Post) -> None:
    """And nothing of another answer of the same turn."""
    long = "wool and linen " * 100
    await post.desk.arrive(customer_says("what?", "m1"), customer_says("hello", "m2"))
    post.desk.change(default_reply=long)
    await post.desk.settle_all()
    parts = (await why(post.desk, "m1")).replies
    assert len(parts) > 1
    assert " ".join(part.text for part in parts).split() == long.split()
    assert [part.text for part in (await why(post.desk, "m2")).replies] == ["Hi there!"]
