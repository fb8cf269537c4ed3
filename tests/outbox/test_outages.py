"""Meta is away: everything waits but one call that tries, and goes out in order once it is back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest

from igbot.meta.events import Igsid
from igbot.meta.outgoing import Outgoing
from igbot.outbox.graph import GraphClient, Sending
from igbot.outbox.lanes import next_due
from igbot.outbox.standing import OUTAGE
from igbot.sandbox.faults import CutBeforeFault, ErrorFault, HtmlFault
from igbot.sandbox.graph import Sandbox
from tests.answering.talking import ANA, BEN, DAY, logged
from tests.outbox.posting import Post
from tests.outbox.sending import Sender, sending
from tests.sandbox.playing import settings
from tests.waiting import eventually

CLEO, DORA = "9000000000000003", "9000000000000004"
CUSTOMERS = (ANA, BEN, CLEO)


@asynccontextmanager
async def away(sender: Sender, nobody: str) -> AsyncIterator[None]:
    """Meta cannot be reached, for the block."""
    [(account, real)] = sender.accounts.items()
    async with aiohttp.ClientSession() as session:
        graph = GraphClient(session, url=nobody, version="v25.0", clock=sender.post.desk.time)
        sender.accounts[account] = replace(real, graph=graph)
        yield
        sender.accounts[account] = real


async def outage(post: Post) -> int | None:
    """How many probes have failed; None where there is no outage."""
    account = await post.account()
    return None if account["outage_at"] is None else int(account["outage_probes"])


async def to_the_next_probe(sender: Sender, failed: int) -> None:
    """Time goes by until the next probe has failed as well."""
    post = sender.post
    async with post.desk.database.connection() as conn:
        due = await next_due(conn, rooms=[post.room()], now=post.now)
    assert due is not None
    post.desk.time.now = max(due, post.now)
    sender.woken.set()

    async def has_failed() -> bool:
        sender.woken.set()
        return await outage(post) == failed

    await eventually(has_failed)


async def opens(sender: Sender, *customers: str) -> None:
    """Replies to these customers fail, and the breaker opens."""
    for igsid in customers:
        await sender.post.queue("hello", igsid=igsid)
    sender.woken.set()
    await eventually(lambda: outage_is(sender.post, 0))


async def outage_is(post: Post, probes: int | None) -> bool:
    """Whether so many probes have failed."""
    return await outage(post) == probes


async def test_an_outage_costs_no_attempt_and_all_goes_out_in_order_after_it(post: Post, nobody: str) -> None:
    """However long it takes; whoever waits longest tries first."""
    async with sending(post) as sender:
        async with away(sender, nobody):
            await opens(sender, *CUSTOMERS)
            for failed in range(1, 7):
                await to_the_next_probe(sender, failed)
            await post.queue("repeat 2", "repeat 3", igsid=DORA)
            await post.queue("repeat 2", igsid=ANA)
        assert (await post.account())["send_after_reason"] == OUTAGE
        sender.passes(seconds=90)
        await sender.becomes("sent", "sent")
        await sender.becomes("sent", "sent", igsid=DORA)
        assert await outage(post) is None
        assert sender.received() == ["Hi there!", "You said: repeat 2"]
        assert sender.received(DORA) == ["You said: repeat 2", "You said: repeat 3"]
        assert {row["attempts"] for row in await post.desk.rows("SELECT attempts FROM outbox")} == {1}
        assert (await post.account())["send_after"] is None


async def test_one_customer_alone_is_no_outage(sender: Sender) -> None:
    """Theirs fails over and over; another's goes out at once."""
    sender.fails(ErrorFault(status=500, code=2), times=None, igsid=ANA)
    await sender.post.queue("hello")
    await sender.settles(step=0.5)
    await sender.post.queue("hello", igsid=BEN)
    await sender.becomes("sent", igsid=BEN)
    assert (await sender.post.states(), await outage(sender.post)) == (["dead"], None)


async def test_a_wave_of_errors_is_waited_out(sender: Sender) -> None:
    """Meta answers everything with 500, its look-ups too, for an hour: no reply is given up for it."""
    sender.fails(ErrorFault(status=500, code=2), times=None)
    sender.fails(HtmlFault(), times=None, route="conversations")
    await opens(sender, *CUSTOMERS, DORA)
    calls = sender.calls()
    for failed in range(1, 12):
        await to_the_next_probe(sender, failed)
    assert sender.calls() - calls <= 1
    sender.sandbox.faults.clear()
    for igsid in (*CUSTOMERS, DORA):
        await sender.settles(igsid)
        assert (await sender.post.states(igsid), sender.received(igsid)) == (["sent"], ["Hi there!"])


async def test_sends_that_hang_while_look_ups_answer_are_waited_out(sender: Sender) -> None:
    """Meta says each time that it has nothing: no such call counts, and the answer arrives once."""
    sender.fails(CutBeforeFault(), times=None)
    await opens(sender, *CUSTOMERS)
    for _ in range(40):
        sender.passes(seconds=20)
        await sender.idle()
    assert {*await sender.post.states(ANA), *await sender.post.states(BEN), *await sender.post.states(CLEO)} == {
        "unknown"
    }
    sender.sandbox.faults.clear()
    for igsid in CUSTOMERS:
        await sender.settles(igsid)
        assert (await sender.post.states(igsid), sender.received(igsid)) == (["sent"], ["Hi there!"])


async def test_exactly_one_probe_is_made_by_all_processes(post: Post) -> None:
    """While it is under way nobody else calls; its lease outlives a process that died over it."""
    await post.queue_many(20)
    await post.desk.value("UPDATE account SET outage_at = $1, outage_probes = 2", post.now)
    [probe] = await post.claim(process_id=1)
    assert (probe.igsid, probe.known.probe is not None) == ("c000000", True)
    assert await post.claim(process_id=2) == []
    async with post.desk.database.connection() as conn:
        assert await next_due(conn, rooms=[post.room()], now=post.now) == probe.known.probe
    post.desk.time.pass_by(seconds=45)
    [second] = await post.claim(process_id=2)
    assert second.igsid == "c000001"


async def test_a_probe_that_is_answered_lets_everything_go(post: Post) -> None:
    """Two senders, one probe, then all of it."""
    sandbox = Sandbox(settings(echo="never"), clock=post.desk.time)
    await post.queue_many(30)
    await post.desk.value("UPDATE account SET outage_at = $1, outage_probes = 2", post.now)
    async with sending(post, process_id=1, sandbox=sandbox) as one, sending(post, process_id=2, sandbox=sandbox) as two:
        two.woken.set()

        async def all_sent() -> bool:
            one.woken.set()
            return bool(await post.desk.value("SELECT count(*) FROM outbox WHERE status <> 'sent'") == 0)

        await eventually(all_sent)
    assert len(sandbox.accepted.select()) == 30
    assert sandbox.accepted.select(igsid="c000000")


async def test_an_outage_that_lasts_is_told_once_and_so_is_its_end(sender: Sender) -> None:
    """After a minute; a short one is nobody's business."""
    sender.fails(ErrorFault(status=503, code=2), times=None)
    sender.fails(HtmlFault(), times=None, route="conversations")
    await opens(sender, *CUSTOMERS)
    sender.passes(seconds=31)
    await sender.idle()
    assert sender.troubles == []
    for _ in range(5):
        sender.passes(seconds=31)
        await sender.idle()
    await eventually(lambda: [kind for kind, _ in sender.troubles] == ["outage"])
    sender.sandbox.faults.clear()
    for igsid in CUSTOMERS:
        await sender.settles(igsid)
    sender.passes(seconds=31)
    await eventually(lambda: [kind for kind, _ in sender.troubles] == ["outage", "outage"])
    assert sender.troubles[-1][1] == "Meta answers again"


@pytest.mark.parametrize("stop", ["halted_at = $1", "paused_at = $1", "send_after = $1::timestamptz + interval '9 d'"])
async def test_what_outlives_its_window_where_nothing_is_sent_expires(
    sender: Sender, caplog: pytest.LogCaptureFixture, stop: str
) -> None:
    """Within half a minute, a line for each; the owner is told how many. What comes after it waits on."""
    post = sender.post
    await post.desk.value(f"UPDATE account SET {stop}", post.now)
    await post.queue_many(30)
    post.desk.time.now += DAY / 2
    await post.queue_many(5, first=100)
    await post.queue("hello")
    post.desk.time.now += DAY / 2
    sender.passes(seconds=31)
    await eventually(lambda: [kind for kind, _ in sender.troubles] == ["expired"])
    assert sender.troubles[0][1].startswith("30 replies could not be sent")
    counts = await post.desk.rows("SELECT status, count(*) AS n FROM outbox GROUP BY 1 ORDER BY 1")
    assert [(row["status"], row["n"]) for row in counts] == [("expired", 30), ("queued", 6)]
    assert len(logged(caplog, "reply_expired")) == 30
    assert await post.desk.value("SELECT count(*) FROM outbox_lane WHERE due_at IS NOT NULL") == 6
    assert sender.calls() == 0


async def test_expired_replies_are_told_together(sender: Sender) -> None:
    """At once, then at most once an hour, and none is left out; also those of an account that sends."""
    post = sender.post
    await post.desk.value("UPDATE account SET send_after = $1", post.now + DAY)
    await post.queue_many(3)
    sender.passes(hours=24)
    await sender.idle()
    sender.passes(seconds=31)
    await eventually(lambda: len(sender.troubles) == 1)
    for first in (100, 200):
        await post.desk.value("UPDATE account SET paused_at = $1", post.now)
        await post.queue_many(3, first=first)
        await post.desk.value("UPDATE outbox SET expires_at = $1 WHERE status = 'queued'", post.now)
        await post.desk.value("UPDATE account SET paused_at = NULL")
        sender.passes(seconds=31)
        await sender.idle()
    assert len(sender.troubles) == 1
    sender.passes(hours=1)
    await eventually(lambda: len(sender.troubles) == 2)
    assert [why.split(" ")[0] for _, why in sender.troubles] == ["3", "6"]


async def test_one_customer_whose_calls_hang_holds_up_nobody(sender: Sender) -> None:
    """Each call has a slot of its own."""
    answers = asyncio.Event()

    class Slow(GraphClient):
        async def send(self, igsid: Igsid, message: Outgoing, *, token: str) -> Sending:
            if igsid == ANA:
                await answers.wait()
            return await super().send(igsid, message, token=token)

    [(account, real)] = sender.accounts.items()
    async with aiohttp.ClientSession() as session:
        graph = Slow(session, url=real.graph._base.rpartition("/")[0], version="v25.0", clock=sender.post.desk.time)
        sender.accounts[account] = replace(real, graph=graph)
        await sender.post.queue("repeat 1", "repeat 2")
        for number in range(10):
            await sender.post.queue(f"repeat {number}", igsid=BEN)
        await sender.becomes(*["sent"] * 10, igsid=BEN)
        assert await sender.post.states() == ["sending", "queued"]
        answers.set()
        await sender.becomes("sent", "sent")


async def _unknown_in_an_outage(sender: Sender) -> None:
    """Three customers' calls are answered with 503, and so it is an outage: what became of them is to be asked."""
    post = sender.post
    sender.fails(HtmlFault(status=503), times=3)
    for customer in CUSTOMERS:
        await post.queue("hello", igsid=customer)
        await sender.becomes("unknown", igsid=customer)
    assert await outage(post) is not None


async def test_a_dead_token_is_noticed_though_nothing_but_look_ups_is_left_to_try(post: Post) -> None:
    """Meta is back and says so: the outage is over, and the account is stopped until somebody acts."""
    async with sending(post) as sender:
        await _unknown_in_an_outage(sender)
        sender.fails(ErrorFault(code=190, status=401), times=1, route="conversations")
        sender.passes(seconds=60)
        await sender.idle()
        account = await post.account()
        assert account["outage_at"] is None
        assert account["halted_reason"] == "the token is not valid"
        assert "halted" in [kind for kind, _ in sender.troubles]
        await post.desk.value("UPDATE account SET halted_at = NULL, halted_reason = NULL RETURNING 1")
        await sender.settles()
        assert [sender.received(customer) for customer in CUSTOMERS] == [["Hi there!"]] * 3


async def test_a_refused_look_up_shows_that_meta_is_back(post: Post) -> None:
    """It tells nothing of the reply, which goes out again as where Meta cannot be asked; the others wait no longer."""
    async with sending(post) as sender:
        await _unknown_in_an_outage(sender)
        sender.fails(ErrorFault(code=613), times=None, route="conversations")
        sender.passes(seconds=60)
        await sender.settles()
        assert await outage(post) is None
        assert [sender.received(customer) for customer in CUSTOMERS] == [["Hi there!"]] * 3
