"""`igbot rules replay` and `igbot rules gaps`: what came in, decided again, without a server."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from igbot.rules.loading import load_rules
from igbot.rules.model import RuleFile
from tests.cli.command import Place
from tests.conftest import PostgresServer, _fresh_database

SAID = ("how much is shipping?", "do you have gift cards", "any gift cards?", "returns")


@pytest.fixture(scope="module")
def shop(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place where customers have written, and nobody is running; and a folder of changed rules."""
    for url in _fresh_database(postgres_server, template=postgres_server.template):
        here = tmp_path_factory.mktemp("shop")
        (here / "data").mkdir()
        place = Place.furnished(here, here / "data", IGBOT_DATABASE_URL=url, IGBOT_ENV="development")
        ended = place.run("simulate", "--as", "9000000000000001", typed="\n".join(SAID) + "\n")
        assert ended.code == 0, ended.err
        (here / "new").mkdir()
        changed = place.rules.read_text(encoding="utf-8").replace("name: returns\n", "name: refunds\n")
        gift = '  - {name: gift-cards, keywords: [gift cards], reply: "Yes, from 20 €."}\n'
        (here / "new" / "10-shop.yaml").write_text(changed + gift, encoding="utf-8")
        yield place


def test_by_the_rules_in_force_nothing_changes(shop: Place) -> None:
    """One line; a script sees nothing else."""
    ended = shop.run("rules", "replay")
    assert (ended.code, ended.out, ended.err) == (0, "4 messages: 4 same\n", "")


def test_changed_answers_are_shown_with_examples(shop: Place) -> None:
    """The summary, then each group."""
    ended = shop.run("rules", "replay", "--since", "1d", "--rules", "new")
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0] == (
        "4 messages: 1 same, 2 now answered by gift-cards (were fallback), 1 lost from returns → refunds"
    )
    assert lines[2] == "2 now answered by gift-cards (were fallback)"
    assert lines[3].startswith("  do you have gift cards  m_simulated_")
    assert lines[6] == "1 lost from returns → refunds"


def test_the_json_is_one_object_with_times_in_utc(shop: Place) -> None:
    """For scripts; absent values null."""
    found = json.loads(shop.run("rules", "replay", "--rules", "new", "--json").out)
    assert set(found) == {"since", "digest", "messages", "same", "left_out", "changed"}
    assert datetime.fromisoformat(found["since"]).utcoffset() == timedelta()
    assert (found["messages"], found["same"], found["left_out"]) == (4, 1, {})
    first = found["changed"][0]
    assert first["was"] == {"reason": "fallback", "rule": None, "silent": False}
    assert first["now"] == {"reason": "rule", "rule": "gift-cards", "silent": False}
    assert set(first["examples"][0]) == {"mid", "igsid", "at", "text"}


def test_gaps_come_with_a_rule_that_can_be_pasted(shop: Place) -> None:
    """Below `rules:` as it stands there; by then it is no gap any more."""
    ended = shop.run("rules", "gaps")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[:3] == ["4 messages, 2 that no rule answers", "", "2 messages"]
    assert [line.split("  m_")[0] for line in lines[3:5]] == ["  # any gift cards?", "  # do you have gift cards"]
    rule = "\n".join(lines[5:]) + "\n"
    whole = shop.rules.read_text(encoding="utf-8") + rule
    loaded = load_rules([RuleFile("10-shop.yaml", whole.encode())])
    assert loaded.ruleset is not None
    assert [each.name for each in loaded.rules if not each.enabled] == ["gift-cards"]
    assert shop.run("rules", "gaps", "--rules", "new").out == "4 messages, none that no rule answers\n"


def test_gaps_for_scripts(shop: Place) -> None:
    """One object; `--limit` cuts it."""
    found = json.loads(shop.run("rules", "gaps", "--json", "--limit", "1").out)
    assert set(found) == {"since", "messages", "unanswered", "beyond", "groups"}
    [group] = found["groups"]
    assert (group["count"], group["name"], group["keywords"]) == (2, "gift-cards", ["gift cards"])
    assert group["rule"].startswith("- name: gift-cards\n")


@pytest.mark.parametrize("command", ["replay", "gaps"])
def test_rules_that_cannot_be_used_are_exit_1(
    bare: Place, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the place of what is wrong, before any database is asked for."""
    (tmp_path / "bad.yaml").write_text("version: 1\nrules: [{name: a}]\n")
    code = bare.call("rules", command, "--rules", "bad.yaml", patch=monkeypatch, IGBOT_ENV="development")
    assert code == 1
    assert "bad.yaml:2:16" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["replay", "gaps"])
@pytest.mark.parametrize("given", [("--since", "soon"), ("--rules", "nowhere")])
def test_what_is_no_time_or_no_folder_is_exit_2(
    bare: Place,
    command: str,
    given: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The option or the folder is named."""
    assert bare.call("rules", command, *given, patch=monkeypatch, IGBOT_ENV="development") == 2
    err = capsys.readouterr().err
    assert given[0] in err or given[1] in err


@pytest.mark.parametrize("command", ["replay", "gaps"])
def test_an_account_that_nobody_knows_is_exit_2(shop: Place, command: str) -> None:
    """Those there are, are named."""
    ended = shop.run("rules", command, "--account", "nobody")
    assert (ended.code, ended.out) == (2, "")
    assert "there is no account nobody" in ended.err
    assert "known are: " in ended.err


@pytest.mark.parametrize("command", ["replay", "gaps"])
def test_without_a_database_nothing_can_be_decided_again(bare: Place, command: str) -> None:
    """Exit 3 with where it was looked for."""
    ended = bare.run("rules", command, IGBOT_ENV="development")
    assert (ended.code, ended.out) == (3, "")
    assert "127.0.0.1:1/nobody" in ended.err
