"""Whatever happens, in whatever order: no reply is lost, doubled or out of order."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from igbot.meta.conversations_api import SentMessage
from igbot.meta.events import AccountId, Igsid, Mid
from igbot.meta.graph_error import other_error
from igbot.meta.outcomes import Outcome, Retry, Sent, Unknown, Wait
from igbot.meta.outgoing import Outgoing
from igbot.outbox.account import SendingAccount
from igbot.outbox.claim import LEASE
from igbot.outbox.delivery import Delivery
from igbot.outbox.graph import LookUp, Sending
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from tests.answering.talking import ACCOUNT, Time, customer_says, open_desk, shop_says
from tests.outbox.posting import MARGIN, SECOND, UNLIMITED, Post

ERROR = other_error("test", "a fault of the plan")
EMPTY = """
TRUNCATE account, process, inbox, inbox_lane, conversation, message, outbox, send_attempt, outbox_lane RESTART IDENTITY
"""

SEND = st.tuples(
    st.just("send"),
    st.integers(1, 2),
    st.sampled_from(["sent", "retry", "limit", "500", "500 taken", "cut", "cut taken", "crash", "crash taken"]),
)
WORK = st.tuples(st.just("work"), st.integers(1, 2))
TIME = st.tuples(st.just("time"), st.sampled_from([1, 5, 20, 100]))
RARE = st.one_of(
    st.just(("arrive twice",)),
    st.just(("arrive late",)),
    st.just(("echo",)),
    st.just(("type",)),
    st.tuples(st.just("claim and die"), st.integers(1, 2)),
)
STEPS = st.lists(st.one_of(st.just(("arrive",)), WORK, SEND, SEND, TIME, TIME, RARE), min_size=10, max_size=40)
"""A plan: what happens, in which order, by which of two processes, and how Meta's side fails."""


class Crash(BaseException):
    """The process is gone in the middle of its call."""


@dataclass
class Meta:
    """Takes messages as the plan says, and remembers them."""

    time: Time
    taken: list[SentMessage] = field(default_factory=list)
    echoed: int = 0
    plan: str = "sent"

    async def send(self, igsid: Igsid, message: Outgoing, *, token: str) -> Sending:
        """One call, which fails as planned once."""
        return Sending(self._outcome(message))

    def _outcome(self, message: Outgoing) -> Outcome:
        plan, self.plan = self.plan, "sent"
        if plan == "sent" or plan.endswith("taken"):
            mid = Mid(f"out-{len(self.taken)}")
            self.taken.append(SentMessage(mid, self.time().replace(microsecond=0), "us", message.text))
        if plan.startswith("crash"):
            raise Crash
        if plan == "retry":
            return Retry(ERROR)
        if plan == "limit":
            return Wait(None, "account", ERROR, alert=False)
        if plan.startswith("500"):
            return Unknown(answered=True, error=ERROR)
        if plan.startswith("cut"):
            return Unknown(answered=False, error=ERROR)
        return Sent(self.taken[-1].mid)

    async def show_typing(self, igsid: Igsid, *, token: str) -> None:
        """Somebody types, unless the process dies over it."""
        if self.plan == "crash":
            self.plan = "sent"
            raise Crash

    async def look_up(self, igsid: Igsid, *, token: str, with_attachments: bool = False) -> LookUp:
        """All that was taken."""
        return LookUp(list(reversed(self.taken)))


class World:
    """One conversation, two processes, and the plan's steps."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.desk = post.desk
        self.meta = Meta(post.desk.time)
        self.written = 0
        self.deliveries = {number: self._delivery(number) for number in (1, 2)}

    def _delivery(self, number: int) -> Delivery:
        sender = SendingAccount(
            AccountId(ACCOUNT),
            self.meta,  # type: ignore[arg-type]  # the calls of a GraphClient that a sender makes
            "token",
            UNLIMITED,
        )
        return Delivery(
            self.desk.database,
            process_id=lambda: number,
            accounts=lambda: {AccountId(ACCOUNT): sender},
            margin=MARGIN,
            clock=self.desk.time,
            log=event_log("outbox"),
            woken=asyncio.Event(),
            on_trouble=lambda *_: None,
        )

    async def take(self, step: tuple[object, ...]) -> None:
        """One step of the plan."""
        match step:
            case ("arrive",):
                await self.arrive(self.written)
                self.written += 1
            case ("arrive twice",) if self.written:
                await self.arrive(self.written - 1)
            case ("arrive late",):
                await self.arrive(self.written, seconds=-30)
                self.written += 1
            case ("work", int(process)):
                await self.desk.work(process_id=process)
            case ("claim and die", int(process)):
                # Its lease goes to nobody until it ends.
                await self.desk.value(
                    "UPDATE inbox_lane SET lease_by = $1, lease_until = $2 WHERE lease_until IS NULL",
                    process,
                    self.desk.time() + LEASE,
                )
            case ("send", int(process), str(plan)):
                self.meta.plan = plan
                await self.send(process)
            case ("type",):
                await self.desk.value("UPDATE outbox SET typing = true, delay_ms = 2000 WHERE status = 'queued'")
            case ("echo",) if self.meta.echoed < len(self.meta.taken):
                await self.echo()
            case ("time", int(seconds)):
                self.desk.time.pass_by(seconds=seconds)

    async def arrive(self, number: int, *, seconds: int = 0) -> None:
        """The customer's message `number`; the same number is the same message."""
        at = self.desk.time() + seconds * SECOND
        await self.desk.arrive(customer_says(f"repeat {number}", f"in-{number}", at=at))

    async def echo(self) -> None:
        """Meta tells of the next message it took."""
        told = self.meta.taken[self.meta.echoed]
        self.meta.echoed += 1
        await self.desk.arrive(shop_says(told.text, told.mid, at=self.desk.time()))

    async def send(self, process: int) -> None:
        """One claim of a sender, and its calls."""
        delivery = self.deliveries[process]
        async with self.desk.database.connection() as conn:
            claimed = await delivery.claim(conn)
        for reply in claimed:
            writing = asyncio.create_task(delivery.run_writer())
            with suppress(Crash):
                await delivery._one(reply)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        # A writer that has ended takes nothing more.
        self.deliveries[process] = self._delivery(process)

    async def end(self, *, echoes: bool) -> None:
        """All faults are over; time goes by until nothing is open. Without `echoes`, Meta's come only after that."""
        for _ in range(400):
            await self.desk.settle_all()
            await self.send(1)
            while echoes and self.meta.echoed < len(self.meta.taken):
                await self.echo()
            open_ = await self.desk.value(
                """SELECT (SELECT count(*) FROM inbox WHERE status = 'pending')
                + (SELECT count(*) FROM outbox WHERE status IN ('queued', 'sending', 'unknown'))"""
            )
            if open_ == 0 and self.meta.echoed == len(self.meta.taken):
                return
            echoes = echoes or open_ == 0
            self.desk.time.pass_by(seconds=30)
        raise AssertionError("it never came to rest")


async def lived(database: Database, plan: list[tuple[object, ...]], *, echoes: bool) -> World:
    """A fresh conversation after the plan and its end."""
    async with database.connection() as conn:
        await conn.execute(EMPTY)
    random.seed(1)
    async with open_desk(database) as desk:
        post = Post(desk)
        await post.open()
        world = World(post)
        for step in plan:
            await world.take(step)
        await world.end(echoes=echoes)
        return world


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=STEPS, echoes=st.booleans())
async def test_no_reply_is_lost_doubled_or_out_of_order(
    database: Database, plan: list[tuple[object, ...]], echoes: bool
) -> None:
    """One conversation under arrivals, duplicates, turns, typing, sends, faults, crashes and echoes in any order."""
    world = await lived(database, plan, echoes=echoes)
    rows = await world.desk.rows("SELECT for_mid, status, mid, body ->> 'text' AS text FROM outbox ORDER BY outbox_id")
    sent = [(row["mid"], row["text"]) for row in rows if row["status"] == "sent"]

    assert sorted(row["for_mid"] for row in rows) == sorted(f"in-{number}" for number in range(world.written))
    assert {row["status"] for row in rows} <= {"sent", "dead"}
    assert [(message.mid, message.text) for message in world.meta.taken] == sent
    both = await world.desk.rows("SELECT direction, count(*) AS n FROM message GROUP BY 1 ORDER BY 1")
    assert {row["n"] for row in both} <= {world.written}
    # No echo of ours was taken for a person's, and each became a fact of its reply.
    assert await world.desk.value("SELECT count(*) FROM conversation WHERE paused_until IS NOT NULL") == 0
    assert await world.desk.value("SELECT count(*) FROM outbox WHERE echoed_at IS NOT NULL") == len(sent)
