"""A real PostgreSQL for every test that asks for one: fresh, migrated, its own."""

import asyncio
import logging
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from igbot.store.embedded.attach import EmbeddedServer
from igbot.store.migrations import migrate, read_migrations
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from igbot.telemetry.setup import LineHandler
from tests.store.processes import wait_for_end

# How fast examples come is the machine's business: a loaded one must not fail a test. The examples are the same in
# every run, so that a change is judged by what it changes; `--hypothesis-profile explore` looks for new ones.
settings.register_profile("igbot", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("explore", settings.get_profile("igbot"), derandomize=False, max_examples=2000)
settings.load_profile("igbot")

# A shell starts what it sends to the background deaf to Ctrl-C, and children inherit it: tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A PostgreSQL on which databases may be made, and the name of a migrated one to copy."""

    url: str
    template: str

    def database_url(self, name: str) -> str:
        """The URL of one of its databases."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """A command that a test runs in this process sets up the whole process's logging: the next test has its own."""
    root, ours = logging.getLogger(), logging.getLogger("igbot")
    levels = root.level, ours.level
    yield
    for handler in [handler for handler in root.handlers if isinstance(handler, LineHandler)]:
        root.removeHandler(handler)
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.captureWarnings(False)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The server of `IGBOT_TEST_DSN`, else an embedded one in a temporary directory that forgets on a crash."""
    named = os.environ.get("IGBOT_TEST_DSN")
    if named:
        yield from _with_template(named)
        return
    # Not pytest's own directory: the server's unprivileged user has to get through to its files.
    directory = Path(tempfile.mkdtemp(prefix="igbot-test-"))
    directory.chmod(0o711)
    embedded = EmbeddedServer(directory, settings=("fsync=off", "full_page_writes=off", "max_connections=200"))
    try:
        found = _run(embedded.attach())
        url = (
            f"postgresql://{found['user']}:{quote(found['password'])}@/{found['database']}"
            f"?host={quote(found['host'], safe='')}&port={found['port']}"
        )
        yield from _with_template(url)
    finally:
        embedded.detach()
        wait_for_end(directory)
        shutil.rmtree(directory)


@pytest.fixture
def database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a fresh, empty, migrated database, dropped after the test."""
    yield from _fresh_database(postgres_server, template=postgres_server.template)


@pytest.fixture
def empty_database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a fresh database without any schema, dropped after the test."""
    yield from _fresh_database(postgres_server, template="template0")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open `Database` on a fresh database."""
    database = Database(database_url, embedded=None, size=10, log=event_log("store"))
    await database.open()
    yield database
    await database.close()


def _with_template(url: str) -> Iterator[PostgresServer]:
    server = PostgresServer(url, f"igbot_template_{secrets.token_hex(6)}")
    _run(_execute(url, f"CREATE DATABASE {server.template}"))
    _run(_migrate(server.database_url(server.template)))
    yield server
    _run(_execute(url, f"DROP DATABASE {server.template} WITH (FORCE)"))


def _fresh_database(server: PostgresServer, *, template: str) -> Iterator[str]:
    name = f"igbot_{secrets.token_hex(6)}"
    _run(_execute(server.url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield server.database_url(name)
    _run(_execute(server.url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _migrate(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await migrate(connection, read_migrations())
    finally:
        await connection.close()


def _run(work: Coroutine[Any, Any, _Answer]) -> _Answer:
    """Runs a coroutine from a plain fixture, which a running test's event loop must not notice."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
