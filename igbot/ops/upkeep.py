"""What nobody waits for: forgotten work is found again, and raw events go once their time is over."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg

# A lane is armed by whoever adds to it; this finds what a bug or a hand in the database left without one.
REARM = """
WITH inbox AS (
    INSERT INTO inbox_lane AS l (account_id, igsid, ready_at)
    SELECT DISTINCT account_id, igsid, $1::timestamptz FROM inbox i WHERE status = 'pending' AND received_at < $2
        AND NOT EXISTS (SELECT FROM inbox_lane k WHERE (k.account_id, k.igsid) = (i.account_id, i.igsid)
            AND k.ready_at IS NOT NULL)
    ORDER BY account_id, igsid
    ON CONFLICT (account_id, igsid) DO UPDATE SET ready_at = $1 WHERE l.ready_at IS NULL
    RETURNING 1
), outbox AS (
    INSERT INTO outbox_lane AS l (account_id, igsid, due_at)
    SELECT DISTINCT account_id, igsid, $1::timestamptz FROM outbox o WHERE status IN ('queued', 'sending', 'unknown')
        AND due_at < $2 AND NOT EXISTS (SELECT FROM outbox_lane k
            WHERE (k.account_id, k.igsid) = (o.account_id, o.igsid) AND k.due_at IS NOT NULL)
    ORDER BY account_id, igsid
    ON CONFLICT (account_id, igsid) DO UPDATE SET due_at = greatest($1, l.free_at) WHERE l.due_at IS NULL
    RETURNING 1
)
SELECT (SELECT count(*) FROM inbox) + (SELECT count(*) FROM outbox)
"""

DROP_RAW = """
UPDATE inbox SET raw = NULL WHERE (account_id, event_key) IN (
    SELECT account_id, event_key FROM inbox
    WHERE settled_at < $1 AND raw IS NOT NULL AND status = 'done' LIMIT $2 FOR UPDATE SKIP LOCKED)
"""

FORGOTTEN_AFTER = timedelta(seconds=60)


async def rearm(conn: "asyncpg.Connection[Any]", *, now: datetime) -> int:
    """Make work ready that has waited for a minute without being in any lane. Returns how many conversations."""
    return int(await conn.fetchval(REARM, now, now - FORGOTTEN_AFTER))


async def drop_raw(conn: "asyncpg.Connection[Any]", *, before: datetime, limit: int = 1000) -> int:
    """Drop the raw bytes of up to `limit` events settled before a time; their keys stay. Returns how many."""
    status = await conn.execute(DROP_RAW, before, limit)
    return int(status.rsplit(" ", 1)[-1])
