"""Another token in the place of one that ends: stored before the old one is dropped, which is when Meta confirms it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import asyncpg

from igbot.accounts.token_calls import TokenCalls
from igbot.accounts.tokens import StoredToken
from igbot.accounts.vault import TokenMalformed, TokenVault, token_in
from igbot.meta.events import AccountId
from igbot.meta.graph_error import GraphError
from igbot.meta.token_answers import Renewed, is_final
from igbot.store.pool import Database

# Only where the token is still the one that was renewed: somebody may have given another meanwhile.
REPLACE = """
UPDATE access_token SET sealed = $3, previous = $4, refreshed_at = $5, expires_at = $6, warned_days = NULL,
    trouble = NULL
WHERE (account_id, sealed) = ($1, $2)
"""
PROLONG = """
UPDATE access_token SET refreshed_at = $3, confirmed_at = $3, expires_at = $4, warned_days = NULL, trouble = NULL
WHERE (account_id, sealed) = ($1, $2)
"""
CONFIRM = "UPDATE access_token SET previous = NULL, confirmed_at = $3 WHERE (account_id, sealed) = ($1, $2)"

# The end of the old one is not known any more: the one we knew was the new one's.
TAKE_BACK = """
UPDATE access_token SET sealed = previous, previous = NULL, expires_at = NULL
WHERE (account_id, sealed) = ($1, $2) AND previous IS NOT NULL
"""

Confirmed = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """An account whose token is looked after: its rows' id, the name people call it, its ids, and its Meta."""

    account_id: AccountId
    name: str
    ids: Collection[str]
    login: Literal["facebook", "instagram"]
    calls: TokenCalls


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A refresh that worked. `changed`: it gave another string; `confirmed`: Meta has said that it is the account's."""

    changed: bool
    confirmed: bool
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class NotRefreshed:
    """A refresh that did not; the token is the one it was. `answered`: Meta said no, and will say so again."""

    why: str
    answered: bool


async def refresh(
    database: Database,
    vault: TokenVault,
    account: TokenAccount,
    stored: StoredToken,
    *,
    hide: Callable[[str], None],
    now: datetime,
) -> Refreshed | NotRefreshed:
    """Have Meta prolong an Instagram-login token, and store what it gives.

    Meta is asked in any case: the caller sees to the login, and to an age that allows it.

    `hide` learns the new token before anything else is done with it. Raises DatabaseUnavailable.
    """
    given = await account.calls.renew(stored.token)
    if not isinstance(given, Renewed):
        return _refused(given)
    hide(given.token)
    try:
        token = token_in(given.token)
    except TokenMalformed:
        return NotRefreshed("Meta's answer holds no usable token", answered=True)
    expires_at = now + given.life if given.life is not None else None
    if token == stored.token:
        async with database.connection() as conn:
            await conn.execute(PROLONG, account.account_id, stored.sealed, now, expires_at)
        return Refreshed(changed=False, confirmed=True, expires_at=expires_at)
    sealed = vault.seal(token)
    async with database.connection() as conn:
        done = await conn.execute(REPLACE, account.account_id, stored.sealed, sealed, stored.sealed, now, expires_at)
    if done == "UPDATE 0":
        return NotRefreshed("another token was stored meanwhile", answered=True)
    match await confirm(database, account, token, sealed, now=now):
        case "no":
            return NotRefreshed(
                "Meta gave a new token that it does not take itself; the old one is kept", answered=True
            )
        case known:
            return Refreshed(changed=True, confirmed=known == "yes", expires_at=expires_at)


def _refused(given: GraphError | None) -> NotRefreshed:
    if given is None:
        return NotRefreshed("Meta cannot be reached", answered=False)
    return NotRefreshed(f"Meta said: {told(given)}", answered=is_final(given))


def told(error: GraphError) -> str:
    """An error in a few words, for people."""
    code = "" if error.code is None else f" ({error.code}" + (f"/{error.subcode})" if error.subcode else ")")
    return f"{error.message or error.type}{code}"


async def confirm(database: Database, account: TokenAccount, token: str, sealed: str, *, now: datetime) -> Confirmed:
    """Ask Meta whose a new token is, and drop the one before it, or take that back where the new one is of no use.

    Raises DatabaseUnavailable.
    """
    owner = await account.calls.owner(token)
    if not owner.ids and not owner.is_dead:
        return "unknown"
    fits = bool(owner.ids & set(account.ids))
    async with database.connection() as conn:
        await _settle(conn, account.account_id, sealed, fits=fits, now=now)
    return "yes" if fits else "no"


async def _settle(
    conn: "asyncpg.Connection[Any]", account_id: AccountId, sealed: str, *, fits: bool, now: datetime
) -> None:
    if fits:
        await conn.execute(CONFIRM, account_id, sealed, now)
    else:
        await conn.execute(TAKE_BACK, account_id, sealed)
