"""The operator's stop of all sends of an account, and its end. Receiving and deciding go on meanwhile."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from igbot.meta.events import AccountId

# `held` locks in the order of the keys, and tells how the accounts stood before.
PAUSE = """
WITH held AS (
    SELECT account_id, paused_at, halted_reason FROM account WHERE account_id = ANY ($1)
    ORDER BY account_id FOR UPDATE
), done AS (
    UPDATE account a SET paused_at = coalesce(a.paused_at, $2) FROM held WHERE a.account_id = held.account_id
    RETURNING a.account_id, a.name, a.paused_at, a.halted_reason, a.send_after, a.send_after_reason
)
SELECT done.*, held.paused_at AS was_paused_at, held.halted_reason AS was_halted,
    (SELECT count(*) FROM outbox o
    WHERE o.account_id = done.account_id AND o.status IN ('queued', 'sending', 'unknown')) AS waiting
FROM done JOIN held USING (account_id) ORDER BY account_id
"""

# A rate limit's or an outage's wait stays: it is Meta's, and Meta would answer the same.
RESUME = """
WITH held AS (
    SELECT account_id, paused_at, halted_reason FROM account WHERE account_id = ANY ($1)
    ORDER BY account_id FOR UPDATE
), done AS (
    UPDATE account a SET paused_at = NULL, halted_at = NULL, halted_reason = NULL, halted_until = NULL
    FROM held WHERE a.account_id = held.account_id
    RETURNING a.account_id, a.name, a.paused_at, a.halted_reason, a.send_after, a.send_after_reason
)
SELECT done.*, held.paused_at AS was_paused_at, held.halted_reason AS was_halted,
    (SELECT count(*) FROM outbox o
    WHERE o.account_id = done.account_id AND o.status IN ('queued', 'sending', 'unknown')) AS waiting
FROM done JOIN held USING (account_id) ORDER BY account_id
"""

STAND = """
SELECT a.account_id, a.name, a.paused_at, a.halted_reason, a.send_after, a.send_after_reason,
    a.paused_at AS was_paused_at, a.halted_reason AS was_halted,
    (SELECT count(*) FROM outbox o
    WHERE o.account_id = a.account_id AND o.status IN ('queued', 'sending', 'unknown')) AS waiting
FROM account a WHERE a.account_id = ANY ($1) ORDER BY a.account_id
"""


@dataclass(frozen=True, slots=True)
class Sends:
    """How the sends of an account stand now, and how they stood before (`was_paused_at`, `was_halted`).

    `halted_reason` is why they are stopped until somebody acts, `send_after` until when a rate limit or an outage
    (`send_after_reason`) holds them. `waiting` replies are not done yet.
    """

    account_id: AccountId
    name: str | None
    paused_at: datetime | None
    halted_reason: str | None
    send_after: datetime | None
    send_after_reason: str | None
    waiting: int
    was_paused_at: datetime | None
    was_halted: str | None


async def pause_sends(
    conn: "asyncpg.Connection[Any]", accounts: Collection[AccountId], *, now: datetime
) -> tuple[Sends, ...]:
    """Stop the sends of these accounts until `resume_sends`; a pause that holds already keeps its time."""
    return tuple(_sends(row, now) for row in await conn.fetch(PAUSE, list(accounts), now))


async def resume_sends(
    conn: "asyncpg.Connection[Any]", accounts: Collection[AccountId], *, now: datetime
) -> tuple[Sends, ...]:
    """End the pause of these accounts, and what had stopped them until somebody acts."""
    return tuple(_sends(row, now) for row in await conn.fetch(RESUME, list(accounts)))


async def sends_of(
    conn: "asyncpg.Connection[Any]", accounts: Collection[AccountId | str], *, now: datetime
) -> tuple[Sends, ...]:
    """How the sends of these accounts stand."""
    return tuple(_sends(row, now) for row in await conn.fetch(STAND, list(accounts)))


def _sends(row: asyncpg.Record, now: datetime) -> Sends:
    waits = row["send_after"] is not None and row["send_after"] > now
    return Sends(
        account_id=AccountId(row["account_id"]),
        name=row["name"],
        paused_at=row["paused_at"],
        halted_reason=row["halted_reason"],
        send_after=row["send_after"] if waits else None,
        send_after_reason=(row["send_after_reason"] or "rate limit") if waits else None,
        waiting=row["waiting"],
        was_paused_at=row["was_paused_at"],
        was_halted=row["was_halted"],
    )
