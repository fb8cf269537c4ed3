"""What a run measures on: a folder on a real disk, and PostgreSQL, embedded or by URL, with fresh databases."""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from bench.machine import file_system
from bench.subject import Ground, NotMeasurable
from igbot.errors import IgbotError
from igbot.store.embedded.attach import EmbeddedServer

ROOM_GB = 3.0
_MAX_WAL_GB = 8.0
_SHARED_BUFFERS_GB = 2.0
_END_SECONDS = 30.0


class Postgres:
    """The server of a run, started when a database is first asked for.

    `settings` (name=value) are further ones of an embedded server.
    """

    def __init__(self, directory: Path, url: str | None, *, settings: Sequence[str] = ()) -> None:
        self._directory = directory
        self._url = url
        self._more = tuple(settings)
        self._embedded: EmbeddedServer | None = None
        self._starting = asyncio.Lock()
        self.version = ""

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """The URL of a fresh, empty database, dropped after the block. Raises NotMeasurable."""
        async with self._starting:
            url = await self._server()
        name = f"igbot_bench_{secrets.token_hex(6)}"
        await self._execute(url, f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            await self._execute(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def close(self) -> None:
        """Ends an embedded server."""
        if self._embedded is not None:
            self._embedded.detach()
            await self._embedded.wait_for_end(seconds=_END_SECONDS)

    async def _server(self) -> str:
        require_room(self._directory, gigabytes=ROOM_GB)
        if self._url is None:
            self._embedded = EmbeddedServer(self._directory, settings=(*_settings(self._directory), *self._more))
            try:
                found = await self._embedded.attach()
            except IgbotError as error:
                raise NotMeasurable(f"no PostgreSQL: {error.message}; {error.hint}") from error
            self._url = (
                f"postgresql://{found['user']}:{quote(found['password'])}@/{found['database']}"
                f"?host={quote(found['host'], safe='')}&port={found['port']}"
            )
        if not self.version:
            self.version = str(await self._execute(self._url, "SHOW server_version")).split()[0]
        return self._url

    async def _execute(self, url: str, statement: str) -> object:
        try:
            connection = await asyncpg.connect(url, timeout=10)
            try:
                return await connection.fetchval(statement)
            finally:
                await connection.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise NotMeasurable(f"PostgreSQL: {reason} (the bench makes databases of its own there)") from error


@asynccontextmanager
async def open_ground(
    *, url: str | None, seconds: float, connections: int, quick: bool
) -> AsyncIterator[tuple[Ground, Postgres]]:
    """A folder of its own and the server of the run, both gone after the block."""
    directory = _new_directory()
    postgres = Postgres(directory, url)
    try:
        yield Ground(postgres.database, directory, seconds, connections, quick), postgres
    finally:
        await postgres.close()
        shutil.rmtree(directory, ignore_errors=True)


def _new_directory() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="igbot-bench-", dir=durable_place()))
    # The embedded server's unprivileged user has to get through to its files.
    directory.chmod(0o711)
    return directory


def durable_place() -> str:
    """A temporary folder on a disk: TMPDIR if given, else the usual one unless it is kept in memory."""
    usual = tempfile.gettempdir()
    if "TMPDIR" not in os.environ and file_system(Path(usual)) == "tmpfs" and os.access("/var/tmp", os.W_OK):
        return "/var/tmp"
    return usual


def require_room(directory: Path, *, gigabytes: float) -> None:
    """Raises NotMeasurable where the disk of `directory` has less room."""
    free = shutil.disk_usage(directory).free / 2**30
    if free < gigabytes:
        raise NotMeasurable(
            f"the disk of {directory.parent} has {free:.1f} GB free, and {gigabytes:.0f} GB are needed;"
            " name a folder with more room in TMPDIR"
        )


def _settings(directory: Path) -> tuple[str, ...]:
    import psutil

    free = shutil.disk_usage(directory).free / 2**30
    buffers = min(_SHARED_BUFFERS_GB, psutil.virtual_memory().total / 2**30 / 8)
    wal = min(_MAX_WAL_GB, free / 4)
    return (
        "fsync=on",
        "synchronous_commit=on",
        "max_connections=200",
        f"shared_buffers={int(buffers * 1024)}MB",
        f"max_wal_size={int(wal * 1024)}MB",
    )
