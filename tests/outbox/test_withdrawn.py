"""The customer deletes the message while its reply is in flight: unless that has arrived, nothing of it is left."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import asyncpg
import pytest

from igbot.meta.events import AccountId, Igsid
from igbot.meta.graph_error import other_error
from igbot.meta.outgoing import Outgoing
from igbot.outbox.dead_letters import DROPPED, drop, retry
from igbot.outbox.finish import Finished, finish
from igbot.outbox.graph import GraphClient, Sending
from igbot.outbox.verdict import NEVER_ARRIVED, Verdict, lost
from igbot.outbox.withdrawn import REASON
from igbot.sandbox.faults import CutAfterFault, CutBeforeFault, ErrorFault, Fault, HtmlFault
from tests.answering.everything import tables_with
from tests.answering.talking import ACCOUNT, customer_says, logged, shop_says
from tests.outbox.posting import MARGIN, SECOND, Post
from tests.outbox.sending import Sender
from tests.waiting import eventually

SECRET = "xyzzy"
WORDS = f"You said: repeat {SECRET}"
ERROR = other_error("test", "something")


async def delete(post: Post, mid: str = "in-1") -> None:
    """The customer takes a message back."""
    await post.desk.arrive(customer_says("", "", kind="deleted", about=mid, at=post.now))
    await post.desk.settle_all()


async def ended(post: Post) -> tuple[str, str | None]:
    """How the first reply ended, of which no words must be left."""
    assert await tables_with(post.desk, SECRET) == []
    row = await post.row()
    assert row["finished_at"] is not None
    return row["status"], row["reason"]


@dataclass
class DuringCalls:
    """The way to Meta, where something happens while each call is out."""

    graph: GraphClient
    happens: Callable[[], Awaitable[None]]

    async def send(self, igsid: Igsid, message: Outgoing, *, token: str) -> Sending:
        """One call."""
        sending = await self.graph.send(igsid, message, token=token)
        await self.happens()
        return sending


def deletes_during_calls(sender: Sender) -> None:
    """From now on customers delete while the answer to them is in flight."""
    account = sender.accounts[AccountId(ACCOUNT)]
    graph = DuringCalls(account.graph, lambda: delete(sender.post))
    sender.accounts[AccountId(ACCOUNT)] = replace(account, graph=graph)  # type: ignore[arg-type]  # all that is called


NOT_TAKEN = {
    "to be tried again": Verdict("queued", "retry", error=ERROR, reason="retry", alert=True, alert_once_a_day=True),
    "refused": Verdict("failed", "refused", error=ERROR, reason="refused"),
    "too late": Verdict("expired", "refused", error=ERROR, reason="window closed"),
    "overtaken": Verdict("cancelled", "cancelled", reason="a person took over"),
    "given up": Verdict("dead", "retry", error=ERROR, reason="every try failed", alert=True),
    "disproved": Verdict("dead", "given up", reason=NEVER_ARRIVED, alert=True),
}


@pytest.mark.parametrize("verdict", NOT_TAKEN.values(), ids=NOT_TAKEN.keys())
async def test_a_call_that_was_not_taken_is_the_last(post: Post, verdict: Verdict) -> None:
    """Whatever would have come of the reply, it is cancelled, and the customer's next one goes out."""
    await post.queue(f"repeat {SECRET}", "repeat 2")
    reply = await post.claim_one()
    await delete(post)
    assert await post.states() == ["sending", "queued"]
    due_at = post.now + 60 * SECOND if verdict.state == "queued" else None
    written = await post.finish((reply, replace(verdict, due_at=due_at)))
    held = written.holding(Finished(reply, verdict))
    assert (held.state, held.reason, held.alert) == ("cancelled", REASON, verdict.alert_once_a_day)
    assert (await ended(post), written.due_at) == (("cancelled", REASON), post.now)
    assert (await post.claim_one()).message.text == "You said: repeat 2"


async def test_a_call_that_was_taken_stays_as_it_is(post: Post) -> None:
    """The customer has the words; what is known of them is kept."""
    await post.queue(f"repeat {SECRET}", "repeat 2")
    reply = await post.claim_one()
    await delete(post)
    await post.sent(reply)
    assert (await post.states(), await post.desk.replies()) == (["sent", "queued"], [WORDS, "You said: repeat 2"])
    assert await tables_with(post.desk, SECRET) == ["message", "message_live", "outbox"]
    assert (await post.claim_one()).message.text == "You said: repeat 2"


async def test_the_last_reply_of_a_conversation_leaves_it_at_rest(post: Post) -> None:
    """Nothing is due any more once somebody has looked."""
    await post.queue(f"repeat {SECRET}")
    reply = await post.claim_one()
    await delete(post)
    await post.finish((reply, NOT_TAKEN["refused"]))
    assert await post.claim() == []
    lane = await post.lane()
    assert (lane["due_at"], lane["lease_by"]) == (None, None)


async def test_of_several_verdicts_only_those_on_deleted_messages_are_others(post: Post) -> None:
    """Written together, each finds its own."""
    await post.queue(f"repeat {SECRET}")
    await post.queue("hello", igsid="c1")
    replies = await post.claim()
    await delete(post)
    verdict = Verdict("queued", "retry", post.now + SECOND, error=ERROR)
    written = await post.finish(*((reply, verdict) for reply in replies))
    assert [written.holding(Finished(reply, verdict)).state for reply in replies] == ["cancelled", "queued"]
    assert (await post.states("c1"), await ended(post)) == (["queued"], ("cancelled", REASON))


async def test_what_cannot_be_wiped_now_is_not_ended_either(post: Post) -> None:
    """The reply stays in hand until both are done: a process that dies in between leaves it to the next."""
    await post.queue(f"repeat {SECRET}")
    reply = await post.claim_one()
    await delete(post)
    finished = [Finished(reply, NOT_TAKEN["refused"])]
    async with post.desk.database.connection() as held, post.desk.database.connection() as conn:
        async with held.transaction():
            await held.execute("SELECT FROM message FOR UPDATE")
            await conn.execute("SET lock_timeout = '10ms'")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await finish(conn, finished, process_id=1, now=post.now)
            await conn.execute("RESET lock_timeout")
        assert (await post.states(), (await post.lane())["lease_by"]) == (["sending"], 1)
        await finish(conn, finished, process_id=1, now=post.now)
    assert await ended(post) == ("cancelled", REASON)


@pytest.mark.parametrize(
    ("fault", "told"),
    [(ErrorFault(code=10, subcode=2534022), []), (ErrorFault(code=190), ["halted"]), (ErrorFault(code=100), [])],
    ids=["too late", "stops the account", "refused"],
)
async def test_what_was_deleted_during_its_call_is_logged_as_cancelled(
    sender: Sender, caplog: pytest.LogCaptureFixture, fault: Fault, told: list[str]
) -> None:
    """In one line; nobody is told of a window, but of what stops the account as ever."""
    sender.fails(fault)
    deletes_during_calls(sender)
    await sender.post.queue(f"repeat {SECRET}")
    await eventually(lambda: [line["reason"] for line in logged(caplog, "reply_cancelled")] == [REASON])
    await sender.idle()
    assert await ended(sender.post) == ("cancelled", REASON)
    assert len(logged(caplog, "sends_halted")) == len(told)
    assert [kind for kind in sender.told if kind != "refused"] == told
    assert [*logged(caplog, "reply_expired"), *logged(caplog, "send_failed")] == []


async def test_an_unknown_reply_that_meta_has_not_is_not_called_again(
    sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    """The look-up ends it, also where the next calls would be stopped; nobody is told; the next reply goes out."""
    sender.fails(CutBeforeFault())
    await sender.post.queue(f"repeat {SECRET}", "repeat 2")
    await sender.becomes("unknown", "queued")
    await delete(sender.post)
    await sender.settles()
    assert (await sender.post.states(), sender.received()) == (["cancelled", "sent"], ["You said: repeat 2"])
    assert await ended(sender.post) == ("cancelled", REASON)
    await eventually(lambda: [line["reason"] for line in logged(caplog, "reply_cancelled")] == [REASON])
    noted = await sender.post.desk.rows("SELECT outcome, detail FROM send_attempt ORDER BY attempt_id DESC LIMIT 1")
    assert (sender.troubles, tuple(noted[0].values())) == ([], ("cancelled", REASON))


async def test_an_unknown_reply_that_meta_has_is_sent(sender: Sender) -> None:
    """Found by a look-up, it stays with its words."""
    sender.fails(CutAfterFault())
    await sender.post.queue(f"repeat {SECRET}")
    await sender.becomes("unknown")
    await delete(sender.post)
    await sender.settles()
    assert (await sender.post.states(), await sender.post.desk.replies(), sender.received()) == (
        ["sent"],
        [WORDS],
        [WORDS],
    )


async def test_an_unknown_reply_whose_echo_comes_is_sent(post: Post) -> None:
    """As if nothing had been deleted."""
    await post.queue(f"repeat {SECRET}")
    await post.finish((await post.claim_one(), lost(sending_at=post.now, unanswered=0)))
    await delete(post)
    await post.desk.arrive(shop_says(WORDS, "out-1", at=post.now))
    await post.desk.settle_all()
    assert (await post.states(), await post.desk.replies()) == (["sent"], [WORDS])


async def test_a_reply_that_stays_unknown_is_dead_and_says_nothing(sender: Sender) -> None:
    """Nobody knows whether the customer has it, and a person is told that; the words go."""
    sender.fails(CutBeforeFault(), times=2)
    sender.fails(HtmlFault(), times=None, route="conversations")
    await sender.post.queue(f"repeat {SECRET}", "repeat 2")
    await sender.becomes("unknown", "queued")
    sender.passes(seconds=60)
    await sender.idle()
    assert (await sender.post.states(), sender.calls()) == (["unknown", "queued"], 2)
    await delete(sender.post)
    await sender.settles()
    assert await sender.post.states() == ["dead", "sent"]
    assert await ended(sender.post) == ("dead", "not known to have been sent after every try")
    await eventually(lambda: [kind for kind, _ in sender.troubles] == ["dead"])


async def test_a_dead_reply_to_a_deleted_message_is_not_sent_again(post: Post) -> None:
    """Its words are gone, and the operator is told why, also long after."""
    await post.queue(f"repeat {SECRET}")
    reply = await post.claim_one()
    await post.finish((reply, Verdict("dead", "given up")))
    await delete(post)
    # Of lines that were answered together another one has the reply.
    await post.desk.value("UPDATE message SET deleted_at = NULL")
    async with post.desk.database.connection() as conn:
        [handled] = await retry(conn, [reply.outbox_id], [ACCOUNT], margin=MARGIN, even_if_sent=True, now=post.now)
    assert (handled.done, handled.why) == (False, "the customer has deleted the message that it answers")


async def test_an_unknown_reply_that_the_operator_drops_says_nothing(post: Post) -> None:
    """Its words go with it; those of others stay."""
    await post.queue(f"repeat {SECRET}")
    await post.queue("repeat 2", igsid="c1")
    replies = await post.claim()
    await post.finish(*((reply, lost(sending_at=post.now, unanswered=0)) for reply in replies))
    await delete(post)
    async with post.desk.database.connection() as conn:
        await drop(conn, [reply.outbox_id for reply in replies], [ACCOUNT], now=post.now)
    assert await ended(post) == ("cancelled", DROPPED)
    assert (await post.states("c1"), await post.desk.replies("c1")) == (["cancelled"], ["You said: repeat 2"])
    assert await post.desk.value("SELECT count(*) FROM message WHERE text = 'You said: repeat 2'") == 1
