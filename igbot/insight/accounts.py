"""Which of the accounts in a database is meant."""

from collections.abc import Collection
from typing import Any

import asyncpg

from igbot.errors import UsageError

ALL = "SELECT account_id, ids && $1::text[] OR account_id = ANY ($1) AS meant FROM account ORDER BY account_id"


async def accounts_meant(
    conn: "asyncpg.Connection[Any]", *, own: Collection[str], account: str | None
) -> tuple[str, ...]:
    """The accounts that have `account` among their ids; where it is None, those that have one of `own`.

    Where none has one of `own` it is the only account there is. Raises UsageError where none or several could be meant.
    """
    rows = await conn.fetch(ALL, list(own) if account is None else [account])
    if found := tuple(row["account_id"] for row in rows if row["meant"]):
        return found
    known = ", ".join(row["account_id"] for row in rows)
    if account is not None:
        raise UsageError(f"there is no account {account}", hint=f"known are: {known}" if known else "none is known yet")
    if len(rows) > 1:
        raise UsageError(
            f"several accounts are kept, and none is that of the settings: {known}",
            hint=f"say which one is meant: --account {rows[0]['account_id']}",
        )
    return tuple(row["account_id"] for row in rows)
