"""The servers that are measured keep what they acknowledge, or are not measured."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from bench.load.driver import run_load
from bench.load.plan import Outcome, Plan
from bench.pgbench import find_pgbench, one_row_script, run_pgbench
from bench.servers.keeping import FASTAPI, IGBOT, KINDS, ONE_INSERT, STUBBED, check_kept
from bench.servers.standing import standing
from bench.subject import NotMeasurable
from igbot.store.embedded.binaries import Binaries
from igbot.store.embedded.failure import EmbeddedServerError


async def rows(url: str, table: str) -> int:
    """How many a table has."""
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
    finally:
        await connection.close()


@pytest.mark.parametrize("name", [IGBOT, ONE_INSERT, STUBBED, FASTAPI])
async def test_every_acknowledged_webhook_is_kept(name: str, database_url: str, tmp_path: Path) -> None:
    """Each server over a real database, by the load that measures it; the stub keeps none."""
    if name == FASTAPI:
        pytest.importorskip("fastapi")
        pytest.importorskip("uvicorn")
    module, *arguments = KINDS[name].command
    async with standing(module, *arguments, database_url=database_url, log=tmp_path / "log") as server:
        outcome = await run_load(Plan(server.port, seconds=0.2, connections=4, warm_up=8))
    kept = await rows(database_url, KINDS[name].table or "inbox")
    assert outcome.acked > 8
    assert kept == (0 if name == STUBBED else outcome.acked)


async def test_a_server_that_forgets_is_found_out(database_url: str) -> None:
    """What was acknowledged and is not there makes a contender invalid."""
    forgetful = Outcome(1.0, sent=5, acked=5, measured=5, p50=1, p90=1, p99=1, max=1, cpu=0.1)
    connection = await asyncpg.connect(database_url)
    with pytest.raises(NotMeasurable, match="acknowledged 5 webhooks and kept 0"):
        await check_kept(connection, "inbox", forgetful)
    await connection.close()


async def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    """In its own last words."""
    with pytest.raises(NotMeasurable, match=r"bench\.servers\.none does not start: .*No module named"):
        async with standing("bench.servers.none", database_url="", log=tmp_path / "log"):
            pass


async def test_pgbench_commits_the_row_that_the_receiver_keeps(database_url: str, tmp_path: Path) -> None:
    """The script fits the schema as it stands."""
    script = tmp_path / "one.sql"
    await asyncio.to_thread(script.write_text, one_row_script(), encoding="utf-8")
    per_second, mean = await run_pgbench(find_pgbench(), database_url, script=script, clients=2, seconds=1)
    assert per_second > 0
    assert mean > 0
    assert await rows(database_url, "inbox") > 0


async def test_a_script_that_does_not_fit_is_one_line(database_url: str, tmp_path: Path) -> None:
    """pgbench's own last words."""
    script = tmp_path / "wrong.sql"
    await asyncio.to_thread(script.write_text, "SELECT * FROM nothing;\n", encoding="utf-8")
    with pytest.raises(NotMeasurable, match="pgbench failed: "):
        await run_pgbench(find_pgbench(), database_url, script=script, clients=1, seconds=1)


def test_a_machine_without_pgbench_is_told_where_it_comes_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither beside the server's programs nor on PATH."""

    def none() -> Binaries:
        raise EmbeddedServerError("none", hint="none")

    monkeypatch.setenv("PATH", str(tmp_path))
    for server in (none, lambda: Binaries(tmp_path, 18)):
        with pytest.raises(NotMeasurable, match="no pgbench here"):
            find_pgbench(server)
