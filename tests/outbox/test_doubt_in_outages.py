"""What is not known to have been sent, while Meta is away: it is asked for again, and an outage does not end by it."""

from datetime import datetime, timedelta
from time import monotonic

import pytest

from igbot.sandbox.faults import CutAfterFault, CutBeforeFault, ErrorFault, Fault, HtmlFault
from tests.answering.talking import START
from tests.outbox.posting import Post
from tests.outbox.sending import Sender, sending
from tests.outbox.test_outages import CUSTOMERS, away, opens, outage, to_the_next_probe
from tests.waiting import eventually

NEVER = 3600.0


async def test_a_call_in_doubt_stays_so_when_its_repetition_never_left(post: Post, nobody: str) -> None:
    """Meta took the first, and no look-up was to be had: the customer reads it once all the same."""
    async with sending(post) as sender:
        sender.fails(CutAfterFault())
        await post.queue("hello")
        await sender.becomes("unknown")
        async with away(sender, nobody):
            for _ in range(7):
                sender.passes(seconds=11)
                await sender.idle()
        await sender.settles(step=30)
        assert (await post.states(), sender.received()) == (["sent"], ["Hi there!"])


async def test_no_page_of_somebody_in_between_ends_an_outage(sender: Sender) -> None:
    """What a portal answers to a look-up is no answer of Meta's."""
    sender.fails(HtmlFault(status=403), times=None, route="conversations")
    sender.fails(CutBeforeFault(), times=len(CUSTOMERS))
    for igsid in CUSTOMERS:
        await sender.post.queue("hello", igsid=igsid)
        await sender.becomes("unknown", igsid=igsid)
    sender.fails(HtmlFault(status=403), times=None)
    for _ in range(20):
        assert await outage(sender.post) is not None
        sender.passes(seconds=3)
        await sender.idle()


@pytest.mark.parametrize("fault", [ErrorFault(code=1200), HtmlFault(status=403)])
async def test_the_probes_of_an_outage_use_up_no_reply(sender: Sender, fault: Fault) -> None:
    """Whatever it is told by: waiting for its end is no attempt."""
    sender.fails(fault, times=None)
    await opens(sender, *CUSTOMERS)
    for failed in range(1, 16):
        await to_the_next_probe(sender, failed)
    assert [await sender.post.states(igsid) for igsid in CUSTOMERS] == [["queued"]] * len(CUSTOMERS)


async def test_what_meta_says_was_sent_is_not_sent_again_in_an_outage(sender: Sender) -> None:
    """Even where its record has nothing of it, and the breaker is open."""
    sender.fails(ErrorFault(status=500, code=1, subcode=1357046), times=None)
    await opens(sender, *CUSTOMERS)
    for _ in range(12):
        sender.passes(seconds=15)
        await sender.idle()
    assert sender.calls() == len(CUSTOMERS)


async def test_what_is_due_right_after_another_is_not_forgotten(post: Post) -> None:
    """Nobody looks by the clock here, and nothing wakes the sender but what it remembers."""
    began = monotonic()

    def clock() -> datetime:
        return START + timedelta(seconds=monotonic() - began)

    await post.queue_many(2)
    for number, milliseconds in ((0, 300), (1, 350)):
        at, igsid = START + timedelta(milliseconds=milliseconds), f"c{number:06}"
        await post.desk.value("UPDATE outbox SET due_at = $1 WHERE igsid = $2", at, igsid)
        await post.desk.value("UPDATE outbox_lane SET due_at = $1 WHERE igsid = $2", at, igsid)
    async with sending(post, idle=NEVER, clock=clock) as sender:
        await eventually(lambda: sender.sandbox.accepted.total == 2)
