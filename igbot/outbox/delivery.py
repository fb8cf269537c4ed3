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
from igbot.meta.echoes import is_plain
from igbot.meta.events import AccountId
from igbot.meta.outcomes import Wait, not_sent
from igbot.outbox.account import SendingAccount
from igbot.outbox.claim import ClaimedReply, begin_again, claim_replies, next_due, put_off, release_forgotten
from igbot.outbox.finish import Finished, finish, rate_waits
from igbot.outbox.reporting import fields_of, report
from igbot.outbox.search import find_reply, unproved
from igbot.outbox.troubles import Trouble, Troubles
from igbot.outbox.verdict import LOST, Verdict, after_look_up, interrupted, judge, lost, unreachable
from igbot.store.group_commit import GroupCommit
from igbot.store.loops import wait_for_wake
from igbot.store.pool import Database
from igbot.store.reachability import connection_lost
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog

SLOTS = 256
"""Calls in flight at once: enough for the rate times Meta's latency."""
WRITE_AGAIN_SECONDS = 0.5
PASSING = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
)
"""What PostgreSQL may say once and not again to the same statement."""


class Delivery:
    """Sends the replies of `accounts`, those that may send now.

    `on_trouble` gets what a person should know.
    """

    def __init__(
        self,
        database: Database,
        *,
        process_id: Callable[[], int],
        accounts: Callable[[], Mapping[AccountId, SendingAccount]],
        margin: timedelta,
        clock: Clock,
        log: EventLog,
        woken: asyncio.Event,
        on_trouble: Callable[[Trouble], None],
    ) -> None:
        self._database = database
        self._process_id = process_id
        self._accounts = accounts
        self._margin = margin
        self._clock = clock
        self._log = log
        self._woken = woken
        self._troubles = Troubles(on_trouble)
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
                    due = await next_due(conn, accounts=list(self._accounts()), now=self._clock())
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
        accounts = list(self._accounts())
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
            if verdict is not None:
                written = await self._write_down(Finished(reply, verdict))
                report(self._log, reply, written)
                self._troubles.note(written, account=reply.account_id, igsid=reply.igsid, now=self._clock())
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

    async def _show_typing(self, reply: ClaimedReply) -> None:
        """Best effort; the message follows when it is due, and not before this call has ended."""
        if account := self._accounts().get(reply.account_id):
            await account.graph.show_typing(reply.igsid, token=account.token)
        while True:
            try:
                async with self._database.connection() as conn:
                    await put_off(conn, reply, process_id=self._process_id())
            except (DatabaseUnavailable, TimeoutError, *PASSING):
                await asyncio.sleep(WRITE_AGAIN_SECONDS)
                continue
            self._woken.set()
            return

    async def _step(self, reply: ClaimedReply) -> Verdict | None:
        match reply.step:
            case "type":
                await self._show_typing(reply)
                return None
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
        account = self._accounts().get(reply.account_id)
        spread = random.uniform(0.5, 1.5)
        error = not_sent("there is no token").error
        outcome = None
        if account is not None:
            error = not_sent("Meta cannot be reached").error
            outcome = await account.graph.send(reply.igsid, reply.message, token=account.token)
        if outcome is None:
            return unreachable(
                error, spread=spread, unanswered=reply.unanswered, now=self._clock(), failure=account is not None
            )
        waits = 0
        if isinstance(outcome, Wait):
            with contextlib.suppress(DatabaseUnavailable, TimeoutError):  # the limit itself matters more than its count
                async with self._database.connection() as conn:
                    waits = await rate_waits(conn, reply.account_id, now=self._clock())
        return judge(
            outcome,
            calls=calls,
            unanswered=reply.unanswered,
            rate_waits=waits,
            spread=spread,
            now=self._clock(),
        )

    async def _settle(self, reply: ClaimedReply) -> Verdict:
        """An unknown outcome: ask Meta what it has, and only then call again."""
        messages = await self._look_up(reply)
        if messages:
            async with self._database.connection() as conn:
                found = await find_reply(conn, reply, messages)
            if found is not None:
                return Verdict("sent", "found", mid=found.mid, unanswered=reply.unanswered)
        now = self._clock()
        why_unproved = unproved(messages, reply.message, since=reply.sending_at or now)
        if why_unproved is None and reply.lost:
            reply = replace(reply, attempts=reply.attempts - 1)  # what Meta has nothing of was no call
        step, at = after_look_up(
            found=None if why_unproved else False,
            lost=reply.lost,
            calls=reply.attempts,
            most_calls=reply.most_calls,
            unanswered=reply.unanswered,
            sending_at=reply.sending_at or now,
            now=now,
        )
        if step == "later":
            reason = LOST if reply.lost else why_unproved
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
                    self._log.warning("send_repeated", **fields_of(reply), reason=why_unproved)
                return await self._call(reply, calls=reply.attempts + 1)
            case _:
                assert_never(allowed)

    async def _look_up(self, reply: ClaimedReply) -> list[SentMessage] | None:
        if (account := self._accounts().get(reply.account_id)) is None:
            return None
        more = not is_plain(reply.message)
        return await account.graph.sent_messages(reply.igsid, token=account.token, with_attachments=more)

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
