"""The access token of an account, as the database holds it and as the environment gives it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import asyncpg

from igbot.accounts.vault import TokenMalformed, TokenSealed, TokenVault, is_old_mark, token_in
from igbot.errors import IgbotError
from igbot.meta.events import AccountId

Origin = Literal["variable", "command"]

LOAD = """
SELECT sealed, source_digest, origin, previous, stored_at, refreshed_at, expires_at, warned_days
FROM access_token WHERE account_id = $1
"""
HOLDS = "SELECT EXISTS (SELECT FROM access_token JOIN account USING (account_id) WHERE ids && $1::text[])"

# Nothing that was known of the token before holds for this one. $5 marks the value of the variable that the token came
# from; NULL: it came from elsewhere, and the variable still has the value it had ($6, where nothing is known yet).
GIVE = """
INSERT INTO access_token (account_id, sealed, stored_at, origin, source_digest, confirmed_at)
VALUES ($1, $2, $3, $4, coalesce($5, $6, ''), $7)
ON CONFLICT (account_id) DO UPDATE SET sealed = EXCLUDED.sealed, stored_at = EXCLUDED.stored_at,
    origin = EXCLUDED.origin, source_digest = coalesce($5, access_token.source_digest), previous = NULL,
    refreshed_at = NULL, expires_at = NULL, confirmed_at = EXCLUDED.confirmed_at, check_at = NULL, checked_at = NULL,
    warned_days = NULL, trouble = NULL
"""
MARK = "UPDATE access_token SET source_digest = $2 WHERE account_id = $1"


class NoToken(IgbotError):
    """Neither the environment nor the database has a token."""


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A stored token, opened. `previous` is the sealed one before it, which Meta has not yet been known to replace."""

    token: str = field(repr=False)
    sealed: str = field(repr=False)
    previous: str | None = field(repr=False)
    origin: Origin
    stored_at: datetime
    refreshed_at: datetime | None
    expires_at: datetime | None
    warned_days: int | None

    @property
    def since(self) -> datetime:
        """The token is at least as old as this."""
        return self.refreshed_at or self.stored_at


async def current_token(
    conn: "asyncpg.Connection[Any]",
    vault: TokenVault,
    account_id: AccountId,
    *,
    from_environment: str | None,
    now: datetime,
) -> tuple[str, bool]:
    """The account's token, and whether it is new: the environment's where that has changed since it was last taken
    over, else the stored one.

    A stored token that no key opens is not overwritten, as long as the environment's is not known to have changed: its
    key may come back. Raises TokenSealed, NoToken.
    """
    row = await conn.fetchrow(LOAD, account_id)
    if from_environment and (row is None or _has_changed(vault, row, from_environment)):
        await give_token(conn, vault, account_id, from_environment, variable=from_environment, now=now)
        return from_environment, True
    if row is None:
        raise NoToken(
            "there is no access token",
            hint="set IGBOT_ACCESS_TOKEN, which is sealed into the database, or `igbot token set`",
        )
    token = opened(vault, row["sealed"])
    if from_environment and (is_old_mark(row["source_digest"]) or vault.came_from(row["source_digest"], "") is None):
        await conn.execute(MARK, account_id, vault.mark(from_environment))
    return token, False


def _has_changed(vault: TokenVault, row: "asyncpg.Record", value: str) -> bool:
    same = vault.came_from(row["source_digest"], value)
    if same is not None:
        return not same
    return vault.keys_made_here and not _opens(vault, row["sealed"])


def _opens(vault: TokenVault, sealed: str | None) -> bool:
    try:
        vault.open(sealed)
    except TokenSealed:
        return False
    return True


def opened(vault: TokenVault, sealed: str | None) -> str:
    """A stored token in clear. Raises TokenSealed, also where what was sealed is no token."""
    token = vault.open(sealed)
    try:
        return token_in(token + "\n")
    except TokenMalformed as error:
        raise TokenSealed(
            f"the stored access token cannot be used: {error.message}", hint="give a new one with `igbot token set`"
        ) from None


async def give_token(
    conn: "asyncpg.Connection[Any]",
    vault: TokenVault,
    account_id: AccountId,
    token: str,
    *,
    variable: str | None,
    now: datetime,
    beside: str | None = None,
    confirmed: bool = False,
) -> None:
    """Store a token in the place of whatever was there.

    `variable`: the value of the environment it came from; None: a person gave it, and the variable goes on not to
    count until it changes. `beside` is the variable's value then, for where none has ever been taken over. `confirmed`:
    Meta has said that it is this account's.
    """
    origin: Origin = "variable" if variable else "command"
    marks = [vault.mark(value) if value else None for value in (variable, beside)]
    await conn.execute(GIVE, account_id, vault.seal(token), now, origin, *marks, now if confirmed else None)


async def stored_token(conn: "asyncpg.Connection[Any]", vault: TokenVault, account_id: AccountId) -> StoredToken | None:
    """The account's token with all that is known of it. Raises TokenSealed."""
    row = await conn.fetchrow(LOAD, account_id)
    if row is None:
        return None
    return StoredToken(
        token=opened(vault, row["sealed"]),
        sealed=row["sealed"],
        previous=row["previous"],
        origin=row["origin"],
        stored_at=row["stored_at"],
        refreshed_at=row["refreshed_at"],
        expires_at=row["expires_at"],
        warned_days=row["warned_days"],
    )


async def holds_token(conn: "asyncpg.Connection[Any]", ids: Sequence[str]) -> bool:
    """Whether a token is stored for the account that has one of these ids."""
    return bool(await conn.fetchval(HOLDS, list(ids)))
