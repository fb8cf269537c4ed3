"""Replies that a real desk has decided, and each step of their way by itself."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from igbot.accounts.identity import enter
from igbot.meta.outgoing import Outgoing, to_stored
from igbot.outbox.claim import claim_replies
from igbot.outbox.claimed import Claimed, ClaimedReply, Room
from igbot.outbox.consequences import bear
from igbot.outbox.finish import Finished, Written, finish
from igbot.outbox.lanes import put_off
from igbot.outbox.verdict import Verdict
from igbot.settings.model import Rates
from tests.answering.talking import ACCOUNT, ANA, PAGE, Desk, customer_says, shop_says

MARGIN = timedelta(seconds=10)
SECOND = timedelta(seconds=1)
UNLIMITED = Rates(*[1e9] * 4)
HI = Outgoing("Hi!")


QUEUE = """
WITH reply AS (
    INSERT INTO outbox (account_id, igsid, for_key, part, body, despite_pause, decided_at, expires_at, due_at, test,
        typing, delay_ms)
    VALUES ($1, $2, gen_random_uuid(), 1, $3, false, $6, $6::timestamptz + interval '1 day', $6, false, $4, $5)
)
INSERT INTO outbox_lane AS l (account_id, igsid, due_at) VALUES ($1, $2, $6)
ON CONFLICT (account_id, igsid) DO UPDATE SET
    arrivals = l.arrivals + 1, due_at = least(coalesce(l.due_at, EXCLUDED.due_at), EXCLUDED.due_at)
"""

QUEUE_MANY = """
WITH reply AS (
    INSERT INTO outbox (account_id, igsid, for_key, part, body, despite_pause, decided_at, expires_at, due_at, test)
    SELECT $1, 'c' || lpad(n::text, 6, '0'), gen_random_uuid(), 1, $3, false, $4, $4::timestamptz + interval '1 day',
        $4::timestamptz + n * interval '1 us', false
    FROM generate_series($5::int, $5 + $2::int - 1) n ORDER BY n RETURNING account_id, igsid, due_at
)
INSERT INTO outbox_lane (account_id, igsid, due_at) SELECT account_id, igsid, due_at FROM reply ORDER BY due_at
"""


@dataclass
class Post:
    """The outbox of one account; `process_id` is whoever claims next."""

    desk: Desk
    process_id: int = 1
    mids: int = field(default=0)
    stops: list[Finished] = field(default_factory=list)
    """What has stopped the account."""

    @property
    def now(self) -> datetime:
        """The time at the desk."""
        return self.desk.time()

    async def open(self) -> None:
        """The account is known, as at a start."""
        async with self.desk.database.connection() as conn:
            await enter(conn, [ACCOUNT, PAGE], production=True)

    async def queue(self, *words: str, igsid: str = ANA) -> None:
        """A customer writes each of these; `repeat` is answered with itself."""
        for text in words:
            self.mids += 1
            await self.desk.arrive(customer_says(text, f"in-{self.mids}", igsid=igsid, at=self.now))
            await self.desk.settle_all()

    async def queue_message(self, message: Outgoing, *, igsid: str = ANA, typing: float | None = None) -> None:
        """One more reply to a customer, whoever decided it; `typing` shows before it for so many seconds."""
        body, milliseconds = json.dumps(to_stored(message)), round(1000 * (typing or 0))
        await self.desk.value(QUEUE, ACCOUNT, igsid, body, typing is not None, milliseconds, self.now)

    async def queue_many(self, count: int, message: Outgoing = HI, *, first: int = 0, account: str = ACCOUNT) -> None:
        """One reply to each of many new customers ("c000000" and so on), a microsecond apart."""
        body = json.dumps(to_stored(message))
        await self.desk.value(QUEUE_MANY, account, count, body, self.now - SECOND, first)

    async def person_writes(self, igsid: str = ANA) -> None:
        """A person answers in the app, and ten seconds go by."""
        self.mids += 1
        await self.desk.arrive(shop_says("Eva here", f"person-{self.mids}", igsid=igsid, at=self.now))
        self.desk.time.pass_by(seconds=10)
        await self.desk.settle_all()

    def room(self, *, calls: int = 64, rates: Rates = UNLIMITED) -> Room:
        """The account, as a sender claims for it."""
        return Room(ACCOUNT, calls, rates)

    async def claim(self, *, process_id: int = 1, limit: int = 64, rates: Rates = UNLIMITED) -> list[ClaimedReply]:
        """What is due now, leased."""
        return (await self.claimed(process_id=process_id, limit=limit, rates=rates)).replies

    async def claimed(self, *, process_id: int = 1, limit: int = 64, rates: Rates = UNLIMITED) -> Claimed:
        """The same, with when to look again."""
        rooms = [self.room(calls=limit, rates=rates)]
        async with self.desk.database.connection() as conn:
            return await claim_replies(conn, process_id=process_id, rooms=rooms, margin=MARGIN, now=self.now)

    async def put_off(self, reply: ClaimedReply, *, process_id: int = 1) -> None:
        """Typing was shown."""
        async with self.desk.database.connection() as conn:
            await put_off(conn, reply, process_id=process_id)

    async def claim_one(self) -> ClaimedReply:
        """The one reply that is due."""
        [reply] = await self.claim()
        return reply

    async def finish(self, *given: tuple[ClaimedReply, Verdict], process_id: int = 1) -> Written:
        """Verdicts written as one batch."""
        async with self.desk.database.connection() as conn:
            finished = [Finished(reply, verdict) for reply, verdict in given]
            await bear(conn, finished, marked=set(), served=[ACCOUNT], on_stop=self.stops.append, now=self.now)
            return await finish(conn, finished, process_id=process_id, now=self.now)

    async def sent(self, reply: ClaimedReply, *, process_id: int = 1) -> None:
        """Meta took it."""
        verdict = Verdict("sent", "sent", mid=f"out-{reply.outbox_id}", answered=True)
        await self.finish((reply, verdict), process_id=process_id)

    async def states(self, igsid: str = ANA) -> list[str]:
        """Where each reply to a customer stands, in order."""
        query = "SELECT status FROM outbox WHERE igsid = $1 ORDER BY outbox_id"
        return [row["status"] for row in await self.desk.rows(query, igsid)]

    async def row(self, igsid: str = ANA) -> dict[str, Any]:
        """The first reply to a customer."""
        return (await self.desk.rows("SELECT * FROM outbox WHERE igsid = $1 ORDER BY outbox_id LIMIT 1", igsid))[0]

    async def account(self) -> dict[str, Any]:
        """The account's row."""
        return (await self.desk.rows("SELECT * FROM account"))[0]

    async def lane(self, igsid: str = ANA) -> dict[str, Any]:
        """The conversation's place in the queue."""
        return (await self.desk.rows("SELECT * FROM outbox_lane WHERE igsid = $1", igsid))[0]
