"""Move idle conversations into the archived partition: in batches, beside live traffic, safe to interrupt."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.store.pool import Database

ROWS_A_BATCH = 1000

IDLE = """
SELECT count(*) AS conversations, coalesce(sum(live), 0)::bigint AS messages
FROM conversation c, LATERAL (
    SELECT count(*) AS live FROM message m WHERE (m.account_id, m.igsid) = (c.account_id, c.igsid) AND NOT m.archived) m
WHERE c.last_at < $1 AND c.archived_at IS NULL
"""

# idle:   one idle conversation that no other run has in hand. Its row is locked, so a message that arrives now waits
#         for this batch and then finds it archived or not, never half.
# picked: some of its live messages; moving a batch of a long conversation leaves the rest for the next batch.
# moved:  the partition key is what moves them.
# closed: archived once nothing is left; unless something is still to be sent or worked on.
BATCH = """
WITH idle AS (
    SELECT c.account_id, c.igsid FROM conversation c
    WHERE c.last_at < $1 AND c.archived_at IS NULL
        AND NOT EXISTS (SELECT FROM inbox i WHERE (i.account_id, i.igsid, i.status)
            = (c.account_id, c.igsid, 'pending'))
        AND NOT EXISTS (SELECT FROM outbox o WHERE (o.account_id, o.igsid) = (c.account_id, c.igsid)
            AND o.status IN ('queued', 'sending', 'unknown'))
    ORDER BY c.last_at LIMIT $4
    FOR UPDATE SKIP LOCKED
), picked AS (
    SELECT m.account_id, m.igsid, m.at, m.message_id FROM idle
    JOIN message m USING (account_id, igsid) WHERE NOT m.archived
    LIMIT $3
), moved AS (
    UPDATE message m SET archived = true FROM picked
    WHERE (m.account_id, m.igsid, m.at, m.message_id) = (picked.account_id, picked.igsid, picked.at, picked.message_id)
        AND NOT m.archived
    RETURNING m.account_id, m.igsid
), closed AS (
    UPDATE conversation c SET archived_at = $2 FROM idle
    WHERE (c.account_id, c.igsid) = (idle.account_id, idle.igsid)
        AND (SELECT count(*) FROM picked WHERE (picked.account_id, picked.igsid) = (c.account_id, c.igsid))
            = (SELECT count(*) FROM message m
                WHERE (m.account_id, m.igsid) = (c.account_id, c.igsid) AND NOT m.archived)
    RETURNING 1
)
SELECT (SELECT count(*) FROM closed) AS archived, (SELECT count(*) FROM moved) AS messages,
    (SELECT count(*) FROM idle) AS seen
"""

NOTE_RUN = """
INSERT INTO archive_run (started_at, finished_at, archived, messages) VALUES ($1, $2, $3, $4)
"""

LAST_RUN = "SELECT max(finished_at) FROM archive_run"

CONVERSATIONS_A_BATCH = 200


@dataclass(frozen=True, slots=True)
class Archived:
    """What a run came to: conversations and messages moved, and how many conversations remain idle but live."""

    archived: int
    messages: int
    remaining: int


async def count_idle(conn: "asyncpg.Connection[Any]", *, before: datetime) -> tuple[int, int]:
    """How many conversations, with how many messages, have been idle since `before`."""
    row = await conn.fetchrow(IDLE, before)
    return (int(row["conversations"]), int(row["messages"])) if row else (0, 0)


async def archive(
    database: Database,
    *,
    older_than: timedelta,
    now: Callable[[], datetime],
    on_batch: Callable[[int, int], None],
) -> Archived:
    """Archive what has been idle for `older_than`, batch by batch, each its own transaction.

    `on_batch` gets conversations and messages moved so far. Raises DatabaseUnavailable; what was moved stays moved.
    """
    started, archived, messages = now(), 0, 0
    before = started - older_than
    async with database.connection() as conn:
        while True:
            try:
                row = await conn.fetchrow(BATCH, before, now(), ROWS_A_BATCH, CONVERSATIONS_A_BATCH)
            except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
                continue  # another run was at the same rows; this batch was undone and is tried again
            if row is None or row["seen"] == 0 or (row["archived"] == 0 and row["messages"] == 0):
                break
            archived, messages = archived + int(row["archived"]), messages + int(row["messages"])
            on_batch(archived, messages)
        remaining, _ = await count_idle(conn, before=before)
        await conn.execute(NOTE_RUN, started, now(), archived, messages)
    return Archived(archived, messages, remaining)


async def last_run(conn: "asyncpg.Connection[Any]") -> datetime | None:
    """When an archive run last ended."""
    at: datetime | None = await conn.fetchval(LAST_RUN)
    return at
