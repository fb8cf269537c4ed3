"""Calls that decisions asked for, kept in PostgreSQL until they end: claimed, finished, and told to who waits."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.meta.events import AccountId, Igsid

SPARE = timedelta(seconds=15)
"""How much longer than its timeout a call stays with its process; after that another may make it again."""
KEEP = timedelta(days=7)
"""How long a call that has ended can be looked into (`igbot why`)."""

# A call is taken by whoever comes first; one whose process went away comes back when its lease is over.
CLAIM = """
WITH due AS (
    SELECT call_id, account_id FROM service_call
    WHERE finished_at IS NULL AND due_at <= $1 AND (lease_until IS NULL OR lease_until < $1) AND account_id = ANY ($4)
    ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE service_call c SET lease_by = $3, attempts = attempts + 1,
    lease_until = $1 + (c.timeout_ms * interval '1 millisecond') + $5::interval
FROM due WHERE (c.call_id, c.account_id) = (due.call_id, due.account_id)
RETURNING c.account_id, c.call_id, c.igsid, c.for_key, c.for_mid, c.kind, c.rule, c.name, c.body::text AS body,
    c.timeout_ms, c.retry, c.attempts, c.test
"""

# done:  the answer, unless another process was quicker.
# lane:  the conversation that waits is ready again; as for any arrival, its turn starts anew.
FINISH = """
WITH done AS (
    UPDATE service_call SET finished_at = $3, ok = $4, answer = $5::text::jsonb, why = $6,
        lease_by = NULL, lease_until = NULL
    WHERE account_id = $1 AND call_id = $2 AND finished_at IS NULL
    RETURNING account_id, igsid, waits
), lane AS (
    UPDATE inbox_lane l SET ready_at = least(l.ready_at, $3), arrivals = l.arrivals + 1
    FROM done WHERE done.waits AND (l.account_id, l.igsid) = (done.account_id, done.igsid)
)
SELECT waits FROM done
"""

AGAIN = """
UPDATE service_call SET due_at = $3, why = $4, lease_by = NULL, lease_until = NULL
WHERE account_id = $1 AND call_id = $2 AND finished_at IS NULL
"""

NEXT_DUE = """
SELECT min(due_at) FROM service_call
WHERE finished_at IS NULL AND account_id = ANY ($1) AND (lease_until IS NULL OR lease_until < $2)
"""

FORGET = "DELETE FROM service_call WHERE finished_at < $1"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that is ours to make now. `attempts` counts this one; `for_key` names the event it was asked for."""

    account_id: AccountId
    call_id: int
    igsid: Igsid
    for_key: str
    for_mid: str | None
    kind: str
    rule: str
    name: str
    body: str
    timeout: timedelta
    retry: int
    attempts: int
    test: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended: the JSON object it answered where `ok`, else `why` not. `again`: it is worth another try."""

    ok: bool
    answer: dict[str, Any] | None = None
    why: str | None = None
    again: bool = False


async def claim_calls(
    conn: "asyncpg.Connection[Any]", *, process_id: int, accounts: Sequence[AccountId], limit: int, now: datetime
) -> list[Call]:
    """Up to `limit` calls that are due, the longest-waiting first."""
    rows = await conn.fetch(CLAIM, now, limit, process_id, list(accounts), SPARE)
    return [
        Call(
            account_id=AccountId(row["account_id"]),
            call_id=row["call_id"],
            igsid=Igsid(row["igsid"]),
            for_key=str(row["for_key"]),
            for_mid=row["for_mid"],
            kind=row["kind"],
            rule=row["rule"],
            name=row["name"],
            body=row["body"],
            timeout=timedelta(milliseconds=row["timeout_ms"]),
            retry=row["retry"],
            attempts=row["attempts"],
            test=row["test"],
        )
        for row in rows
    ]


async def finish_call(conn: "asyncpg.Connection[Any]", call: Call, ended: Ended, *, now: datetime) -> bool:
    """Keep the answer. True where a conversation waits for it and is ready now."""
    answer = json.dumps(ended.answer) if ended.answer is not None else None
    waits: bool | None = await conn.fetchval(FINISH, call.account_id, call.call_id, now, ended.ok, answer, ended.why)
    return bool(waits)


async def call_again(conn: "asyncpg.Connection[Any]", call: Call, ended: Ended, *, at: datetime) -> None:
    """Put the call back until `at`."""
    await conn.execute(AGAIN, call.account_id, call.call_id, at, ended.why)


async def next_due(
    conn: "asyncpg.Connection[Any]", *, accounts: Collection[AccountId], now: datetime
) -> datetime | None:
    """When the next call is due; None where none waits."""
    due: datetime | None = await conn.fetchval(NEXT_DUE, list(accounts), now)
    return due


async def forget_calls(conn: "asyncpg.Connection[Any]", *, now: datetime) -> None:
    """Delete what ended long ago: the answers hold the customers' data."""
    await conn.execute(FORGET, now - KEEP)
