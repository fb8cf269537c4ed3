"""`igbot simulate` with the bot opened for the occasion: what it prints, every option, and what it refuses."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from igbot.cli.said import KINDS
from igbot.sandbox.customer import customer_message, delivery_body
from igbot.settings import sandbox_values
from tests.cli.command import Place
from tests.cli.odd_answers import odd

SHIPPING = "how much is shipping?"


def answered(place: Place, *arguments: str, **changes: str) -> dict[str, Any]:
    """What `simulate --json` says, after it went well and quietly."""
    ended = place.run("simulate", *arguments, "--json", **changes)
    assert (ended.code, ended.err) == (0, "")
    answer: dict[str, Any] = json.loads(ended.out)
    return answer


def test_nothing_but_python_is_needed(home: Place) -> None:
    """With no setting at all: the embedded database, the sample rules, a reply, the rule, and why."""
    ended = home.run("simulate", SHIPPING)
    assert ended.code == 0, ended.err
    assert "Shipping is 4.90 €" in ended.out
    assert "[1] Spain / España   [2] EU / UE" in ended.out
    assert 'rule      shipping-cost: word "how much"' in ended.out
    assert "\x1b" not in ended.out


def test_json_has_the_shape_of_the_contract(place: Place) -> None:
    """Exactly the keys scripts may rely on."""
    answer = answered(place, SHIPPING, "--as", "9000000000000001")
    assert set(answer) == {"mid", "igsid", "decision", "replies", "seconds"}
    assert answer["igsid"] == "9000000000000001"
    assert set(answer["decision"]) == {"reason", "rule", "digest"}
    assert (answer["decision"]["reason"], answer["decision"]["rule"]) == ("rule", "shipping-cost")
    (reply,) = answer["replies"]
    assert set(reply) == {"text", "quick_replies", "status", "mid"}
    assert reply["status"] == "sent"
    assert reply["mid"]
    assert reply["quick_replies"][0] == {"title": "Spain / España", "payload": "SHIP_ES"}
    assert 0 < answer["seconds"] < 30


def test_each_run_is_a_customer_of_its_own_unless_named(place: Place) -> None:
    """`--as` goes on where the last run of that customer ended: here, paused by a hand-off."""
    first, second = answered(place, "hi"), answered(place, "hi")
    assert first["igsid"] != second["igsid"]
    assert answered(place, "a human please", "--as", "eva")["decision"]["rule"] == "want-human"
    again = answered(place, SHIPPING, "--as", "eva")
    assert (again["decision"]["reason"], again["replies"]) == ("paused", [])


@pytest.mark.parametrize(
    ("kind", "rule"),
    [("story_mention", "story-mention"), ("quick_reply", "shipping-country"), ("image", "fallback")],
)
def test_other_kinds_of_messages_can_be_sent(place: Place, kind: str, rule: str) -> None:
    """A button's TEXT is its payload."""
    assert answered(place, "SHIP_ES", "--kind", kind)["decision"]["rule"] == rule


def test_a_message_without_words_needs_no_text(place: Place) -> None:
    """`--kind image` alone is one message, no chat."""
    assert answered(place, "--kind", "image")["decision"]["reason"] == "fallback"


def test_at_is_when_it_is_written_and_answered(place: Place) -> None:
    """Schedules and dates decide for that time, before now and after it; it is the shop's own where it names no zone.

    The 24 hours of Meta are those of that day as well.
    """
    monday = answered(place, "are you open?", "--at", "2026-11-23T13:30")
    assert monday["decision"]["rule"] == "open-now"
    assert answered(place, "are you open?", "--at", "2026-11-23T15:30")["decision"]["rule"] == "opening-hours"
    assert answered(place, "are you open?", "--at", "2026-11-23T12:30:00+00:00")["decision"]["rule"] == "open-now"
    assert answered(place, "are you open?", "--at", "2024-01-03T11:00")["decision"]["rule"] == "open-now"
    sunday = answered(place, "are you open?", "--at", "2026-11-22T11:00", IGBOT_TIMEZONE="Europe/Madrid")
    assert sunday["decision"]["rule"] == "opening-hours"
    assert sunday["replies"][0]["status"] == "sent"


def test_a_delivery_of_the_day_before_yesterday_is_too_old(place: Place) -> None:
    """After 24 hours Meta lets nobody answer; that is said in words."""
    long_ago = datetime.now(UTC) - timedelta(hours=48)
    path = place.here / "old.json"
    item = customer_message("777", sandbox_values.ACCOUNT_ID, at=long_ago, mid="m_old", text=SHIPPING)
    path.write_bytes(delivery_body([item], sandbox_values.ACCOUNT_ID, at=long_ago))
    answer = answered(place, "--payload", str(path))
    assert answer["decision"] == {"reason": "window_closed", "rule": None, "digest": None}
    assert answer["replies"] == []
    ended = place.run("simulate", "--payload", str(path))
    assert "no reply  window_closed: Meta lets nobody answer so long after the customer wrote" in ended.out
    assert "no rule set" in ended.out


def test_pictures_and_buttons_are_shown(place: Place) -> None:
    """Buttons are numbered throughout the answer: inside a message with what they lead to, under it in one line."""
    ended = odd(place).run("simulate", "lookbook")
    assert ended.out.splitlines()[1:7] == [
        "bot       [image] https://lola.example/look.jpg",
        "bot       More?",
        "          [1] All → https://lola.example/all",
        "          [2] Talk → TALK",
        "bot       Or?",
        "          [3] Prices",
    ]


def test_json_has_pictures_and_buttons_where_there_are_some(place: Place) -> None:
    """As further keys; a plain reply has the contract's only."""
    picture, more, plain = answered(odd(place), "lookbook")["replies"]
    assert picture["attachment"] == {"type": "image", "url": "https://lola.example/look.jpg"}
    assert [button["payload"] for button in more["buttons"]] == [None, "TALK"]
    assert set(plain) == {"text", "quick_replies", "status", "mid"}


def test_what_was_asked_back_is_told(place: Place) -> None:
    """Where two rules are equally good: the labels for people, the rules' names for scripts."""
    asked = answered(odd(place), "wool", "--as", "asked")
    assert (asked["decision"]["rule"], asked["decision"]["asked"]) == (None, ["coats", "scarves"])
    ended = place.run("simulate", "wool")
    assert "rule      asked which one is meant: Coats or Scarves\n" in ended.out
    why = place.run("why", asked["mid"], IGBOT_ENV="development")
    assert "decision\tasked\tasked which one is meant: Coats or Scarves\n" in why.out


def test_why_a_rule_that_won_is_silent_is_told(place: Place) -> None:
    """Its limit, a hand-off without a word, or that it has nothing to say."""
    odd(place)
    place.run("simulate", "psst", "--as", "ana")
    silent = answered(place, "psst", "--as", "ana")
    assert silent["decision"]["withheld"] == "limit: 1 answer within 1h, used up"
    assert "no reply  limit: 1 answer within 1h, used up\n" in place.run("simulate", "psst", "--as", "ana").out
    assert answered(place, "TALK", "--kind", "postback")["decision"]["handed_off"] is True
    talk = place.run("simulate", "TALK", "--kind", "postback")
    assert "no reply  handed to a person, without a word\n" in talk.out
    assert "no reply  marked has nothing to say\n" in place.run("simulate", "mark").out


def two_accounts(place: Place) -> Place:
    """There is a second account, with an answer of its own."""
    (place.here / "config").mkdir()
    config = "accounts: [{name: madrid, ids: ['17841400000000888', '28970000000000888'], token: IGBOT_TOKEN_MADRID}]\n"
    (place.here / "config" / "base.yaml").write_text(config, encoding="utf-8")
    rules = "version: 1\naccounts: [madrid]\nrules: [{name: madrid-hi, keywords: [hi], priority: 9, reply: Olé}]\n"
    (place.here / "rules.d" / "20-madrid.yaml").write_text(rules, encoding="utf-8")
    changes = {"IGBOT_TOKEN_MADRID": "EAAmadrid", "IGBOT_ACCOUNT_ID": sandbox_values.ACCOUNT_ID}
    return replace(place, settings={**place.settings, **changes})


def test_the_account_that_is_written_to_answers(place: Place) -> None:
    """By its name or any of its ids; unless one is named it is the first."""
    place = two_accounts(place)
    for account in ("madrid", "17841400000000888", "28970000000000888"):
        assert answered(place, "hi", "--account", account)["decision"]["rule"] == "madrid-hi"
    for first in ((), ("--account", "main")):
        assert answered(place, "hi", *first)["decision"]["rule"] == "hello"
    ended = place.run("simulate", "hi", "--account", "porto")
    assert (ended.code, "there is no account porto" in ended.err, "main, madrid" in ended.err) == (2, True, True)


def _payload(place: Place, *texts: str, account: str = sandbox_values.ACCOUNT_ID) -> str:
    now = datetime.now(UTC)
    items = [
        customer_message("777", account, at=now, mid=f"m_/odd?#%41 {number}", text=text)
        for number, text in enumerate(texts)
    ]
    path = place.here / "webhook.json"
    path.write_bytes(delivery_body(items, account, at=now))
    return str(path)


def test_a_webhook_from_a_file_is_answered_message_by_message(place: Place) -> None:
    """One line of JSON each, whatever characters a message id holds."""
    ended = place.run("simulate", "--payload", _payload(place, SHIPPING, "hola"), "--json")
    answers = [json.loads(line) for line in ended.out.splitlines()]
    assert [answer["decision"]["rule"] for answer in answers] == ["shipping-cost", "hello"]
    assert [answer["mid"] for answer in answers] == ["m_/odd?#%41 0", "m_/odd?#%41 1"]


@pytest.mark.parametrize("body", [b"no JSON at all", b"[]", b'{"object":"instagram","entry":[]}'])
def test_a_webhook_without_a_message_to_us_is_kept_and_that_is_said(place: Place, body: bytes) -> None:
    """Exit 0: Meta would get its 200 as well. JSON keeps its shape, with nothing in it."""
    path = place.here / "webhook.json"
    path.write_bytes(body)
    ended = place.run("simulate", "--payload", str(path), "--json")
    assert ended.code == 0
    assert "nothing is decided" in ended.err
    found = json.loads(ended.out)
    assert (found["mid"], found["decision"], found["replies"]) == (None, None, [])
    assert set(found) == {"mid", "igsid", "decision", "replies", "seconds"}


def test_without_any_rules_it_does_not_wait_for_ever(place: Place) -> None:
    """A folder that is missing, and no good set of an earlier day: said within seconds, exit 3, no traceback."""
    ended = place.run("simulate", "hi", IGBOT_RULES_DIR="nowhere")
    assert ended.code == 3
    assert "there are no rules to decide by" in ended.err
    assert "igbot rules lint" in ended.err
    assert "Traceback" not in ended.err


def test_an_empty_folder_of_rules_is_a_bot_with_one_sentence(place: Place) -> None:
    """The default reply of the settings."""
    (place.here / "empty").mkdir()
    answer = answered(place, "hi", IGBOT_RULES_DIR="empty", IGBOT_FALLBACK_REPLY="Back on Monday!")
    assert (answer["decision"]["reason"], answer["decision"]["rule"]) == ("fallback", None)
    assert [reply["text"] for reply in answer["replies"]] == ["Back on Monday!"]


def test_a_database_that_is_away_is_said(bare: Place) -> None:
    """The webhook gets its 503, and the command exit 1."""
    ended = bare.run("simulate", "hi")
    assert (ended.code, ended.out) == (1, "")
    assert "HTTP 503" in ended.err
    assert "Traceback" not in ended.err


WRONG = {
    "--json needs TEXT": ("--json",),
    "--url needs TEXT": ("--url", "http://127.0.0.1:1"),
    "--at needs TEXT": ("--at", "2026-09-01"),
    "--at is no time": ("hi", "--at", "yesterday"),
    "--at is no time within ten years": ("hi", "--at", "0001-01-01"),
    "--kind: song": ("hi", "--kind", "song"),
    "--kind quick_reply: TEXT": ("--kind", "quick_reply"),
    "--as is no IGSID": ("hi", "--as", ""),
    "--as is no IGSID ": ("hi", "--as", "../9"),
    "missing.json cannot be read: No such file": ("--payload", "missing.json"),
    "rules.d cannot be read: Is a directory": ("--payload", "rules.d"),
    "empty.json is empty": ("--payload", "empty.json"),
    "leave out TEXT": ("hi", "--payload", "empty.json"),
    "leave out TEXT, --as": ("--as", "1", "--payload", "empty.json"),
    "--at and --account": ("--account", "main", "--payload", "empty.json"),
    "there is no account porto": ("hi", "--account", "porto"),
    "there is no account faro": ("--account", "faro"),
    "not an http(s) URL": ("hi", "--url", "ftp://bot"),
    "IGBOT_ENV (from --env)": ("hi", "--env", "staging"),
    "simulate does not write to customers": ("hi", "--env", "production"),
    "there is no app secret": ("hi", "--env", "production", "--url", "http://127.0.0.1:1"),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_cannot_be_meant_is_refused(
    said: str, bare: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 and one message, before anything is opened; no option is silently left aside."""
    (bare.here / "empty.json").write_bytes(b" \n")
    assert bare.call("simulate", *WRONG[said], patch=monkeypatch) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert said.strip() in err
    assert not bare.data_dir.exists()


def test_production_can_be_posted_to_by_url_only_with_an_account(bare: Place) -> None:
    """The message says which setting is missing."""
    ended = bare.run(
        "simulate", "hi", "--url", "http://127.0.0.1:1", IGBOT_ENV="production", IGBOT_APP_SECRET="a-secret-of-mine"
    )
    assert ended.code == 2
    assert "IGBOT_ACCOUNT_ID" in ended.err


def test_nobody_at_the_url_is_exit_3(bare: Place) -> None:
    """No verdict is no bad verdict."""
    ended = bare.run("simulate", "hi", "--url", "http://127.0.0.1:1")
    assert (ended.code, ended.out) == (3, "")
    assert "no answer from http://127.0.0.1:1/webhook" in ended.err


def test_every_kind_can_be_written(bare: Place, tmp_path: Path) -> None:
    """The kinds of the help are the kinds there are."""
    from igbot.cli.said import Said, webhook_body
    from igbot.settings.reading import read_settings

    settings = read_settings(environ={}, options={}, cwd=tmp_path, default_env="development")
    for kind in KINDS.split():
        _, mids = webhook_body(settings, Said("1", sandbox_values.ACCOUNT_ID, "PAYLOAD", kind))
        assert len(mids) == 1, kind
