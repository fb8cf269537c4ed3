"""What every command of `igbot token` has before it: the keys, the accounts of the settings, a way to Meta."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from igbot import runfile
from igbot.accounts.renewal import TokenAccount
from igbot.accounts.token_calls import token_calls
from igbot.accounts.vault import TokenVault, vault_of
from igbot.cli.accounts import accounts_called, names_of
from igbot.errors import UsageError
from igbot.meta.events import AccountId
from igbot.settings.model import Account, Settings
from igbot.telemetry.clock import Clock, system_clock

ToMeta = Callable[[Account, AccountId], TokenAccount]


@dataclass(frozen=True, slots=True)
class Desk:
    """The settings, the keys, a clock, and who hides tokens from the log."""

    settings: Settings
    vault: TokenVault
    hide: Callable[[str], None]
    clock: Clock = system_clock

    @classmethod
    def of(cls, settings: Settings, *, hide: Callable[[str], None]) -> "Desk":
        """Raises UsageError where production has no key."""
        if not settings.encryption_keys and settings.production_like:
            raise UsageError(
                "IGBOT_ENCRYPTION_KEY is not set: tokens can be neither sealed nor opened",
                hint="set it as it is set for the server",
            )
        return cls(settings, vault_of(settings, hide=hide), hide)

    def some(self, wanted: str | None) -> tuple[Account, ...]:
        """The account with this name or id; all for None. Raises UsageError."""
        return accounts_called(self.settings, wanted)

    def one(self, wanted: str | None) -> Account:
        """The account with this name or id, or the only one. Raises UsageError."""
        found = self.some(wanted)
        if len(found) > 1:
            raise UsageError(
                f"there are several accounts: {names_of(found)}", hint=f"say which one: --account {found[0].name}"
            )
        return found[0]

    @asynccontextmanager
    async def meta(self) -> AsyncIterator[ToMeta]:
        """For the block, a way to the Meta of an account: the built-in sandbox is that of a running server."""
        run = runfile.read(self.settings.data_dir)
        async with aiohttp.ClientSession(trust_env=False) as session:

            def with_calls(account: Account, account_id: AccountId) -> TokenAccount:
                calls = token_calls(self.settings, account, session, sandbox_url=run.sandbox_url if run else None)
                return TokenAccount(account_id, account.name, account.ids, account.login, calls)

            yield with_calls
