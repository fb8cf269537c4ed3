"""Which account an id belongs to. An account has several ids at Meta; its rows are kept under one of them, for ever."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from igbot.errors import UsageError
from igbot.meta.events import AccountId

# Which account has one of the ids: where several do, the one kept under the earliest of them.
KNOWN = """
SELECT account_id FROM account WHERE ids && $1::text[]
ORDER BY array_position($1::text[], account_id), account_id LIMIT 1
"""

# That account keeps the id its rows have; an id that is new to it is added.
ENTER = """
WITH found AS (
    SELECT account_id FROM account WHERE ids && $1::text[]
    ORDER BY array_position($1::text[], account_id), account_id LIMIT 1
), known AS (
    UPDATE account a SET ids = (SELECT array_agg(DISTINCT id) FROM unnest(ids || $1::text[]) AS id),
        production = production OR $2, name = coalesce($3, name)
    FROM found WHERE a.account_id = found.account_id RETURNING a.account_id
), entered AS (
    INSERT INTO account (account_id, ids, production, name)
    SELECT $1[1], $1, $2, $3 WHERE NOT EXISTS (SELECT FROM found)
    ON CONFLICT (account_id) DO UPDATE SET ids = EXCLUDED.ids, name = coalesce(EXCLUDED.name, account.name)
    RETURNING account_id
)
SELECT account_id FROM known UNION ALL SELECT account_id FROM entered LIMIT 1
"""

IN_PRODUCTION = "SELECT account_id FROM account WHERE ids && $1::text[] AND production LIMIT 1"

# Whoever starts igbot again, or gives it a token, has looked: what was halted is tried once more. Not so a block of
# Meta's that passes by itself: calls while it lasts make it longer.
RESUME = """
UPDATE account SET halted_at = NULL, halted_reason = NULL
WHERE account_id = $1 AND halted_at IS NOT NULL AND halted_until IS NULL
"""


def from_settings(accounts: Sequence[Sequence[str]]) -> Mapping[str, AccountId]:
    """The account of each id of the settings, before the database has said under which id its rows are kept."""
    return {raw: AccountId(ids[0]) for ids in accounts for raw in ids}


async def known_as(conn: "asyncpg.Connection[Any]", ids: Sequence[str]) -> AccountId | None:
    """The id under which the rows of the account with these ids are kept; None where the database has none."""
    found: str | None = await conn.fetchval(KNOWN, list(ids))
    return None if found is None else AccountId(found)


async def enter(
    conn: "asyncpg.Connection[Any]", ids: Sequence[str], *, production: bool, name: str | None = None
) -> AccountId:
    """Make the account with these ids known and return the id its rows are kept under.

    `name` is the owner's word for it; None leaves what it was called.

    Raises UsageError as `refuse_production` does.
    """
    if not production:
        await refuse_production(conn, ids)
    return AccountId(await conn.fetchval(ENTER, list(ids), production, name))


async def refuse_production(conn: "asyncpg.Connection[Any]", ids: Sequence[str]) -> None:
    """Raises UsageError if an account with these ids is served in production from this database.

    A development bot would answer its customers into the sandbox and call that sent.
    """
    account_id = await conn.fetchval(IN_PRODUCTION, list(ids))
    if account_id is not None:
        raise UsageError(
            f"the account {account_id} is served in production from this database",
            hint="development and test need a database of their own: set IGBOT_DATA_DIR or IGBOT_DATABASE_URL",
        )


async def resume(conn: "asyncpg.Connection[Any]", account_id: AccountId) -> None:
    """Let an account that was halted until somebody acts try again."""
    await conn.execute(RESUME, account_id)
