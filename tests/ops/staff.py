"""A process that joins the others, and what it tells."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
from cryptography.fernet import Fernet

from igbot.accounts.tokens import TokenVault
from igbot.ops.membership import Membership
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from tests.answering.talking import ACCOUNT, PAGE
from tests.ops.alerting import Time

KEY = Fernet.generate_key().decode()
TOKEN = "EAAstaff"


@dataclass
class Meta:
    """Says whose token it is."""

    status: int = 200
    ids: set[str] = field(default_factory=lambda: {ACCOUNT})
    asked: list[str] = field(default_factory=list)

    async def identity(self, token: str) -> tuple[int, set[str]]:
        """As `/me` does."""
        self.asked.append(token)
        return self.status, set(self.ids) if self.status == 200 else set()


@dataclass
class Member:
    """One process with a connection of its own."""

    membership: Membership
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


@asynccontextmanager
async def member(
    database: Database, time: Time, *, token: str | None = TOKEN, keys: tuple[str, ...] = (KEY,), join: bool = True
) -> AsyncIterator[Member]:
    """A process over a database, for the block."""
    meta = Meta()
    troubles: list[str] = []
    hidden: list[str] = []
    ready: list[str] = []

    async def joined(_conn: "asyncpg.Connection[Any]") -> None:
        ready.append("joined")

    membership = Membership(
        database,
        ids=[ACCOUNT, PAGE],
        production=True,
        vault=TokenVault(keys),
        from_environment=token,
        identity=meta.identity,
        hide=hidden.append,
        keep_raw=timedelta(days=7),
        clock=time,
        log=event_log("accounts"),
        on_joined=joined,
        on_trouble=lambda _key, why: troubles.append(why),
        on_token=lambda: ready.append("token"),
    )
    connection = await database.connect()
    one = Member(membership, connection, meta, troubles, hidden, ready)
    try:
        if join:
            await one.join()
        yield one
    finally:
        connection.terminate()
