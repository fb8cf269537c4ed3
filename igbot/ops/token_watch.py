"""One account's access token as this process has it: taken as it is now, tried on Meta, parked where it is no good."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import asyncpg

from igbot.accounts.token_checks import found_first, is_over
from igbot.accounts.tokens import NoToken, current_token
from igbot.accounts.vault import TokenVault
from igbot.errors import IgbotError
from igbot.meta.events import AccountId
from igbot.settings.model import Account
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog

ASK_AGAIN = timedelta(seconds=60)
"""How often Meta is asked again about a token that it did not confirm."""
Identity = Callable[[str], Awaitable[tuple[int, set[str]]]]
"""Asks Meta whose token it is: the HTTP status (0: no answer) and the ids."""


class TokenWatch:
    """The token of one account of the settings. `owners` names the account of every id that is ours.

    `on_trouble` gets what is wrong, once, in the first of the processes that find it; `on_ready` is called when sends
    may go out with a token.
    """

    def __init__(
        self,
        account: Account,
        *,
        vault: TokenVault,
        identity: Identity,
        owners: Mapping[str, str],
        hide: Callable[[str], None],
        clock: Clock,
        log: EventLog,
        on_trouble: Callable[[str], None],
        on_ready: Callable[[], None],
    ) -> None:
        self._account = account
        self._vault = vault
        self._identity = identity
        self._owners = owners
        self._hide = hide
        self._clock = clock
        self._log = log
        self._on_trouble = on_trouble
        self._on_ready = on_ready
        self.token: str | None = None
        self.trouble: str | None = "the database has not been reached yet"
        self._untold: str | None = None
        self._found: str | None = None
        self._taken = ""
        self._new = False
        self._taken_over = False
        self._asked: str | None = None
        self._ask_again_at = clock()

    async def take(self, conn: "asyncpg.Connection[Any]", account_id: AccountId) -> bool:
        """Take the account's token as it is now; without one, park its sends. Whether Meta is to be asked about it."""
        # The environment speaks once, at the start: a process with an older value must not fight a newer one's.
        given = None if self._taken_over else self._account.token
        try:
            self._taken, self._new = await current_token(
                conn, self._vault, account_id, from_environment=given, now=self._clock()
            )
            self._taken_over = True
        except IgbotError as error:
            self._asked = None
            self._taken_over = self._taken_over and not isinstance(error, NoToken)
            self._park(error.message)
            return False
        self._hide(self._taken)
        if self._taken == self.token and self.trouble is None:
            return False
        return self._taken != self._asked or self._clock() >= self._ask_again_at

    async def check(self) -> bool:
        """Ask Meta whose the taken token is, and send with it unless it is somebody else's. Whether Meta confirmed.

        No answer is no reason to park it, and none to send with one that Meta has called another's.
        """
        token = self._taken
        known = token == self._asked
        status, ids = await self._identity(token)
        self._asked, self._ask_again_at = token, self._clock() + ASK_AGAIN
        if ids and not ids & set(self._account.ids):
            self._park(self._of_another(ids))
            return False
        if not ids and known and self.token is None:
            return False  # the last that Meta said of it was whose it is: another's
        self.token = token
        self.trouble = None if ids else f"Meta did not confirm the access token (HTTP {status})"
        if ids or not known:
            self._log.info("token_ready", account=self._account.name, confirmed=bool(ids), sealed_now=self._new)
            self._on_ready()
        return bool(ids)

    async def tell(self, conn: "asyncpg.Connection[Any]", account_id: AccountId) -> None:
        """Pass on why sends were parked, if that is new to this process and to all others; take it back when over."""
        why = self._untold
        if why is not None and await found_first(conn, account_id, why):
            self._found = why
            self._on_trouble(why)
        self._untold = None
        if self._found is not None and self.token is not None:
            await is_over(conn, account_id, self._found)
            self._found = None

    def _of_another(self, ids: set[str]) -> str:
        told = ", ".join(sorted(ids))
        name = next((self._owners[raw] for raw in sorted(ids) if raw in self._owners), None)
        whose = f"the account {name!r} ({told})" if name else f"another account ({told})"
        return f"the access token belongs to {whose}, see {self._account.token_variable} and this account's ids"

    def _park(self, why: str) -> None:
        self.token = None
        if self.trouble != why:
            self.trouble = why
            self._untold = why
            self._log.error("sends_parked", account=self._account.name, reason=why)
