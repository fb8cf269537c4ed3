"""Which of the accounts in a database is meant, and which conversation."""

from collections.abc import Collection
from typing import Any

import asyncpg

from igbot.errors import ExitCode, IgbotError, UsageError
from igbot.meta.text import storable

ALL = """
SELECT account_id, ids && $1::text[] OR account_id = ANY ($1) OR coalesce(name = ANY ($1), false) AS meant
FROM account ORDER BY account_id
"""

CONVERSATION = """
SELECT c.igsid, c.account_id, c.memory, c.profile, c.profile_at, c.paused_until, c.customer_at,
    coalesce(c.account_id = ANY ($2) OR a.ids && $2::text[] OR a.name = ANY ($2), false) AS meant
FROM conversation c LEFT JOIN account a ON a.account_id = c.account_id
WHERE c.igsid = $1
ORDER BY meant DESC, c.account_id
"""


class NobodyKnown(IgbotError):
    """No conversation with this customer is kept."""

    exit_code = ExitCode.BAD


async def conversation_meant(
    conn: "asyncpg.Connection[Any]", igsid: str, *, own: Collection[str], account: str | None
) -> asyncpg.Record:
    """The row of the conversation with a customer, archived or not, in an account that has one of the ids `own`.

    `account` (its name or any of its ids) says which account. Raises NobodyKnown, and UsageError where several accounts
    know the customer and none or several of them are meant.
    """
    igsid = storable(igsid)
    found = await conn.fetch(CONVERSATION, igsid, list(own) if account is None else [account])
    rows: list[asyncpg.Record] = [row for row in found if row["meant"] or account is None]
    if not rows:
        raise NobodyKnown(
            f"no conversation with customer {igsid!r} is kept" + (f" in account {account}" if account else ""),
            hint="`igbot conversations list` shows them",
        )
    if len(rows) > 1 and (not rows[0]["meant"] or rows[1]["meant"]):
        accounts = [row["account_id"] for row in rows]
        raise UsageError(
            f"several accounts know customer {igsid!r}: {', '.join(accounts)}",
            hint=f"say which one is meant: --account {accounts[0]}",
        )
    return rows[0]


async def accounts_meant(
    conn: "asyncpg.Connection[Any]", *, own: Collection[str], account: str | None
) -> tuple[str, ...]:
    """The accounts with the name or id `account`; where it is None, those that have one of `own`.

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
