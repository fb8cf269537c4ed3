"""A sender at work against Meta's stand-in on loopback, with a clock that the test turns."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer

from igbot.meta.events import AccountId
from igbot.outbox.account import SendingAccount
from igbot.outbox.delivery import Delivery
from igbot.outbox.graph import GraphClient
from igbot.outbox.troubles import Trouble
from igbot.sandbox.app import make_app
from igbot.sandbox.faults import Fault, FaultRule, Match
from igbot.sandbox.graph import Sandbox
from igbot.store.loops import keep_going
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import event_log
from tests.answering.talking import ACCOUNT, ANA
from tests.outbox.posting import MARGIN, UNLIMITED, Post
from tests.sandbox.playing import TOKEN, settings
from tests.waiting import eventually


@dataclass
class Sender:
    """A running sender, what it calls, and whom it tells of trouble."""

    post: Post
    sandbox: Sandbox
    delivery: Delivery
    woken: asyncio.Event
    accounts: dict[AccountId, SendingAccount]
    troubles: list[tuple[str, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """The kinds of these troubles, with those that are over."""

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
                OR (due_at <= $1 AND coalesce(send_after, $1) <= $1 AND paused_at IS NULL
                    AND (halted_at IS NULL OR halted_until <= $1))""",
                self.post.now,
            )
            return bool(busy == 0)

        await eventually(is_idle)

    def received(self, igsid: str = ANA) -> list[str | None]:
        """What the customer has got, in order."""
        return [message.sending.words for message in self.sandbox.accepted.select(igsid=igsid)]

    def calls(self, route: str = "send") -> int:
        """How many calls were made."""
        return sum(call.route == route for call in self.sandbox.calls.select())


@asynccontextmanager
async def sending(
    post: Post, *, process_id: int = 1, sandbox: Sandbox | None = None, idle: float = 0.05, clock: Clock | None = None
) -> AsyncIterator[Sender]:
    """A sender at work over the outbox, which looks by itself every `idle` seconds; its `clock` is the desk's, else."""
    clock = clock or post.desk.time
    sandbox = sandbox or Sandbox(settings(echo="never"), clock=clock)
    server = TestServer(make_app(sandbox))
    await server.start_server()
    stopping, woken = asyncio.Event(), asyncio.Event()
    async with aiohttp.ClientSession() as session:
        graph = GraphClient(session, url=str(server.make_url("")), version="v25.0", clock=clock)
        troubles: list[tuple[str, str]] = []
        told: list[str] = []

        def tell(trouble: Trouble) -> None:
            told.append(f"{trouble.kind} is over" if trouble.over else trouble.kind)
            troubles.append((trouble.kind, trouble.why))

        accounts = {AccountId(ACCOUNT): SendingAccount(AccountId(ACCOUNT), graph, TOKEN, UNLIMITED)}
        delivery = Delivery(
            post.desk.database,
            process_id=lambda: process_id,
            accounts=lambda: accounts,
            margin=MARGIN,
            clock=clock,
            log=event_log("outbox"),
            woken=woken,
            on_trouble=tell,
        )
        log = event_log("outbox")
        running = asyncio.create_task(
            keep_going(lambda: delivery.run(stopping=stopping, idle=idle), stopping=stopping, log=log)
        )
        writing = asyncio.create_task(delivery.run_writer())
        try:
            yield Sender(post, sandbox, delivery, woken, accounts, troubles, told)
        finally:
            stopping.set()
            woken.set()
            await running
            await delivery.drain()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await server.close()
