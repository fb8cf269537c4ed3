"""What igbot's statements cost with ten thousand, a million and ten million stored messages."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from statistics import quantiles
from typing import Any

import asyncpg

from bench.filling import A_CONVERSATION, ACCOUNT, fill, igsid_of
from bench.subject import Contender, Figure, Goal, Ground, NotMeasurable, Opening, Sample, Subject
from bench.timing import Clocked
from igbot.answering.claim import claim_conversations
from igbot.answering.policy import Policy
from igbot.answering.settle import settle
from igbot.answering.turn import take_turn
from igbot.inbox.receiver import Receiver
from igbot.meta.events import AccountId
from igbot.outbox.claim import claim_replies
from igbot.outbox.claimed import Room
from igbot.outbox.finish import Finished, finish
from igbot.outbox.verdict import Verdict
from igbot.rules.loading import load_rules
from igbot.rules.model import RuleFile
from igbot.sandbox.customer import customer_message, delivery_body
from igbot.settings.model import Rates
from igbot.store.pool import Database
from igbot.telemetry.log import event_log

SIZES, QUICK_SIZES = (10_000, 1_000_000, 10_000_000), (10_000, 100_000)
CONVERSATIONS = 64
RECENT = 5_000
"""The newest conversations, among which those that go on now are looked for: as many for every size."""
TURNS, QUICK_TURNS, WARM_UP_TURNS = 60, 5, 12
LOOKS_A_TURN = 10
UNLIMITED = Rates(*[1e9] * 4)
PROCESS_ID = 1
RULES = b"""\
version: 1
rules:
  - name: order
    keywords: [order, parcel]
    reply: "Which number has your order?"
  - name: rest
    fallback: true
    reply: "Thank you for writing."
"""
POLICY = Policy()

# What a claim reads of a conversation's history, for one conversation by itself.
LAST_TEN = """
SELECT at, message_id, direction, author, kind, mid, text, rule FROM message
WHERE (account_id, igsid) = ($1, $2) ORDER BY at DESC, message_id DESC LIMIT 10
"""
LANES_VACUUMED = "VACUUM inbox_lane, outbox_lane"


class _OneConnection(Database):
    """A database of one connection, on which a transaction is open."""

    def __init__(self, connection: Any) -> None:
        super().__init__("postgresql://", embedded=None, size=1, log=event_log("store"))
        self._connection = connection

    @property
    def is_open(self) -> bool:
        """Always."""
        return True

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """The one."""
        yield self._connection


class Store:
    """A filled database, and igbot's own statements on it as its loops run them."""

    def __init__(self, connection: "asyncpg.Connection[Any]", *, messages: int) -> None:
        self._connection = connection
        self._conversations = messages // A_CONVERSATION
        self._random = Random(messages)
        self._oldest = 0
        self._clocked = Clocked(connection)
        self._held: Any = self._clocked
        loaded = load_rules([RuleFile("bench.yaml", RULES)])
        assert loaded.ruleset is not None
        self._rules = loaded.ruleset
        self._receiver = Receiver(
            _OneConnection(self._held),
            accounts=lambda: {ACCOUNT: AccountId(ACCOUNT)},
            is_test=lambda igsid: False,
            on_kept=lambda: None,
            log=event_log("inbox"),
        )

    async def receive(self) -> None:
        """The receiver's writer; runs while anything is measured."""
        await self._receiver.run()

    async def measure(self, turns: int, *, recent: int | None = None) -> Sample:
        """Milliseconds at the client of each statement, p50 and p99.

        Those write who have one of the `recent` newest conversations, which are in memory; None: anybody.
        """
        await self._connection.execute(LANES_VACUUMED)
        self._oldest = 0
        if recent is not None:
            self._oldest = max(0, self._conversations - recent)
            for number in range(self._oldest, self._conversations):
                await self._clocked.fetch(LAST_TEN, ACCOUNT, igsid_of(number))
        self._clocked.took.clear()
        for _ in range(turns):
            await self._turn()
            for _ in range(LOOKS_A_TURN):
                await self._look()
        sample: dict[str, float] = {}
        for what, took in self._clocked.took.items():
            cuts = quantiles(took, n=100, method="inclusive")
            sample |= {what: cuts[49], f"{what}_p99": cuts[98]}
        return sample

    async def _turn(self) -> None:
        """64 customers write, are answered, and are sent to; then none of it has happened."""
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            now = datetime.now(UTC)
            self._clocked.asked = "keep"
            await self._receiver.accept(self._body(now), now)
            self._clocked.asked = "claim"
            claims = await claim_conversations(
                self._held, process_id=PROCESS_ID, accounts=[AccountId(ACCOUNT)], limit=CONVERSATIONS, now=now
            )
            if len(claims) != CONVERSATIONS or any(len(claim.history) != 10 for claim in claims):
                raise NotMeasurable(f"{len(claims)} conversations were claimed, not {CONVERSATIONS} with their history")
            self._clocked.asked = "settle"
            turns = [take_turn(claim, self._rules, POLICY, now=now) for claim in claims]
            await settle(self._held, turns, process_id=PROCESS_ID, now=now)
            self._clocked.asked = "take"
            rooms = [Room(AccountId(ACCOUNT), CONVERSATIONS, UNLIMITED)]
            claimed = await claim_replies(
                self._held, process_id=PROCESS_ID, rooms=rooms, margin=timedelta(seconds=10), now=now
            )
            replies = claimed.replies
            if len(replies) != CONVERSATIONS:
                raise NotMeasurable(f"{len(replies)} replies were claimed, not {CONVERSATIONS}")
            self._clocked.asked = "finish"
            sent = [Finished(reply, Verdict("sent", "sent", mid=secrets.token_hex(60))) for reply in replies]
            await finish(self._held, sent, process_id=PROCESS_ID, now=now)
        finally:
            await transaction.rollback()

    async def _look(self) -> None:
        igsid = igsid_of(self._random.randrange(self._oldest, self._conversations))
        self._clocked.asked = "last"
        await self._clocked.fetch(LAST_TEN, ACCOUNT, igsid)

    def _body(self, now: datetime) -> bytes:
        """A delivery of one message each of 64 customers."""
        chosen = self._random.sample(range(self._oldest, self._conversations), CONVERSATIONS)
        items = [
            customer_message(igsid_of(each), ACCOUNT, at=now, mid=secrets.token_hex(60), text="Where is my order?")
            for each in chosen
        ]
        return delivery_body(items, ACCOUNT, now)


@asynccontextmanager
async def open_store(url: str, *, messages: int) -> AsyncIterator[Store]:
    """The store of a database that was filled with so many messages."""
    database = Database(url, embedded=None, size=1, log=event_log("store"))
    await database.open()
    try:
        async with database.connection() as connection:
            store = Store(connection, messages=messages)
            receiving = asyncio.create_task(store.receive())
            try:
                yield store
            finally:
                receiving.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await receiving
    finally:
        await database.close()


def name_of(messages: int, *, anybody: bool = False) -> str:
    """The contender's name."""
    return f"{messages:,} messages" + (", any customer" if anybody else "")


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    async with AsyncExitStack() as stack:
        recent: list[Contender] = []
        anybody: list[Contender] = []
        for messages in QUICK_SIZES if ground.quick else SIZES:
            try:
                store = await _filled(ground, stack, messages)
            except NotMeasurable as error:
                recent.append(Contender(name_of(messages), partial(_refuse, error)))
                continue
            turns = QUICK_TURNS if ground.quick else TURNS
            recent.append(Contender(name_of(messages), partial(store.measure, turns, recent=RECENT)))
            if messages > RECENT * A_CONVERSATION:
                anybody.append(Contender(name_of(messages, anybody=True), partial(store.measure, turns)))
        yield [*recent, *anybody]


async def _filled(ground: Ground, stack: AsyncExitStack, messages: int) -> Store:
    url = await stack.enter_async_context(ground.database())
    await fill(url, messages=messages, until=datetime.now(UTC) - timedelta(minutes=1))
    store = await stack.enter_async_context(open_store(url, messages=messages))
    await store.measure(WARM_UP_TURNS)
    return store


async def _refuse(error: NotMeasurable) -> Sample:
    raise error


SUBJECT = Subject(
    name="stored",
    title="What statements cost by the number of stored messages",
    notes=(
        f"Tables as a year of answering leaves them, nothing archived, {A_CONVERSATION} messages a conversation. A "
        f"turn: {CONVERSATIONS} customers write once; their events are kept, claimed with their history, settled, "
        "their replies claimed and finished by igbot's own statements over a connection of its own, in one transaction "
        f"that is rolled back: commits do not count. They have one of the newest {RECENT:,} conversations, "
        "or are anybody there ever was, whose rows are mostly not in PostgreSQL's memory. Times at the client."
    ),
    figures=(
        Figure("claim", "claim 64 p50 ms", 2, more_is_better=False),
        Figure("claim_p99", "p99", 2, more_is_better=False),
        Figure("last", "last 10 p50 ms", 3, more_is_better=False),
        Figure("last_p99", "p99", 3, more_is_better=False),
        Figure("keep", "keep 64 p50 ms", 2, more_is_better=False),
        Figure("settle", "settle 64 p50 ms", 2, more_is_better=False),
        Figure("take", "claim 64 replies p50 ms", 2, more_is_better=False),
        Figure("finish", "finish 64 p50 ms", 2, more_is_better=False),
    ),
    open=_open,
    goals=tuple(Goal(figure, name_of(10_000_000), name_of(1_000_000), at_most=1.5) for figure in ("claim", "last")),
    baseline=name_of(1_000_000),
    chart=("claim", "last"),
)
