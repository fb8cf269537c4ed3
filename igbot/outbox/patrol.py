"""What the sender looks after once in a while: replies that their window has overtaken where nothing is sent, and
outages that last."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.meta.events import AccountId
from igbot.outbox.claimed import ClaimedReply
from igbot.outbox.troubles import Trouble, TroubleKind
from igbot.outbox.verdict import WINDOW_CLOSED, Verdict
from igbot.telemetry.log import EventLog

EVERY = timedelta(seconds=30)
LASTS = timedelta(seconds=60)
"""An outage that lasts so long is told."""
TOLD_AGAIN = timedelta(hours=1)
"""How often it is told at most that replies expired; each time how many since."""
AT_ONCE = 500
ENDING = frozenset[TroubleKind]({"halted", "paused", "dead"})
"""What stands until somebody ends it, or time does; outages are told of here in any case."""

# stopped: accounts that send nothing now, or that we may not send for. The claim of the others does it.
# overdue: their replies that are too late, unless somebody has them in hand. Account by account (LATERAL and LIMIT), so
#          that nothing is read where none is stopped, and no more than is needed. Whoever locks replies and lanes does
#          so in the order of their keys, and waits for nobody here.
# lanes:   due when what is left in them is.
EXPIRE = """
WITH stopped AS MATERIALIZED (
    SELECT account_id FROM account
    WHERE halted_at IS NOT NULL OR paused_at IS NOT NULL OR send_after > $1 OR outage_at IS NOT NULL
        OR account_id <> ALL ($3)
), overdue AS MATERIALIZED (
    SELECT each.* FROM stopped CROSS JOIN LATERAL (
        SELECT o.account_id, o.outbox_id, o.igsid, o.rule, o.for_mid, o.test, l.arrivals
        FROM outbox_lane l JOIN LATERAL (
            SELECT * FROM outbox o WHERE (o.account_id, o.igsid) = (l.account_id, l.igsid)
                AND o.status = 'queued' AND o.expires_at - $2::interval <= $1) o ON true
        WHERE l.account_id = stopped.account_id AND l.bucket = ANY ('{text,media,look_ups}') AND l.due_at IS NOT NULL
            AND (l.lease_until IS NULL OR l.lease_until < $1)
        LIMIT $4) each
    ORDER BY account_id, outbox_id LIMIT $4
), held AS MATERIALIZED (
    SELECT overdue.* FROM overdue JOIN LATERAL (
        SELECT o.outbox_id FROM outbox o
        WHERE (o.account_id, o.outbox_id) = (overdue.account_id, overdue.outbox_id) AND o.status = 'queued'
        FOR UPDATE SKIP LOCKED) o ON o.outbox_id = overdue.outbox_id
), gone AS (
    UPDATE outbox o SET status = 'expired', reason = $5, finished_at = $1
    FROM held WHERE (o.account_id, o.outbox_id) = (held.account_id, held.outbox_id)
    RETURNING o.account_id, o.outbox_id
), lanes_held AS (
    SELECT touched.* FROM (
        SELECT account_id, igsid, max(arrivals) AS arrivals FROM held
        WHERE (SELECT count(*) FROM gone) > 0 GROUP BY account_id, igsid ORDER BY account_id, igsid) touched
    JOIN LATERAL (
        SELECT l.igsid FROM outbox_lane l
        WHERE (l.account_id, l.igsid, l.arrivals) = (touched.account_id, touched.igsid, touched.arrivals)
            AND (l.lease_until IS NULL OR l.lease_until < $1) FOR UPDATE SKIP LOCKED) l ON l.igsid = touched.igsid
), lanes AS (
    UPDATE outbox_lane l SET bucket = 'text', due_at = (
        SELECT greatest(o.due_at, l.free_at) FROM outbox o
        WHERE (o.account_id, o.igsid) = (h.account_id, h.igsid) AND o.status IN ('queued', 'sending', 'unknown')
            AND (o.account_id, o.outbox_id) NOT IN (SELECT account_id, outbox_id FROM held)
        ORDER BY o.outbox_id LIMIT 1)
    FROM lanes_held h WHERE (l.account_id, l.igsid) = (h.account_id, h.igsid)
)
SELECT account_id, outbox_id, igsid, rule, for_mid, test FROM held
"""

# One process tells of an outage, whichever sees first that it lasts; the same one tells that it is over.
OUTAGES = """
WITH told AS (
    UPDATE account SET outage_told_at = $1
    WHERE account_id = ANY ($2) AND outage_at <= $3 AND outage_told_at IS NULL
    RETURNING account_id, outage_at
)
SELECT account_id, outage_at FROM told
UNION ALL
SELECT account_id, NULL FROM account WHERE account_id = ANY ($4) AND outage_at IS NULL
"""

# Of what this process has told: that which stands no more, whoever has ended it.
ENDED = """
SELECT account_id, 'halted' AS kind FROM account WHERE account_id = ANY ($1) AND halted_at IS NULL
UNION ALL
SELECT account_id, 'paused' FROM account
WHERE account_id = ANY ($1) AND (send_after IS NULL OR send_after <= $2) AND rate_waits = 0
UNION ALL
SELECT told.account_id, 'dead' FROM unnest($1::text[]) AS told (account_id)
WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.account_id = told.account_id AND o.status = 'dead')
"""


class Patrol:
    """Remembers when it looked last, and what it has told. `on_trouble` gets what a person should know."""

    def __init__(self, *, margin: timedelta, log: EventLog, on_trouble: Callable[[Trouble], None]) -> None:
        self._margin = margin
        self._log = log
        self._on_trouble = on_trouble
        self._last: datetime | None = None
        self._expired: Counter[str] = Counter()
        self._expired_told: dict[str, datetime] = {}
        self._outages: set[str] = set()
        self._standing: dict[str, Trouble] = {}

    def tell(self, trouble: Trouble) -> None:
        """Pass on what a verdict that is written meant; what can end is looked at until it has."""
        if trouble.kind in ENDING:
            self._standing[trouble.key] = trouble
        self._on_trouble(trouble)

    def note(self, reply: ClaimedReply, verdict: Verdict) -> None:
        """A verdict was written."""
        if verdict.state == "expired":
            self._expired[reply.account_id] += 1

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to look."""
        return self._last is None or now - self._last >= EVERY

    async def turn(self, conn: "asyncpg.Connection[Any]", served: Collection[AccountId], *, now: datetime) -> None:
        """Look after the accounts; `served` are those for which this process may send."""
        self._last = now
        while await self._expire(conn, served, now) == AT_ONCE:
            continue
        self._tell_expired(now)
        rows = await conn.fetch(OUTAGES, now, list(served), now - LASTS, list(self._outages))
        for row in rows:
            self._tell_outage(row["account_id"], row["outage_at"])
        if self._standing:
            await self._tell_ended(conn, now)

    async def _tell_ended(self, conn: "asyncpg.Connection[Any]", now: datetime) -> None:
        # Only what stood before the look: what is told meanwhile may be newer than what is seen.
        before = dict(self._standing)
        rows = await conn.fetch(ENDED, sorted({trouble.account for trouble in before.values()}), now)
        ended = {(row["account_id"], row["kind"]) for row in rows}
        for key, trouble in before.items():
            if (trouble.account, trouble.kind) in ended and self._standing.get(key) is trouble:
                del self._standing[key]
                self._on_trouble(replace(trouble, over=True))

    async def _expire(self, conn: "asyncpg.Connection[Any]", served: Collection[AccountId], now: datetime) -> int:
        rows = await conn.fetch(EXPIRE, now, self._margin, list(served), AT_ONCE, WINDOW_CLOSED)
        for row in rows:
            fields: dict[str, Any] = {name: row[name] for name in ("outbox_id", "igsid", "rule", "for_mid")}
            fields |= {"test": True} if row["test"] else {}
            self._log.of(row["account_id"]).warning("reply_expired", **fields, reason=WINDOW_CLOSED)
            self._expired[row["account_id"]] += 1
        return len(rows)

    def _tell_expired(self, now: datetime) -> None:
        for account in list(self._expired):
            told = self._expired_told.get(account)
            if told is not None and now - told < TOLD_AGAIN:
                continue
            self._expired_told[account] = now
            count = self._expired.pop(account)
            replies = "1 reply" if count == 1 else f"{count} replies"
            why = f"{replies} could not be sent before Meta's 24 hours were over, and will not be sent"
            self._on_trouble(Trouble(account, "expired", "", why))

    def _tell_outage(self, account: str, since: datetime | None) -> None:
        if since is None:
            self._outages.discard(account)
            self._on_trouble(Trouble(account, "outage", "", "Meta answers again", over=True))
            return
        self._outages.add(account)
        began = since.isoformat(timespec="seconds")
        why = f"Meta cannot be reached, or answers with errors only, since {began}. Replies wait; nothing is lost"
        self._on_trouble(Trouble(account, "outage", "", why))
