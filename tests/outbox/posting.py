"""Replies that a real desk has decided, and each step of their way by itself."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from igbot.accounts.identity import enter
from igbot.outbox.claim import ClaimedReply, claim_replies
from igbot.outbox.finish import Finished, Written, finish
from igbot.outbox.verdict import Verdict
from tests.answering.talking import ACCOUNT, ANA, PAGE, Desk, customer_says, shop_says

MARGIN = timedelta(seconds=10)
SECOND = timedelta(seconds=1)


@dataclass
class Post:
    """The outbox of one account; `process_id` is whoever claims next."""

    desk: Desk
    process_id: int = 1
    mids: int = field(default=0)

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

    async def person_writes(self, igsid: str = ANA) -> None:
        """A person answers in the app, and ten seconds go by."""
        self.mids += 1
        await self.desk.arrive(shop_says("Eva here", f"person-{self.mids}", igsid=igsid, at=self.now))
        self.desk.time.pass_by(seconds=10)
        await self.desk.settle_all()

    async def claim(self, *, process_id: int = 1, limit: int = 64) -> list[ClaimedReply]:
        """What is due now, leased."""
        async with self.desk.database.connection() as conn:
            return await claim_replies(
                conn, process_id=process_id, limit=limit, accounts=[ACCOUNT], margin=MARGIN, now=self.now
            )

    async def claim_one(self) -> ClaimedReply:
        """The one reply that is due."""
        [reply] = await self.claim()
        return reply

    async def finish(self, *given: tuple[ClaimedReply, Verdict], process_id: int = 1) -> Written:
        """Verdicts written as one batch."""
        async with self.desk.database.connection() as conn:
            finished = [Finished(reply, verdict) for reply, verdict in given]
            return await finish(conn, finished, process_id=process_id, now=self.now)

    async def sent(self, reply: ClaimedReply) -> None:
        """Meta took it."""
        await self.finish((reply, Verdict("sent", "sent", mid=f"out-{reply.outbox_id}")))

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
