"""`igbot token set`: Meta is asked whose a token is, and it is stored."""

from dataclasses import dataclass
from typing import Any

import asyncpg

from igbot.accounts.identity import enter, resume
from igbot.accounts.renewal import told
from igbot.accounts.tokens import StoredToken, give_token, stored_token
from igbot.accounts.vault import TokenSealed
from igbot.cli.opening import open_database
from igbot.cli.token_desk import Desk
from igbot.errors import ExitCode, IgbotError
from igbot.meta.events import AccountId
from igbot.settings.model import Account
from igbot.store.listening import wake


class TokenRefused(IgbotError):
    """Meta says that a token is not this account's, or none at all."""

    exit_code = ExitCode.BAD


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token that was stored; where Meta did not confirm it, the `doubt` says why."""

    account_id: AccountId
    confirmed: bool
    doubt: str | None


async def give(desk: Desk, account: Account, token: str) -> GivenToken:
    """Store a token for an account, unless Meta says that it is no good.

    Raises TokenRefused, DatabaseUnavailable, and UsageError as `enter` does.
    """
    async with open_database(desk.settings) as database, desk.meta() as with_calls:
        owner = await with_calls(account, AccountId(account.ids[0])).calls.owner(token)
        if owner.ids and not owner.ids & set(account.ids):
            raise TokenRefused(
                f"this token belongs to another account ({', '.join(sorted(owner.ids))}); nothing is stored",
                hint=f"the account {account.name} has the ids {', '.join(account.ids)}",
            )
        if owner.is_dead and owner.error is not None:
            raise TokenRefused(
                f"Meta does not take this token: {told(owner.error)}; nothing is stored",
                hint="make a new one in the App Dashboard, Instagram > API setup",
            )
        async with database.connection() as conn:
            account_id = await _store(conn, desk, account, token, confirmed=bool(owner.ids))
    doubt = None if owner.ids else told(owner.error) if owner.error else "Meta cannot be reached"
    return GivenToken(account_id, bool(owner.ids), doubt)


async def _store(
    conn: "asyncpg.Connection[Any]", desk: Desk, account: Account, token: str, *, confirmed: bool
) -> AccountId:
    async with conn.transaction():
        production = desk.settings.production_like
        account_id = await enter(conn, account.ids, name=account.name, production=production)
        before = await _stored(conn, desk, account_id)
        await give_token(
            conn,
            desk.vault,
            account_id,
            token,
            variable=None,
            now=desk.clock(),
            beside=account.token,
            confirmed=confirmed,
        )
    # Servers that have this very token would see nothing new; those that have another go on once they have taken it.
    if confirmed and before is not None and before.token == token:
        await resume(conn, account_id)
        await wake(conn, "outbox")
    return account_id


async def _stored(conn: "asyncpg.Connection[Any]", desk: Desk, account_id: AccountId) -> StoredToken | None:
    try:
        return await stored_token(conn, desk.vault, account_id)
    except TokenSealed:
        return None
