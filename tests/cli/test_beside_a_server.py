"""Commands that find the running server of their data directory: simulate, health, rules reload, conversations."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from igbot import runfile
from tests.cli.command import Place

SHIPPING = "how much is shipping?"
BROKEN = "version: 1\nrules:\n  - {name: a, keyword: [b], reply: c}\n"


@pytest.fixture(scope="module")
def town(home: Place) -> Iterator[Place]:
    """A place with a development server running on the embedded database."""
    with home.serving():
        yield home


@pytest.fixture
def rules(town: Place) -> Iterator[Path]:
    """The server's rules, put back in force after the test."""
    before = town.rules.read_bytes()
    yield town.rules
    town.rules.write_bytes(before)
    assert town.run("rules", "reload").code == 0


def test_simulate_talks_to_the_running_server(town: Place) -> None:
    """A signed webhook in, the decision read back; the server logs it."""
    ended = town.run("simulate", SHIPPING, "--as", "beside-1", "--json")
    assert (ended.code, ended.err) == (0, "")
    answer = json.loads(ended.out)
    assert set(answer) == {"mid", "igsid", "decision", "replies", "seconds"}
    assert answer["decision"]["rule"] == "shipping-cost"
    assert [reply["status"] for reply in answer["replies"]] == ["sent"]
    assert "beside-1" in town.log


def test_a_chat_goes_to_the_running_server_whose_clock_stands(town: Place) -> None:
    """/owner works through its sandbox; /clock is refused."""
    ended = town.run("simulate", typed=f"{SHIPPING}\n/why\n/button 1\n/clock +2h\n/owner Eva here\n")
    assert ended.code == 0
    assert "talking to a running server" in ended.err
    assert "the clock of a running server cannot be moved" in ended.err
    assert "shipping-country" in ended.out
    assert "yes shipping-cost" in ended.out


def test_the_clock_of_a_running_server_stands_whatever_the_message_says(town: Place) -> None:
    """`--at` is the message's own time only; one line tells."""
    ended = town.run("simulate", SHIPPING, "--at", "2024-01-03T11:00", "--json")
    assert ended.err == "note: the clock of a running server cannot be moved; --at is the time of the message only\n"
    assert json.loads(ended.out)["decision"]["reason"] == "window_closed"


def test_a_signed_webhook_can_be_posted_to_any_server(town: Place) -> None:
    """`--url` prints the HTTP verdict: taken, wrongly signed, nothing there."""
    run = runfile.read(town.data_dir)
    assert run is not None
    taken = town.run("simulate", "hi", "--url", run.public_url)
    assert (taken.code, taken.err) == (0, "")
    assert taken.out.startswith(f"HTTP 200 from {run.public_url}/webhook (m_simulated_")
    other = town.run(
        "simulate", "hi", "--url", f"{run.public_url}/webhook", "--json", IGBOT_APP_SECRET="another-secret"
    )
    verdict = json.loads(other.out)
    assert (other.code, verdict["status"]) == (1, 401)
    assert set(verdict) == {"url", "status", "answer", "igsid", "mids"}
    assert "another-secret" not in other.out + other.err


def test_a_server_for_real_customers_is_left_alone(town: Place) -> None:
    """Simulate does not mix with a production server on the same data directory."""
    path = town.data_dir / runfile.NAME
    before = path.read_text()
    path.write_text(json.dumps({**json.loads(before), "env": "production"}))
    try:
        ended = town.run("simulate", "hi")
    finally:
        path.write_text(before)
    assert (ended.code, ended.out) == (2, "")
    assert "IGBOT_DATA_DIR" in ended.err


def test_health_is_what_readyz_says_with_the_figures(town: Place) -> None:
    """Everything well is exit 0."""
    ended = town.run("health", "--json")
    assert (ended.code, ended.err) == (0, "")
    report = json.loads(ended.out)
    assert set(report) == {"status", "checks", "figures"}
    assert report["status"] == "ok"
    assert all(set(check) == {"status", "detail", "seconds"} for check in report["checks"].values())
    figures = "oldest_unanswered_seconds inbox outbox dead spooled last_webhook_at token_days_left rules rules_digest"
    assert set(report["figures"]) == {*figures.split(), "last_archive_at", "processes"}


def test_health_for_a_script_without_json_is_tabs(town: Place) -> None:
    """One check and one figure a line, no boxes, no colours."""
    ended = town.run("health")
    assert ended.code == 0
    assert "overall\tok" in ended.out
    assert "dead\t0" in ended.out
    assert "\x1b" not in ended.out
    assert "─" not in ended.out


def test_new_rules_are_taken_on_request(town: Place, rules: Path) -> None:
    """The verdict with the number of rules and the set; exit 0."""
    rules.write_text(rules.read_text("utf-8").replace("from 4.90 €", "from 5.90 €"), "utf-8")
    ended = town.run("rules", "reload")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("16 rules in force, set ")
    verdict = json.loads(town.run("rules", "reload", "--json").out)
    assert (verdict["loaded"], verdict["rules"], len(verdict["digest"]) >= 12) == (True, 16, True)
    assert "from 5.90 €" in town.run("simulate", "shipping").out


def test_broken_rules_are_refused_with_their_place(town: Place, rules: Path) -> None:
    """Findings as lint shows them; exit 1; the old set answers on, and health is degraded, exit 1."""
    rules.write_text(BROKEN)
    ended = town.run("rules", "reload")
    assert (ended.code, ended.err) == (1, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith("rules.d/10-shop.yaml:3:15  error  R003  ")
    assert "did you mean" in lines[1]
    assert lines[-1] == "Rejected: the server keeps the rules it had."
    verdict = json.loads(town.run("rules", "reload", "--json").out)
    assert verdict["loaded"] is False
    assert set(verdict["findings"][0]) == {"code", "severity", "file", "line", "column", "message", "hint"}
    assert town.run("simulate", SHIPPING).code == 0
    health = town.run("health", "--json")
    assert (health.code, json.loads(health.out)["checks"]["rules"]["status"]) == (1, "degraded")


def test_the_same_database_is_read_by_other_commands(town: Place) -> None:
    """They attach to the server's own embedded PostgreSQL."""
    town.run("simulate", "hi", "--as", "beside-2")
    listed = [json.loads(line) for line in town.run("conversations", "list", "--json").out.splitlines()]
    assert "beside-2" in {talk["igsid"] for talk in listed}


@pytest.mark.parametrize("command", [("health",), ("rules", "reload")])
def test_no_server_is_exit_3(bare: Place, command: tuple[str, ...]) -> None:
    """Nobody answers where the settings say; stdout stays empty for scripts."""
    ended = bare.run(*command, "--json", IGBOT_MANAGEMENT_PORT="1")
    assert (ended.code, ended.out) == (3, "")
    assert "no igbot server answers at http://127.0.0.1:1" in ended.err
    assert "Traceback" not in ended.err


def test_something_else_on_the_port_is_no_igbot(town: Place, bare: Place) -> None:
    """Another program's answers are not taken for health: here the sandbox, which says 404 in JSON."""
    run = runfile.read(town.data_dir)
    assert run is not None
    assert run.sandbox_url is not None
    port = run.sandbox_url.rpartition(":")[2]
    assert bare.run("health", IGBOT_MANAGEMENT_PORT=port).code == 3


def test_a_token_of_the_management_listener_has_to_be_known(place: Place) -> None:
    """Without it exit 2 with the setting's name; with it all commands work."""
    with place.serving(IGBOT_MANAGEMENT_TOKEN="known-to-us"):
        for command in (("health",), ("rules", "reload"), ("simulate", "hi")):
            without = place.run(*command)
            assert (without.code, without.out) == (2, "")
            assert "IGBOT_MANAGEMENT_TOKEN" in without.err
            assert place.run(*command, IGBOT_MANAGEMENT_TOKEN="known-to-us").code == 0
