"""The sender against Meta's stand-in on loopback: whatever fails on the way, no reply is lost, doubled or swapped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from igbot.meta.events import AccountId
from igbot.outbox.delivery import Delivery
from igbot.outbox.graph import GraphClient
from igbot.sandbox.app import make_app
from igbot.sandbox.faults import (
    CutAfterFault,
    CutBeforeFault,
    ErrorFault,
    Fault,
    FaultRule,
    HangFault,
    HtmlFault,
    Match,
    NoMidFault,
)
from igbot.sandbox.graph import Sandbox
from igbot.store.loops import keep_going
from igbot.telemetry.log import event_log
from tests.answering.talking import ACCOUNT, ANA, BEN, DAY, Desk, customer_says, logged, shop_says
from tests.outbox.posting import MARGIN, Post
from tests.sandbox.playing import TOKEN, settings
from tests.waiting import eventually


@dataclass
class Sender:
    """A running sender, what it calls, and whom it tells of trouble."""

    post: Post
    sandbox: Sandbox
    delivery: Delivery
    woken: asyncio.Event
    troubles: list[tuple[str, str]] = field(default_factory=list)

    def fails(self, fault: Fault, *, times: int | None = 1, route: Any = "send", **match: Any) -> None:
        """The next calls are spoilt."""
        self.sandbox.faults.add([FaultRule(match=Match(route=route, **match), times=times, fault=fault)])

    def passes(self, **time: float) -> None:
        """Time goes by, and the sender looks again."""
        self.post.desk.time.pass_by(**time)
        self.woken.set()

    async def becomes(self, *states: str, igsid: str = ANA) -> None:
        """The replies to a customer come to stand at these states."""

        async def stand() -> bool:
            self.woken.set()
            return await self.post.states(igsid) == list(states)

        await eventually(stand)

    async def settles(self, igsid: str = ANA, *, step: float = 5, within: float = 300) -> None:
        """Time goes by until nothing is open any more."""
        for _ in range(int(within / step)):
            await self.idle()
            if not {"queued", "sending", "unknown"} & set(await self.post.states(igsid)):
                return
            self.passes(seconds=step)
        raise AssertionError(f"still open after {within} s: {await self.post.states(igsid)}")

    async def idle(self) -> None:
        """Nothing is due, and no call is under way."""

        async def is_idle() -> bool:
            self.woken.set()
            busy = await self.post.desk.value(
                """SELECT count(*) FROM outbox_lane JOIN account USING (account_id) WHERE lease_until IS NOT NULL
                OR (due_at <= $1 AND halted_at IS NULL AND coalesce(send_after, $1) <= $1)""",
                self.post.now,
            )
            return bool(busy == 0)

        await eventually(is_idle)

    def received(self, igsid: str = ANA) -> list[str | None]:
        """What the customer has got, in order."""
        return [message.sending.text for message in self.sandbox.accepted.select(igsid=igsid)]

    def calls(self, route: str = "send") -> int:
        """How many calls were made."""
        return sum(call.route == route for call in self.sandbox.calls.select())


@asynccontextmanager
async def sending(post: Post, *, process_id: int = 1, sandbox: Sandbox | None = None) -> AsyncIterator[Sender]:
    """A sender at work over the outbox."""
    sandbox = sandbox or Sandbox(settings(echo="never"), clock=post.desk.time)
    server = TestServer(make_app(sandbox))
    await server.start_server()
    stopping, woken = asyncio.Event(), asyncio.Event()
    async with aiohttp.ClientSession() as session:
        graph = GraphClient(session, url=str(server.make_url("")), version="v25.0", clock=post.desk.time)
        troubles: list[tuple[str, str]] = []
        delivery = Delivery(
            post.desk.database,
            graph,
            process_id=lambda: process_id,
            tokens=lambda: {AccountId(ACCOUNT): TOKEN},
            margin=MARGIN,
            clock=post.desk.time,
            log=event_log("outbox"),
            woken=woken,
            on_trouble=lambda _, kind, why: troubles.append((kind, why)),
        )
        log = event_log("outbox")
        running = asyncio.create_task(
            keep_going(lambda: delivery.run(stopping=stopping, idle=0.05), stopping=stopping, log=log)
        )
        writing = asyncio.create_task(delivery.run_writer())
        try:
            yield Sender(post, sandbox, delivery, woken, troubles)
        finally:
            stopping.set()
            await running
            await delivery.drain()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await server.close()


@pytest.fixture
async def sender(post: Post) -> AsyncIterator[Sender]:
    """A sender, with a sandbox that echoes nothing: each test tells what comes back."""
    async with sending(post) as sender:
        yield sender


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
    lines = logged(caplog, "reply_sent")
    assert {line["mid"] for line in lines} == mids
    assert set(lines[0]) == {"outbox_id", "igsid", "rule", "for_mid", "mid"}


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
    assert [kind for kind, _ in sender.troubles] == ["dead"]
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


async def test_the_same_words_twice_are_two_messages(sender: Sender) -> None:
    """A look-up for the second does not take the first one's mid."""
    await sender.post.queue("hello")
    await sender.becomes("sent")
    sender.fails(CutBeforeFault())
    await sender.post.queue("hello")
    await sender.settles()
    assert sender.received() == ["Hi there!", "Hi there!"]
    assert len({row["mid"] for row in await sender.post.desk.rows("SELECT mid FROM outbox")}) == 2


async def test_a_rate_limit_pauses_all_and_loses_nothing(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    """As long as Meta says; nobody else's reply is tried meanwhile, and it counts as no attempt."""
    sender.fails(ErrorFault(status=429, code=613, headers={"Retry-After": "90"}))
    await sender.post.queue("hello")
    await sender.idle()
    await sender.post.queue("hello", igsid=BEN)
    await sender.idle()
    assert sender.calls() == 1
    sender.passes(seconds=90)
    await sender.becomes("sent")
    await sender.becomes("sent", igsid=BEN)
    assert (await sender.post.row())["attempts"] == 1
    [line] = logged(caplog, "send_postponed")
    assert (line["reason"], line["until"]) == ("rate limit", sender.post.now)


async def test_limits_without_a_hint_double(sender: Sender) -> None:
    """About 60, 120 and 240 seconds; after a message that went out, 60 again."""
    sender.fails(ErrorFault(status=400, code=613), times=3)
    await sender.post.queue("hello")
    waits = []
    for _ in range(3):
        await sender.idle()
        wait = (await sender.post.account())["send_after"] - sender.post.now
        waits.append(wait.total_seconds())
        sender.passes(seconds=waits[-1])
    assert [nominal / 2 <= wait <= nominal * 1.5 for wait, nominal in zip(waits, (60, 120, 240), strict=True)] == [
        True
    ] * 3
    await sender.becomes("sent")
    assert (await sender.post.account())["rate_waits"] == 0


async def test_a_dead_token_stops_all_sends_and_tells_a_person(sender: Sender) -> None:
    """Replies stay queued; once somebody has acted they go out."""
    sender.fails(ErrorFault(status=401, code=190), times=1)
    await sender.post.queue("hello")
    await sender.idle()
    await sender.post.queue("hello", igsid=BEN)
    await sender.idle()
    assert (await sender.post.states(), sender.calls()) == (["queued"], 1)
    assert [kind for kind, _ in sender.troubles] == ["halted"]
    await sender.post.desk.value("UPDATE account SET halted_at = NULL, halted_reason = NULL")
    await sender.becomes("sent")
    await sender.becomes("sent", igsid=BEN)


async def test_a_refusal_ends_the_reply_and_not_the_conversation(sender: Sender) -> None:
    """The recipient is unknown, the window is closed by Meta's own clock."""
    sender.fails(ErrorFault(status=400, code=100, subcode=2534014), text="1")
    sender.fails(ErrorFault(status=400, code=10, subcode=2534022), text="2")
    await sender.post.queue("repeat 1", "repeat 2", "repeat 3")
    await sender.becomes("failed", "expired", "sent")
    row = await sender.post.row()
    assert (row["code"], row["subcode"], row["attempts"]) == (100, 2534014, 1)
    assert row["fbtrace_id"]


async def test_what_expires_or_is_cancelled_is_never_called(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    """Both end before the call and say why."""
    await sender.post.desk.value("UPDATE account SET send_after = $1", sender.post.now + 10 * DAY)
    await sender.post.queue("hello")
    await sender.post.queue("hello", igsid=BEN)
    await sender.post.person_writes(BEN)
    sender.post.desk.time.now += DAY
    await sender.post.desk.value("UPDATE account SET send_after = NULL")
    await sender.becomes("expired")
    await sender.becomes("cancelled", igsid=BEN)
    assert sender.calls() == 0
    assert (len(logged(caplog, "reply_expired")), len(logged(caplog, "reply_cancelled"))) == (1, 1)


async def test_an_outage_of_meta_is_waited_out(post: Post) -> None:
    """Nobody listens: no attempt is counted, however long it takes."""
    gone = TestServer(make_app(Sandbox(settings(), clock=post.desk.time)))
    await gone.start_server()
    url = str(gone.make_url(""))
    await gone.close()
    async with sending(post) as sender, aiohttp.ClientSession() as session:
        real = sender.delivery._graph
        sender.delivery._graph = GraphClient(session, url=url, version="v25.0", clock=post.desk.time)
        await post.queue("hello")
        for _ in range(6):
            await sender.idle()
            assert (await post.states(), (await post.row())["attempts"]) == (["queued"], 0)
            sender.passes(seconds=8)
        sender.delivery._graph = real
        await sender.becomes("sent")


async def test_a_reply_left_in_flight_by_a_dead_process_is_settled_by_the_next(post: Post) -> None:
    """Meta had taken it: it is found, not sent again. Meta had not: it is sent."""
    sandbox = Sandbox(settings(echo="never"), clock=post.desk.time)
    for igsid in (ANA, BEN):
        await post.queue("hello", igsid=igsid)
    left = await post.claim(process_id=99)
    assert len(left) == 2
    async with sending(post, process_id=2, sandbox=sandbox) as sender:
        taken = {"recipient": {"id": ANA}, "message": {"text": "Hi there!"}}
        async with aiohttp.ClientSession() as meta:
            host = sender.delivery._graph._base
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with meta.post(f"{host}/me/messages", json=taken, headers=headers) as answer:
                mid = (await answer.json())["message_id"]
        await post.desk.value("UPDATE outbox_lane SET lease_by = NULL, lease_until = NULL")
        await sender.settles()
        await sender.settles(BEN)
        assert sender.received(ANA) == sender.received(BEN) == ["Hi there!"]
        assert (await post.row())["mid"] == mid


async def test_two_senders_over_one_outbox_send_everything_once(post: Post) -> None:
    """Each conversation in order, whoever takes it."""
    sandbox = Sandbox(settings(echo="never"), clock=post.desk.time)
    customers = [str(number) for number in range(12)]
    async with (
        sending(post, process_id=1, sandbox=sandbox) as one,
        sending(post, process_id=2, sandbox=sandbox) as two,
    ):
        for number in range(5):
            items = [customer_says(f"repeat {number}", f"{number}-{igsid}", igsid=igsid) for igsid in customers]
            await post.desk.arrive(*items)
            await post.desk.settle_all()
            one.woken.set()
            two.woken.set()
        for igsid in customers:
            await one.becomes(*["sent"] * 5, igsid=igsid)
            assert one.received(igsid) == [f"You said: repeat {number}" for number in range(5)]


async def test_one_verdict_that_cannot_be_written_costs_no_other(
    sender: Sender, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """A batch of verdicts is tried one by one; the bad one stays for the next process to settle."""
    async with desk.database.connection() as conn:
        await conn.execute("ALTER TABLE outbox ADD CHECK (status <> 'sent' OR igsid <> '13')")
    items = [customer_says("hello", f"m{number}", igsid=str(number)) for number in range(20)]
    await desk.arrive(*items)
    await desk.settle_all()

    async def others_are_sent() -> bool:
        sender.woken.set()
        return bool(await desk.value("SELECT count(*) FROM outbox WHERE status = 'sent'") == 19)

    await eventually(others_are_sent)
    await eventually(lambda: logged(caplog, "delivery_failed"))
    assert [line["igsid"] for line in logged(caplog, "delivery_failed")] == ["13"]
    assert await sender.post.states("13") == ["sending"]


async def test_draining_lets_a_call_in_flight_end(post: Post) -> None:
    """Its verdict is written before the process goes."""
    sandbox = Sandbox(settings(echo="never"), clock=post.desk.time)
    async with sending(post, sandbox=sandbox) as sender:
        await post.queue("hello")
        await eventually(lambda: sender.calls() == 1)
    assert await post.states() == ["sent"]


async def test_nothing_is_sent_without_a_token(post: Post) -> None:
    """Parked, not failed."""
    async with sending(post) as sender:
        sender.delivery._tokens = dict
        await post.queue("hello")
        sender.passes(seconds=timedelta(minutes=5).total_seconds())
        await eventually(lambda: not sender.woken.is_set())
        assert (await post.states(), sender.calls()) == (["queued"], 0)
