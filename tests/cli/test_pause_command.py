"""`igbot pause` and `resume`, and those of conversations, beside a server that runs and without one."""

import json
from datetime import datetime
from typing import Any

import pytest

from igbot.cli.output import moment
from tests.cli.command import SECONDS, Place
from tests.store.processes import wait_for


def statuses(place: Place, igsid: str) -> list[str]:
    """How the replies to a customer stand."""
    talk = json.loads(place.run("conversations", "show", igsid, "--json").out)
    return [message["status"] for message in talk["messages"] if message["direction"] == "out"]


def changed(place: Place, *arguments: str) -> dict[str, Any]:
    """What a command says as JSON."""
    ended = place.run(*arguments, "--json", IGBOT_ENV="development")
    assert (ended.code, ended.err) == (0, "")
    result: dict[str, Any] = json.loads(ended.out)
    return result


def test_a_running_server_stops_and_goes_on_at_once(place: Place) -> None:
    """Messages are decided on meanwhile, and their replies wait."""
    with place.serving():
        [paused] = changed(place, "pause")["accounts"]
        assert (paused["name"], paused["waiting"], paused["halted_reason"]) == ("main", 0, None)
        assert set(paused) == {
            *("account", "name", "paused_at", "halted_reason", "send_after", "send_after_reason", "waiting"),
            *("was_paused_at", "was_halted"),
        }
        with place.start("simulate", "how much is shipping?", "--as", "eva") as said:
            wait_for(lambda: "reply_queued" in place.log)
            assert statuses(place, "eva") == ["queued"]
            told = place.run("pause", IGBOT_ENV="development").out
            assert "sends are paused, as they have been since" in told
            assert "1 reply waits" in told
            went_on = place.run("resume", "--account", "main", IGBOT_ENV="development")
            assert (went_on.code, "sends go on; 1 reply waits" in went_on.out) == (0, True)
            assert "Shipping is 4.90" in said.communicate(timeout=SECONDS)[0]
        wait_for(lambda: statuses(place, "eva") == ["sent"])


def test_a_person_takes_over_and_gives_back(place: Place) -> None:
    """The bot says nothing, and says so; afterwards it answers again."""
    with place.serving():
        assert place.run("simulate", "hello", "--as", "eva").code == 0
        stands = changed(place, "conversations", "pause", "eva", "--for", "2h")
        assert (stands["state"], stands["was_paused"], stands["cancelled"]) == ("paused", None, 0)
        assert "paused: a person answers" in place.run("simulate", "returns?", "--as", "eva").out
        told = place.run("conversations", "pause", "eva", IGBOT_ENV="development").out
        assert "The bot is silent for eva until" in told
        until = datetime.fromisoformat(stands["paused_until"])
        assert f", instead of until {moment(until)} (the operator had paused it)" in told
        assert "as it was already" not in told
        ended = place.run("conversations", "resume", "eva").out
        assert "The pause for eva has ended (the operator had paused it)" in ended
        assert "30 days to return" in place.run("simulate", "returns?", "--as", "eva").out
    again = place.run("conversations", "resume", "eva")
    assert (again.code, again.out) == (0, "The bot was not paused for eva; nothing has changed.\n")


@pytest.mark.parametrize("command", [("pause",), ("resume",), ("conversations", "pause", "eva"), ("outbox", "list")])
def test_without_a_database_nothing_can_be_done(bare: Place, command: tuple[str, ...]) -> None:
    """Exit 3, with where it was looked for."""
    ended = bare.run(*command, "--json", IGBOT_ENV="development")
    assert (ended.code, ended.out) == (3, "")
    assert "127.0.0.1:1/nobody" in ended.err


def test_what_is_not_there_is_said(place: Place) -> None:
    """An account that nobody knows, a customer who never wrote, a database in which no server has been."""
    new = place.run("pause")
    assert (new.code, new.err.splitlines()[0]) == (1, "error: no account is known yet in this database")
    place.run("simulate", "hello", "--as", "eva")
    unknown = place.run("pause", "--account", "nobody")
    assert (unknown.code, unknown.out) == (2, "")
    assert "there is no account nobody" in unknown.err
    stranger = place.run("conversations", "pause", "ben")
    assert (stranger.code, stranger.out) == (1, "")
    assert "no conversation with customer 'ben'" in stranger.err


@pytest.mark.parametrize("length", ["0s", "soon", "-1h", ""])
def test_a_pause_has_a_length(
    bare: Place, length: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is no time is exit 2, before anything is looked up."""
    assert bare.call("conversations", "pause", "eva", "--for", length, patch=monkeypatch) == 2
    assert "--for must be" in capsys.readouterr().err
