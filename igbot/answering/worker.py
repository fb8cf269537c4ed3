"""The answering worker: claim conversations, take their turns, write them, and say in the log what was decided."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.answering.claim import Claim, PendingEvent, claim_conversations, fail_event, release_all, release_claims
from igbot.answering.policy import Policy
from igbot.answering.settle import settle
from igbot.answering.turn import NewMessage, Turn, take_turn
from igbot.meta.events import AccountId
from igbot.rules.deciding.ruleset import RuleSet
from igbot.store.loops import keep_going, wait_for_wake
from igbot.store.pool import Database
from igbot.store.reachability import connection_lost
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog

BATCH = 64
TRIES = 5
SLOW = timedelta(seconds=15)


class Worker:
    """Works on conversations of one process.

    `accounts` are those it answers for. `rules` gives the set in force (None: nothing has ever loaded, so nothing is
    claimed), `on_replies` is called after replies were committed, `on_dead` with a dead event's account and error.
    """

    def __init__(
        self,
        *,
        process_id: Callable[[], int],
        accounts: Callable[[], Sequence[AccountId]],
        rules: Callable[[], RuleSet | None],
        policy: Policy,
        clock: Clock,
        log: EventLog,
        on_replies: Callable[[], None],
        on_dead: Callable[[str, str], None],
    ) -> None:
        self._process_id = process_id
        self._accounts = accounts
        self._rules = rules
        self._policy = policy
        self._clock = clock
        self._log = log
        self._on_replies = on_replies
        self._on_dead = on_dead

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
        turns = [take_turn(claim, rules, self._policy, now=now) for claim in claims]
        try:
            written = await settle(conn, turns, process_id=process_id, now=self._clock())
            self._report(turns, written)
        except (asyncpg.PostgresError, ValueError) as error:
            if connection_lost(error, conn):
                raise
            await self._settle_one_by_one(conn, turns)
        for turn in turns:
            if turn.failed is not None and turn.failure is not None:
                await self._fail(conn, turn.claim, turn.failed, turn.failure)
        return len(claims)

    async def recover(self, conn: "asyncpg.Connection[Any]") -> None:
        """Hand back what was claimed over a connection that broke before it was settled."""
        await release_all(conn, process_id=self._process_id())

    async def _settle_one_by_one(self, conn: "asyncpg.Connection[Any]", turns: list[Turn]) -> None:
        """A batch is one failure domain: find the turn at fault and let the others through."""
        for turn in turns:
            try:
                written = await settle(conn, [turn], process_id=self._process_id(), now=self._clock())
                self._report([turn], written)
            except (asyncpg.PostgresError, ValueError) as error:
                if connection_lost(error, conn):
                    raise
                if turn.settled:
                    await self._fail(conn, turn.claim, turn.settled[0], error)
                else:
                    await release_claims(conn, [turn.claim], process_id=self._process_id())

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
        fields: dict[str, Any] = {"account": claim.account_id, "igsid": claim.igsid, "mid": event.mid}
        fields |= {"kind": event.kind, "attempt": event.attempts + 1, "status": status} | _mark(event.test)
        self._log.error("event_failed", exc=error, **fields)
        if status == "dead":
            self._on_dead(claim.account_id, text)

    def _report(self, turns: list[Turn], written: dict[tuple[str, str], int]) -> None:
        queued = 0
        for turn in turns:
            claim = turn.claim
            if (claim.account_id, claim.igsid) not in written:
                mark = _mark(any(event.test for event in claim.events))
                self._log.warning("lease_lost", account=claim.account_id, igsid=claim.igsid, **mark)
                continue
            queued += written[claim.account_id, claim.igsid]
            for event in turn.settled:
                self._report_event(claim, event)
            for message in turn.messages:
                self._report_message(turn, message)
            for reply in turn.replies:
                fields: dict[str, Any] = {"igsid": claim.igsid, "rule": reply.choice.rule, "for_mid": reply.for_mid}
                self._log.info("reply_queued", **fields | {"part": reply.part} | _mark(reply.test))
            for fact in turn.facts:
                if fact.what == "echoed":
                    by = "text" if fact.outbox_id else "mid"
                    self._log.info("echo_matched", igsid=claim.igsid, mid=fact.mid, by=by, **_mark(fact.test))
        if queued:
            self._on_replies()

    def _report_event(self, claim: Claim, event: PendingEvent) -> None:
        fields: dict[str, Any] = {"igsid": claim.igsid, "mid": event.mid, "kind": event.kind, "sent_at": event.at}
        fields |= _mark(event.test)
        if not event.known_account:
            fields["unknown_account"] = claim.account_id
        if event.kind in ("unknown", "raw"):
            self._log.warning("message_unsupported", **fields)
            return
        self._log.info("message_received", **fields)
        if event.kind in ("dashboard_test", "standby", "echo"):
            self._log.info("no_reply", reason=event.kind, **fields)

    def _report_message(self, turn: Turn, message: NewMessage) -> None:
        fields: dict[str, Any] = {"igsid": turn.claim.igsid, "mid": message.content.mid} | _mark(message.test)
        if message.author == "person":
            until = turn.pause.until if turn.pause else None
            self._log.info("human_takeover", **fields, paused_until=until)
            return
        self._log.debug("message_text", **fields, text=message.content.text)
        if message.choice is not None and message.choice.reason != "unmatched":
            choice = message.choice
            fields |= {"reason": choice.reason, "rule": choice.rule, "digest": choice.digest}
            fields["new_conversation"] = not turn.claim.known
            self._log.info("rule_matched", **fields)
        elif message.content.kind != "standby":
            self._log.info("no_reply", reason=message.reason, **fields)
        waited = self._clock() - _received(turn, message)
        if waited > SLOW:
            self._log.warning("slow_processing", **fields, seconds=round(waited.total_seconds(), 1), stage="decision")


def _received(turn: Turn, message: NewMessage) -> datetime:
    return next((e.received_at for e in turn.settled if e.mid == message.content.mid), message.at)


def _mark(test: bool) -> dict[str, Any]:
    return {"test": True} if test else {}


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
                    await wait_for_wake(woken, idle)

    await keep_going(rounds, stopping=stopping, log=log)
