"""`igbot outbox`: dead letters for people and for scripts, sent again and dropped."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from tests.cli.command import SECONDS, Place
from tests.conftest import PostgresServer, _execute, _fresh_database, _run
from tests.store.processes import wait_for

KEYS = {"outbox_id", "igsid", "status", "attempts", "due_at", "reason", "code", "rule", "for_mid"}
KILL = "UPDATE outbox SET status = 'dead', mid = NULL, echoed_at = NULL, seen_at = NULL, reason = 'every try failed'"
DOUBT = """
INSERT INTO send_attempt (account_id, outbox_id, at, outcome)
SELECT account_id, outbox_id, now(), 'no answer' FROM outbox WHERE igsid = 'bea'
"""


@pytest.fixture
def shop(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place where the answers to eva and bea are dead; the one to bea may have reached her."""
    for url in _fresh_database(postgres_server, template=postgres_server.template):
        here = tmp_path_factory.mktemp("shop")
        (here / "data").mkdir()
        place = Place.furnished(here, here / "data", IGBOT_DATABASE_URL=url, IGBOT_ENV="development")
        for igsid in ("eva", "bea"):
            assert place.run("simulate", "how much is shipping?", "--as", igsid).code == 0
        _run(_execute(url, KILL))
        _run(_execute(url, DOUBT))
        yield place


def listed(place: Place, *arguments: str) -> list[dict[str, Any]]:
    """What `list --json` prints."""
    return [json.loads(line) for line in place.run("outbox", "list", "--json", *arguments).out.splitlines()]


def test_dead_letters_are_listed_sent_again_and_dropped(shop: Place) -> None:
    """By a person at the terminal, beside a running server."""
    bea, eva = listed(shop)
    assert set(bea) >= KEYS
    assert (bea["igsid"], bea["status"], bea["reason"], bea["rule"]) == (
        "bea",
        "dead",
        "every try failed",
        "shipping-cost",
    )
    assert bea["event"]["text"] == "how much is shipping?"
    table = shop.run("outbox", "list").out.splitlines()
    assert table[0].split("\t")[:3] == ["outbox_id", "customer", "status"]
    assert len(table) == 3
    with shop.serving():
        again = shop.run("outbox", "retry", "--all")
        assert again.code == 1
        assert f"{eva['outbox_id']}: queued again" in again.out
        assert f"{bea['outbox_id']}: left alone: the customer may have it already" in again.out
        assert "--even-if-sent has Meta asked for them" in again.err
        wait_for(lambda: [each["igsid"] for each in listed(shop, "--status", "sent")] == ["eva"])
        asked = shop.run("outbox", "retry", str(bea["outbox_id"]), "--even-if-sent", "--json")
        assert json.loads(asked.out) == {
            "outbox_id": bea["outbox_id"], "status": "unknown", "done": True, "doubtful": True, "why": None,
        }  # fmt: skip
        wait_for(lambda: len(listed(shop, "--status", "sent")) == 2)
    assert listed(shop) == []
    assert len(listed(shop, "--all")) == 2
    assert shop.run("outbox", "retry", str(bea["outbox_id"])).code == 1


async def _ends(url: str) -> list[datetime]:
    connection = await asyncpg.connect(url)
    try:
        return [row["finished_at"] for row in await connection.fetch("SELECT finished_at FROM outbox")]
    finally:
        await connection.close()


def test_several_are_dropped_only_if_that_is_said(shop: Place) -> None:
    """A script has nobody who could be asked; one reply by its number is no question."""
    held = shop.run("outbox", "drop", "--all")
    assert (held.code, held.out) == (2, "")
    assert "say --yes" in held.err
    bea, eva = listed(shop)
    one = shop.run("outbox", "drop", str(bea["outbox_id"]))
    told = f"{bea['outbox_id']}: dropped (the customer may have it: its outcome was never known)\n"
    assert (one.code, one.out) == (0, told)
    rest = shop.run("outbox", "drop", "--all", "--yes")
    assert (rest.code, rest.out) == (0, f"{eva['outbox_id']}: dropped\n")
    none = shop.run("outbox", "drop", "--all", "--yes")
    assert (none.code, none.out, none.err) == (0, "", "no reply is dead\n")
    assert shop.run("outbox", "list").err == "no reply is dead\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no terminal that a test could hold")
def test_replies_are_dropped_when_the_question_is_answered(shop: Place) -> None:
    """A person may think for a while: what is noted is when the replies ended."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "igbot", "outbox", "drop", "--all"]
    pipe, env = subprocess.PIPE, shop.environ({})
    with subprocess.Popen(command, stdin=theirs, stdout=pipe, stderr=pipe, cwd=shop.here, env=env) as process:
        os.close(theirs)
        assert process.stderr is not None
        question = b""
        while not question.endswith(b"[y/N]:") and (more := process.stderr.read(1)):
            question += more
        assert question == b"Drop 2 replies for ever? [y/N]:"
        asked_at = datetime.now(UTC)
        os.write(ours, b"y\n")
        process.communicate(timeout=SECONDS)
    os.close(ours)
    assert process.returncode == 0
    ended = _run(_ends(shop.settings["IGBOT_DATABASE_URL"]))
    assert len(ended) == 2
    assert min(ended) > asked_at


def test_replies_wait_where_sends_are_paused_and_that_is_said(shop: Place) -> None:
    """Whoever sends again must not wonder why nothing goes out."""
    assert shop.run("pause").code == 0
    eva = listed(shop)[1]
    again = shop.run("outbox", "retry", str(eva["outbox_id"]))
    assert again.code == 0
    assert "are paused by the operator: `igbot resume` lets them go on" in again.out


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (("list", "--status", "dead", "--all"), "one or the other"),
        (("list", "--status", "lost"), "--status"),
        (("retry",), "which replies?"),
        (("retry", "1", "--all"), "which replies?"),
        (("drop", "0"), "an outbox_id is a number above 0"),
        (("drop", "x"), "Invalid value"),
        (("drop", "1", "2"), "say --yes"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_looked_up(
    bare: Place,
    arguments: tuple[str, ...],
    wrong: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit 2."""
    assert bare.call("outbox", *arguments, patch=monkeypatch) == 2
    assert wrong in capsys.readouterr().err
