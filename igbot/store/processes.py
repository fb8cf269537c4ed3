"""Which bot processes live: each holds an advisory lock for its life, so a killed one is known at once.

Leases of conversations name a process; those of a process whose lock is free are given back.
"""

import os
import socket
from datetime import datetime
from typing import Any

import asyncpg

LOCK_CLASS = 0x6967
"""First half of the two-part advisory lock key; the second is the process id given out by the database."""

# The lock is taken before the row can be seen, so that nobody takes a newcomer for dead.
REGISTER = """
WITH entered AS (INSERT INTO process (started_at, host, pid) VALUES ($1, $2, $3) RETURNING process_id)
SELECT process_id, pg_advisory_lock($4, process_id::int) FROM entered
"""
RETAKE = "SELECT pg_try_advisory_lock($2, process_id::int) FROM process WHERE process_id = $1"
OTHERS = "SELECT process_id FROM process WHERE process_id <> $1"
# A free lock is taken for the length of this statement's transaction only.
IS_GONE = "SELECT pg_try_advisory_xact_lock($1, $2::int)"
# Whoever locks several lanes does so in the order of their keys.
GIVE_BACK = """
WITH inbox_held AS (
    SELECT account_id, igsid FROM inbox_lane WHERE lease_by = $1 ORDER BY account_id, igsid FOR UPDATE
), inbox AS (
    UPDATE inbox_lane l SET lease_by = NULL, lease_until = NULL
    FROM inbox_held h WHERE (l.account_id, l.igsid) = (h.account_id, h.igsid)
), outbox_held AS (
    SELECT account_id, igsid FROM outbox_lane WHERE lease_by = $1 ORDER BY account_id, igsid FOR UPDATE
), outbox AS (
    UPDATE outbox_lane l SET lease_by = NULL, lease_until = NULL
    FROM outbox_held h WHERE (l.account_id, l.igsid) = (h.account_id, h.igsid)
), calls AS (
    UPDATE service_call SET lease_by = NULL, lease_until = NULL WHERE lease_by = $1 AND finished_at IS NULL
)
DELETE FROM process WHERE process_id = $1
"""


async def register(conn: "asyncpg.Connection[Any]", *, now: datetime, before: int = 0) -> int:
    """Enter this process and hold its lock on `conn`, which must stay open for the process's life.

    After an interruption `before` is the id it had: it is taken up again, with its leases, unless another process has
    meanwhile taken this one for dead.
    """
    if before and await conn.fetchval(RETAKE, before, LOCK_CLASS):
        return before
    return int(await conn.fetchval(REGISTER, now, socket.gethostname(), os.getpid(), LOCK_CLASS))


async def give_back(conn: "asyncpg.Connection[Any]", process_id: int) -> None:
    """Release what a process has leased and forget the process."""
    await conn.execute(GIVE_BACK, process_id)


async def rescue(conn: "asyncpg.Connection[Any]", *, own: int) -> tuple[list[int], int]:
    """Give back what dead processes had leased.

    Returns the ids of the dead and how many others live.
    """
    dead = []
    others = [int(row["process_id"]) for row in await conn.fetch(OTHERS, own)]
    for process_id in others:
        async with conn.transaction():
            if await conn.fetchval(IS_GONE, LOCK_CLASS, process_id):
                await give_back(conn, process_id)
                dead.append(process_id)
    return dead, len(others) - len(dead)
