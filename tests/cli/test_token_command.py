"""`igbot token`: tokens come by standard input and are never shown; what is wrong is told by the contract's codes."""

import asyncio
import io
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet

from igbot.accounts.vault import LONGEST
from igbot.sandbox.app import make_app
from igbot.sandbox.faults import ErrorFault, FaultRule, HtmlFault, Match
from igbot.sandbox.graph import Sandbox
from igbot.sandbox.options import SandboxSettings
from tests.cli.command import Ended, Place

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
ACCOUNT, PAGE = "17841400000000777", "100200300400500"
TOKEN, OTHERS = "canary-token-0123456789", "canary-of-another-0123456789"
STATE = {
    *("account", "account_id", "login", "origin", "stored_at", "refreshed_at", "expires_at", "days_left"),
    *("checked_at", "confirmed_at", "trouble"),
}


@dataclass
class Office:
    """Where the shop's owner types, Meta's stand-in, and the database."""

    place: Place
    sandbox: Sandbox
    database: "asyncpg.Connection[Any]"

    async def runs(self, *arguments: str, typed: str = "", **changes: str) -> Ended:
        """`igbot token …`, in which no token is ever shown."""
        ended = await asyncio.to_thread(self.place.run, "token", *arguments, typed=typed, **changes)
        row = await self.database.fetchrow("SELECT sealed, previous, source_digest FROM access_token")
        for value in (TOKEN, OTHERS, OLD, NEW, *(row.values() if row else ())):
            assert not value or value not in ended.out + ended.err
        assert "Traceback" not in ended.err
        return ended

    async def states(self, **changes: str) -> tuple[int, list[dict[str, Any]]]:
        """What `status --json` says, and its exit code."""
        ended = await self.runs("status", "--json", **changes)
        found: list[dict[str, Any]] = json.loads(ended.out)["accounts"]
        assert all(set(each) == STATE for each in found)
        return ended.code, found


@pytest.fixture
async def office(place: Place, database_url: str) -> AsyncIterator[Office]:
    """An account of Instagram login, whose one token Meta knows."""
    play = Sandbox(SandboxSettings(account_ids=(ACCOUNT, PAGE), access_token=TOKEN, app_secret="office-secret"))
    database = await asyncpg.connect(database_url)
    async with TestServer(make_app(play)) as graph:
        settings = {
            **place.settings,
            "IGBOT_ENV": "development",
            "IGBOT_LOGIN": "instagram",
            "IGBOT_ACCOUNT_ID": f"{ACCOUNT},{PAGE}",
            "IGBOT_GRAPH_URL": str(graph.make_url("")).rstrip("/"),
            "IGBOT_ENCRYPTION_KEY": OLD,
        }
        yield Office(Place(place.here, place.data_dir, settings), play, database)
    await database.close()


async def test_a_token_is_given_by_standard_input_and_seen_in_the_status(office: Office) -> None:
    """Before any server has run: Meta says whose it is, it is sealed, and the table tells all but its value."""
    code, [before] = await office.states()
    assert (code, before["trouble"], before["account"]) == (1, "no token is stored", "main")
    given = await office.runs("set", typed=f"{TOKEN}\n")
    assert (given.code, given.err) == (0, "")
    assert given.out == f"main ({ACCOUNT}): the token is stored; Meta says that it is this account's.\n"
    code, [state] = await office.states()
    assert (code, state["account_id"], state["login"], state["origin"]) == (0, ACCOUNT, "instagram", "command")
    assert (state["trouble"], state["expires_at"], state["days_left"]) == (None, None, None)
    assert state["stored_at"] == state["confirmed_at"] is not None
    table = await office.runs("status")
    heads, row = (line.split("\t") for line in table.out.splitlines())
    assert dict(zip(heads, row, strict=True))["ends"] == "not known"


async def test_another_accounts_token_is_refused(office: Office) -> None:
    """Named by its ids, and nothing is stored; so is one that Meta does not know for a token."""
    refused = await office.runs("set", typed=TOKEN, IGBOT_ACCOUNT_ID="17841499999999999")
    assert (refused.code, refused.out) == (1, "")
    assert f"belongs to another account ({PAGE}, {ACCOUNT})" in refused.err
    dead = await office.runs("set", typed=OTHERS)
    assert (dead.code, dead.out) == (1, "")
    assert "Meta does not take this token" in dead.err
    assert await office.database.fetchval("SELECT count(*) FROM access_token") == 0


async def test_where_meta_cannot_say_whose_it_is_the_token_is_stored_with_a_warning(office: Office) -> None:
    """An outage is no reason to be without one."""
    office.sandbox.faults.add([FaultRule(match=Match(), times=None, fault=HtmlFault(status=503))])
    given = await office.runs("set", "--json", typed=TOKEN)
    assert given.code == 0
    assert json.loads(given.out) == {"account": "main", "account_id": ACCOUNT, "confirmed": False}
    assert "whose it is could not be checked" in given.err
    away = await office.runs("set", typed=TOKEN, IGBOT_GRAPH_URL="http://127.0.0.1:1")
    assert away.code == 0
    assert "Meta cannot be reached" in away.err
    assert (await office.states())[1][0]["confirmed_at"] is None


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("", "is empty"),
        (f"{TOKEN}\n{TOKEN}\n", "has a line break inside"),
        (f" {TOKEN}", "has a blank"),
        (f"{TOKEN}\u00e4", "has a character that no token has"),
        ("E" * (LONGEST + 1), "is longer than"),
    ],
)
def test_what_is_no_token_is_refused(
    bare: Place, typed: str, wrong: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 before anything is asked or opened, and not a word of what was given."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert bare.call("token", "set", "--env", "development", patch=monkeypatch) == 2
    told = capsys.readouterr()
    assert wrong in told.err
    assert TOKEN not in told.out + told.err


def test_a_token_is_no_argument(
    bare: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would stand in the list of processes and in the shell's history."""
    assert bare.call("token", "set", "EAAsomething", "--env", "development", patch=monkeypatch) == 2
    assert "unexpected extra argument" in capsys.readouterr().err


async def test_a_refresh_tells_until_when_the_token_lasts(office: Office) -> None:
    """Not before it is a day old, unless it is forced; by another token, of which the database keeps one in the end."""
    office.sandbox.configure(new_token=True)
    await office.runs("set", typed=TOKEN)
    young = await office.runs("refresh")
    assert young.code == 0
    assert "only tokens older than 24 hours" in young.out
    assert "--force" in young.out
    done = await office.runs("refresh", "--force", "--json")
    [shape] = json.loads(done.out)["accounts"]
    assert (done.code, shape["refreshed"], shape["changed"], shape["confirmed"]) == (0, True, True, True)
    assert set(shape) == {
        *("account", "account_id", "refreshed", "changed", "confirmed", "expires_at", "reason"),
    }
    code, [state] = await office.states()
    assert (code, state["days_left"], state["expires_at"]) == (0, 59, shape["expires_at"])
    assert await office.database.fetchval("SELECT previous FROM access_token") is None


async def test_a_refresh_that_meta_refuses_is_exit_1_and_one_that_it_cannot_answer_exit_3(office: Office) -> None:
    """The old token stays."""
    await office.runs("set", typed=TOKEN)
    refused = ErrorFault(code=10, status=403, message="no permission")
    office.sandbox.faults.add([FaultRule(match=Match(route="refresh"), times=1, fault=refused)])
    ended = await office.runs("refresh", "--force")
    assert (ended.code, ended.out) == (1, "")
    assert "no permission" in ended.err
    away = await office.runs("refresh", "--force", IGBOT_GRAPH_URL="http://127.0.0.1:1")
    assert (away.code, away.out) == (3, "")
    assert "Meta cannot be reached" in away.err
    assert (await office.states())[0] == 0


async def test_a_page_token_has_nothing_to_refresh(office: Office) -> None:
    """It has no date."""
    await office.runs("set", typed=TOKEN, IGBOT_LOGIN="facebook")
    ended = await office.runs("refresh", IGBOT_LOGIN="facebook")
    assert ended.code == 0
    assert "nothing is to be refreshed" in ended.out


async def test_after_rekey_the_old_key_can_go(office: Office) -> None:
    """The new key in front, `rekey`, the old one away; without `rekey` the token would be lost, and is said to be."""
    await office.runs("set", typed=TOKEN)
    assert (await office.states(IGBOT_ENCRYPTION_KEY=NEW))[0] == 1
    done = await office.runs("rekey", IGBOT_ENCRYPTION_KEY=f"{NEW},{OLD}")
    assert (done.code, done.err) == (0, "")
    assert done.out == "2 values of 1 account sealed again\n"
    code, [state] = await office.states(IGBOT_ENCRYPTION_KEY=NEW)
    assert (code, state["trouble"]) == (0, None)


async def test_what_no_key_opens_is_named_by_rekey(office: Office) -> None:
    """Exit 1, whose and what, and the way out."""
    await office.runs("set", typed=TOKEN)
    await office.database.execute("UPDATE access_token SET sealed = overlay(sealed PLACING 'x' FROM 60)")
    done = await office.runs("rekey", "--json")
    assert done.code == 1
    assert json.loads(done.out)["left"] == [{"account_id": ACCOUNT, "what": "the token"}]
    assert f"{ACCOUNT}: the token was left as it is" in done.err
    assert "igbot token set" in done.err
    code, [state] = await office.states()
    assert (code, state["trouble"]) == (
        1,
        "the stored access token cannot be opened with any key of IGBOT_ENCRYPTION_KEY",
    )


async def test_of_several_accounts_one_has_to_be_named(office: Office) -> None:
    """By its name in config/ or by any of its ids; the status shows all."""
    config = office.place.here / "config"
    config.mkdir()
    other = "accounts:\n  - {name: madrid, ids: [17841400000000888], login: instagram, token: IGBOT_TOKEN_MADRID}\n"
    (config / "base.yaml").write_text(other, encoding="utf-8")
    vague = await office.runs("set", typed=TOKEN)
    assert (vague.code, vague.out) == (2, "")
    assert "there are several accounts: main, madrid" in vague.err
    assert (await office.runs("set", "--account", PAGE, typed=TOKEN)).code == 0
    nobody = await office.runs("refresh", "--account", "nobody")
    assert nobody.code == 2
    assert "there is no account nobody" in nobody.err
    code, found = await office.states()
    assert (code, [each["account"] for each in found]) == (1, ["main", "madrid"])
    assert [each["trouble"] for each in found] == [None, "no token is stored"]


def test_without_a_database_nothing_can_be_said(bare: Place) -> None:
    """Exit 3, once and without a traceback."""
    settings = {"IGBOT_ENV": "development", "IGBOT_ENCRYPTION_KEY": OLD}
    commands = (("status", "--json"), ("refresh",), ("rekey",))
    for process in [bare.start("token", *command, **settings) for command in commands]:
        out, err = process.communicate(timeout=100)
        assert (process.returncode, out) == (3, "")
        assert err.count("error:") == 1
        assert "Traceback" not in err


def test_without_a_key_nothing_can_be_sealed(
    bare: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In production no key is made up; exit 2."""
    assert bare.call("token", "rekey", "--env", "production", patch=monkeypatch) == 2
    assert "IGBOT_ENCRYPTION_KEY is not set" in capsys.readouterr().err
    assert not list(bare.data_dir.glob("*.key"))
