"""`igbot rules explain`: why each rule does or does not fit, for a text, a customer, a moment, or a test."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from igbot.cli.rules_explain import explain
from igbot.errors import ExitCode, IgbotError, UsageError
from igbot.rules.deciding.memory import Memory, Use, to_stored
from tests.cli.rules_folder import SHOP, TESTS, command, furnish

CALLING = (
    SHOP
    + """\
  - {name: order, keywords: [order], call: {name: orders, save: it}, reply: "{{ slots.it.status | default('lost') }}"}
  - {name: race, keywords: [race], limit: {times: 1, within: 1h, per: all}, reply: You are in.}
"""
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in, with no database to be had."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("IGBOT_DATABASE_URL", "postgresql://127.0.0.1:1/nobody")
    monkeypatch.setenv("IGBOT_ENV", "development")
    monkeypatch.setenv("IGBOT_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def name_service(home: Path) -> None:
    """The configuration names the service that a rule calls."""
    (home / "config").mkdir()
    (home / "config" / "base.yaml").write_text("services: {orders: {url: 'https://shop.example/orders'}}\n")


def lines(*arguments: str) -> list[list[str]]:
    """What is printed where nobody looks: tab-separated."""
    result = command("explain", *arguments)
    assert result.exit_code == 0, result.exception
    return [line.split("\t") for line in result.output.splitlines()]


def test_a_text_is_explained_without_any_database(home: Path) -> None:
    """What the rules saw, who wins and why, what is said, and every rule with its place."""
    furnish(home)
    found = lines("ＨＯＷ much is Shipping?")
    assert found[0] == ["message", "text ＨＯＷ much is Shipping?"]
    assert found[1] == ["normalised", "how much is shipping?"]
    facts = dict(line for line in found if len(line) == 2)
    assert facts["customer"] == "new: no message before this one"
    assert facts["decision"] == "rule shipping-cost  rules.d/10-shop.yaml:9"
    assert facts["because"] == 'word "how much" (50, 6, 2, 8, 1)'
    assert facts["reply"] == "Shipping is 4.90 €."
    rules = [line for line in found if len(line) == 5]
    assert rules[0] == ["fits", "rule", "because", "order", "place"]
    assert rules[1] == ["yes", "shipping-cost", 'word "how much"', "(50, 6, 2, 8, 1)", "rules.d/10-shop.yaml:9"]
    assert {line[1] for line in rules[1:]} == {
        *("shipping-cost", "returns", "want-human", "story-love", "watch-complaints", "bulk-orders", "fallback"),
    }
    assert rules[-1] == ["yes", "fallback", "only if nothing else", "", "rules.d/10-shop.yaml:19"]


def test_an_exception_that_keeps_a_rule_out_is_named(home: Path) -> None:
    """As in the failures of tests."""
    furnish(home)
    found = lines("how much is shipping for wholesale")
    assert ["no", "shipping-cost", 'none: "wholesale"', "", "rules.d/10-shop.yaml:9"] in found


def test_at_another_time_another_answer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none is named, in the time zone of the settings, else in the one that the rule files name."""
    furnish(home)
    assert ["reply", "One of us answers."] in lines("a person", "--at", "2026-11-24T11:00:00+01:00")
    assert ["reply", "We are closed now."] in lines("a person", "--at", "2026-11-24T23:00:00+01:00")
    assert ["at", "2026-11-24 16:30:00+01:00"] in lines("a person", "--at", "2026-11-24 16:30")
    assert ["reply", "One of us answers."] in lines("a person", "--at", "2026-11-24 16:30")
    monkeypatch.setenv("IGBOT_TIMEZONE", "America/New_York")
    assert ["at", "2026-11-24 16:30:00-05:00"] in lines("a person", "--at", "2026-11-24 16:30")
    assert ["reply", "We are closed now."] in lines("a person", "--at", "2026-11-24 16:30")


def test_a_reaction_opens_no_window_here_either(home: Path) -> None:
    """As where the bot serves; the rules are listed all the same."""
    furnish(home, shop=SHOP + '  - {name: heart, when: {kinds: [reaction]}, reply: "❤"}\n')
    found = lines("❤", "--kind", "reaction")
    assert ["decision", "window_closed: a reaction is no message, and this customer has written none"] in found
    assert not [line for line in found if line[0] == "reply"]
    assert ["yes", "heart", "kinds: reaction"] in [line[:3] for line in found]


PACED = (
    SHOP
    + """  - {name: slow, keywords: [slow], delay: 3s, typing: true, settle: 4s, reply: Coming.}
  - {name: away, keywords: [away], handoff: {pause: 12h}}
  - name: told
    observe: true
    keywords: [slow]
    alert: {level: warning, channel: owner, text: Slow!}
    call: {name: orders, save: it}
  - {name: coats, label: Coats, on_tie: ask, keywords: [wool], reply: C}
  - {name: scarves, label: Scarves, on_tie: ask, keywords: [wool], reply: S}
"""
)


def test_what_is_done_beside_answering_is_told(home: Path) -> None:
    """How long is waited, who is told, what is called, how long the bot is silent."""
    furnish(home, shop=PACED)
    name_service(home)
    found = lines("slow")
    assert ["delay", "waits 3s before it answers, and shows that somebody types"] in found
    assert ["settle", "waits 4s for more lines"] in found
    assert ["alert", "warning to owner, by told: Slow!"] in found
    assert [line[1] for line in found if line[0] == "observers"] == ["told", "told calls orders"]
    assert ["handoff", "the bot is silent for 12h"] in lines("away")
    assert ["decision", "asked which one is meant: Coats or Scarves"] in lines("wool")
    assert ["because", "no other rule fits"] in lines("hm")
    told = json.loads(command("explain", "slow", "--json").stdout)["decision"]
    assert (told["delay_seconds"], told["typing"], told["alerts"][0]["rule"]) == (3.0, True, "told")
    assert told["observers_calls"] == [{"rule": "told", "service": "orders"}]


def test_kinds_and_payloads_can_be_explained(home: Path) -> None:
    """What is not text."""
    furnish(home)
    assert ["decision", "rule story-love  rules.d/10-shop.yaml:17"] in lines("--kind", "story_mention")
    assert ["message", "quick_reply Spain SHIP_ES"] in lines("Spain", "--payload", "SHIP_ES")
    assert ["message", "reaction 🔥"] in lines("🔥", "--kind", "reaction")


def test_a_step_of_a_test_is_explained_with_all_that_came_before(home: Path) -> None:
    """By the name that the failure prints."""
    furnish(home)
    found = lines("--case", "all + none#3")
    assert found[0] == ["test", "all + none#3"]
    assert ["decision", "rule bulk-orders  rules.d/20-sale.yaml:6"] in found
    facts = dict(line for line in lines("--case", "a human answered, the bot keeps quiet#2") if len(line) == 2)
    assert facts["decision"] == "paused"
    assert facts["customer"].endswith("want-human answered last, paused until 2026-11-24 23:00+01:00")
    assert ["decision", "rule want-human  rules.d/10-shop.yaml:13"] in lines("--case", "night")


def test_json_is_one_object_with_times_in_utc(home: Path) -> None:
    """For scripts."""
    furnish(home)
    found = json.loads(command("explain", "returns", "--at", "2026-11-24T11:00:00+01:00", "--json").stdout)
    assert set(found) == {"case", "message", "normalised", "at", "customer", "decision", "replies", "considered"}
    assert found["at"] == "2026-11-24T10:00:00+00:00"
    assert (found["decision"]["reason"], found["decision"]["rule"]) == ("rule", "returns")
    assert found["replies"][0]["text"].startswith("You have 30 days")
    assert found["considered"][0]["order"] == [0, 5, 1, 7, 1]


def test_a_call_is_not_made_and_the_explanation_says_so(home: Path) -> None:
    """What it answers decides."""
    furnish(home, shop=CALLING)
    name_service(home)
    found = dict(line for line in lines("my order") if len(line) == 2)
    assert found["calls"] == "orders for rule order: what it answers decides, and is not known here"


def test_on_a_terminal_it_is_a_table(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With places whole, to be clicked on."""
    furnish(home)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    explain("returns", customer=None, at=None, case=None, kind=None, payload=None, rules=None, env=None, as_json=False)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["message", "text", "returns"]
    assert ["fits", "rule", "because", "place"] in lines
    [row] = [line for line in lines if line[:2] == ["yes", "returns"]]
    assert row[-1] == "rules.d/10-shop.yaml:5"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "TEXT is missing"),
        (["hi", "--kind", "storymention"], "--kind: storymention is no kind of message"),
        (["hi", "--at", "soon"], "--at is no time"),
        (["hi", "--case", "night"], "--case is all there is to explain"),
        (["--case", "morning"], 'there is no test "morning"'),
        (["--case", "night#2"], '"night" has no step 2 that can be played'),
        (["--case", "outside the 24 hour window nothing is sent"], "in step 1 of "),
        (["hi", "--rules", "nowhere"], "nowhere does not exist"),
    ],
)
def test_wrong_usage_is_exit_2(home: Path, arguments: list[str], told: str) -> None:
    """With what is wrong."""
    furnish(home)
    result = command("explain", *arguments)
    assert isinstance(result.exception, UsageError)
    assert result.exception.message.startswith(told)


def test_rules_that_cannot_be_loaded_explain_nothing(home: Path) -> None:
    """Exit 1, with the first thing that is wrong."""
    furnish(home, shop=SHOP.replace("keywords: [return,", "keyword: [return,"))
    result = command("explain", "hi")
    assert isinstance(result.exception, IgbotError)
    assert result.exception.exit_code == ExitCode.BAD
    assert "rules.d/10-shop.yaml:" in result.exception.message


def test_a_customer_needs_the_database(home: Path) -> None:
    """Exit 3 where it is not to be had."""
    furnish(home, tests=TESTS)
    result = command("explain", "hi", "--customer", "77")
    assert isinstance(result.exception, IgbotError)
    assert result.exception.exit_code == ExitCode.UNREACHABLE


def keep(url: str, igsid: str, memory: Memory, *, account: str = "17841400000000000", **columns: object) -> None:
    """Writes a conversation."""

    async def write() -> None:
        conn = await asyncpg.connect(url)
        try:
            now = datetime.now(UTC)
            await conn.execute(
                "INSERT INTO conversation (account_id, igsid, started_at, last_at, customer_at, memory, paused_at,"
                " paused_until, paused_reason, test) VALUES ($1, $2, $3, $3, $3, $4, $5, $6, $7, false)",
                account,
                igsid,
                now,
                json.dumps(to_stored(memory)),
                now if "paused_until" in columns else None,
                columns.get("paused_until"),
                "person" if "paused_until" in columns else None,
            )
            if rule := columns.get("used"):
                await conn.execute(
                    "INSERT INTO rule_use (account_id, rule, for_key, used_at, observer)"
                    " VALUES ($1, $2, gen_random_uuid(), $3, false)",
                    account,
                    rule,
                    now,
                )
        finally:
            await conn.close()

    asyncio.run(write())


def test_a_customer_is_explained_with_the_history_that_is_kept(home: Path, database_url: str) -> None:
    """Memory, limits and pauses are theirs."""
    furnish(home, shop=CALLING.replace("keywords: [return, returns]", "keywords: [return, returns]\n    once: true"))
    name_service(home)
    now = datetime.now(UTC)
    memory = Memory(3, now, "returns", now, frozenset({"vip"}), uses={"returns": (Use(now, "a"),)})
    keep(database_url, "77", memory, used="race")
    keep(database_url, "88", Memory(1, now), paused_until=now + timedelta(hours=1))
    found = command("explain", "returns", "--customer", "77", "--json", IGBOT_DATABASE_URL=database_url)
    assert found.exit_code == 0, found.exception
    told = json.loads(found.stdout)
    assert (told["customer"]["messages"], told["customer"]["answered_by"]) == (3, "returns")
    assert told["customer"]["tags"] == ["vip"]
    assert told["decision"]["rule"] == "fallback"
    found = command("explain", "race", "--customer", "77", "--json", IGBOT_DATABASE_URL=database_url)
    assert json.loads(found.stdout)["decision"]["rule"] == "fallback"
    found = command("explain", "race", "--customer", "88", "--json", IGBOT_DATABASE_URL=database_url)
    assert json.loads(found.stdout)["decision"]["reason"] == "paused"


def test_a_customer_nobody_knows_is_exit_1_and_one_of_several_accounts_is_exit_2(home: Path, database_url: str) -> None:
    """With a way out."""
    furnish(home)
    result = command("explain", "hi", "--customer", "77", IGBOT_DATABASE_URL=database_url)
    assert isinstance(result.exception, IgbotError)
    assert result.exception.exit_code == ExitCode.BAD
    keep(database_url, "77", Memory(), account="a")
    keep(database_url, "77", Memory(), account="b")
    result = command("explain", "hi", "--customer", "77", IGBOT_DATABASE_URL=database_url)
    assert isinstance(result.exception, UsageError)
    assert "several accounts know customer '77': a, b" in result.exception.message


def test_a_stop_is_explained_as_one(home: Path) -> None:
    """With the confirmation, whatever rules there are; and what the first answer begins with."""
    furnish(home)
    facts = dict(line for line in lines("Stop!") if len(line) == 2)
    assert facts["decision"] == "opted_out: STOP or START, confirmed once"
    assert facts["reply"].startswith("You will get no more automatic answers here.")
    told = json.loads(command("explain", "stop", "--json").output)
    assert (told["decision"]["reason"], told["decision"]["opt"], told["customer"]["opted_out"]) == (
        *("opted_out", "out", False),
    )


def test_the_first_answer_is_explained_as_it_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the disclosure; tests of rules do without, so that they hold wherever they are run."""
    furnish(home)
    monkeypatch.setenv("IGBOT_DISCLOSURE", "I am a bot.")
    [reply] = [line[1] for line in lines("how much is shipping?") if line[0] == "reply"]
    assert reply.split() == ["I", "am", "a", "bot.", "Shipping", "is", "4.90", "€."]
    assert command("test", "-k", "plain keyword").exit_code == 0
