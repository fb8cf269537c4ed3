"""`igbot why`: one message explained, for people and for scripts, without a server."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cli.command import Place
from tests.conftest import PostgresServer, _fresh_database


@pytest.fixture(scope="module")
def shop(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Any]]:
    """A place where shipping was asked for and answered, what `simulate` said of it, and nobody running."""
    for url in _fresh_database(postgres_server, template=postgres_server.template):
        here = tmp_path_factory.mktemp("shop")
        (here / "data").mkdir()
        place = Place.furnished(here, here / "data", IGBOT_DATABASE_URL=url, IGBOT_ENV="development")
        ended = place.run("simulate", "how much is shipping?", "--as", "eva", "--json")
        yield place, json.loads(ended.out)


def test_the_json_has_the_shape_of_the_contract(shop: tuple[Place, Any]) -> None:
    """One object; times in UTC, absent values null."""
    place, said = shop
    ended = place.run("why", said["mid"], "--json")
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert set(found) == {"message", "decision", "replies"}
    assert (found["message"]["mid"], found["message"]["igsid"]) == (said["mid"], "eva")
    assert {key: found["decision"][key] for key in said["decision"]} == said["decision"]
    assert all(set(each) == {"rule", "fits", "because", "order"} for each in found["decision"]["considered"])
    assert {each["rule"] for each in found["decision"]["considered"]} >= {"shipping-cost", "returns", "fallback"}
    [reply] = found["replies"]
    assert {key: reply[key] for key in said["replies"][0]} == said["replies"][0]
    [call] = reply["attempts"]
    assert set(call) == {"at", "outcome", "code", "subcode", "fbtrace_id"}
    assert (call["outcome"], call["code"]) == ("sent", None)
    assert datetime.fromisoformat(call["at"]).utcoffset() == timedelta()


def test_our_answers_mid_will_do_as_well(shop: tuple[Place, Any]) -> None:
    """As an operator has it from a log line or from Meta."""
    place, said = shop
    asked, answered = place.run("why", said["mid"], "--json"), place.run("why", said["replies"][0]["mid"], "--json")
    assert (answered.code, json.loads(answered.out)) == (0, json.loads(asked.out))


def test_piped_it_is_a_fact_a_line(shop: tuple[Place, Any]) -> None:
    """The first column says what about."""
    place, said = shop
    lines = [line.split("\t") for line in place.run("why", said["mid"]).out.splitlines()]
    assert {line[0] for line in lines} == {"message", "decision", "considered", "reply", "attempt", "event"}
    assert ["decision", "rule", "shipping-cost"] in lines
    [reply] = [line for line in lines if line[0] == "reply"]
    assert (reply[2], reply[5]) == ("sent", said["replies"][0]["mid"])


def test_on_a_terminal_it_reads_from_the_question_to_the_call(
    shop: tuple[Place, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Question, rule, what was considered, answer, calls."""
    place, said = shop
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert place.call("why", said["mid"], patch=monkeypatch, NO_COLOR="1", COLUMNS="160") == 0
    out = capsys.readouterr().out
    parts = ("how much is shipping?", "rule shipping-cost", "still in force", "returns")
    wanted = (*parts, "Shipping is 4.90", "what happened")
    assert [out.index(words) for words in wanted] == sorted(out.index(words) for words in wanted)
    assert "\x1b" not in out


def test_a_mid_that_nobody_knows_is_exit_1(shop: tuple[Place, Any]) -> None:
    """With a way to find the right one; stdout stays empty."""
    ended = shop[0].run("why", "m_nothing", "--json")
    assert (ended.code, ended.out) == (1, "")
    assert "there is no message m_nothing" in ended.err
    assert "hint: " in ended.err


def test_without_a_database_it_cannot_be_looked_up(bare: Place) -> None:
    """Exit 3 with where it was looked for."""
    ended = bare.run("why", "m_1", IGBOT_ENV="development")
    assert (ended.code, ended.out) == (3, "")
    assert "127.0.0.1:1/nobody" in ended.err
