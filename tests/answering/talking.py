"""Customers, a shop and a clock around the real inbox and the real worker; the test takes each step by itself."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from igbot.answering.claim import claim_conversations
from igbot.answering.claimed import Claim
from igbot.answering.outcome import Notice
from igbot.answering.policy import Policy
from igbot.answering.settle import settle
from igbot.answering.turn import take_turn
from igbot.answering.worker import Worker
from igbot.inbox.receiver import Receiver
from igbot.meta.events import AccountId
from igbot.rules.deciding.choice import Options
from igbot.rules.deciding.ruleset import RuleSet
from igbot.sandbox import customer
from igbot.store.pool import Database
from igbot.telemetry.counters import Counters
from igbot.telemetry.log import FIELDS, event_log
from tests.rules.writing import rules

ACCOUNT = AccountId("17841400000000001")
PAGE = "100200300400500"
OTHER_ACCOUNT = AccountId("17841400000000002")
ANA, BEN = "9000000000000001", "9000000000000002"
START = datetime(2026, 9, 1, 10, 11, 12, 345000, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

RULES = """
- name: greeting
  keywords: [hello]
  reply: Hi there!
- name: echoing
  keywords: [repeat]
  reply: "You said: {{ message.text }}"
- name: want-human
  keywords: [human]
  handoff: {pause: 2h, say: Eva will write to you.}
- name: colours
  keywords: [colour]
  reply: {text: Which one?, quick_replies: [{title: Red, payload: RED}]}
- name: red
  kinds: [quick_reply, postback]
  payload: RED
  reply: Red it is.
"""
POLICY = Policy(Options(default_reply="We will get back to you."), takeover_pause=timedelta(hours=12))
SHOP = "lola"
"""What rules call the account."""


@dataclass
class Time:
    """A clock that a test turns."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        """Move on."""
        self.now += timedelta(**time)


def customer_says(text: str, mid: str, *, igsid: str = ANA, at: datetime = START, **more: Any) -> dict[str, Any]:
    """The webhook item of a customer's message to the shop."""
    return customer.customer_message(igsid, more.pop("account", ACCOUNT), at=at, mid=mid, text=text, **more)


def shop_says(text: str, mid: str, *, igsid: str = ANA, at: datetime = START) -> dict[str, Any]:
    """The webhook item of an echo: something was written from the shop's account."""
    return customer.echo(igsid, ACCOUNT, mid=mid, at=at, text=text)


@dataclass
class Desk:
    """The inbox and the answering of one bot; `process_id` says which process works next."""

    database: Database
    time: Time
    rules: RuleSet | None
    policy: Policy = POLICY
    process_id: int = 1
    accounts: dict[str, AccountId] = field(default_factory=lambda: {ACCOUNT: ACCOUNT, PAGE: ACCOUNT})
    testers: set[str] = field(default_factory=set)
    dead: list[tuple[str, str]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.receiver = Receiver(
            self.database,
            accounts=lambda: self.accounts,
            is_test=lambda igsid: igsid in self.testers,
            on_kept=lambda: self.woken.append("inbox"),
            log=event_log("inbox"),
        )
        self.worker = Worker(
            process_id=lambda: self.process_id,
            accounts=lambda: [ACCOUNT],
            account_name=lambda _: SHOP,
            rules=lambda: self.rules,
            policy=lambda: self.policy,
            clock=self.time,
            log=event_log("answering"),
            counters=Counters(),
            on_replies=lambda: self.woken.append("outbox"),
            on_calls=lambda: self.woken.append("calls"),
            on_alerts=self.notices.extend,
            on_dead=lambda account, why: self.dead.append((account, why)),
        )

    async def arrive(self, *items: Mapping[str, Any], account: str = ACCOUNT) -> None:
        """One delivery of Meta's is kept."""
        await self.receiver.accept(customer.delivery_body(items, account, self.time()), self.time())

    async def work(self, *, process_id: int | None = None) -> int:
        """One round of a worker."""
        self.process_id = process_id or self.process_id
        async with self.database.connection() as conn:
            return await self.worker.run_once(conn)

    async def settle_all(self) -> None:
        """Rounds until nothing is ready now."""
        while await self.work():
            continue

    def change(self, **policy: Any) -> None:
        """Another policy from now on; what it does not know are options of decisions."""
        pause = {name: policy.pop(name) for name in ("takeover_pause",) if name in policy}
        self.policy = replace(self.policy, options=replace(self.policy.options, **policy), **pause)

    async def rows(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        """What the database holds."""
        async with self.database.connection() as conn:
            return [dict(row) for row in await conn.fetch(query, *arguments)]

    async def value(self, query: str, *arguments: object) -> Any:
        """One value out of the database."""
        async with self.database.connection() as conn:
            return await conn.fetchval(query, *arguments)

    async def replies(self, igsid: str = ANA) -> list[str]:
        """The texts queued for a customer, in order."""
        rows = await self.rows("SELECT body ->> 'text' AS text FROM outbox WHERE igsid = $1 ORDER BY outbox_id", igsid)
        return [row["text"] for row in rows]

    async def reasons(self, igsid: str = ANA) -> list[str | None]:
        """The reasons of the decisions on a customer's messages, in the order of Meta's time."""
        query = "SELECT reason FROM message WHERE igsid = $1 AND direction = 'in' ORDER BY at, message_id"
        return [row["reason"] for row in await self.rows(query, igsid)]

    async def talk(self, igsid: str = ANA) -> dict[str, Any]:
        """The conversation's row."""
        return (await self.rows("SELECT * FROM conversation WHERE igsid = $1", igsid))[0]


@asynccontextmanager
async def open_desk(database: Database, **given: Any) -> AsyncIterator[Desk]:
    """A desk whose receiver runs, for the block."""
    desk = Desk(database, given.pop("time", Time()), given.pop("rules", rules(RULES)), **given)
    writing = asyncio.create_task(desk.receiver.run())
    try:
        yield desk
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)


async def claimed(desk: Desk, process_id: int, limit: int = 64) -> list[Claim]:
    """What a process leases now."""
    async with desk.database.connection() as conn:
        return await claim_conversations(conn, process_id=process_id, accounts=[], limit=limit, now=desk.time())


async def settled(desk: Desk, claims: list[Claim], process_id: int) -> dict[tuple[str, str], int]:
    """The claims' turns taken and written; the number of replies by conversation."""
    assert desk.rules is not None
    turns = [take_turn(claim, desk.rules, desk.policy, now=desk.time(), account=SHOP) for claim in claims]
    async with desk.database.connection() as conn:
        return (await settle(conn, turns, process_id=process_id, now=desk.time())).replies


def logged(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """The fields of each line of an event."""
    return [getattr(record, FIELDS) for record in caplog.records if record.getMessage() == event]


def listen_to_log(caplog: pytest.LogCaptureFixture) -> None:
    """Have every event kept in `caplog`."""
    caplog.set_level(logging.DEBUG, logger="igbot")
