"""The accounts of this process: each entered in the database under one id, each with its own token, host and rates."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import aiohttp
import asyncpg

from igbot.accounts.graph_reads import proof_of
from igbot.accounts.identity import enter, from_settings, known_as, refuse_production, resume
from igbot.accounts.token_checks import look_at_trouble
from igbot.accounts.tokens import holds_token
from igbot.accounts.vault import TokenVault
from igbot.errors import UsageError
from igbot.meta.events import AccountId
from igbot.ops.alerts import Alerts
from igbot.ops.token_watch import TokenWatch
from igbot.outbox.account import SendingAccount
from igbot.outbox.graph import GraphClient
from igbot.outbox.troubles import Trouble
from igbot.rule_settings import account_names
from igbot.settings.model import Account, Settings
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import event_log


@dataclass(slots=True)
class OurAccount:
    """One account. `account_id` is the id its rows are kept under: the first of the settings' until it is entered."""

    settings: Account
    graph: GraphClient
    watch: TokenWatch
    account_id: AccountId


def _sending(one: OurAccount) -> SendingAccount:
    return SendingAccount(one.account_id, one.graph, one.watch.token or "", one.settings.rates)


class OurAccounts:
    """All accounts of the settings, in their order. `production`: no other environment may touch them afterwards."""

    def __init__(self, each: Sequence[OurAccount], *, production: bool) -> None:
        self.each = tuple(each)
        self._production = production
        self.own_ids: Mapping[str, AccountId] = from_settings([one.settings.ids for one in each])
        self._known: tuple[tuple[AccountId, str | None], ...] = ()
        self._sending: Mapping[AccountId, SendingAccount] = {}

    @property
    def ids(self) -> list[AccountId]:
        """The ids under which the rows of our accounts are kept."""
        return [one.account_id for one in self.each]

    def name_of(self, account_id: AccountId) -> str:
        """What rules call an account; `""` for one that is not ours."""
        return next((one.settings.name for one in self.each if one.account_id == account_id), "")

    def called(self, account_id: str) -> str:
        """An account as people know it: its name, and in brackets its id; the id alone of one that is not ours."""
        name = self.name_of(AccountId(account_id))
        return f"{name} ({account_id})" if name else account_id

    @property
    def told_apart(self) -> Callable[[str], str] | None:
        """What log lines about customers call an account; None where there is but one, which none need name."""
        return None if len(self.each) == 1 else lambda account_id: self.name_of(AccountId(account_id)) or account_id

    def sending(self) -> Mapping[AccountId, SendingAccount]:
        """The accounts that may send now, each with its own token, Graph host and rates."""
        # Asked several times for each reply, and the same until a token changes.
        now = tuple((one.account_id, one.watch.token) for one in self.each)
        if now != self._known:
            able = (one for one in self.each if one.watch.token is not None)
            self._known, self._sending = now, {one.account_id: _sending(one) for one in able}
        return self._sending

    def troubles(self) -> Mapping[str, str]:
        """What is wrong with tokens, by the account's name."""
        return {one.settings.name: one.watch.trouble for one in self.each if one.watch.trouble is not None}

    async def lacking(self, conn: "asyncpg.Connection[Any]") -> list[Account]:
        """The accounts for which neither the environment nor the database has a token.

        Raises UsageError as `enter` does.
        """
        await self._refuse(conn)
        accounts = [one.settings for one in self.each]
        return [account for account in accounts if not account.token and not await holds_token(conn, account.ids)]

    async def enter(self, conn: "asyncpg.Connection[Any]") -> None:
        """Make the accounts known, each under the id it has had, or under its first.

        Raises UsageError if one of them belongs to another environment, or if two of them are one to the database.
        """
        await self._refuse(conn)
        found: dict[str, AccountId] = {}
        for one in self.each:
            account = one.settings
            one.account_id = await enter(conn, account.ids, name=account.name, production=self._production)
            found |= dict.fromkeys(account.ids, one.account_id)
        self.own_ids = found

    async def resume(self, conn: "asyncpg.Connection[Any]") -> None:
        """Let what was halted try again: whoever starts igbot has looked."""
        for account_id in self.ids:
            await resume(conn, account_id)

    async def take_tokens(self, conn: "asyncpg.Connection[Any]") -> None:
        """Take each account's token as it is now; one that Meta has confirmed lets a stopped account go on."""
        new = [one for one in self.each if await one.watch.take(conn, one.account_id)]
        # All at once: Meta being slow must not add up while dead processes hold on to customers.
        confirmed = await asyncio.gather(*(one.watch.check() for one in new))
        for one in compress(new, confirmed):
            await resume(conn, one.account_id)
            await look_at_trouble(conn, one.account_id)
        for one in self.each:
            await one.watch.tell(conn, one.account_id)

    async def _refuse(self, conn: "asyncpg.Connection[Any]") -> None:
        known: dict[AccountId, str] = {}
        for one in self.each:
            account = one.settings
            if not self._production:
                await refuse_production(conn, account.ids)
            account_id = await known_as(conn, account.ids)
            if account_id is not None and account_id in known:
                raise UsageError(
                    f"the accounts {known[account_id]!r} and {account.name!r} are one account ({account_id}) to the "
                    "database",
                    hint="put all ids of an account into one entry, and no other account's ids",
                )
            if account_id is not None:
                known[account_id] = account.name


def graph_clients(
    settings: Settings, session: aiohttp.ClientSession, *, sandbox_url: str | None, clock: Clock
) -> Mapping[str, GraphClient]:
    """The client of each account by the account's name: those of one login flavour share a host, so a client."""
    urls = {account.name: account.graph_url or sandbox_url or "" for account in settings.accounts}
    version = settings.graph_version
    proof = proof_of(settings)
    hosts = {url: GraphClient(session, url=url, version=version, clock=clock, proof=proof) for url in urls.values()}
    return {name: hosts[url] for name, url in urls.items()}


def our_accounts(
    settings: Settings,
    *,
    clients: Mapping[str, GraphClient],
    vault: TokenVault,
    alerts: Alerts,
    hide: Callable[[str], None],
    clock: Clock,
    woken: asyncio.Event,
) -> OurAccounts:
    """The accounts of the settings. `woken` is set when one can send; what is wrong with a token becomes an alert."""
    owners = account_names(settings)

    def one(account: Account) -> OurAccount:
        graph, key = clients[account.name], f"token:{account.name}"

        def trouble(why: str) -> None:
            alerts.raise_alert(key, f"igbot: no replies are sent for the account {account.name}", why, "critical")

        def ready() -> None:
            woken.set()
            alerts.clear(key)
            if watch.trouble is None:  # at once: whoever gave the token waits for it, and the sender looks later
                alerts.clear(Trouble(ours.account_id, "halted", "", "").key)

        watch = TokenWatch(
            account,
            vault=vault,
            identity=lambda token: graph.identity(token=token),
            owners=owners,
            hide=hide,
            clock=clock,
            log=event_log("accounts"),
            on_trouble=trouble,
            on_ready=ready,
        )
        ours = OurAccount(account, graph, watch, AccountId(account.ids[0]))
        return ours

    return OurAccounts([one(account) for account in settings.accounts], production=settings.production_like)
