"""The answering worker: claim conversations, take their turns, write them, and say in the log what was decided."""

import asyncio
import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.answering.claim import claim_conversations
from igbot.answering.claimed import Claim, PendingEvent
from igbot.answering.leases import fail_event, release_all, release_claims
from igbot.answering.limits import Remaining, forget_uses, lock_limits, of_account, remaining_uses
from igbot.answering.outcome import Notice, Turn
from igbot.answering.policy import Policy
from igbot.answering.preparing import prepare
from igbot.answering.reporting import Reporter
from igbot.answering.settle import Written, settle
from igbot.answering.telling import Quiet, tool_notice
from igbot.answering.turn import take_turn
from igbot.meta.events import AccountId
from igbot.rules.deciding.ruleset import RuleSet
from igbot.store.loops import keep_going, wait_for_wake
from igbot.store.pool import Database
from igbot.store.reachability import connection_lost
from igbot.telemetry.clock import Clock
from igbot.telemetry.counters import Counters
from igbot.telemetry.log import EventLog

BATCH = 64
TRIES = 5
MOST_WAITS = 1000
"""Conversations whose next look is remembered to the moment; for others the usual look is soon enough."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all turns of a round are taken on, whatever changes meanwhile."""

    rules: RuleSet
    policy: Policy
    now: datetime


class Worker:
    """Works on conversations of one process.

    `accounts` are those it answers for, `account_name` is what rules call one. `rules` gives the set in force (None:
    nothing has ever loaded, so nothing is claimed), `policy` what else decisions depend on, asked for each round.
    `counters` count the decisions. `on_replies` is called after replies were committed, `on_calls` after calls of
    services were, `on_alerts` with what rules tell people, `on_dead` with a dead event's account and error.
    """

    def __init__(
        self,
        *,
        process_id: Callable[[], int],
        accounts: Callable[[], Sequence[AccountId]],
        account_name: Callable[[AccountId], str],
        rules: Callable[[], RuleSet | None],
        policy: Callable[[], Policy],
        clock: Clock,
        log: EventLog,
        counters: Counters,
        on_replies: Callable[[], None],
        on_calls: Callable[[], None],
        on_alerts: Callable[[Sequence[Notice]], None],
        on_dead: Callable[[str, str], None],
    ) -> None:
        self._process_id = process_id
        self._accounts = accounts
        self._account_name = account_name
        self._rules = rules
        self._policy = policy
        self._clock = clock
        self._reporter = Reporter(log, counters, clock)
        self._on_replies = on_replies
        self._on_calls = on_calls
        self._on_alerts = on_alerts
        self._on_dead = on_dead
        self._quiet = Quiet()
        self._waits: list[datetime] = []

    async def run_once(self, conn: "asyncpg.Connection[Any]") -> int:
        """One round: claim, decide, write. Returns how many conversations were worked on.

        Raises what a broken connection raises; what was claimed then comes back by `recover`, or when its lease ends.
        """
        rules = self._rules()
        if rules is None:
            return 0
        process_id = self._process_id()
        now = self._clock()
        claims = await claim_conversations(conn, process_id=process_id, accounts=self._accounts(), limit=BATCH, now=now)
        if not claims:
            return 0
        ground = _Ground(rules, self._policy(), now)
        ready = await self._prepare(conn, ground, claims)
        remaining = await self._remaining(conn, rules, ready, now=now)
        turns = self._take_turns(ground, ready, remaining)
        try:
            turns, written = await self._write(conn, ground, turns)
            self._report(turns, written)
        except (asyncpg.PostgresError, ValueError) as error:
            if connection_lost(error, conn):
                raise
            turns = await self._write_one_by_one(conn, ground, turns)
        for turn in turns:
            if turn.failed is not None and turn.failure is not None:
                await self._fail(conn, turn.claim, turn.failed, turn.failure)
        self._remember_waits(turns)
        return len(claims)

    async def recover(self, conn: "asyncpg.Connection[Any]") -> None:
        """Hand back what was claimed over a connection that broke before it was settled."""
        await release_all(conn, process_id=self._process_id())

    def next_look(self, idle: float) -> float:
        """In how many seconds, at most `idle`, a conversation is to be looked at that waits for its time."""
        now = self._clock()
        while self._waits and self._waits[0] <= now:
            heapq.heappop(self._waits)
        return min(idle, (self._waits[0] - now).total_seconds()) if self._waits else idle

    async def _prepare(self, conn: "asyncpg.Connection[Any]", ground: _Ground, claims: Sequence[Claim]) -> list[Claim]:
        prepared = await prepare(conn, claims, pause=ground.policy.takeover_pause, now=ground.now)
        self._reporter.prepared(prepared)
        if any(each.cancelled for each in prepared.taken_back):
            self._on_replies()  # what was queued behind them need not wait
        for failed in prepared.failed:
            await self._fail(conn, failed.claim, failed.event, failed.error)
        self._tell([tool_notice(tool, self._account_name(tool.account_id)) for tool in prepared.tools])
        return prepared.claims

    def _tell(self, notices: Sequence[Notice]) -> None:
        new = self._quiet.new(notices, now=self._clock())
        for notice in new:
            if notice.quiet:
                self._reporter.told(notice)
        if new:
            self._on_alerts(new)

    def _take_turns(self, ground: _Ground, claims: Sequence[Claim], remaining: Remaining) -> list[Turn]:
        """The turns one after the other: what one uses up of a limit is not there for the next."""
        left = dict(remaining)
        turns = []
        for claim in claims:
            turn = self._take_turn(ground, claim, left)
            _use_up(left, turn)
            turns.append(turn)
        return turns

    def _take_turn(self, ground: _Ground, claim: Claim, remaining: Remaining) -> Turn:
        name = self._account_name(claim.account_id)
        left = of_account(remaining, claim.account_id) if remaining else {}
        return take_turn(claim, ground.rules, ground.policy, now=ground.now, account=name, remaining=left)

    async def _write(
        self, conn: "asyncpg.Connection[Any]", ground: _Ground, turns: list[Turn]
    ) -> tuple[list[Turn], Written]:
        """Write the turns. Those that no longer fit into a limit for all customers are taken anew before.

        The limits are held from when they are counted until the uses are committed.
        """
        process_id = self._process_id()
        if not any(turn.uses for turn in turns):
            return turns, await settle(conn, turns, process_id=process_id, now=self._clock())
        accounts = {turn.claim.account_id for turn in turns}
        async with conn.transaction():
            await lock_limits(conn, ground.rules.limited_for_all, accounts)
            await forget_uses(conn, ground.rules.limited_for_all, accounts, now=ground.now)
            left = await remaining_uses(conn, ground.rules.limited_for_all, accounts, now=ground.now)
            fitting = []
            for turn in turns:
                if any(used > left[turn.claim.account_id, rule] for rule, used in turn.used.items()):
                    turn = self._take_turn(ground, turn.claim, left)
                _use_up(left, turn)
                fitting.append(turn)
            return fitting, await settle(conn, fitting, process_id=process_id, now=self._clock())

    async def _write_one_by_one(
        self, conn: "asyncpg.Connection[Any]", ground: _Ground, turns: list[Turn]
    ) -> list[Turn]:
        """A batch is one failure domain: find the turn at fault and let the others through. Returns these."""
        through = []
        for turn in turns:
            try:
                [written_turn], written = await self._write(conn, ground, [turn])
                self._report([written_turn], written)
                through.append(written_turn)
            except (asyncpg.PostgresError, ValueError) as error:
                if connection_lost(error, conn):
                    raise
                # Also where nothing is settled yet (it waits for a call): else it would be tried for ever.
                first = next(iter((*turn.settled, *turn.claim.events)), None)
                if first is not None:
                    await self._fail(conn, turn.claim, first, error)
                else:
                    await release_claims(conn, [turn.claim], process_id=self._process_id())
        return through

    async def _remaining(
        self, conn: "asyncpg.Connection[Any]", rules: RuleSet, claims: Sequence[Claim], *, now: datetime
    ) -> Remaining:
        if not rules.limited_for_all:
            return {}
        return await remaining_uses(conn, rules.limited_for_all, {claim.account_id for claim in claims}, now=now)

    async def _fail(self, conn: "asyncpg.Connection[Any]", claim: Claim, event: PendingEvent, error: Exception) -> None:
        now = self._clock()
        again_at = now + timedelta(seconds=2**event.attempts)
        text = f"{type(error).__name__}: {error}"
        status = await fail_event(
            conn,
            claim,
            event,
            process_id=self._process_id(),
            error=text,
            tries=TRIES,
            now=now,
            again_at=again_at,
        )
        self._reporter.failed(claim, event, error, status=status)
        if status == "dead":
            self._on_dead(claim.account_id, text)

    def _report(self, turns: Sequence[Turn], written: Written) -> None:
        queued, notices = 0, []
        for turn in turns:
            claim = turn.claim
            if (claim.account_id, claim.igsid) not in written.replies:
                self._reporter.lease_lost(claim)
                continue
            queued += written.replies[claim.account_id, claim.igsid]
            notices += turn.notices
            self._reporter.written(turn)
        if queued:
            self._on_replies()
        if written.calls:
            self._on_calls()
        self._tell(notices)

    def _remember_waits(self, turns: Sequence[Turn]) -> None:
        for turn in turns:
            if turn.again_at is not None and turn.failed is None and len(self._waits) < MOST_WAITS:
                heapq.heappush(self._waits, turn.again_at)


def _use_up(left: dict[tuple[str, str], int], turn: Turn) -> None:
    for rule, used in turn.used.items():
        left[turn.claim.account_id, rule] -= used


async def run_worker(
    worker: Worker, database: Database, *, woken: asyncio.Event, stopping: asyncio.Event, idle: float, log: EventLog
) -> None:
    """Rounds until `stopping`, on a held connection: at once when `woken`, every `idle` seconds otherwise.

    An unreachable database ends nothing: the worker comes back with it.
    """

    async def rounds() -> None:
        async with database.connection() as conn:
            await worker.recover(conn)
            while not stopping.is_set():
                woken.clear()
                if await worker.run_once(conn) < BATCH:
                    await wait_for_wake(woken, worker.next_look(idle))

    await keep_going(rounds, stopping=stopping, log=log)
