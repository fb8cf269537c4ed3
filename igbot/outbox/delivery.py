"""The sender: claims due replies, calls Meta, and writes what became of them. One reply a conversation at a time."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.errors import DatabaseUnavailable
from igbot.meta.events import AccountId
from igbot.outbox.account import SendingAccount
from igbot.outbox.claim import claim_replies
from igbot.outbox.claimed import Claimed, ClaimedReply, Room
from igbot.outbox.consequences import bear
from igbot.outbox.finish import Finished, finish
from igbot.outbox.lanes import next_due, put_off, release_forgotten
from igbot.outbox.patrol import Patrol
from igbot.outbox.reporting import fields_of, report
from igbot.outbox.steps import Steps
from igbot.outbox.troubles import Trouble, Troubles
from igbot.outbox.verdict import Verdict
from igbot.settings.model import Rates
from igbot.store.group_commit import GroupCommit
from igbot.store.loops import wait_for_wake
from igbot.store.pool import Database
from igbot.store.reachability import connection_lost
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog

SLOW_CALL = timedelta(seconds=2)
"""Calls of an account that take so long still flow at its full rate."""
LEAST_CALLS, MOST_CALLS = 64, 1024
BATCH = 256
"""Verdicts written at once."""
GATHER_SECONDS = 0.005
"""Where more is due than may be in flight, so long free slots are gathered: a claim for each would be dear."""
WRITE_AGAIN_SECONDS = 0.5
SOONEST_SECONDS, SOON_SECONDS = 0.01, 5.0
PASSING = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
)
"""What PostgreSQL may say once and not again to the same statement."""


def slots(rates: Rates) -> int:
    """How many calls of one account may be in flight: its rate times Meta's latency, within bounds.

    Each account has its own: one whose calls hang takes none from the others.
    """
    return round(max(LEAST_CALLS, min(MOST_CALLS, rates.text * SLOW_CALL.total_seconds())))


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
        self._steps = Steps(database, accounts=accounts, margin=margin, clock=clock, log=log)
        self._patrol = Patrol(margin=margin, log=log, on_trouble=on_trouble)
        self._troubles = Troubles(self._patrol.tell)
        self._patrolling: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._patrolling.set_result(None)
        self._busy: Counter[AccountId] = Counter()
        self._full: set[AccountId] = set()
        """Accounts that had no room for all that was due."""
        self._looking: asyncio.TimerHandle | None = None
        self._marked: set[AccountId] = set()
        self._calls: dict[asyncio.Task[None], ClaimedReply] = {}
        self._writer: GroupCommit[Finished, Verdict | Exception] = GroupCommit(self._write, limit=BATCH)

    async def run(self, *, stopping: asyncio.Event, idle: float) -> None:
        """Claim and send until `stopping`, on a held connection.

        Raises DatabaseUnavailable (the caller comes back).
        """
        async with self._database.connection() as conn:
            await release_forgotten(conn, process_id=self._process_id(), known=self._calls.values())
            due: datetime | None = None
            while not stopping.is_set():
                self._woken.clear()
                rooms = self._rooms()
                claimed = await self._claim(conn, rooms)
                for reply in claimed.replies:
                    task = asyncio.create_task(self._one(reply))
                    self._calls[task] = reply
                    task.add_done_callback(self._calls.pop)
                if self._patrol.is_due(self._clock()) and self._patrolling.done():
                    self._patrolling = asyncio.ensure_future(self._look_after())
                if claimed.again_at is not None and claimed.again_at <= self._clock():
                    continue  # what was claimed has left something of the bucket
                ahead = _earlier(due, claimed.again_at, now=self._clock())
                if claimed.again_at is not None or (claimed.replies and (due is None or ahead is not None)):
                    due = ahead
                elif rooms:  # nothing was due, or what was remembered is past: another may follow it closely
                    due = await next_due(conn, rooms=rooms, now=self._clock())
                # Without room there is nothing to look for: a slot that is free again wakes.
                await wait_for_wake(self._woken, self._until(due if rooms else None, idle))

    def tell(self, trouble: Trouble) -> None:
        """Pass on what somebody else found, and its end as that of any other."""
        self._patrol.tell(trouble)

    async def run_writer(self) -> None:
        """The one writer of verdicts of this process."""
        await self._writer.run()

    async def drain(self) -> None:
        """Let the calls in flight end, and write what became of them."""
        await asyncio.wait([*self._calls, self._patrolling])
        await self._writer.close()

    async def claim(self, conn: Any) -> list[ClaimedReply]:
        """One claim for the free slots."""
        return (await self._claim(conn, self._rooms())).replies

    async def _claim(self, conn: Any, rooms: list[Room]) -> Claimed:
        if not rooms:
            return Claimed([], None)
        claimed = await claim_replies(
            conn, process_id=self._process_id(), rooms=rooms, margin=self._margin, now=self._clock()
        )
        found = Counter(reply.account_id for reply in claimed.replies)
        self._busy.update(found)
        self._full -= {room.account_id for room in rooms if found[room.account_id] < room.calls}
        self._full |= {room.account_id for room in rooms if found[room.account_id] >= room.calls}
        return claimed

    def _rooms(self) -> list[Room]:
        """The accounts with free slots; of those without one, a slot that is free again is looked out for."""
        rooms = [
            Room(account.account_id, slots(account.rates) - self._busy[account.account_id], account.rates)
            for account in self._accounts().values()
        ]
        self._full |= {room.account_id for room in rooms if room.calls <= 0}
        return [room for room in rooms if room.calls > 0]

    def _until(self, due: datetime | None, idle: float) -> float:
        """Seconds until the next look: `idle`, unless something is known to become due before."""
        return idle if due is None else min(max((due - self._clock()).total_seconds(), SOONEST_SECONDS), idle)

    def _look_at(self, due: datetime | None) -> None:
        """Look when a conversation is due again, if that is soon."""
        seconds = (due - self._clock()).total_seconds() if due is not None else SOON_SECONDS
        if seconds <= 0:
            self._woken.set()
        elif seconds < SOON_SECONDS:
            asyncio.get_running_loop().call_later(seconds, self._woken.set)

    def _look_again(self) -> None:
        self._looking = None
        self._woken.set()

    async def _look_after(self) -> None:
        try:
            async with self._database.connection() as conn:
                await self._patrol.turn(conn, list(self._accounts()), now=self._clock())
        except (DatabaseUnavailable, TimeoutError, *PASSING):
            return  # there will be a next time
        except Exception as error:
            self._log.error("patrol_failed", exc=error)

    async def _one(self, reply: ClaimedReply) -> None:
        """Take one claimed reply a step further; whatever happens, its slot is free afterwards."""
        try:
            if reply.step == "type":
                await self._show_typing(reply)
                return
            finished = await self._steps.take(reply)
            written = await self._write_down(finished)
            report(self._log, reply, written)
            self._patrol.note(reply, written)
            self._troubles.note(written, account=reply.account_id, igsid=reply.igsid, now=self._clock())
        except Exception as error:
            self._log.of(reply.account_id).error("delivery_failed", exc=error, **fields_of(reply))
        finally:
            self._busy[reply.account_id] -= 1
            if reply.account_id in self._full and self._looking is None:
                self._looking = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._look_again)

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
        """The message follows when it is due, and not before this call has ended."""
        await self._steps.show_typing(reply)
        while True:
            try:
                async with self._database.connection() as conn:
                    await put_off(conn, reply, process_id=self._process_id())
            except (DatabaseUnavailable, TimeoutError, *PASSING):
                await asyncio.sleep(WRITE_AGAIN_SECONDS)
                continue
            self._look_at(reply.due_at)
            return

    async def _write(self, finished: list[Finished]) -> list[Verdict | Exception]:
        """Write all verdicts; if the batch fails, each by itself. What PostgreSQL refuses comes back as its error."""
        async with self._database.connection() as conn:
            now = self._clock()
            try:
                opened = await bear(
                    conn, finished, marked=self._marked, served=list(self._accounts()), on_stop=self._stopped, now=now
                )
                written = await finish(conn, finished, process_id=self._process_id(), now=now)
            except asyncpg.PostgresError as error:
                if connection_lost(error, conn):
                    raise
                if len(finished) == 1:
                    return [error]
            else:
                self._look_at(now if opened else written.due_at)
                return [written.holding(f) for f in finished]
        return [result for each in finished for result in await self._write([each])]

    def _stopped(self, by: Finished) -> None:
        self._troubles.note_stop(by.verdict, account=by.reply.account_id, now=self._clock())


def _earlier(due: datetime | None, again_at: datetime | None, *, now: datetime) -> datetime | None:
    """The first of the times that still lie ahead."""
    return min((at for at in (due, again_at) if at is not None and at > now), default=None)
