"""The schema comes up once, whole, and never backwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from igbot.errors import DatabaseRefused
from igbot.store.migrations import Migration, migrate, read_migrations

STEPS = (
    Migration(1, "0001_one.sql", "CREATE TABLE one (it int); INSERT INTO one VALUES (1);"),
    Migration(2, "0002_two.sql", "CREATE TABLE two (it int); INSERT INTO one VALUES (2);"),
)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """A connection for the block."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def _migrate(url: str, steps: tuple[Migration, ...]) -> int:
    async with connected(url) as connection:
        return await migrate(connection, steps)


async def test_four_at_once_migrate_once(empty_database_url: str) -> None:
    """Processes that start together wait for each other; each step is applied by one of them."""
    applied = await asyncio.gather(*(_migrate(empty_database_url, STEPS) for _ in range(4)))
    assert sum(applied) == 2
    async with connected(empty_database_url) as connection:
        assert [row["it"] for row in await connection.fetch("SELECT it FROM one ORDER BY it")] == [1, 2]


async def test_only_what_is_missing_is_applied(empty_database_url: str) -> None:
    """A later version adds its steps to what is there."""
    assert await _migrate(empty_database_url, STEPS[:1]) == 1
    assert await _migrate(empty_database_url, STEPS) == 1
    assert await _migrate(empty_database_url, STEPS) == 0


async def test_a_newer_schema_is_refused(empty_database_url: str) -> None:
    """An older igbot keeps its hands off, and says what to do."""
    await _migrate(empty_database_url, STEPS)
    with pytest.raises(DatabaseRefused, match=r"newer than this igbot: it has 0002_two\.sql") as refused:
        await _migrate(empty_database_url, STEPS[:1])
    assert "IGBOT_DATABASE_URL" in refused.value.hint


async def test_a_changed_step_is_refused(empty_database_url: str) -> None:
    """What was applied must be what is shipped, whatever its line ends."""
    await _migrate(empty_database_url, STEPS)
    with pytest.raises(DatabaseRefused, match="another 0001_one"):
        await _migrate(empty_database_url, (replace(STEPS[0], sql="SELECT 1"), STEPS[1]))
    text = "SELECT 1;\nSELECT 2;\n"
    assert Migration(1, "a", text).sha256 == Migration(1, "a", text.replace("\n", "\r\n")).sha256


async def test_a_step_that_fails_leaves_nothing_of_itself(empty_database_url: str) -> None:
    """The steps before it stay, its own first half does not."""
    broken = Migration(2, "0002_broken.sql", "CREATE TABLE half (it int); SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await _migrate(empty_database_url, (STEPS[0], broken))
    async with connected(empty_database_url) as connection:
        assert await connection.fetchval("SELECT to_regclass('half')") is None
        assert await connection.fetchval("SELECT max(number) FROM schema_migration") == 1


async def test_the_shipped_schema_applies_to_an_empty_database(empty_database_url: str) -> None:
    """What is in the package is complete and numbered without gaps."""
    shipped = read_migrations()
    assert await _migrate(empty_database_url, shipped) == len(shipped) > 0
