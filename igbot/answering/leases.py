"""Give back what was claimed and not settled: unworked, with a failure counted, or over a connection that broke."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from igbot.answering.claimed import Claim, PendingEvent
from igbot.meta.text import storable

# Another process that has the conversation by now meets the event itself, and counts it itself.
FAIL = """
WITH released AS (
    UPDATE inbox_lane SET lease_by = NULL, lease_until = NULL, ready_at = $7
    WHERE account_id = $1 AND igsid = $2 AND (lease_by IS NULL OR lease_by = $8)
    RETURNING account_id
), failed AS (
    UPDATE inbox SET attempts = attempts + 1, error = $4,
        status = CASE WHEN attempts + 1 >= $5 THEN 'dead' ELSE 'pending' END,
        settled_at = CASE WHEN attempts + 1 >= $5 THEN $6::timestamptz END
    FROM released
    WHERE inbox.account_id = $1 AND event_key = $3::uuid AND status = 'pending'
    RETURNING status
)
SELECT status FROM failed
"""

RELEASE = """
UPDATE inbox_lane SET lease_by = NULL, lease_until = NULL
FROM unnest($1::text[], $2::text[]) AS given (account_id, igsid)
WHERE (inbox_lane.account_id, inbox_lane.igsid) = (given.account_id, given.igsid) AND lease_by = $3
"""


RELEASE_ALL = """
WITH held AS (SELECT account_id, igsid FROM inbox_lane WHERE lease_by = $1 ORDER BY account_id, igsid FOR UPDATE)
UPDATE inbox_lane l SET lease_by = NULL, lease_until = NULL
FROM held WHERE (l.account_id, l.igsid) = (held.account_id, held.igsid)
"""


async def release_all(conn: "asyncpg.Connection[Any]", *, process_id: int) -> None:
    """Hand back what this process had claimed over a connection that broke: nobody is working on it."""
    await conn.execute(RELEASE_ALL, process_id)


async def release_claims(conn: "asyncpg.Connection[Any]", claims: Sequence[Claim], *, process_id: int) -> None:
    """Hand conversations back unworked, ready for whoever comes first."""
    await conn.execute(RELEASE, [c.account_id for c in claims], [c.igsid for c in claims], process_id)


async def fail_event(
    conn: "asyncpg.Connection[Any]",
    claim: Claim,
    event: PendingEvent,
    *,
    process_id: int,
    error: str,
    tries: int,
    now: datetime,
    again_at: datetime,
) -> str | None:
    """Count a failure against one event of a claim and hand the conversation back until `again_at`.

    Returns the event's status: `pending`, or `dead` after `tries` failures (the conversation then goes on). None, and
    nothing is written, where another process has the conversation by now.
    """
    status: str | None = await conn.fetchval(
        FAIL, claim.account_id, claim.igsid, event.key, storable(error[:2000]), tries, now, again_at, process_id
    )
    return status
