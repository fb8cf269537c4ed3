"""When the token of each account is looked at, by one of all processes, and what was found; the ladder of warnings."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.meta.events import AccountId

EVERY = timedelta(hours=24)
AGAIN = timedelta(hours=1)
"""When Meta did not answer, or said that it cannot answer now."""
CONFIRM_AGAIN = timedelta(minutes=1)
"""While two tokens are kept, since Meta has not confirmed the newer one."""
REFRESH_BELOW = timedelta(days=30)
OLD_ENOUGH = timedelta(hours=24)
"""Meta refreshes no younger token (reference §1.3)."""
RUNGS = (0, 3, 10, 30)
"""Days before a token's end at which its owner is warned, each once."""

# The row itself is the lock: of all processes one moves `check_at` on, and the check is its own. Should it die over it,
# another takes the check up when that time has come.
CLAIM = """
UPDATE access_token t SET check_at = $3 FROM (
    SELECT account_id FROM access_token
    WHERE account_id = ANY($1::text[]) AND (check_at IS NULL OR check_at <= $2)
    ORDER BY account_id FOR UPDATE SKIP LOCKED
) due
WHERE t.account_id = due.account_id
RETURNING t.account_id
"""
NOTE = """
UPDATE access_token SET check_at = $4, warned_days = $6, expires_at = $7,
    checked_at = CASE WHEN $9 THEN $3 ELSE checked_at END,
    trouble = CASE WHEN $9 THEN $5 ELSE trouble END,
    confirmed_at = CASE WHEN $8 THEN $3 ELSE confirmed_at END
WHERE (account_id, sealed) = ($1, $2)
"""
NOTE_UNREADABLE = "UPDATE access_token SET checked_at = $2, check_at = $3 WHERE account_id = $1"
# Of all processes that find the same, one is the first; where there is no row, there is no telling.
FOUND = """
WITH first AS (
    UPDATE access_token SET trouble = $2 WHERE account_id = $1 AND trouble IS DISTINCT FROM $2 RETURNING true
)
SELECT EXISTS (SELECT FROM first) OR NOT EXISTS (SELECT FROM access_token WHERE account_id = $1)
"""
OVER = "UPDATE access_token SET trouble = NULL WHERE (account_id, trouble) = ($1, $2)"
# Only whoever stops the account first has something to tell; and nobody stops it for a token that is another by now.
HALT = """
UPDATE account SET halted_at = $2, halted_reason = $3, halted_until = NULL
WHERE account_id = $1 AND (halted_at IS NULL OR halted_until IS NOT NULL)
    AND EXISTS (SELECT FROM access_token WHERE (account_id, sealed) = ($1, $4))
RETURNING true
"""
LOOK = "UPDATE access_token SET check_at = NULL WHERE account_id = $1 AND trouble IS NOT NULL"
NEXT = "UPDATE access_token SET check_at = $2, checked_at = coalesce($3, checked_at) WHERE account_id = $1"


async def claim_checks(
    conn: "asyncpg.Connection[Any]", accounts: Sequence[AccountId], *, now: datetime
) -> list[AccountId]:
    """Those of the accounts whose token is to be checked now, by the caller alone."""
    rows = await conn.fetch(CLAIM, list(accounts), now, now + AGAIN)
    return sorted(AccountId(row["account_id"]) for row in rows)


async def check_next(
    conn: "asyncpg.Connection[Any]", account_id: AccountId, *, at: datetime, checked_at: datetime | None = None
) -> None:
    """When the token is to be checked next; `checked_at` where it has been now, with nothing else to note."""
    await conn.execute(NEXT, account_id, at, checked_at)


async def look_at_trouble(conn: "asyncpg.Connection[Any]", account_id: AccountId) -> None:
    """Have a token with a noted trouble checked at the next turn: Meta takes it, so that may stand no more."""
    await conn.execute(LOOK, account_id)


async def note_unreadable(conn: "asyncpg.Connection[Any]", account_id: AccountId, *, now: datetime) -> None:
    """Note that the stored token itself is of no use to the process that checked it; why, it has `found_first`."""
    await conn.execute(NOTE_UNREADABLE, account_id, now, now + AGAIN)


async def found_first(conn: "asyncpg.Connection[Any]", account_id: AccountId, trouble: str) -> bool:
    """Note why nothing can be sent with the stored token. Whether no process has found the same before."""
    return bool(await conn.fetchval(FOUND, account_id, trouble))


async def is_over(conn: "asyncpg.Connection[Any]", account_id: AccountId, trouble: str) -> None:
    """What this process has found first stands no more."""
    await conn.execute(OVER, account_id, trouble)


async def note_check(
    conn: "asyncpg.Connection[Any]",
    account_id: AccountId,
    sealed: str,
    *,
    now: datetime,
    again_at: datetime,
    trouble: str | None,
    warned_days: int | None,
    expires_at: datetime | None,
    confirmed: bool,
    answered: bool,
) -> None:
    """Note what a check found, unless another token has taken the place of the one that was checked.

    `confirmed`: Meta says that it is the account's. Not `answered`: what the check before found still holds.
    """
    await conn.execute(NOTE, account_id, sealed, now, again_at, trouble, warned_days, expires_at, confirmed, answered)


async def halt(conn: "asyncpg.Connection[Any]", account_id: AccountId, why: str, *, sealed: str, now: datetime) -> bool:
    """Stop the account's sends until there is another token than `sealed`. Whether that is new: a stop keeps its first
    reason.
    """
    return bool(await conn.fetchval(HALT, account_id, now, why, sealed))


def wants_refresh(*, expires_at: datetime | None, since: datetime, now: datetime) -> bool:
    """Whether an Instagram-login token is to be refreshed: old enough, and near its end or with no end known.

    How long a token lives that somebody gave is not known until its first refresh tells.
    """
    if now - since < OLD_ENOUGH:
        return False
    return expires_at is None or expires_at - now < REFRESH_BELOW


def rung(expires_at: datetime | None, *, now: datetime) -> int | None:
    """The rung of the ladder that a token has come to; None: its end is far, or not known."""
    if expires_at is None:
        return None
    return next((days for days in RUNGS if expires_at - now <= timedelta(days=days)), None)


def days_left(expires_at: datetime | None, *, now: datetime) -> int | None:
    """Whole days until a token's end, 0 from its last day on; None: not known."""
    return None if expires_at is None else max((expires_at - now).days, 0)
