"""Looks after tokens once a day: whether Meta takes them, how long they last, another in time, a warning in time."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from igbot.accounts.renewal import NotRefreshed, Refreshed, TokenAccount, confirm, refresh, told
from igbot.accounts.token_checks import (
    AGAIN,
    CONFIRM_AGAIN,
    EVERY,
    RUNGS,
    check_next,
    claim_checks,
    halt,
    note_check,
    note_unreadable,
    rung,
    wants_refresh,
)
from igbot.accounts.tokens import StoredToken, stored_token
from igbot.accounts.vault import TokenSealed, TokenVault
from igbot.errors import DatabaseUnavailable
from igbot.meta.error_table import row_for
from igbot.meta.events import AccountId
from igbot.meta.token_answers import Owner, TokenFacts
from igbot.ops.alerts import AlertLevel
from igbot.store.loops import wait_for_wake
from igbot.store.pool import Database
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog

TURN_SECONDS = 60.0
CRITICAL_DAYS = 10


class TokenCare:
    """The daily check of the tokens of `accounts`, shared with all other processes on the database.

    `hide` learns every token that is opened. `on_alert` gets a key, a title, a text and a level, `on_over` the key of
    what is over, `on_dead` an account whose sends have been stopped, since Meta does not take its token, and why.
    """

    def __init__(
        self,
        database: Database,
        *,
        accounts: Callable[[], Sequence[TokenAccount]],
        vault: TokenVault,
        app_secrets: Sequence[str],
        hide: Callable[[str], None],
        clock: Clock,
        log: EventLog,
        on_alert: Callable[[str, str, str, AlertLevel], None],
        on_over: Callable[[str], None],
        on_dead: Callable[[AccountId, str], None],
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._vault = vault
        self._app_secrets = tuple(app_secrets)
        self._hide = hide
        self._clock = clock
        self._log = log
        self._on_alert = on_alert
        self._on_over = on_over
        self._on_dead = on_dead

    async def run(self, stopping: asyncio.Event) -> None:
        """Look every minute whose check is due, until `stopping`."""
        while not stopping.is_set():
            try:
                await self.turn()
            except DatabaseUnavailable:
                pass  # whoever works with the database says so; the check is due as it was
            except Exception as error:  # tokens are looked after as long as the process lives
                self._log.error("token_care_failed", exc=error)
            await wait_for_wake(stopping, TURN_SECONDS)

    async def turn(self) -> None:
        """Check the tokens that are due and that no other process checks. Raises DatabaseUnavailable."""
        accounts = {account.account_id: account for account in self._accounts()}
        async with self._database.connection() as conn:
            due = await claim_checks(conn, list(accounts), now=self._clock())
        for account_id in due:
            await self._check(accounts[account_id])

    async def _check(self, account: TokenAccount) -> None:
        now = self._clock()
        async with self._database.connection() as conn:
            try:
                stored = await stored_token(conn, self._vault, account.account_id)
            except TokenSealed:  # sends are parked, and whoever did that says why
                await note_unreadable(conn, account.account_id, now=now)
                return
        if stored is None:
            return
        self._hide(stored.token)
        if stored.previous is not None:
            await self._settle(account, stored, now)
        else:
            await self._look(account, stored, now)

    async def _settle(self, account: TokenAccount, stored: StoredToken, now: datetime) -> None:
        """A refresh whose new token Meta has not been known to take: ask again, and check that token next."""
        match await confirm(self._database, account, stored.token, stored.sealed, now=now):
            case "no":
                self._fails(account, "Meta does not take the token that it gave itself; the one before is used again")
                again_at = now
            case "yes":
                again_at = now
            case "unknown":
                again_at = now + CONFIRM_AGAIN
        async with self._database.connection() as conn:
            await check_next(conn, account.account_id, at=again_at)

    async def _look(self, account: TokenAccount, stored: StoredToken, now: datetime) -> None:
        owner = await account.calls.owner(stored.token)
        answered = owner.answered
        trouble = _trouble_of(account, owner)
        expires_at = stored.expires_at
        if owner.is_dead:
            await self._stop(account, stored, trouble or "", now)
        elif answered and owner.error is not None and row_for(owner.error).reaction == "halt":
            self._fails(account, trouble or "")
        elif owner.ids and trouble is None:
            if account.login == "facebook":
                expires_at, trouble = await self._inspect(account, stored)
            elif wants_refresh(expires_at=expires_at, since=stored.since, now=now):
                outcome = await refresh(self._database, self._vault, account, stored, hide=self._hide, now=now)
                if isinstance(outcome, Refreshed):
                    await self._refreshed(account, outcome, now)
                    return
                trouble, answered = self._not_refreshed(account, outcome), outcome.answered
        if trouble is None:
            self._on_over(_key("check", account))
        helpless = trouble is not None or account.login == "facebook"
        warned = self._warn(account, expires_at if helpless else None, stored.warned_days, now, sure=answered)
        self._log.info("token_checked", account=account.name, expires_at=expires_at, trouble=trouble)
        async with self._database.connection() as conn:
            await note_check(
                conn,
                account.account_id,
                stored.sealed,
                now=now,
                again_at=now + (EVERY if answered else AGAIN),
                trouble=trouble,
                warned_days=warned,
                expires_at=expires_at,
                confirmed=bool(owner.ids & set(account.ids)),
                answered=answered,
            )

    async def _inspect(self, account: TokenAccount, stored: StoredToken) -> tuple[datetime | None, str | None]:
        """The end of a Facebook-login token, and what `debug_token` finds wrong.

        Where that says nothing, `/me` has to do: the token works, and its end is what was known before.
        """
        facts = await account.calls.facts(stored.token, app_secrets=self._app_secrets)
        if not isinstance(facts, TokenFacts):
            self._log.info("token_end_unknown", account=account.name, reason=told(facts) if facts else "no answer")
            return stored.expires_at, None
        if facts.is_valid:
            return facts.expires_at, None
        why = f"Meta calls the access token invalid: {told(facts.error) if facts.error else 'it does not say why'}"
        self._fails(account, why)
        return facts.expires_at, why

    async def _stop(self, account: TokenAccount, stored: StoredToken, why: str, now: datetime) -> None:
        self._log.error("token_dead", account=account.name, reason=why)
        async with self._database.connection() as conn:
            new = await halt(conn, account.account_id, why, sealed=stored.sealed, now=now)
        if new:
            self._on_dead(account.account_id, why)

    async def _refreshed(self, account: TokenAccount, outcome: Refreshed, now: datetime) -> None:
        expires_at = outcome.expires_at
        self._log.info("token_refreshed", account=account.name, expires_at=expires_at, changed=outcome.changed)
        for what in ("check", "refresh", "end"):
            self._on_over(_key(what, account))
        async with self._database.connection() as conn:
            again_at = now + (EVERY if outcome.confirmed else CONFIRM_AGAIN)
            await check_next(conn, account.account_id, at=again_at, checked_at=now)

    def _not_refreshed(self, account: TokenAccount, outcome: NotRefreshed) -> str:
        trouble = f"the access token could not be refreshed: {outcome.why}"
        self._log.warning("token_not_refreshed", account=account.name, reason=outcome.why)
        if outcome.answered:
            self._on_alert(_key("refresh", account), REFRESH_TITLE, _about(account, trouble), "warning")
        return trouble

    def _fails(self, account: TokenAccount, why: str) -> None:
        self._log.warning("token_check_failed", account=account.name, reason=why)
        self._on_alert(_key("check", account), CHECK_TITLE, _about(account, why), "warning")

    def _warn(
        self, account: TokenAccount, expires_at: datetime | None, warned: int | None, now: datetime, *, sure: bool
    ) -> int | None:
        """Warn of the end on each rung of the ladder once. Returns the last rung that was told.

        `expires_at` None: there is nothing to warn of. Not `sure`: Meta has not been asked in vain but not at all, and
        the first rung can wait for that.
        """
        reached = rung(expires_at, now=now)
        if reached is None or expires_at is None:
            self._on_over(_key("end", account))
            return None
        if reached == RUNGS[-1] and not sure:
            return warned
        if warned is not None and warned <= reached:
            return warned
        day = f"{expires_at:%Y-%m-%d %H:%M} UTC"
        text = f"it ended on {day}" if reached == 0 else f"it ends on {day}, in less than {reached} days"
        level: AlertLevel = "critical" if reached <= CRITICAL_DAYS else "warning"
        self._log.warning("token_ends", account=account.name, expires_at=expires_at, days=reached)
        self._on_alert(_key("end", account), END_TITLE, _about(account, text), level)
        return reached


CHECK_TITLE = "igbot: an access token is in trouble"
REFRESH_TITLE = "igbot: an access token could not be refreshed"
END_TITLE = "igbot: an access token comes to its end"
WAY_OUT = "Log in again at Meta and give the new token with `igbot token set`."


def _trouble_of(account: TokenAccount, owner: Owner) -> str | None:
    if owner.error is not None and not owner.answered:
        return f"Meta could not be asked: {told(owner.error)}"
    if owner.error is not None:
        return f"Meta does not take the access token: {told(owner.error)}"
    if not owner.ids:
        return "Meta cannot be reached"
    if not owner.ids & set(account.ids):
        return f"the access token belongs to another account ({', '.join(sorted(owner.ids))})"
    return None


def _key(what: str, account: TokenAccount) -> str:
    return f"token-{what}:{account.account_id}"


def _about(account: TokenAccount, text: str) -> str:
    return f"the access token of the account {account.name} ({account.account_id}): {text}. {WAY_OUT}"
