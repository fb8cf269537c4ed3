"""Several processes at once over the same few customers: nobody waits for somebody who waits for them, and nothing is
sent twice or out of order."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable

from igbot.meta.graph_error import other_error
from igbot.outbox.dead_letters import drop
from igbot.outbox.patrol import Patrol
from igbot.outbox.verdict import Verdict
from igbot.telemetry.log import event_log
from tests.answering.talking import ACCOUNT, customer_says, shop_says
from tests.outbox.posting import MARGIN, SECOND, Post

CUSTOMERS = [str(9_000_000 + number) for number in range(4)]
ROUNDS = 60
ERROR = other_error("test", "something")
Part = Callable[[], Awaitable[None]]


class Crowd:
    """What each process does, over and over."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.random = random.Random(7)
        self.written = 0
        self.sent: defaultdict[str, list[int]] = defaultdict(list)

    async def customers_write(self) -> None:
        """Some of them, and one sees the bot's last message echoed."""
        items = []
        for igsid in self.random.sample(CUSTOMERS, 3):
            self.written += 1
            items.append(customer_says(f"repeat {self.written}", f"in-{self.written}", igsid=igsid, at=self.post.now))
        igsid = self.random.choice(CUSTOMERS)
        if self.sent[igsid]:
            items.append(shop_says("…", f"out-{self.sent[igsid][-1]}", igsid=igsid, at=self.post.now))
        await self.post.desk.arrive(*items)

    async def send(self, process_id: int) -> None:
        """Claims, and finishes what it has in any order, as the plan has it."""
        claimed = await self.post.claim(process_id=process_id, limit=3)
        self.random.shuffle(claimed)
        for reply in claimed:
            end = self.random.random()
            if reply.step != "send":
                assert reply.step == "expire"
                verdict = Verdict("expired", "expired")
            elif end < 0.7:
                self.sent[reply.igsid].append(reply.outbox_id)
                verdict = Verdict("sent", "sent", mid=f"out-{reply.outbox_id}", answered=True)
            elif end < 0.8:
                verdict = Verdict("queued", "unreachable", self.post.now, error=ERROR, counted=False, failure=True)
            elif end < 0.9:
                verdict = Verdict("queued", "wait", self.post.now, error=ERROR, counted=False, account_wait=True)
            else:
                verdict = Verdict("failed", "refused", error=ERROR, answered=True)
            await self.post.finish((reply, verdict), process_id=process_id)

    async def operate(self) -> None:
        """The operator drops the newest that is queued; what is too late expires."""
        newest = await self.post.desk.value("SELECT max(outbox_id) FROM outbox WHERE status = 'queued'")
        async with self.post.desk.database.connection() as conn:
            if newest is not None and self.random.random() < 0.3:
                await drop(conn, [newest], [ACCOUNT], now=self.post.now)
            patrol = Patrol(margin=MARGIN, log=event_log("outbox"), on_trouble=lambda _: None)
            await conn.execute("UPDATE outbox SET expires_at = $1 WHERE outbox_id = $2", self.post.now, newest)
            await patrol.turn(conn, [], now=self.post.now)

    async def end_outages(self) -> None:
        """A second goes by, and what waits may go on."""
        self.post.desk.time.pass_by(seconds=1)
        await self.post.desk.value(
            "UPDATE account SET send_after = NULL, probe_until = NULL WHERE send_after > $1", self.post.now
        )


async def test_processes_get_in_nobodys_way(post: Post) -> None:
    """Claims, verdicts, turns, operators and the patrol at once: no deadlock, no reply twice or before its turn."""
    crowd = Crowd(post)

    async def over_and_over(part: Part) -> None:
        for _ in range(ROUNDS):
            await part()

    await asyncio.gather(
        over_and_over(crowd.customers_write),
        over_and_over(lambda: _worked(post, 11)),
        over_and_over(lambda: _worked(post, 12)),
        *(over_and_over(lambda number=number: crowd.send(number)) for number in (1, 2, 3)),  # type: ignore[misc]
        over_and_over(crowd.operate),
        over_and_over(crowd.end_outages),
    )
    await post.desk.value("UPDATE account SET send_after = NULL, outage_at = NULL, probe_until = NULL, failing = '{}'")
    await post.desk.settle_all()
    post.desk.time.pass_by(seconds=120)
    while claimed := await post.claim():
        for reply in claimed:
            assert reply.step == "send"
            crowd.sent[reply.igsid].append(reply.outbox_id)
            await post.sent(reply)
        post.desk.time.now += SECOND
    for igsid in CUSTOMERS:
        assert crowd.sent[igsid] == sorted(set(crowd.sent[igsid]))
    assert await post.desk.value("SELECT count(*) FROM outbox WHERE finished_at IS NULL") == 0
    assert await post.desk.value("SELECT count(*) FROM outbox WHERE status = 'sent'") == sum(
        map(len, crowd.sent.values())
    )


async def _worked(post: Post, process_id: int) -> None:
    await post.desk.work(process_id=process_id)
