"""The database as the rooms above see it: there, away, back again, or saying no."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from igbot.errors import DatabaseRefused, DatabaseUnavailable, IgbotError
from igbot.store.embedded.attach import EmbeddedServer
from igbot.store.embedded.layout import Layout
from igbot.store.pool import Database
from igbot.telemetry.log import event_log
from tests.store.processes import is_kept, postmaster_pid, wait_for
from tests.waiting import eventually

LOG = event_log("store")
SECRET = "s3cr3t-part"


def _database(url: str) -> Database:
    return Database(url, embedded=None, size=2, log=LOG)


def _nowhere(tmp_path: Path) -> str:
    return f"postgresql://igbot:{SECRET}@/igbot?host={tmp_path}"


async def test_a_fresh_database_has_the_schema(database: Database) -> None:
    """Opening migrates; opening again changes nothing."""
    await database.open()
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM inbox") == 0
        assert await connection.fetchval("SELECT current_setting('application_name')") == "igbot"


async def test_before_it_is_open_and_after_its_end_the_database_is_unavailable_at_once(database_url: str) -> None:
    """Nobody waits for a pool that is not there."""
    database = _database(database_url)
    await _expect_unavailable(database)
    await database.open()
    assert database.is_open
    await database.close()
    await _expect_unavailable(database)


async def _expect_unavailable(database: Database) -> None:
    assert not database.is_open
    with pytest.raises(DatabaseUnavailable):
        async with database.connection():
            pass
    with pytest.raises(DatabaseUnavailable):
        await database.connect()


async def test_the_blocks_own_errors_pass(database: Database) -> None:
    """Only a broken connection is translated: a wrong statement, argument or file is the caller's business."""
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.connection() as connection:
            await connection.execute("SELECT * FROM absent")
    with pytest.raises(asyncpg.InterfaceError):
        async with database.connection() as connection:
            await connection.execute("SELECT $1::int", 1, 2)
    with pytest.raises(FileNotFoundError):
        async with database.connection():
            raise FileNotFoundError


async def test_a_cut_connection_is_unavailable_and_the_next_one_works(database: Database) -> None:
    """A killed backend costs one call."""
    with pytest.raises(DatabaseUnavailable):
        async with database.connection() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_who_stands_still_in_a_transaction_loses_it(database: Database) -> None:
    """What it held others may have; and nobody works on an hour later as if nothing had happened."""
    async with database.connection() as connection:
        assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "10s"
    with pytest.raises(DatabaseUnavailable):
        await _stand_still(database)
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT to_regclass('held')") is None


async def _stand_still(database: Database) -> None:
    async with database.connection() as connection, connection.transaction():
        await connection.execute("CREATE TABLE held (); SET idle_in_transaction_session_timeout = '1ms'")

        async def has_ended() -> bool:
            return connection.is_closed()

        await eventually(has_ended)
        await connection.execute("SELECT 1")


async def test_a_read_only_server_is_unavailable(database: Database) -> None:
    """A standby after a failover cannot keep what comes in, though it answers."""
    with pytest.raises(DatabaseUnavailable):
        async with database.connection() as connection, connection.transaction(readonly=True):
            await connection.execute("DELETE FROM inbox")


async def test_a_connection_of_ones_own_outlives_the_pools(database: Database) -> None:
    """What is held on it, an advisory lock say, stays until it is closed."""
    own = await database.connect()
    await own.execute("SELECT pg_advisory_lock(7)")
    async with database.connection() as connection:
        assert not await connection.fetchval("SELECT pg_try_advisory_lock(7)")
    await own.close()
    async with database.connection() as connection:
        await eventually(lambda: connection.fetchval("SELECT pg_try_advisory_lock(7)"))


async def test_a_server_that_is_not_there_is_unavailable_without_its_secret(tmp_path: Path) -> None:
    """The error says where it should have been and what to look at, and not the password."""
    with pytest.raises(DatabaseUnavailable) as failed:
        await _database(_nowhere(tmp_path)).open()
    assert "IGBOT_DATABASE_URL" in failed.value.hint
    assert SECRET not in str(failed.value) + failed.value.hint


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts._replace(path="/absent"),
        lambda parts: parts._replace(netloc=f"igbot:{SECRET}@"),
        lambda parts: parts._replace(netloc=f"nobody-we-know:{SECRET}@"),
    ],
    ids=["no such database", "wrong password", "no such role"],
)
async def test_what_a_server_says_no_to_is_refused(database_url: str, change: object) -> None:
    """Another try would get the same answer, so it is told at once, without the secret."""
    assert callable(change)
    if not urlsplit(database_url).netloc.endswith("@"):
        pytest.skip("the server named for tests may ask for no password")
    with pytest.raises(DatabaseRefused) as refused:
        await _database(urlunsplit(change(urlsplit(database_url)))).open()
    assert SECRET not in str(refused.value) + refused.value.hint


@pytest.mark.parametrize("url", ["mysql://a:{}@h/d", "postgresql://u:{}/x@h/d", "postgresql://u:p@h:{}/d", "{}"])
async def test_a_url_that_cannot_be_read_is_refused_without_its_secret(url: str) -> None:
    """A piece of the password may stand anywhere in a broken URL."""
    with pytest.raises(IgbotError) as refused:
        await _database(url.format(SECRET)).open()
    assert "IGBOT_DATABASE_URL" in refused.value.message + refused.value.hint
    assert SECRET not in str(refused.value) + refused.value.hint


def test_a_database_is_named_in_exactly_one_way(tmp_path: Path) -> None:
    """Neither and both are mistakes of the caller."""
    with pytest.raises(ValueError, match="URL"):
        Database(None, embedded=None, size=1, log=LOG)
    with pytest.raises(ValueError, match="URL"):
        Database("postgresql://h/d", embedded=EmbeddedServer(tmp_path), size=1, log=LOG)


async def test_a_database_that_is_away_at_the_start_is_no_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each turn tries again; that it is away is told once."""
    told: list[bool] = []
    database = Database(_nowhere(tmp_path), embedded=None, size=2, log=LOG, on_change=[told.append])
    for _ in range(3):
        assert not await database.check()
    assert told == [False]
    assert [record.message for record in caplog.records if record.name == "igbot.store"] == ["database_unavailable"]
    assert SECRET not in caplog.text


@pytest.mark.skipif(os.name == "nt", reason="kills processes with signals")
async def test_a_database_that_dies_is_told_replaced_and_told_again(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Keeper and server are killed under load; calls fail fast, and the watch starts another server by itself."""
    caplog.set_level("INFO")
    told: list[bool] = []
    database = Database(None, embedded=EmbeddedServer(data_dir), size=4, log=LOG, on_change=[told.append])
    await database.open()
    watch = asyncio.create_task(database.keep_open())
    async with database.connection() as connection:
        await connection.execute("CREATE TABLE kept AS SELECT 7 AS it")
    report = Layout.of(data_dir).read_report()
    assert report is not None
    for pid in (postmaster_pid(data_dir), report.keeper):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_kept(data_dir))
    with pytest.raises(DatabaseUnavailable):
        async with database.connection() as connection:
            await connection.fetchval("SELECT 1")
    await eventually(lambda: told == [True, False, True])
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT it FROM kept") == 7
    watch.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watch
    await database.close()
    events = [record.message for record in caplog.records if record.name == "igbot.store"]
    assert [event for event in events if event.startswith("database_")] == ["database_unavailable", "database_restored"]
