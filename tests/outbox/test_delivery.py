"""The sender against Meta's stand-in on loopback: whatever fails on the way, no reply is lost, doubled or swapped."""

import pytest

from igbot.sandbox.faults import CutAfterFault, CutBeforeFault, ErrorFault, Fault, HangFault, HtmlFault, NoMidFault
from tests.answering.talking import ANA, BEN, logged, shop_says
from tests.outbox.sending import Sender
from tests.waiting import eventually


async def test_replies_reach_each_customer_in_order(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    """Several at once, one after the other for each, each with its mid."""
    for number in range(4):
        for igsid in (ANA, BEN):
            await sender.post.queue(f"repeat {number}", igsid=igsid)
    for igsid in (ANA, BEN):
        await sender.becomes(*["sent"] * 4, igsid=igsid)
        assert sender.received(igsid) == [f"You said: repeat {number}" for number in range(4)]
    mids = {row["mid"] for row in await sender.post.desk.rows("SELECT mid FROM outbox")}
    assert mids == {message.mid for message in sender.sandbox.accepted.select()}
    await eventually(lambda: {line["mid"] for line in logged(caplog, "reply_sent")} == mids)
    assert set(logged(caplog, "reply_sent")[0]) == {"outbox_id", "igsid", "rule", "for_mid", "mid"}


# What may have been sent: (fault, whether Meta took the message)
DOUBTFUL: list[tuple[Fault, bool]] = [
    (ErrorFault(status=500, code=1), False),
    (ErrorFault(status=500, code=1, accepted=True), True),
    (ErrorFault(status=500, code=2, accepted=True), True),
    (HtmlFault(status=502), False),
    (HtmlFault(status=502, accepted=True), True),
    (NoMidFault(), True),
    (NoMidFault(accepted=False), False),
    (CutBeforeFault(), False),
    (CutAfterFault(), True),
    (HangFault(seconds=0.05), False),
    (HangFault(seconds=0.05, accepted=True), True),
]


@pytest.mark.parametrize(
    ("fault", "taken"), DOUBTFUL, ids=[f"{fault.kind}-{'taken' if taken else 'not'}" for fault, taken in DOUBTFUL]
)
async def test_what_may_have_been_sent_is_looked_up_and_arrives_once(sender: Sender, fault: Fault, taken: bool) -> None:
    """Found: sent, with its mid. Not found: sent again. The next reply waits for it."""
    sender.fails(fault)
    await sender.post.queue("repeat 1", "repeat 2")
    await sender.settles()
    assert sender.received() == ["You said: repeat 1", "You said: repeat 2"]
    assert await sender.post.states() == ["sent", "sent"]
    assert sender.calls() == (2 if taken else 3)
    assert sender.calls("conversations") == 1
    mids = [row["mid"] for row in await sender.post.desk.rows("SELECT mid FROM outbox ORDER BY outbox_id")]
    assert mids == [message.mid for message in sender.sandbox.accepted.select()]


async def test_a_call_without_an_answer_waits_for_its_echo(sender: Sender) -> None:
    """Twenty seconds; the echo that comes within them is proof enough, nobody is asked."""
    sender.fails(CutAfterFault())
    await sender.post.queue("hello")
    await sender.becomes("unknown")
    sender.passes(seconds=19)
    await sender.idle()
    assert sender.calls("conversations") == 0
    [accepted] = sender.sandbox.accepted.select()
    await sender.post.desk.arrive(shop_says("Hi there!", accepted.mid, at=sender.post.now))
    await sender.post.desk.settle_all()
    sender.passes(seconds=60)
    await sender.idle()
    assert (await sender.post.row())["mid"] == accepted.mid
    assert (sender.calls(), sender.calls("conversations")) == (1, 0)


async def test_without_a_look_up_a_call_without_an_answer_is_repeated_after_a_minute(
    sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, and the log says so."""
    sender.fails(CutBeforeFault())
    sender.fails(HtmlFault(), times=None, route="conversations")
    await sender.post.queue("hello")
    await sender.becomes("unknown")
    sender.passes(seconds=59)
    await sender.idle()
    assert (await sender.post.states(), sender.calls()) == (["unknown"], 1)
    sender.passes(seconds=1)
    await sender.becomes("sent")
    assert sender.received() == ["Hi there!"]
    assert len(logged(caplog, "send_repeated")) == 1


async def test_a_second_call_without_an_answer_is_the_last(sender: Sender) -> None:
    """Looked up once more, then it is a dead letter and a person is told; the next reply goes out."""
    sender.fails(CutBeforeFault(), times=2)
    await sender.post.queue("repeat 1")
    await sender.settles()
    assert await sender.post.states() == ["dead"]
    assert sender.calls() == 2
    await eventually(lambda: [kind for kind, _ in sender.troubles] == ["dead"])
    await sender.post.queue("repeat 2")
    await sender.becomes("dead", "sent")


async def test_a_second_call_that_was_taken_after_all_is_found(sender: Sender) -> None:
    """The last look-up, not the count of calls, decides."""
    sender.fails(CutBeforeFault())
    sender.fails(CutAfterFault())
    await sender.post.queue("hello")
    await sender.settles()
    assert (await sender.post.states(), sender.received()) == (["sent"], ["Hi there!"])


async def test_at_most_four_calls_are_made_for_a_part(sender: Sender) -> None:
    """One and three more, each looked up before; then it is dead."""
    sender.fails(ErrorFault(status=500, code=2), times=None)
    await sender.post.queue("hello")
    await sender.settles(step=0.5)
    assert await sender.post.states() == ["dead"]
    assert (sender.calls(), sender.calls("conversations")) == (4, 4)
    assert (await sender.post.row())["attempts"] == 4


async def test_one_retry_of_one_error_does_not_use_up_those_of_another(sender: Sender) -> None:
    """Media that could not be fetched is tried once more; Meta's own trouble before it or after it is another thing."""
    sender.fails(ErrorFault(code=100, subcode=2018008))
    sender.fails(ErrorFault(status=500, code=2))
    await sender.post.queue("hello")
    await sender.settles()
    assert (await sender.post.states(), sender.calls()) == (["sent"], 3)
    sender.fails(ErrorFault(status=500, code=2), igsid=BEN)
    sender.fails(ErrorFault(code=100, subcode=2018008), igsid=BEN)
    await sender.post.queue("hello", igsid=BEN)
    await sender.settles(BEN)
    assert (await sender.post.states(BEN), sender.received(BEN)) == (["sent"], ["Hi there!"])


async def test_the_same_words_twice_are_two_messages(sender: Sender) -> None:
    """A look-up for the second does not take the first one's mid."""
    await sender.post.queue("hello")
    await sender.becomes("sent")
    sender.fails(CutBeforeFault())
    await sender.post.queue("hello")
    await sender.settles()
    assert sender.received() == ["Hi there!", "Hi there!"]
    assert len({row["mid"] for row in await sender.post.desk.rows("SELECT mid FROM outbox")}) == 2
