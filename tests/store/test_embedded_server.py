"""The embedded server as its users meet it: real processes, killed in every order."""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from igbot.errors import ExitCode
from igbot.store.embedded.attach import ConnectArguments, EmbeddedServer
from igbot.store.embedded.failure import EmbeddedServerError
from igbot.store.embedded.layout import Layout
from tests.store.processes import (
    bystander,
    is_alive,
    is_kept,
    postmaster_pid,
    server_user,
    stop_keeper,
    wait_for,
    wait_until_attached,
)
from tests.waiting import PATIENCE

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills processes with signals")


class _Attached:
    """An `EmbeddedServer` of this process that detaches with the test's block."""

    def __init__(self, data_dir: Path) -> None:
        self.server = EmbeddedServer(data_dir)

    def close(self) -> None:
        self.server.detach()


@asynccontextmanager
async def session(arguments: ConnectArguments) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """A connection for the block, whose server may be gone at its end."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(**arguments)
    try:
        yield connection
    finally:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await connection.close(timeout=PATIENCE)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _keeper(data_dir: Path) -> int:
    report = Layout.of(data_dir).read_report()
    assert report is not None
    return report.keeper


def _server_log(data_dir: Path) -> str:
    return Layout.of(data_dir).server_log.read_text(encoding="utf-8")


async def test_the_server_is_durable_private_and_knows_every_alphabet(data_dir: Path) -> None:
    """It syncs, listens on no port, wants its password, and changes no mode of a directory that was there."""
    os.chmod(data_dir, 0o751)
    with closing(_Attached(data_dir)) as ours:
        arguments = await ours.server.attach()
        async with session(arguments) as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
                assert await connection.fetchval("SELECT current_setting($1)", setting) == "on"
            assert await connection.fetchval("SHOW listen_addresses") == ""
            assert await connection.fetchval("SELECT lower('ПРИВЕТ')") == "привет"
        wrong: ConnectArguments = {**arguments, "password": "wrong"}
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(**wrong)
        layout = Layout.of(data_dir)
        assert [_mode(path) for path in (layout.password, layout.server_log, layout.keeper_log)] == [0o600] * 3
        assert [_mode(path) for path in (layout.sockets, layout.cluster)] == [0o700] * 2
        assert _mode(data_dir) == 0o751


async def test_a_second_user_shares_the_server_which_outlives_its_starter(data_dir: Path) -> None:
    """The process that started the server is killed, and the other goes on without a blip."""
    with server_user(data_dir) as starter, closing(_Attached(data_dir)) as ours:
        wait_until_attached(starter)
        assert not await ours.server.wait_for_end(seconds=0.1)
        server = postmaster_pid(data_dir)
        async with session(await ours.server.attach()) as connection:
            starter.kill()
            starter.wait()
            # Longer than an unused server lives.
            await connection.execute("SELECT pg_sleep(3.5)")
            assert await connection.fetchval("SELECT 1") == 1
        assert postmaster_pid(data_dir) == server


def test_the_server_ends_cleanly_within_seconds_of_its_last_users_violent_death(data_dir: Path) -> None:
    """Users that are killed count as gone, and the server is shut down, not cut off."""
    with server_user(data_dir) as first, server_user(data_dir) as second:
        wait_until_attached(first)
        wait_until_attached(second)
        keeper, server = _keeper(data_dir), postmaster_pid(data_dir)
    wait_for(lambda: not is_alive(server) and not is_alive(keeper))
    assert _server_log(data_dir).rstrip().endswith("database system is shut down")


def test_processes_starting_at_once_get_one_server(data_dir: Path) -> None:
    """Four commands race for a directory in which there is nothing yet."""
    with (
        server_user(data_dir) as first,
        server_user(data_dir) as second,
        server_user(data_dir) as third,
        server_user(data_dir) as fourth,
    ):
        for user in (first, second, third, fourth):
            wait_until_attached(user)
        assert _server_log(data_dir).count("ready to accept connections") == 1
        assert "postmaster.pid" not in _server_log(data_dir)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the next keeper stops the orphan")
async def test_a_killed_keepers_server_ends_and_the_next_one_has_the_data(data_dir: Path) -> None:
    """SIGKILL for the keeper stops the server cleanly, and attaching again brings it back."""
    with closing(_Attached(data_dir)) as ours:
        async with session(await ours.server.attach()) as connection:
            await connection.execute("CREATE TABLE kept AS SELECT 7 AS it")
            keeper, server = _keeper(data_dir), postmaster_pid(data_dir)
            os.kill(keeper, signal.SIGKILL)
        wait_for(lambda: not is_kept(data_dir))
        async with session(await ours.server.attach()) as connection:
            assert await connection.fetchval("SELECT it FROM kept") == 7
        assert _keeper(data_dir) != keeper
        assert not is_alive(server)
        assert "database system is shut down" in _server_log(data_dir)


async def test_what_was_committed_survives_the_death_of_every_process(data_dir: Path) -> None:
    """SIGKILL for keeper and server at the same time loses nothing that was committed."""
    with closing(_Attached(data_dir)) as ours:
        async with session(await ours.server.attach()) as connection:
            await connection.execute("CREATE TABLE kept (it int)")
            await connection.execute("INSERT INTO kept VALUES (7)")
            for pid in (postmaster_pid(data_dir), _keeper(data_dir)):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not is_kept(data_dir))
        async with session(await ours.server.attach()) as connection:
            assert await connection.fetchval("SELECT it FROM kept") == 7


async def test_the_keeper_restarts_a_server_that_died(data_dir: Path) -> None:
    """A killed postmaster comes back by itself while somebody uses it."""
    with closing(_Attached(data_dir)) as ours:
        arguments = await ours.server.attach()
        keeper, server = _keeper(data_dir), postmaster_pid(data_dir)
        os.kill(server, signal.SIGKILL)
        wait_for(lambda: not is_alive(server))
        await asyncio.to_thread(wait_for, lambda: "recovery" in _server_log(data_dir))
        again = await ours.server.attach()
        assert again == arguments
        async with session(again) as connection:
            assert await connection.fetchval("SELECT 1") == 1
        assert _keeper(data_dir) == keeper


async def test_a_newcomer_during_the_shutdown_gets_a_new_server(data_dir: Path) -> None:
    """Coming and going at any moment of the server's end never fails an attach."""
    for _ in range(2):
        with closing(_Attached(data_dir)) as ours:
            async with session(await ours.server.attach()) as connection:
                assert await connection.fetchval("SELECT 1") == 1
        # Some of these meet the idle server, the last its shutdown.
        await asyncio.to_thread(wait_for, lambda: not is_kept(data_dir) or Layout.of(data_dir).read_report() is None)


def test_the_keeper_is_out_of_the_terminals_reach_and_has_no_secrets(data_dir: Path) -> None:
    """Ctrl-C in the starter's terminal and the starter's secrets stay away from keeper and server."""
    with server_user(data_dir) as user:
        wait_until_attached(user)
        for pid in (_keeper(data_dir), postmaster_pid(data_dir)):
            assert os.getsid(pid) != os.getsid(user.pid)
            assert os.getpgid(pid) != os.getpgid(user.pid)
            environment = Path(f"/proc/{pid}/environ")
            if environment.exists():
                assert b"not-for-the-keeper" not in environment.read_bytes()


async def test_a_long_path_gets_a_short_private_socket_directory(data_dir: Path) -> None:
    """Where a socket's path would be too long, the socket lies elsewhere, ours alone, and goes with the server."""
    deep = data_dir / ("d" * 60) / ("e" * 60)
    with closing(_Attached(deep)) as ours:
        arguments = await ours.server.attach()
        sockets = Path(arguments["host"])
        assert not sockets.is_relative_to(data_dir)
        assert _mode(sockets) == 0o700
        async with session(arguments) as connection:
            assert await connection.fetchval("SELECT 1") == 1
    assert await ours.server.wait_for_end(seconds=PATIENCE)
    assert not os.access(sockets, os.F_OK)


async def test_the_data_of_another_major_version_is_refused_with_the_way_out(data_dir: Path) -> None:
    """The error names both versions and what to do; the data is left alone."""
    with closing(_Attached(data_dir)) as ours:
        await ours.server.attach()
    stop_keeper(data_dir)
    (Layout.of(data_dir).cluster / "PG_VERSION").write_text("9\n", encoding="ascii")
    with closing(_Attached(data_dir)) as ours, pytest.raises(EmbeddedServerError) as refused:
        await ours.server.attach()
    assert "PostgreSQL 9" in refused.value.message
    assert "pg_dumpall" in refused.value.hint
    assert "IGBOT_DATABASE_URL" in refused.value.hint
    assert refused.value.exit_code is ExitCode.UNREACHABLE


async def test_a_data_directory_that_cannot_be_used_is_named(data_dir: Path) -> None:
    """A file in its place is a clear error, not a traceback."""
    blocked = data_dir / "file"
    blocked.write_text("", encoding="utf-8")
    with pytest.raises(EmbeddedServerError) as refused:
        await EmbeddedServer(blocked).attach()
    assert str(blocked) in refused.value.message
    assert "IGBOT_DATA_DIR" in refused.value.hint


async def test_a_stale_pid_file_of_a_process_that_is_something_else_now_is_no_obstacle(data_dir: Path) -> None:
    """After a crash the old server's pid may be anybody's: nobody is stopped, and the server starts."""
    with closing(_Attached(data_dir)) as ours:
        await ours.server.attach()
    stop_keeper(data_dir)
    pid_file = Layout.of(data_dir).cluster / "postmaster.pid"
    with bystander() as other:
        pid_file.write_text(f"{other.pid}\n{pid_file.parent}\n0\n5432\n\n\n\nready\n", encoding="utf-8")
        with closing(_Attached(data_dir)) as ours:
            async with session(await ours.server.attach()) as connection:
                assert await connection.fetchval("SELECT 1") == 1
        assert other.poll() is None
