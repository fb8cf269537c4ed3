"""`igbot conversations` and `igbot archive`: what was said, live and archived, for people and for scripts."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cli.command import SECONDS, Place
from tests.conftest import PostgresServer, _fresh_database
from tests.store.processes import wait_for

TALK = {"account", "igsid", "username", "state", "paused_until", "last_at", "archived_at", "messages", "test"}
MESSAGE = {
    *("direction", "mid", "kind", "text", "at", "status", "echoed_at", "seen_at", "rule", "author", "test"),
    "deleted_at",
}


def listed(place: Place, *arguments: str) -> dict[str, dict[str, Any]]:
    """The conversations of `list --json` by customer."""
    ended = place.run("conversations", "list", "--json", *arguments)
    assert (ended.code, ended.err) == (0, "")
    return {talk["igsid"]: talk for talk in map(json.loads, ended.out.splitlines())}


def archived(place: Place, *arguments: str) -> dict[str, Any]:
    """What `archive --json` says."""
    ended = place.run("archive", "--json", *arguments)
    assert (ended.code, ended.err) == (0, "")
    result: dict[str, Any] = json.loads(ended.out)
    assert set(result) == {"archived", "messages", "remaining", "seconds"}
    return result


@pytest.fixture(scope="module")
def past(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a database in which eva asked for shipping and bea for a human, and nothing is left to be done."""
    for url in _fresh_database(postgres_server, template=postgres_server.template):
        here = tmp_path_factory.mktemp("past")
        (here / "data").mkdir()
        place = Place.furnished(here, here / "data", IGBOT_DATABASE_URL=url)
        with place.serving():
            assert place.run("simulate", "how much is shipping?", "--as", "eva").code == 0
            assert place.run("simulate", "a human please", "--as", "bea").code == 0
            wait_for(partial(_settled, place))
        yield urlsplit(url).path.removeprefix("/")


def _settled(place: Place) -> bool:
    """Whether the echoes and read receipts of all replies have come in."""
    talks = [json.loads(place.run("conversations", "show", igsid, "--json").out) for igsid in ("eva", "bea")]
    return all(m["echoed_at"] and m["seen_at"] for talk in talks for m in talk["messages"] if m["direction"] == "out")


@pytest.fixture
def shop(past: str, postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Place]:
    """A place with a copy of that past, and nobody running."""
    (tmp_path / "data").mkdir()
    for url in _fresh_database(postgres_server, template=past):
        yield Place.furnished(tmp_path, tmp_path / "data", IGBOT_DATABASE_URL=url)


def test_the_list_has_the_shape_of_the_contract(shop: Place) -> None:
    """JSON Lines, times in UTC, absent values null."""
    talks = listed(shop)
    assert set(talks) == {"eva", "bea"}
    assert all(set(talk) == TALK for talk in talks.values())
    eva, bea = talks["eva"], talks["bea"]
    assert (eva["state"], eva["paused_until"], eva["archived_at"], eva["username"]) == ("open", None, None, None)
    assert (eva["messages"], eva["test"]) == (2, False)
    assert bea["state"] == "paused"
    for moment in (eva["last_at"], bea["paused_until"]):
        assert datetime.fromisoformat(moment).utcoffset() == timedelta()
    assert list(listed(shop, "--limit", "1")) == ["bea"]


def test_one_conversation_shows_both_directions(shop: Place) -> None:
    """The same keys, with the messages in order."""
    ended = shop.run("conversations", "show", "eva", "--json")
    talk = json.loads(ended.out)
    assert set(talk) == TALK
    asked, answer = talk["messages"]
    assert set(asked) == set(answer) == MESSAGE
    assert (asked["direction"], asked["author"], asked["status"], asked["kind"]) == (
        "in",
        "customer",
        "received",
        "text",
    )
    assert (answer["direction"], answer["author"], answer["status"], answer["rule"]) == (
        "out",
        "bot",
        "sent",
        "shipping-cost",
    )
    assert asked["mid"] != answer["mid"]
    assert asked["echoed_at"] is None
    assert datetime.fromisoformat(answer["echoed_at"]).utcoffset() == timedelta()


def test_for_a_person_the_text_stands_beside_the_author(shop: Place) -> None:
    """Lists are tabs where nobody looks, texts one line each."""
    shown = shop.run("conversations", "show", "bea").out
    assert "paused until" in shown.splitlines()[0]
    assert "customer" in shown
    assert "rule want-human" in shown
    lines = shop.run("conversations", "list").out.splitlines()
    assert lines[0].split("\t")[:3] == ["customer", "state", "messages"]
    assert lines[1].split("\t")[0] == "bea"


def test_a_customer_cannot_write_into_the_terminal(place: Place) -> None:
    """Escape sequences and marks that turn the direction of writing are shown, not obeyed; emoji stay whole."""
    family = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
    nasty = f"hi \x1b]0;owned\x07 \u202eevil {family}"
    said = place.run("simulate", nasty, "--as", "mallory")
    shown = place.run("conversations", "show", "mallory")
    assert (said.code, shown.code) == (0, 0)
    for out in (said.out, shown.out):
        assert not set(out) & {"\x1b", "\x07", "\u202e"}
        assert "\\x1b]0;owned\\x07" in out
        assert family in out


def test_somebody_unknown_is_exit_1(shop: Place) -> None:
    """The thing asked for is not there; stdout stays empty."""
    ended = shop.run("conversations", "show", "nobody", "--json")
    assert (ended.code, ended.out) == (1, "")
    assert "there is no conversation with nobody" in ended.err


def test_archived_conversations_are_still_reached(shop: Place) -> None:
    """Not in the live list, but in `--archived`, `--all` and `show`; a new message makes it live with its past."""
    assert archived(shop, "--older-than", "0s")["archived"] == 2
    assert listed(shop) == {}
    assert set(listed(shop, "--archived")) == set(listed(shop, "--all")) == {"eva", "bea"}
    talk = json.loads(shop.run("conversations", "show", "eva", "--json").out)
    assert talk["archived_at"] is not None
    assert len(talk["messages"]) == 2
    shop.run("simulate", "hola", "--as", "eva")
    assert listed(shop)["eva"]["messages"] == 4
    assert set(listed(shop, "--archived")) == {"bea"}


def test_a_dry_run_counts_and_changes_nothing(shop: Place) -> None:
    """What would be archived is `remaining`."""
    counted = archived(shop, "--older-than", "0s", "--dry-run")
    assert (counted["archived"], counted["messages"], counted["remaining"]) == (0, 4, 2)
    assert len(listed(shop)) == 2
    told = shop.run("archive", "--older-than", "0s", "--dry-run")
    assert told.out.startswith("2 conversations would be archived, 4 messages, in ")


def test_only_what_is_idle_long_enough_is_archived(shop: Place) -> None:
    """30 days unless said otherwise; a second run finds nothing."""
    assert archived(shop)["archived"] == 0
    assert archived(shop, "--older-than", "0s")["messages"] == 4
    assert archived(shop, "--older-than", "0s")["archived"] == 0


def test_two_at_once_archive_everything_once(shop: Place) -> None:
    """Whoever comes second leaves what the first has in hand."""
    running = [shop.start("archive", "--older-than", "0s", "--json") for _ in range(2)]
    ended = [(process.communicate(timeout=SECONDS), process.returncode) for process in running]
    assert [code for _, code in ended] == [0, 0]
    assert sum(json.loads(out)["archived"] for (out, _), _ in ended) == 2
    assert listed(shop) == {}


def test_a_script_sees_no_progress_bar(shop: Place) -> None:
    """Piped, stderr stays empty and stdout is one line."""
    ended = shop.run("archive", "--older-than", "0s")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0].startswith("2 conversations archived, 4 messages, in ")
    assert len(ended.out.splitlines()) == 1


@pytest.mark.parametrize("age", ["soon", "30", "-1d", "", "9999999w"])
def test_what_is_no_time_is_refused(
    bare: Place, age: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 with the option's name."""
    assert bare.call("archive", "--older-than", age, patch=monkeypatch) == 2
    assert "--older-than must be" in capsys.readouterr().err


def test_without_a_database_nothing_can_be_looked_up(bare: Place) -> None:
    """Exit 3 with where it was looked for, once and without a traceback."""
    commands = (("archive",), ("conversations", "list"), ("conversations", "show", "eva"))
    for process in [bare.start(*command, "--json") for command in commands]:
        out, err = process.communicate(timeout=SECONDS)
        assert (process.returncode, out) == (3, "")
        assert "127.0.0.1:1/nobody" in err
        assert err.count("error:") == 1
        assert "Traceback" not in err
