"""A process that joins the others, and what it tells."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg
from cryptography.fernet import Fernet

from igbot.accounts.vault import TokenVault
from igbot.meta.events import AccountId
from igbot.ops.membership import Membership
from igbot.ops.our_accounts import OurAccount, OurAccounts
from igbot.ops.token_watch import TokenWatch
from igbot.outbox.graph import GraphClient
from igbot.settings.model import Account, Rates
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from tests.answering.talking import ACCOUNT, PAGE
from tests.ops.alerting import Time

KEY = Fernet.generate_key().decode()
TOKEN = "EAAstaff"


@dataclass
class Meta:
    """Says whose token it is: `of` by token, `ids` for any other."""

    status: int = 200
    ids: set[str] = field(default_factory=lambda: {ACCOUNT})
    of: dict[str, set[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def identity(self, token: str) -> tuple[int, set[str]]:
        """As `/me` does."""
        self.asked.append(token)
        return self.status, set(self.of.get(token, self.ids)) if self.status == 200 else set()


@dataclass
class Member:
    """One process with a connection of its own."""

    membership: Membership
    accounts: OurAccounts
    connection: "asyncpg.Connection[Any]"
    meta: Meta
    troubles: list[str]
    hidden: list[str]
    ready: list[str]

    async def turn(self) -> None:
        """Looks after what is shared, once."""
        await self.membership.turn(self.connection)

    async def join(self) -> None:
        """Enters."""
        await self.membership.join(self.connection)

    def dies(self) -> None:
        """Is killed: its connection goes, and nothing is said."""
        self.connection.terminate()

    @property
    def tokens(self) -> dict[str, str]:
        """The tokens with which may be sent, by account."""
        return {account_id: sending.token for account_id, sending in self.accounts.sending().items()}

    @property
    def trouble(self) -> str | None:
        """What is wrong with the first account's token."""
        return self.accounts.each[0].watch.trouble


def account(
    token: str | None = TOKEN, *, name: str = "main", ids: tuple[str, ...] = (ACCOUNT, PAGE), rates: Rates | None = None
) -> Account:
    """An account of the settings."""
    return Account(name, ids, "facebook", None, rates or Rates(), f"IGBOT_TOKEN_{name.upper()}", token)


@asynccontextmanager
async def member(
    database: Database,
    time: Time,
    *others: Account,
    main: Account | None = None,
    token: str | None = TOKEN,
    keys: tuple[str, ...] = (KEY,),
    join: bool = True,
    meta: Meta | None = None,
) -> AsyncIterator[Member]:
    """A process over a database, for the block; it serves the usual account (or `main`), and `others`."""
    meta = meta or Meta()
    troubles: list[str] = []
    hidden: list[str] = []
    ready: list[str] = []
    configured = (main or account(token), *others)

    async def joined(_conn: "asyncpg.Connection[Any]") -> None:
        ready.append("joined")

    async with aiohttp.ClientSession() as session:
        # Nothing is called: who a token belongs to is asked of `meta`.
        graph = GraphClient(session, url="http://127.0.0.1:9", version="v25.0", clock=time)

        def one(account: Account) -> OurAccount:
            watch = TokenWatch(
                account,
                vault=TokenVault(keys),
                identity=meta.identity,
                owners={raw: each.name for each in configured for raw in each.ids},
                hide=hidden.append,
                clock=time,
                log=event_log("accounts"),
                on_trouble=lambda why: troubles.append(f"{account.name}: {why}"),
                on_ready=lambda: ready.append(f"token of {account.name}"),
            )
            return OurAccount(account, graph, watch, AccountId(account.ids[0]))

        accounts = OurAccounts([one(each) for each in configured], production=True)
        membership = Membership(
            database,
            accounts=accounts,
            keep_raw=timedelta(days=7),
            clock=time,
            log=event_log("accounts"),
            on_joined=joined,
        )
        connection = await database.connect()
        member = Member(membership, accounts, connection, meta, troubles, hidden, ready)
        try:
            if join:
                await member.join()
            yield member
        finally:
            connection.terminate()
