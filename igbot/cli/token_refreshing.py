"""`igbot token refresh`: Meta prolongs the tokens of Instagram login."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from igbot.accounts.identity import known_as
from igbot.accounts.renewal import Refreshed, confirm, refresh
from igbot.accounts.token_checks import OLD_ENOUGH
from igbot.accounts.tokens import stored_token
from igbot.accounts.vault import TokenSealed
from igbot.cli.opening import open_database
from igbot.cli.output import moment
from igbot.cli.token_desk import Desk, ToMeta
from igbot.errors import ExitCode
from igbot.settings.model import Account
from igbot.store.pool import Database


@dataclass(frozen=True, slots=True)
class RefreshedToken:
    """What became of the refresh of an account's token; `reason` where there was none."""

    account: str
    account_id: str | None
    refreshed: bool = False
    changed: bool = False
    confirmed: bool = False
    expires_at: datetime | None = None
    reason: str | None = None
    code: ExitCode = ExitCode.OK


async def refreshed(desk: Desk, accounts: Sequence[Account], *, force: bool) -> list[RefreshedToken]:
    """Refresh the tokens of these accounts, those that can be. Raises DatabaseUnavailable."""
    async with open_database(desk.settings) as database, desk.meta() as with_calls:
        return [await _refresh_one(desk, database, account, with_calls, force=force) for account in accounts]


async def _refresh_one(
    desk: Desk,
    database: Database,
    account: Account,
    with_calls: ToMeta,
    *,
    force: bool,
) -> RefreshedToken:
    async with database.connection() as conn:
        account_id = await known_as(conn, account.ids)

        def not_so(reason: str, code: ExitCode = ExitCode.OK) -> RefreshedToken:
            return RefreshedToken(account.name, account_id, reason=reason, code=code)

        if account.login == "facebook":
            return not_so("a page token (Facebook login) has no date, and nothing is to be refreshed")
        try:
            stored = await stored_token(conn, desk.vault, account_id) if account_id else None
        except TokenSealed as error:
            return not_so(error.message, ExitCode.BAD)
    if stored is None or account_id is None:
        return not_so("no token is stored", ExitCode.BAD)
    desk.hide(stored.token)
    at, now = with_calls(account, account_id), desk.clock()
    if stored.previous is not None:
        match await confirm(database, at, stored.token, stored.sealed, now=now):
            case "no":
                return not_so("Meta did not take the last refresh's token; the one before is used again", ExitCode.BAD)
            case "unknown":
                return not_so("Meta has not confirmed the last refresh's token yet", ExitCode.UNREACHABLE)
    if now - stored.since < OLD_ENOUGH and not force:
        return not_so(
            "Meta refreshes only tokens older than 24 hours, and igbot has had this one since "
            f"{moment(stored.since)}; --force asks nevertheless"
        )
    done = await refresh(database, desk.vault, at, stored, hide=desk.hide, now=now)
    if isinstance(done, Refreshed):
        return RefreshedToken(account.name, account_id, True, done.changed, done.confirmed, done.expires_at)
    return not_so(done.why, ExitCode.BAD if done.answered else ExitCode.UNREACHABLE)
