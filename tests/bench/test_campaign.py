"""A real campaign, small enough for every run of the tests: the promises hold, and the command says so."""

import json
import os
from pathlib import Path

import pytest

from bench.campaign import main
from bench.campaign.history import read_logs
from tests.conftest import PostgresServer


@pytest.mark.timeout(420)
def test_a_short_campaign_loses_nothing_doubles_nothing_and_keeps_the_order(
    postgres_server: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """300 messages through two processes, killed five times: as many replies, each once and in order; the exit code is
    0, and everything is in the file."""
    found = tmp_path / "found.json"
    arguments = ["--seed", "7", "--messages", "300", "--kills", "5", "--cuts", "1", "--processes", "2"]
    # A slow machine takes longer, and that is all.
    arguments += ["--drain", "300", "--database-url", postgres_server.url, "--json", str(found)]
    code = main(arguments)
    said = capsys.readouterr().out
    told = json.loads(found.read_text(encoding="utf-8"))
    assert code == 0, said
    assert told["passed"] is True
    assert told["figures"]["acknowledged"] == told["figures"]["received"] == 300
    assert (told["figures"]["kills"], told["figures"]["cuts of PostgreSQL"]) == (5, 1)
    assert told["replies_by_state"] == {"sent": 300}
    assert {kind: count for kind, count in told["findings"].items() if count and kind != "late"} == {}
    assert "kept: 0 lost, 0 doubled, 0 out of order" in said
    assert "--seed 7 --messages 300 --kills 5 --cuts 1" in said


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
        '{"timestamp": "t", "level": "INFO", "event": "reply_sent", "mid": "r1"}\n'
        '{"timestamp": "t", "level": "ERROR", "eve{"timestamp": "t", "level": "INFO", "event": "serving"}\n'
        '{"timestamp": "t", "level": "ERROR", "event": "reply_dead", "for_mid": "m2"}\n',
        encoding="utf-8",
    )
    found = read_logs([log])
    assert (found.repeated, found.errors, found.warnings) == ({"m1": 1}, {"reply_dead": 1}, {"send_repeated": 1})
    assert (found.given_up, found.known) == ({"m2"}, {"r1"})
    assert [json.loads(line)["for_mid"] for line in found.samples] == ["m2"]
