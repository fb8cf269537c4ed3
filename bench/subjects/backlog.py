"""What the claim of replies costs while a hundred thousand others wait."""

from collections.abc import Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import quantiles
from typing import Any

import asyncpg

from bench.filling import ACCOUNT
from bench.queued import prepare, queue
from bench.subject import Contender, Figure, Goal, Ground, NotMeasurable, Opening, Sample, Subject
from bench.timing import Clocked
from igbot.meta.events import AccountId
from igbot.outbox.claim import claim_replies
from igbot.outbox.claimed import Room
from igbot.settings.model import Rates

QUEUED, QUICK_QUEUED = 100_000, 2_000
EACH = 10
"""Replies that wait for one customer."""
CLAIMED = 64
CLAIMS, QUICK_CLAIMS, WARM_UP = 200, 10, 20
STOPPED_ACCOUNT = "17841400000000888"
PROCESS_ID = 1
RATES = Rates(*[1e6] * 4)
NOTHING, SAME, STOPPED = "nothing else waits", "100,000 of the same account", "100,000 of a stopped account"
MARGIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Queue:
    """A database with replies that wait, and a connection to claim them over."""

    connection: "asyncpg.Connection[Any]"

    async def measure(self, claims: int) -> Sample:
        """Milliseconds of a claim of 64 replies, and of one that finds nothing due; each of them never happened."""
        await self._many(WARM_UP, _due)
        full, empty = await self._many(claims, _due), await self._many(claims, _long_ago)
        return {"claim": full[49], "claim_p99": full[98], "none": empty[49], "none_p99": empty[98]}

    async def _many(self, claims: int, moment: Any) -> Sequence[float]:
        clocked = Clocked(self.connection)
        for _ in range(claims):
            now, wanted = moment()
            await self._claim(clocked, now, wanted)
        return quantiles(clocked.took[""], n=100, method="inclusive")

    async def _claim(self, clocked: Any, now: datetime, wanted: int) -> None:
        transaction = self.connection.transaction()
        await transaction.start()
        try:
            room = Room(AccountId(ACCOUNT), CLAIMED, RATES)
            stopped = Room(AccountId(STOPPED_ACCOUNT), CLAIMED, RATES)
            claimed = await claim_replies(clocked, process_id=PROCESS_ID, rooms=[room, stopped], margin=MARGIN, now=now)
            if len(claimed.replies) != wanted:
                raise NotMeasurable(f"{len(claimed.replies)} replies were claimed, not {wanted}")
        finally:
            await transaction.rollback()


def _due() -> tuple[datetime, int]:
    return datetime.now(UTC), CLAIMED


def _long_ago() -> tuple[datetime, int]:
    """Before anything was due."""
    return datetime.now(UTC) - timedelta(days=1), 0


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    queued = QUICK_QUEUED if ground.quick else QUEUED
    claims = QUICK_CLAIMS if ground.quick else CLAIMS
    since = datetime.now(UTC) - timedelta(minutes=10)
    async with AsyncExitStack() as stack:
        contenders = []
        for name in (NOTHING, SAME, STOPPED):
            url = await stack.enter_async_context(ground.database())
            await prepare(url)
            if name == SAME:
                await queue(url, queued, customers=queued // EACH, since=since + timedelta(minutes=1), series="96")
            halted_at = since if name == STOPPED else None
            waiting = queued if name == STOPPED else 0
            await queue(
                url, waiting, customers=max(waiting // EACH, 1), since=since, account=STOPPED_ACCOUNT,
                halted_at=halted_at, series="97",
            )  # fmt: skip
            await queue(url, CLAIMED, customers=CLAIMED, since=since)
            connection = await asyncpg.connect(url)
            stack.push_async_callback(connection.close)
            contenders.append(Contender(name, partial(Queue(connection).measure, claims)))
        yield contenders


SUBJECT = Subject(
    name="backlog",
    title="What the claim of replies costs while others wait",
    notes=(
        f"igbot's own statement for {CLAIMED} replies of as many customers that are due, over a connection of its own, "
        "in a transaction that is rolled back; and for none, when nothing is due yet. Beside them wait nothing, "
        f"{QUEUED:,} due replies of the same account ({EACH} a customer), or as many of an account that is stopped. "
        "Rates are out of the way. Times at the client."
    ),
    figures=(
        Figure("claim", f"claim {CLAIMED} p50 ms", 2, more_is_better=False),
        Figure("claim_p99", "p99", 2, more_is_better=False),
        Figure("none", "claim none p50 ms", 2, more_is_better=False),
        Figure("none_p99", "p99", 2, more_is_better=False),
    ),
    open=_open,
    goals=tuple(Goal(figure, name, NOTHING, at_most=2) for figure in ("claim", "none") for name in (SAME, STOPPED)),
    baseline=NOTHING,
    chart=("claim", "none"),
)
