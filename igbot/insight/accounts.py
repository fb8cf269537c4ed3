"""Which of the accounts in a database is meant, what rules call it, and which conversation is meant."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg

from igbot.errors import ExitCode, IgbotError, UsageError
from igbot.meta.text import storable

# `ours` has one of our ids ($1); `by_id` and `by_name` go by what somebody has typed ($2).
ALL = """
SELECT account_id, name, ids, ids && $1::text[] OR account_id = ANY ($1) AS ours,
    coalesce(account_id = $2 OR $2 = ANY (ids), false) AS by_id, coalesce(name = $2, false) AS by_name
FROM account ORDER BY account_id
"""

CONVERSATION = """
SELECT c.igsid, c.account_id, c.memory, c.profile, c.profile_at, c.paused_until, c.customer_at, a.name,
    c.paused_at, c.paused_reason, c.opted_out_at,
    coalesce(c.account_id = ANY ($2) OR a.ids && $2::text[], false) AS ours,
    coalesce(c.account_id = $3 OR $3 = ANY (a.ids), false) AS by_id, coalesce(a.name = $3, false) AS by_name
FROM conversation c LEFT JOIN account a ON a.account_id = c.account_id
WHERE c.igsid = $1
ORDER BY c.account_id
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
    igsid, account = storable(igsid), _storable(account)
    found = await conn.fetch(CONVERSATION, igsid, list(own), account)
    rows = _meant(found, account) or (found if account is None else [])
    if not rows:
        raise NobodyKnown(
            f"no conversation with customer {igsid!r} is kept" + (f" in account {account}" if account else ""),
            hint="`igbot conversations list` shows them",
        )
    if len(rows) > 1:
        raise UsageError(
            f"several accounts know customer {igsid!r}: {_listed(rows)}",
            hint=f"say which one is meant: --account {_word(rows[0])}",
        )
    return rows[0]


async def accounts_meant(
    conn: "asyncpg.Connection[Any]", *, own: Collection[str], account: str | None
) -> tuple[str, ...]:
    """The account with the name or id `account`; where it is None, all that have one of `own`.

    Where none has one of `own` it is the only account there is. Raises UsageError where none or several could be meant.
    """
    account = _storable(account)
    rows = await conn.fetch(ALL, list(own), account)
    if found := _meant(rows, account):
        if account is not None and len(found) > 1:
            raise UsageError(
                f"several accounts are called {account}: {', '.join(row['account_id'] for row in found)}",
                hint=f"say which one is meant by its id: --account {found[0]['account_id']}",
            )
        return tuple(row["account_id"] for row in found)
    known = _listed(rows)
    if account is not None:
        raise UsageError(f"there is no account {account}", hint=f"known are: {known}" if known else "none is known yet")
    if len(rows) > 1:
        raise UsageError(
            f"several accounts are kept, and none is that of the settings: {known}",
            hint=f"say which one is meant: --account {_word(rows[0])}",
        )
    return tuple(row["account_id"] for row in rows)


async def account_names(conn: "asyncpg.Connection[Any]", configured: Mapping[str, str]) -> dict[str, str]:
    """What rules call the accounts of a database, by the id that their rows have.

    `configured` are the names of the settings by any id: they hold before what a server has last stored.
    """
    names = {}
    for row in await conn.fetch(ALL, [], None):
        ours = (configured[raw] for raw in (row["account_id"], *row["ids"]) if raw in configured)
        names[row["account_id"]] = next(ours, row["name"] or "")
    return names


def _meant(rows: Sequence[asyncpg.Record], account: str | None) -> list[asyncpg.Record]:
    """Ours; or what somebody has typed: an id before a name, and of accounts with one name ours."""
    ours = [row for row in rows if row["ours"]]
    if account is None:
        return ours
    named = [row for row in rows if row["by_name"]]
    return [row for row in rows if row["by_id"]] or [row for row in named if row["ours"]] or named


def _storable(account: str | None) -> str | None:
    return None if account is None else storable(account)


def _word(row: asyncpg.Record) -> str:
    return str(row["name"] or row["account_id"])


def _listed(rows: Sequence[asyncpg.Record]) -> str:
    return ", ".join(f"{row['name']} ({row['account_id']})" if row["name"] else row["account_id"] for row in rows)
