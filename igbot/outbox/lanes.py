"""The sender's lanes between claims: handed back until their reply is due, and asked when that is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from igbot.meta.events import AccountId
from igbot.outbox.claimed import ClaimedReply, Room
from igbot.outbox.gate import Usage, budget
from igbot.settings.model import Rates

RELEASE = """
UPDATE outbox_lane SET lease_by = NULL, lease_until = NULL, due_at = CASE WHEN arrivals = $4 THEN $5 ELSE due_at END
WHERE account_id = $1 AND igsid = $2 AND lease_by = $3
"""

RELEASE_FORGOTTEN = """
UPDATE outbox_lane SET lease_by = NULL, lease_until = NULL
WHERE lease_by = $1 AND (account_id, igsid) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]))
"""

# Of each account that is not stopped, and each of its buckets, the first conversation that is in nobody's hands.
NEXT_DUE = """
SELECT a.account_id, greatest(a.send_after, a.probe_until,
        CASE WHEN a.halted_at IS NOT NULL THEN a.halted_until END) AS opens_at, a.usage_percent, a.usage_at,
    a.text_spent_until, a.media_spent_until, a.look_ups_spent_until, b.bucket, l.due_at
FROM account a
CROSS JOIN (VALUES ('text'), ('media'), ('look_ups')) AS b (bucket)
CROSS JOIN LATERAL (
    SELECT l.due_at FROM outbox_lane l
    WHERE l.account_id = a.account_id AND l.bucket = b.bucket AND l.due_at IS NOT NULL AND l.lease_until IS NULL
    ORDER BY l.due_at LIMIT 1) l
WHERE a.account_id = ANY ($1) AND (a.halted_at IS NULL OR a.halted_until IS NOT NULL) AND a.paused_at IS NULL
"""


async def put_off(conn: "asyncpg.Connection[Any]", reply: ClaimedReply, *, process_id: int) -> None:
    """Hand the conversation back until its reply is due: nothing was called, nothing is written of it."""
    await conn.execute(RELEASE, reply.account_id, reply.igsid, process_id, reply.arrivals, reply.due_at)


async def release_forgotten(
    conn: "asyncpg.Connection[Any]", *, process_id: int, known: Collection[ClaimedReply]
) -> None:
    """Hand back what this process had claimed over a connection that broke before it learned of it.

    `known` are the replies it has in hand.
    """
    await conn.execute(RELEASE_FORGOTTEN, process_id, [r.account_id for r in known], [r.igsid for r in known])


async def next_due(conn: "asyncpg.Connection[Any]", *, rooms: Sequence[Room], now: datetime) -> datetime | None:
    """When the next reply that nobody has in hand becomes due and may go, if any waits; not before `now`."""
    rates = {room.account_id: room.rates for room in rooms}
    rows = await conn.fetch(NEXT_DUE, list(rates))
    return min((_due(row, rates, now) for row in rows), default=None)


def _due(row: asyncpg.Record, rates: Mapping[AccountId, Rates], now: datetime) -> datetime:
    left = budget(
        rates[row["account_id"]],
        Usage(row["usage_percent"], row["usage_at"]),
        text=row["text_spent_until"],
        media=row["media_spent_until"],
        look_ups=row["look_ups_spent_until"],
        now=now,
    )
    opens_at = left.opens_at([row["bucket"]], now) or now
    due: datetime = max(row["due_at"], opens_at, row["opens_at"] or now)
    return due
