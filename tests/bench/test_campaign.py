"""Real campaigns, small enough for every run of the tests: the promises hold, and the command says so."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.campaign import main
from bench.campaign.history import read_logs
from bench.child import ROOT, environment
from tests.conftest import PostgresServer

ONE = ("--seed", "7", "--messages", "1000", "--kills", "3", "--processes", "1")
TWO = ("--seed", "8", "--messages", "500", "--kills", "4", "--processes", "2", "--rates", "real")
# A slow machine takes longer, and that is all.
PATIENT = ("--cuts", "1", "--drain", "300", "--late", "300")


async def campaign(server: PostgresServer, found: Path, *arguments: str) -> tuple[dict[str, Any], str]:
    """What is in a campaign's file, and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench", "campaign", *arguments, *PATIENT),
        *("--database-url", server.url, "--json", str(found)),
        cwd=ROOT,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    told = said.decode(errors="replace")
    assert process.returncode == 0, told
    return json.loads(found.read_text(encoding="utf-8")), told  # noqa: ASYNC240 - the test has nothing else to do


@pytest.mark.timeout(600)
async def test_what_was_promised_holds_while_everything_goes_wrong(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """1,500 messages to one process and to two that keep real rates: every error that Meta has, an outage, a dead
    token, kills and cuts; every message has what it should have and nothing else, and the exit code is 0."""
    (one, said), (two, _) = await asyncio.gather(
        campaign(postgres_server, tmp_path / "one.json", *ONE), campaign(postgres_server, tmp_path / "two.json", *TWO)
    )
    for found, messages, kills in ((one, 1_000, 3), (two, 500, 4)):
        figures, fates = found["figures"], found["fates"]
        assert found["passed"] is True
        assert {kind: count for kind, count in found["findings"].items() if count and "excused" not in kind} == {}
        assert (figures["acknowledged"], figures["kills"], figures["cuts of PostgreSQL"]) == (messages, kills, 1)
        assert sum(fate["messages"] for fate in fates.values()) == messages
        assert set(fates) == {"answered", "confirmed", "refused", "blocked", "given up", "cancelled", "silent"}
        for fate in ("refused", "blocked", "given up", "silent"):
            assert fates[fate]["received"] == 0
        assert figures["tokens renewed"] == 1
        assert figures["stops ended"] >= 3
        assert figures["waits cut short"] >= 1
        assert [what for _, what in found["timeline"] if what.startswith("away for")] != []
    assert "kept: 0 lost, 0 doubled, 0 out of order, 0 forbidden, 0 pressed, 0 too fast" in said
    assert "--seed 7 --messages 1000 --kills 3 --cuts 1" in said


@pytest.mark.parametrize("arguments", [["--messages", "0"], ["--kills", "-1"], ["--seed", "x"], ["--nonsense"]])
def test_wrong_usage_is_told_in_a_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, nothing is started."""
    assert main(arguments) == 2
    assert "error:" in capsys.readouterr().err


def test_a_database_that_is_not_there_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, and no trace."""
    url = f"postgresql://nobody@127.0.0.1:9/{os.getpid()}"
    assert main(["--messages", "1", "--kills", "0", "--database-url", url]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("campaign: PostgreSQL:")


def test_logs_are_read_past_the_lines_that_a_kill_has_cut_off(tmp_path: Path) -> None:
    """What was repeated, by message; errors and warnings by event."""
    log = tmp_path / "log"
    log.write_text(
        '{"timestamp": "t", "level": "WARNING", "event": "send_repeated", "for_mid": "m1"}\n'
        '{"timestamp": "1970-01-01T00:01:40.5Z", "level": "INFO", "event": "reply_sent", "mid": "r1"}\n'
        '{"timestamp": "t", "level": "ERROR", "eve{"timestamp": "t", "level": "INFO", "event": "serving"}\n'
        '{"timestamp": "t", "level": "ERROR", "event": "reply_dead", "for_mid": "m2"}\n',
        encoding="utf-8",
    )
    found = read_logs([log])
    assert (found.repeated, found.errors, found.warnings) == ({"m1": 1}, {"reply_dead": 1}, {"send_repeated": 1})
    assert (found.given_up, found.known) == ({"m2"}, {"r1": 100.5})
    assert [json.loads(line)["for_mid"] for line in found.samples] == ["m2"]
