"""The one way to the database: connections while it is there, `DatabaseUnavailable` at once while it is not."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn, cast

import asyncpg
import backoff

from igbot.errors import DatabaseRefused, DatabaseUnavailable, IgbotError
from igbot.store.embedded.attach import EmbeddedServer
from igbot.store.migrations import migrate, read_migrations
from igbot.store.reachability import UNREACHABLE, connecting_failed, connection_lost, place_of, unavailable
from igbot.telemetry.log import EventLog

_CONNECT_SECONDS = 5.0
# A call that waits longer for a free connection had better be answered "try again".
_ACQUIRE_SECONDS = 10.0
_COMMAND_SECONDS = 60.0
# Connections that are held for long ask little; one that does not answer has been cut off on the way.
_HELD_COMMAND_SECONDS = 10.0
# A ping may have to make a connection first, on a machine that has other things to do.
_PING_SECONDS = 5.0
_CLOSE_SECONDS = 2.0
_PING_EVERY = 2.0
_OPEN_SECONDS = 3.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_OLDEST_SERVER = (15, 0)
_PING = "SELECT 1"
# igbot's statements find rows by their keys, in queues whose statistics are wrong most of the time. With these a
# statement is planned once a connection instead of at each call, and by its indexes, whatever the tables hold: a look
# into an empty queue costs a quarter, and one into an old queue does not read its dead entries again and again.
# And whoever stands still in the middle of a transaction (a suspended machine, a stopped process) loses it, rather than
# have all others wait for what it holds.
_SESSION = """
SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off;
SET idle_in_transaction_session_timeout = '10s'
"""


class Database:
    """A pool of connections to one PostgreSQL, by exactly one of its `url` and an `embedded` server of ours.

    `size` is the largest number of pooled connections; `on_change` is called with whether the database can be used,
    each time that changes.
    """

    def __init__(
        self,
        url: str | None,
        *,
        embedded: EmbeddedServer | None,
        size: int,
        log: EventLog,
        on_change: Sequence[Callable[[bool], None]] = (),
    ) -> None:
        if (url is None) == (embedded is None):
            raise ValueError("a database is named by its URL or is the embedded one")
        self._url = url
        self._embedded = embedded
        self._size = size
        self._log = log
        self._on_change = tuple(on_change)
        self._place = place_of(url) if url is not None else "of the data directory"
        self._pool: asyncpg.Pool[Any] | None = None
        self._suspect = asyncio.Event()
        self._reported: bool | None = None

    @property
    def is_open(self) -> bool:
        """Whether the database can be used as far as we know."""
        return self._pool is not None

    async def open(self) -> None:
        """Connects, retrying for some seconds, and brings the schema up to date; nothing where it is open already.

        Raises DatabaseUnavailable, and DatabaseRefused where another try would get the same answer.
        """
        # backoff's decorator would log through its own logger, which knows nothing of our events.
        attempt = backoff.on_exception(
            backoff.expo, DatabaseUnavailable, max_time=_OPEN_SECONDS, factor=0.1, max_value=1.0, logger=None
        )(self._open)
        await attempt()

    async def close(self) -> None:
        """Closes all connections, those still in use after two seconds by force, and leaves the embedded server."""
        await self._drop_pool(seconds=_CLOSE_SECONDS)
        if self._embedded is not None:
            self._embedded.detach()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """A pooled connection for the block. Raises DatabaseUnavailable at once while the database is away, and for
        whatever the block raises because the connection broke; the block's other errors pass."""
        pool = self._pool
        if pool is None:
            raise unavailable(place=self._place)
        try:
            proxy = await pool.acquire(timeout=_ACQUIRE_SECONDS)
        except UNREACHABLE as error:
            raise self._lost(error) from error
        try:
            yield _plain(proxy)
        except Exception as error:
            if connection_lost(error, _plain(proxy)):
                raise self._lost(error) from error
            raise
        finally:
            try:
                await pool.release(proxy)
            except UNREACHABLE:
                # What the block did is done, and the pool has thrown the connection away.
                self._suspect.set()

    async def connect(self) -> "asyncpg.Connection[Any]":
        """A connection of the caller's own, outside the pool, to be closed by the caller. For sessions that are held:
        advisory locks, LISTEN. Raises DatabaseUnavailable, DatabaseRefused."""
        if self._pool is None:
            raise unavailable(place=self._place)
        arguments = await self._arguments()
        try:
            connection: asyncpg.Connection[Any] = await asyncpg.connect(**arguments)
            return connection
        except Exception as error:
            raise self._explained(error) from error

    async def keep_open(self) -> NoReturn:
        """Opens the database whenever it is not, and looks after it; for ever."""
        pause = _FIRST_PAUSE
        while True:
            if await self.check():
                pause = _FIRST_PAUSE
                await self._wait(_PING_EVERY)
            else:
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def check(self) -> bool:
        """One turn of `keep_open`: a ping, or a try to open. Whether the database can be used now."""
        self._suspect.clear()
        try:
            if self._pool is not None:
                await self._ping(self._pool)
        except Exception as error:
            # Whatever a ping fails of, a pool that cannot do it is of no use.
            await self._drop_pool(seconds=0)
            self._tell(available=False, error=error)
        try:
            await self._open()
        except Exception as error:
            self._tell(available=False, error=error)
        return self.is_open

    async def _open(self) -> None:
        if self._pool is not None:
            return
        migrations = read_migrations()
        arguments = await self._arguments()
        try:
            pool = await asyncpg.create_pool(
                **arguments | {"command_timeout": _COMMAND_SECONDS},
                min_size=1,
                max_size=self._size,
                init=_set_up,
                reset=_nothing,
            )
        except Exception as error:
            raise self._explained(error) from error
        try:
            async with pool.acquire() as connection:
                self._require_version(connection.get_server_version()[:2])
                await migrate(_plain(connection), migrations)
        except BaseException as error:
            await _end(pool, seconds=_CLOSE_SECONDS)
            if isinstance(error, Exception):
                raise self._explained(error) from error
            raise
        self._pool = pool
        if self._embedded is not None and self._embedded.warning:
            self._log.warning("embedded_postgresql", reason=self._embedded.warning)
        self._tell(available=True)

    async def _arguments(self) -> dict[str, Any]:
        named: dict[str, Any] = {
            "timeout": _CONNECT_SECONDS,
            "command_timeout": _HELD_COMMAND_SECONDS,
            "server_settings": {"application_name": "igbot"},
        }
        if self._embedded is None:
            return {"dsn": self._url, **named}
        return {**await self._embedded.attach(), **named}

    def _lost(self, error: Exception) -> DatabaseUnavailable:
        self._suspect.set()
        return unavailable(error, place=self._place)

    def _require_version(self, version: tuple[int, ...]) -> None:
        if version < _OLDEST_SERVER:
            raise DatabaseRefused(
                f"PostgreSQL {self._place} is version {version[0]}, and igbot needs {_OLDEST_SERVER[0]} or newer",
                hint="name a newer server in IGBOT_DATABASE_URL",
            )

    def _explained(self, error: Exception) -> Exception:
        return connecting_failed(error, place=self._place) or error

    async def _ping(self, pool: "asyncpg.Pool[Any]") -> None:
        """Raises what asking raises, and TimeoutError where nothing is answered: every connection is cut then.

        Cancelling alone would not do: asyncpg waits until the server has agreed to it, and this one says nothing.
        """
        asking = asyncio.create_task(self._ask(pool))
        try:
            # In halves: where this process itself stood still, the answer is there and only has not been read yet.
            for _ in range(2):
                done, _waiting = await asyncio.wait({asking}, timeout=_PING_SECONDS / 2)
                if done:
                    break
            else:
                pool.terminate()
                raise TimeoutError("PostgreSQL does not answer")
            asking.result()
        finally:
            asking.cancel()

    async def _ask(self, pool: "asyncpg.Pool[Any]") -> None:
        async with self._spare(pool) as connection:
            if connection is not None:
                await connection.execute(_PING)

    @asynccontextmanager
    async def _spare(self, pool: "asyncpg.Pool[Any]") -> AsyncIterator[Any]:
        if pool.get_idle_size() == 0 and pool.get_size() >= self._size:
            # All in use: their users notice by themselves, and a ping must not wait for them.
            yield None
            return
        async with pool.acquire() as connection:
            yield connection

    async def _drop_pool(self, *, seconds: float) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await _end(pool, seconds=seconds)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._suspect.wait()
        except TimeoutError:
            return

    def _tell(self, *, available: bool, error: Exception | None = None) -> None:
        if self._reported is available:
            return
        before, self._reported = self._reported, available
        if not available:
            trace = None if isinstance(error, (IgbotError, *UNREACHABLE)) else error
            self._log.error("database_unavailable", exc=trace, reason=str(error) or type(error).__name__)
        elif before is False:
            self._log.info("database_restored")
        for changed in self._on_change:
            changed(available)


async def _end(pool: "asyncpg.Pool[Any]", *, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await pool.close()
    except UNREACHABLE:
        pool.terminate()


async def _set_up(connection: Any) -> None:
    await connection.execute(_SESSION)


async def _nothing(_connection: object) -> None:
    """In place of asyncpg's reset, a statement more on each release: no user of the pool changes its session."""


def _plain(proxy: "asyncpg.pool.PoolConnectionProxy[Any]") -> "asyncpg.Connection[Any]":
    # The proxy has all of a connection's methods without being one; callers need not care which they have.
    return cast("asyncpg.Connection[Any]", proxy)
