"""`igbot token status`: how each account's token is, without its value."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from igbot.accounts.identity import known_as
from igbot.accounts.token_checks import days_left, rung
from igbot.accounts.tokens import opened
from igbot.accounts.vault import TokenSealed
from igbot.cli.opening import open_database
from igbot.cli.token_desk import Desk
from igbot.settings.model import Account

STATE = """
SELECT t.sealed, t.origin, t.stored_at, t.refreshed_at, t.expires_at, t.checked_at, t.confirmed_at, t.trouble,
    a.halted_reason
FROM account a LEFT JOIN access_token t USING (account_id) WHERE a.account_id = $1
"""
SOON_DAYS = 10


@dataclass(frozen=True, slots=True)
class TokenState:
    """How an account's token is, without its value. `trouble` None: nothing is wrong with it."""

    account: str
    account_id: str | None
    login: str
    origin: str | None = None
    stored_at: datetime | None = None
    refreshed_at: datetime | None = None
    expires_at: datetime | None = None
    days_left: int | None = None
    checked_at: datetime | None = None
    confirmed_at: datetime | None = None
    trouble: str | None = "no token is stored"


async def states(desk: Desk) -> list[TokenState]:
    """The token of each account of the settings. Raises DatabaseUnavailable."""
    async with open_database(desk.settings) as database, database.connection() as conn:
        return [await _state(conn, desk, account) for account in desk.some(None)]


async def _state(conn: "asyncpg.Connection[Any]", desk: Desk, account: Account) -> TokenState:
    account_id, now = await known_as(conn, account.ids), desk.clock()
    row = await conn.fetchrow(STATE, account_id)
    if row is None or row["stored_at"] is None:
        return TokenState(account.name, account_id, account.login)
    return TokenState(
        account.name,
        account_id,
        account.login,
        origin=row["origin"],
        stored_at=row["stored_at"],
        refreshed_at=row["refreshed_at"],
        expires_at=row["expires_at"],
        days_left=days_left(row["expires_at"], now=now),
        checked_at=row["checked_at"],
        confirmed_at=row["confirmed_at"],
        trouble=_trouble(desk, row, now),
    )


def _trouble(desk: Desk, row: "asyncpg.Record", now: datetime) -> str | None:
    try:
        desk.hide(opened(desk.vault, row["sealed"]))
    except TokenSealed as error:
        return error.message
    if row["halted_reason"]:
        return f"sends are stopped: {row['halted_reason']}"
    if row["trouble"]:
        return str(row["trouble"])
    reached = rung(row["expires_at"], now=now)
    if reached is None or reached > SOON_DAYS:
        return None
    return "it has ended" if reached == 0 else f"it ends in less than {reached} days"
