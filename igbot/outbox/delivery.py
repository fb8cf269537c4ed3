"""The sender: claims due replies, calls Meta, and writes what became of them. One reply a conversation at a time."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, assert_never

import asyncpg

from igbot.errors import DatabaseUnavailable
from igbot.meta.conversations_api import SentMessage
from igbot.meta.events import AccountId
from igbot.meta.outcomes import Wait, not_sent
from igbot.outbox.claim import ClaimedReply, begin_again, claim_replies, next_due, release_forgotten
from igbot.outbox.finish import Finished, finish
from igbot.outbox.graph import GraphClient, found_among, reaches_back
from igbot.outbox.reporting import Trouble, fields_of, report
from igbot.outbox.verdict import LOST, Verdict, after_look_up, interrupted, judge, lost, unreachable
from igbot.store.group_commit import GroupCommit
from igbot.store.loops import wait_for_wake
from igbot.store.pool import Database
from igbot.store.reachability import connection_lost
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog

SLOTS = 256
"""Calls in flight at once: enough for the rate times Meta's latency."""
CLOCK_SLACK = timedelta(seconds=30)
"""Meta's created_time is in whole seconds and by its own clock; what was sent before is known by its mid."""
NOT_FAR_BACK = "the look-up shows newer messages only"
WRITE_AGAIN_SECONDS = 0.5
PASSING = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
)
"""What PostgreSQL may say once and not again to the same statement."""

TAKEN = "SELECT mid FROM outbox WHERE account_id = $1 AND mid = ANY ($2)"
# Calls that were in flight when a limit struck meet the same limit, not the next one.
RATE_WAITS = """
SELECT CASE WHEN send_after > $2 AND rate_waits > 0 THEN rate_waits - 1 ELSE rate_waits END
FROM account WHERE account_id = $1
"""


class Delivery:
    """Sends the replies of the accounts for which `tokens` has a token.

    `on_trouble` gets the account, the kind of trouble and a sentence.
    """

    def __init__(
        self,
        database: Database,
        graph: GraphClient,
        *,
        process_id: Callable[[], int],
        tokens: Callable[[], Mapping[AccountId, str]],
        margin: timedelta,
        clock: Clock,
        log: EventLog,
        woken: asyncio.Event,
        on_trouble: Callable[[str, Trouble, str], None],
    ) -> None:
        self._database = database
        self._graph = graph
        self._process_id = process_id
        self._tokens = tokens
        self._margin = margin
        self._clock = clock
        self._log = log
        self._woken = woken
        self._on_trouble = on_trouble
        self._free = SLOTS
        self._calls: dict[asyncio.Task[None], ClaimedReply] = {}
        self._writer: GroupCommit[Finished, Verdict | Exception] = GroupCommit(self._write, limit=SLOTS)

    async def run(self, *, stopping: asyncio.Event, idle: float) -> None:
        """Claim and send until `stopping`, on a held connection.

        Raises DatabaseUnavailable (the caller comes back).
        """
        async with self._database.connection() as conn:
            await release_forgotten(conn, process_id=self._process_id(), known=self._calls.values())
            due: datetime | None = None
            while not stopping.is_set():
                self._woken.clear()
                room = self._free
                claimed = await self.claim(conn)
                for reply in claimed:
                    task = asyncio.create_task(self._one(reply))
                    self._calls[task] = reply
                    task.add_done_callback(self._calls.pop)
                if claimed and len(claimed) == room:
                    continue  # there may be more
                if not claimed and room:
                    due = await next_due(conn, accounts=list(self._tokens()), now=self._clock())
                await wait_for_wake(self._woken, self._until(due, idle))

    async def run_writer(self) -> None:
        """The one writer of verdicts of this process."""
        await self._writer.run()

    async def drain(self) -> None:
        """Let the calls in flight end, and write what became of them."""
        if self._calls:
            await asyncio.wait(self._calls)
        await self._writer.close()

    async def claim(self, conn: Any) -> list[ClaimedReply]:
        """One claim for the free slots."""
        accounts = list(self._tokens())
        if not accounts or self._free <= 0:
            return []
        claimed = await claim_replies(
            conn,
            process_id=self._process_id(),
            limit=self._free,
            accounts=accounts,
            margin=self._margin,
            now=self._clock(),
        )
        self._free -= len(claimed)
        return claimed

    def _until(self, due: datetime | None, idle: float) -> float:
        """Seconds until the next look: `idle`, unless something is known to become due before."""
        now = self._clock()
        if due is None or due <= now or self._free <= 0:
            return idle
        return min(max((due - now).total_seconds(), 0.01), idle)

    async def _one(self, reply: ClaimedReply) -> None:
        """Take one claimed reply a step further; whatever happens, its slot is free afterwards."""
        try:
            verdict = await self._step(reply)
            written = await self._write_down(Finished(reply, verdict))
            report(self._log, reply, written, on_trouble=self._on_trouble)
        except Exception as error:
            self._log.error("delivery_failed", exc=error, **fields_of(reply))
        finally:
            if self._free <= 0:
                self._woken.set()
            self._free += 1

    async def _write_down(self, finished: Finished) -> Verdict:
        """What Meta said is worth waiting for the database: forgotten, it would have to be asked for again.

        Returns the verdict that holds: an echo may have proved the reply sent meanwhile.
        """
        while True:
            try:
                written = await self._writer.submit(finished)
            except (DatabaseUnavailable, TimeoutError):
                await asyncio.sleep(WRITE_AGAIN_SECONDS)
                continue
            if isinstance(written, Verdict):
                return written
            if not isinstance(written, PASSING):
                raise written
            await asyncio.sleep(WRITE_AGAIN_SECONDS)

    async def _step(self, reply: ClaimedReply) -> Verdict:
        match reply.step:
            case "send":
                return await self._call(reply, calls=reply.attempts + 1)
            case "lost":
                return lost(sending_at=reply.sending_at or self._clock(), unanswered=reply.unanswered)
            case "settle":
                try:
                    return await self._settle(reply)
                except (DatabaseUnavailable, TimeoutError):  # it is asked before anything is called
                    return interrupted(lost=reply.lost, unanswered=reply.unanswered, now=self._clock())
            case "expire":
                return Verdict("expired", "expired", reason="window closed", unanswered=reply.unanswered)
            case "cancel":
                return Verdict("cancelled", "cancelled", reason="a person took over", unanswered=reply.unanswered)
            case "unreadable":
                reason = "written by another version of igbot"
                return Verdict("dead", "unreadable", reason=reason, unanswered=reply.unanswered, alert=True)
            case _:
                assert_never(reply.step)

    async def _call(self, reply: ClaimedReply, *, calls: int) -> Verdict:
        token = self._tokens().get(reply.account_id)
        spread = random.uniform(0.5, 1.5)
        error = not_sent("there is no token").error
        outcome = None
        if token is not None:
            error = not_sent("Meta cannot be reached").error
            outcome = await self._graph.send(reply.igsid, reply.message, token=token)
        if outcome is None:
            return unreachable(error, spread=spread, unanswered=reply.unanswered, now=self._clock())
        rate_waits = 0
        if isinstance(outcome, Wait) and outcome.seconds is None:
            with contextlib.suppress(DatabaseUnavailable, TimeoutError):  # the limit itself matters more than its count
                async with self._database.connection() as conn:
                    rate_waits = await conn.fetchval(RATE_WAITS, reply.account_id, self._clock()) or 0
        return judge(
            outcome,
            calls=calls,
            unanswered=reply.unanswered,
            rate_waits=rate_waits,
            spread=spread,
            now=self._clock(),
        )

    async def _settle(self, reply: ClaimedReply) -> Verdict:
        """An unknown outcome: ask Meta what it has, and only then call again."""
        messages = await self._look_up(reply)
        found = await self._ours(reply, messages) if messages else None
        if found is not None:
            return Verdict("sent", "found", mid=found.mid, unanswered=reply.unanswered)
        now = self._clock()
        seen = messages is not None and reaches_back(messages, since=reply.sending_at or now)
        if seen and reply.lost:
            reply = replace(reply, attempts=reply.attempts - 1)  # what Meta has nothing of was no call
        step, at = after_look_up(
            found=False if seen else None,
            lost=reply.lost,
            calls=reply.attempts,
            most_calls=reply.most_calls,
            unanswered=reply.unanswered,
            sending_at=reply.sending_at or now,
            now=now,
        )
        if step == "later":
            reason = LOST if reply.lost else "no look-up to be had"
            return Verdict("unknown", "no look-up", at, reason=reason, unanswered=reply.unanswered)
        if step == "dead":
            reason = "not known to have been sent after every try"
            return Verdict("dead", "given up", reason=reason, unanswered=reply.unanswered, alert=True)
        async with self._database.connection() as conn:
            allowed = await begin_again(conn, reply, margin=self._margin, now=now)
        match allowed:
            case "cancel":
                return Verdict("cancelled", "cancelled", reason="a person took over", unanswered=reply.unanswered)
            case "expire":
                return Verdict("expired", "expired", reason="window closed", unanswered=reply.unanswered)
            case "settled":
                return Verdict("sent", "settled by echo", unanswered=reply.unanswered)
            case "send":
                if step == "send blind":
                    why = "no look-up to be had" if messages is None else NOT_FAR_BACK
                    self._log.warning("send_repeated", **fields_of(reply), reason=why)
                return await self._call(reply, calls=reply.attempts + 1)
            case _:
                assert_never(allowed)

    async def _look_up(self, reply: ClaimedReply) -> list[SentMessage] | None:
        token = self._tokens().get(reply.account_id)
        return await self._graph.sent_messages(reply.igsid, token=token) if token else None

    async def _ours(self, reply: ClaimedReply, messages: list[SentMessage]) -> SentMessage | None:
        async with self._database.connection() as conn:
            rows = await conn.fetch(TAKEN, reply.account_id, [m.mid for m in messages])
        since = reply.decided_at - CLOCK_SLACK
        taken = frozenset(str(row["mid"]) for row in rows)
        return found_among(messages, reply.message.text, igsid=reply.igsid, since=since, taken=taken)

    async def _write(self, finished: list[Finished]) -> list[Verdict | Exception]:
        """Write all verdicts; if the batch fails, each by itself. What PostgreSQL refuses comes back as its error."""
        async with self._database.connection() as conn:
            try:
                written = await finish(conn, finished, process_id=self._process_id(), now=self._clock())
            except asyncpg.PostgresError as error:
                if connection_lost(error, conn):
                    raise
                if len(finished) == 1:
                    return [error]
            else:
                if written.more:
                    self._woken.set()
                return [_holding(f.verdict, written.proven.get(f.reply.outbox_id)) for f in finished]
        return [result for each in finished for result in await self._write([each])]


def _holding(verdict: Verdict, mid: str | None) -> Verdict:
    """The verdict, unless an echo has proved the reply sent as `mid`."""
    if mid is None or verdict.mid is not None:
        return verdict
    return Verdict("sent", "settled by echo", mid=mid, unanswered=verdict.unanswered)
