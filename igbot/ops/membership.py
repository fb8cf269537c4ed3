"""This process among the others: entered in the database, its account and token known, dead neighbours cleared up."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import asyncpg

from igbot.accounts.identity import OwnIds, enter, from_settings, refuse_production, resume
from igbot.accounts.tokens import NoToken, TokenVault, current_token, holds_token
from igbot.errors import IgbotError
from igbot.meta.events import AccountId
from igbot.ops.upkeep import drop_raw, rearm
from igbot.store.loops import wait_for_wake
from igbot.store.pool import Database
from igbot.store.processes import give_back, register, rescue
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog

TURN_SECONDS = 5.0
TURNS_TO_REARM = 12
ASK_AGAIN = timedelta(seconds=60)
"""How often Meta is asked again about a token that it did not confirm."""
Identity = Callable[[str], Awaitable[tuple[int, set[str]]]]


class Membership:
    """What the loops need to know of this process and its account; empty until the database was reached.

    `identity` asks Meta whose token it is: the HTTP status (0: no answer) and the ids.
    """

    def __init__(
        self,
        database: Database,
        *,
        ids: Sequence[str],
        production: bool,
        vault: TokenVault,
        from_environment: str | None,
        identity: Identity,
        hide: Callable[[str], None],
        keep_raw: timedelta,
        clock: Clock,
        log: EventLog,
        on_joined: Callable[["asyncpg.Connection[Any]"], Awaitable[None]],
        on_trouble: Callable[[str, str], None],
        on_token: Callable[[], None],
    ) -> None:
        self._database = database
        self._ids = tuple(ids)
        self._production = production
        self._vault = vault
        self._from_environment = from_environment
        self._identity = identity
        self._hide = hide
        self._keep_raw = keep_raw
        self._clock = clock
        self._log = log
        self._on_joined = on_joined
        self._on_trouble = on_trouble
        self._on_token = on_token
        self.joined = asyncio.Event()
        self.token_looked_at = asyncio.Event()
        self.own_ids: OwnIds = from_settings(ids)
        self.process_id = 0
        self.peers = 0
        self.token_trouble: str | None = "the database has not been reached yet"
        self._account = AccountId(ids[0])
        self._tokens: dict[AccountId, str] = {}
        self._taken_over = False
        self._checked: str | None = None
        self._asked: str | None = None
        self._ask_again_at = clock()
        self._turns = 0

    @property
    def account_id(self) -> AccountId:
        """The id under which the account's rows are kept."""
        return self._account

    def tokens(self) -> Mapping[AccountId, str]:
        """The tokens with which may be sent now."""
        return self._tokens

    async def may_start(self, conn: "asyncpg.Connection[Any]") -> bool:
        """Whether the environment or the database has a token for us.

        Raises UsageError if our account belongs to another environment.
        """
        if not self._production:
            await refuse_production(conn, self._ids)
        return bool(self._from_environment) or await holds_token(conn, self._ids)

    async def run(self, stopping: asyncio.Event) -> None:
        """Join, look after what is shared every few seconds, join again after an outage; leave when `stopping`."""
        while not stopping.is_set():
            try:
                await self._belong(stopping)
            except IgbotError:
                await wait_for_wake(stopping, 0.25)
            except Exception as error:  # a database that goes away mid-word says so in many ways; join again
                lost = isinstance(error, (asyncpg.PostgresError, asyncpg.InterfaceError, OSError))
                reason = f"{type(error).__name__}: {error}"
                self._log.warning("membership_interrupted", exc=None if lost else error, reason=reason)
                await wait_for_wake(stopping, 1.0)

    async def _belong(self, stopping: asyncio.Event) -> None:
        conn = await self._database.connect()
        try:
            await self.join(conn)
            while not stopping.is_set():
                await self.turn(conn)
                await wait_for_wake(stopping, TURN_SECONDS)
            await give_back(conn, self.process_id)
        finally:
            conn.terminate()

    async def join(self, conn: "asyncpg.Connection[Any]") -> None:
        """Enter this process and its account; `conn` holds the process's lock."""
        self._account = await enter(conn, self._ids, production=self._production)
        self.own_ids = OwnIds(dict.fromkeys(self._ids, self._account))
        self.process_id = await register(conn, now=self._clock(), before=self.process_id)
        if not self.joined.is_set():
            await resume(conn, self._account)
        await self._on_joined(conn)
        self.joined.set()
        await self.refresh_token(conn)
        self.token_looked_at.set()

    async def turn(self, conn: "asyncpg.Connection[Any]") -> None:
        """Give back what dead processes held, find what was forgotten, take a new token."""
        dead, self.peers = await rescue(conn, own=self.process_id)
        if dead:
            self._log.warning("process_lost", processes=dead)
        if self._turns % TURNS_TO_REARM == 0:
            await rearm(conn, now=self._clock())
            await drop_raw(conn, before=self._clock() - self._keep_raw)
        self._turns += 1
        await self.refresh_token(conn)

    async def refresh_token(self, conn: "asyncpg.Connection[Any]") -> None:
        """Take the account's token as it is now; without one, sends are parked and receiving goes on."""
        # The environment speaks once, at the start: a process with an older value must not fight a newer one's.
        given = None if self._taken_over else self._from_environment
        try:
            token, new = await current_token(
                conn, self._vault, self._account, from_environment=given, now=self._clock()
            )
            self._taken_over = True
        except IgbotError as error:
            self._asked = None
            self._taken_over = self._taken_over and not isinstance(error, NoToken)
            self._park(error.message)
            return
        self._hide(token)
        if token == self._checked or (token == self._asked and self._clock() < self._ask_again_at):
            return
        if await self._check(token, new=new):
            await resume(conn, self._account)

    async def _check(self, token: str, *, new: bool) -> bool:
        """Ask Meta whose token it is, and send with it unless it is somebody else's. Whether Meta confirmed it."""
        known = token == self._asked
        status, ids = await self._identity(token)
        self._asked, self._ask_again_at = token, self._clock() + ASK_AGAIN
        if ids and not ids & set(self._ids):
            self._park(f"the access token belongs to another account ({', '.join(sorted(ids))}), see IGBOT_ACCOUNT_ID")
            return False
        self._tokens = {self._account: token}
        self.token_trouble = None if ids else f"Meta did not confirm the access token (HTTP {status})"
        self._checked = token if ids else None
        if ids or not known:
            self._log.info("token_ready", confirmed=bool(ids), sealed_now=new)
            self._on_token()
        return bool(ids)

    def _park(self, why: str) -> None:
        self._tokens, self._checked = {}, None
        if self.token_trouble != why:
            self.token_trouble = why
            self._log.error("sends_parked", reason=why)
            self._on_trouble("token", why)
