"""Meta's stand-in on a real port, an account that it knows, and the database that holds its token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import aiohttp
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet

from igbot.accounts.identity import enter
from igbot.accounts.renewal import TokenAccount
from igbot.accounts.token_calls import TokenCalls
from igbot.accounts.tokens import StoredToken, give_token, stored_token
from igbot.accounts.vault import TokenVault
from igbot.meta.events import AccountId
from igbot.meta.signature import appsecret_proof
from igbot.sandbox.app import make_app
from igbot.sandbox.faults import ErrorFault, Fault, FaultRule, Match
from igbot.sandbox.graph import Sandbox
from igbot.sandbox.options import SandboxSettings
from igbot.store.pool import Database

SECRET = "meeting-app-secret"
TOKEN = "IGAAmeetingtoken"
ACCOUNT, PAGE = AccountId("17841400000000001"), "100200300400500"
NOBODY = ErrorFault(code=2, status=503, message="Service temporarily unavailable", transient=True)


@dataclass
class Hands:
    """A clock that a test moves."""

    now: datetime = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        """Moves it on."""
        self.now += timedelta(**time)


@dataclass
class Meeting:
    """An account, its Meta, and the database."""

    sandbox: Sandbox
    account: TokenAccount
    database: Database
    clock: Hands
    vault: TokenVault
    hidden: list[str] = field(default_factory=list)

    async def given(self, token: str = TOKEN) -> StoredToken:
        """A person gives the account a token."""
        async with self.database.connection() as conn:
            await give_token(conn, self.vault, ACCOUNT, token, variable=None, now=self.clock())
        return await self.stored()

    async def stored(self) -> StoredToken:
        """What the database holds now."""
        async with self.database.connection() as conn:
            found = await stored_token(conn, self.vault, ACCOUNT)
        assert found is not None
        return found

    async def row(self) -> dict[str, Any]:
        """The whole row."""
        async with self.database.connection() as conn:
            found = await conn.fetchrow("SELECT * FROM access_token")
        assert found is not None
        return dict(found)

    def fails(self, fault: Fault, *, route: str, times: int | None = 1) -> None:
        """The next calls of an edge are spoilt."""
        match = Match.model_validate({"route": route})
        self.sandbox.faults.add([FaultRule(match=match, times=times, fault=fault)])

    def asked(self, route: str) -> int:
        """How often an edge was called."""
        return sum(call.route == route for call in self.sandbox.calls.select())


@asynccontextmanager
async def meeting(
    database: Database, *, login: Literal["facebook", "instagram"] = "instagram", **sandbox: Any
) -> AsyncIterator[Meeting]:
    """A meeting for the block; `sandbox` are settings of the stand-in."""
    clock = Hands()
    settings = SandboxSettings(account_ids=(ACCOUNT, PAGE), access_token=TOKEN, app_secret=SECRET, **sandbox)
    play = Sandbox(settings, clock=clock)
    async with TestServer(make_app(play)) as server, aiohttp.ClientSession() as session:
        calls = TokenCalls(
            session, url=str(server.make_url("")), version="v25.0", proof=lambda token: appsecret_proof(SECRET, token)
        )
        async with database.connection() as conn:
            await enter(conn, [ACCOUNT, PAGE], name="main", production=True)
        account = TokenAccount(ACCOUNT, "main", (ACCOUNT, PAGE), login, calls)
        yield Meeting(play, account, database, clock, TokenVault([Fernet.generate_key().decode()]))
