"""What the operator does with replies that came to nothing or still wait: look at them, send them again, drop them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import asyncpg

from igbot.meta.events import AccountId
from igbot.outbox.claimed import TAKEN_OVER
from igbot.outbox.states import State
from igbot.outbox.verdict import NEVER_ARRIVED, UNREACHED
from igbot.outbox.withdrawn import NOTHING, wipe_said

Which = State | Literal["all"]

RETRIED = "retried"
"""Noted among a reply's calls where the operator had it sent again: its calls are counted anew from there."""
DROPPED = "dropped by the operator"
DOUBTFUL = "the customer may have it already: the outcome of a call is not known"

# Each branch has an index of its own; the planner drops those that are not asked for.
LISTED = """
SELECT o.outbox_id, o.account_id AS account, o.igsid, o.status, o.attempts, o.due_at, o.reason, o.code, o.rule,
    o.for_mid, o.body ->> 'text' AS text, asked.kind AS event_kind, asked.text AS event_text, asked.at AS event_at
FROM (
    (SELECT * FROM outbox WHERE $1 = 'dead' AND status = 'dead' AND account_id = ANY ($2)
    ORDER BY outbox_id DESC LIMIT $3)
    UNION ALL
    (SELECT * FROM outbox WHERE $1 IN ('queued', 'sending', 'unknown') AND status IN ('queued', 'sending', 'unknown')
        AND status = $1 AND account_id = ANY ($2)
    ORDER BY outbox_id DESC LIMIT $3)
    UNION ALL
    (SELECT * FROM outbox WHERE $1 NOT IN ('dead', 'queued', 'sending', 'unknown') AND $1 IN (status, 'all')
        AND account_id = ANY ($2)
    ORDER BY outbox_id DESC LIMIT $3)) o
LEFT JOIN LATERAL (
    SELECT i.kind, m.text, i.event_at AS at FROM inbox i
    LEFT JOIN message m ON (m.account_id, m.igsid, m.at, m.kind) = (i.account_id, i.igsid, i.event_at, i.kind)
        AND m.mid IS NOT DISTINCT FROM i.mid AND m.direction = 'in'
    WHERE (i.account_id, i.event_key) = (o.account_id, o.for_key) LIMIT 1) asked ON true
ORDER BY o.outbox_id DESC
"""

DEAD = "SELECT outbox_id FROM outbox WHERE status = 'dead' AND account_id = ANY ($1) ORDER BY outbox_id"

# held:  the replies, locked in the order of their keys, each with what speaks against sending it again. What a person
#        has answered, or the customer taken back, stays so; the sender looks at all of it once more before the call.
# again: those of which it is known that Meta has not taken them are queued. Of the others Meta is asked first: they are
#        `unknown` once more, and go out only if Meta has nothing of them or cannot be asked.
# noted: from here on calls are counted anew.
# lanes: the sender's lanes, in the order of their keys.
RETRY = """
WITH held AS (
    SELECT o.account_id, o.outbox_id, o.igsid, o.status, o.reason IS DISTINCT FROM $6 AND EXISTS (
            SELECT FROM send_attempt s WHERE (s.account_id, s.outbox_id) = (o.account_id, o.outbox_id)
                AND s.outcome IN ('unknown', 'no answer', 'process lost')) AS doubtful,
        CASE
            WHEN o.status <> 'dead' THEN 'is not dead'
            WHEN o.expires_at = '-infinity' THEN 'deleted'
            WHEN o.expires_at - $4::interval <= $3 THEN 'expired'
            WHEN NOT o.despite_pause AND c.cancel_before >= o.decided_at THEN 'cancelled'
            WHEN c.blocked_at >= o.decided_at THEN 'blocked'
            WHEN EXISTS (SELECT FROM message m WHERE (m.account_id, m.igsid, m.mid) = (o.account_id, o.igsid, o.for_mid)
                AND m.direction = 'in' AND m.deleted_at IS NOT NULL) THEN 'deleted'
        END AS against, c.cancel_reason
    FROM outbox o LEFT JOIN conversation c USING (account_id, igsid)
    WHERE o.outbox_id = ANY ($1) AND o.account_id = ANY ($2)
    ORDER BY o.account_id, o.outbox_id FOR UPDATE OF o
), again AS (
    UPDATE outbox o SET status = CASE WHEN held.doubtful THEN 'unknown' ELSE 'queued' END, attempts = 0, unanswered = 0,
        most_calls = 4, due_at = $3, finished_at = NULL, reason = NULL
    FROM held WHERE (o.account_id, o.outbox_id) = (held.account_id, held.outbox_id)
        AND held.against IS NULL AND ($5 OR NOT held.doubtful)
    RETURNING o.account_id, o.outbox_id, o.igsid
), noted AS (
    INSERT INTO send_attempt (account_id, outbox_id, at, outcome, detail)
    SELECT account_id, outbox_id, $3, 'retried', 'by the operator' FROM again
), lanes AS (
    INSERT INTO outbox_lane AS l (account_id, igsid, due_at)
    SELECT DISTINCT account_id, igsid, $3::timestamptz FROM again ORDER BY account_id, igsid
    ON CONFLICT (account_id, igsid) DO UPDATE SET arrivals = l.arrivals + 1, bucket = 'text',
        due_at = greatest(least(coalesce(l.due_at, EXCLUDED.due_at), EXCLUDED.due_at), l.free_at)
)
SELECT held.outbox_id, held.status, held.doubtful, held.against, held.cancel_reason, again.outbox_id IS NOT NULL AS done
FROM held LEFT JOIN again USING (account_id, outbox_id)
"""

# A reply whose call is under way, or whose outcome is being asked for, ends by what comes of that. `unsaid`: the
# message was deleted, and nothing of what answers it is kept.
DROP = """
WITH held AS (
    SELECT o.account_id, o.outbox_id, o.igsid, o.status,
        o.status = 'unknown' OR (o.status = 'dead' AND o.reason IS DISTINCT FROM $5 AND EXISTS (
            SELECT FROM send_attempt s WHERE (s.account_id, s.outbox_id) = (o.account_id, o.outbox_id)
                AND s.outcome IN ('unknown', 'no answer', 'process lost'))) AS doubtful,
        CASE WHEN o.status NOT IN ('dead', 'queued', 'unknown') THEN 'is finished'
            WHEN o.status = 'unknown' AND l.lease_until >= $3 THEN 'in hand' END AS against
    FROM outbox o LEFT JOIN outbox_lane l USING (account_id, igsid)
    WHERE o.outbox_id = ANY ($1) AND o.account_id = ANY ($2)
    ORDER BY o.account_id, o.outbox_id FOR UPDATE OF o
), dropped AS (
    UPDATE outbox o SET status = 'cancelled', reason = $4, finished_at = $3,
        body = CASE WHEN o.expires_at = '-infinity' THEN $6 ELSE o.body END
    FROM held WHERE (o.account_id, o.outbox_id) = (held.account_id, held.outbox_id) AND held.against IS NULL
    RETURNING o.account_id, o.outbox_id, o.igsid, held.status, o.decided_at, o.expires_at = '-infinity' AS unsaid
), lanes AS (
    UPDATE outbox_lane l SET arrivals = l.arrivals + 1, bucket = 'text', due_at = greatest($3, l.free_at)
    FROM (SELECT l.account_id, l.igsid FROM outbox_lane l
        WHERE (l.account_id, l.igsid) IN (SELECT account_id, igsid FROM dropped WHERE status <> 'dead')
        ORDER BY l.account_id, l.igsid FOR UPDATE) touched
    WHERE (l.account_id, l.igsid) = (touched.account_id, touched.igsid)
)
SELECT held.outbox_id, held.status, held.doubtful, held.against, NULL AS cancel_reason,
    dropped.outbox_id IS NOT NULL AS done, dropped.unsaid, held.account_id, held.igsid, dropped.decided_at,
    NULL::timestamptz AS deleted_at
FROM held LEFT JOIN dropped USING (account_id, outbox_id)
"""


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one reply that the operator named. `status` is where it stands now, None if nobody knows it.

    `doubtful`: the customer may have it although nobody knows. `why` says why nothing was `done`.
    """

    outbox_id: int
    status: str | None
    done: bool
    doubtful: bool
    why: str | None


async def list_replies(
    conn: "asyncpg.Connection[Any]", *, which: Which, accounts: Collection[str], limit: int
) -> list[dict[str, Any]]:
    """Replies in the contract's shape (§8), the newest first, each with the words it has and the event it answers."""
    return [_listed(row) for row in await conn.fetch(LISTED, which, list(accounts), limit)]


async def dead_replies(conn: "asyncpg.Connection[Any]", accounts: Collection[str]) -> list[int]:
    """All dead ones, the oldest first."""
    return [row["outbox_id"] for row in await conn.fetch(DEAD, list(accounts))]


async def retry(
    conn: "asyncpg.Connection[Any]",
    outbox_ids: Sequence[int],
    accounts: Collection[AccountId | str],
    *,
    margin: timedelta,
    even_if_sent: bool,
    now: datetime,
) -> list[Handled]:
    """Have dead replies sent again, with all their tries, while Meta still allows it; in the order they were named.

    `margin` is how long before the end of the window it is too late. One that the customer may have already (a call of
    it has no known outcome) is sent only `even_if_sent`, and Meta is asked for it before.
    """
    rows = await conn.fetch(RETRY, list(outbox_ids), list(accounts), now, margin, even_if_sent, NEVER_ARRIVED)
    return _handled(outbox_ids, rows, {True: "unknown", False: "queued"})


async def drop(
    conn: "asyncpg.Connection[Any]", outbox_ids: Sequence[int], accounts: Collection[AccountId | str], *, now: datetime
) -> list[Handled]:
    """Cancel replies that are dead, queued or of unknown outcome, for ever; in the order they were named."""
    async with conn.transaction():
        rows = await conn.fetch(DROP, list(outbox_ids), list(accounts), now, DROPPED, NEVER_ARRIVED, NOTHING)
        await wipe_said(conn, [row for row in rows if row["unsaid"]])
    return _handled(outbox_ids, rows, {True: "cancelled", False: "cancelled"})


def _listed(row: asyncpg.Record) -> dict[str, Any]:
    event = {"kind": row["event_kind"], "mid": row["for_mid"], "text": row["event_text"], "at": row["event_at"]}
    kept = {name: value for name, value in row.items() if not name.startswith("event_")}
    return kept | {"event": event if row["event_kind"] else None}


def _handled(named: Sequence[int], rows: Sequence[asyncpg.Record], becomes: dict[bool, str]) -> list[Handled]:
    found = {row["outbox_id"]: row for row in rows}
    return [_one(outbox_id, found.get(outbox_id), becomes) for outbox_id in dict.fromkeys(named)]


def _one(outbox_id: int, row: asyncpg.Record | None, becomes: dict[bool, str]) -> Handled:
    if row is None:
        return Handled(outbox_id, None, done=False, doubtful=False, why="there is no such reply")
    if row["done"]:
        return Handled(outbox_id, becomes[row["doubtful"]], done=True, doubtful=row["doubtful"], why=None)
    return Handled(outbox_id, row["status"], done=False, doubtful=row["doubtful"], why=_why_not(row))


def _why_not(row: asyncpg.Record) -> str:
    match row["against"]:
        case "is not dead":
            return f"it is {row['status']}, and only a dead one can be sent again"
        case "is finished":
            return f"it is {row['status']}: there is nothing to drop"
        case "in hand":
            return "Meta is being asked for it just now: try again in a moment"
        case "expired":
            return "its 24 hours are over: Meta lets nobody send it any more"
        case "cancelled":
            return f"it was overtaken: {row['cancel_reason'] or TAKEN_OVER}"
        case "blocked":
            return UNREACHED
        case "deleted":
            return "the customer has deleted the message that it answers"
        case _:
            return DOUBTFUL
