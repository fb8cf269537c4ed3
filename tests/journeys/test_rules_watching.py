"""What rules do beside answering: tags, facts, words to the staff; and what is kept, counted and logged of it all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from igbot.telemetry.log import FIELDS
from tests.journeys.shop import ANA, BEN, Alarm, Shop, open_shop, rules_in
from tests.waiting import eventually

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise's import, on Python 3.11 and 3.12

RULES = """
version: 1
rules:
  - name: complaints
    observe: true
    keywords: [torn, broken]
    tag: [complaint]
    alert: { level: warning, channel: kitchen, text: "Trouble: {{ message.text | truncate(40) }}" }
  - name: sizes
    observe: true
    keywords: [{ regex: 'size (?P<size>[0-9]{2})' }]
    set: { size: "{{ match.size }}" }
  - name: sorry
    priority: 10
    keywords: [hello]
    when: { customer: { tags: { any: [complaint] } } }
    reply: "We are sorry. You have size {{ customer.set.size | default('?') }}."
  - name: hello
    keywords: [hello]
    reply: "Hi!"
  - name: person
    priority: 100
    keywords: [human]
    handoff:
      pause: 1h
      notify: [owner]
      note: "Wants us: {{ message.text | truncate(60) }}"
      say: "One of us will write."
  - name: returns
    priority: 7
    keywords: [return, send back]
    limit: { times: 1, within: 1d, then: silent }
    reply: { variants: [{ name: short, text: "30 days." }] }
  - name: other
    fallback: true
    reply: "Pardon?"
"""
TOLD = "SELECT rule, reason, matched, rank, digest, variant, withheld, observers FROM message WHERE mid = $1"

COUNTED = {
    'igbot_rule_answers_total{rule="returns"} 1.0',
    'igbot_rule_answers_total{rule="other"} 1.0',
    'igbot_rule_observed_total{rule="sizes"} 1.0',
    'igbot_decisions_total{reason="rule"} 2.0',
    'igbot_decisions_total{reason="fallback"} 1.0',
}


@asynccontextmanager
async def open_watched_shop(database_url: str, directory: Path) -> AsyncIterator[tuple[Shop, Alarm]]:
    """A shop with a staff channel `kitchen` beside the owner's."""
    kitchen, ear = Alarm(), web.Application()
    ear.router.add_post("/", kitchen.receive)
    (directory / "config").mkdir()
    (directory / "config" / "base.yaml").write_text("channels: [kitchen]\n", encoding="utf-8")
    async with TestServer(ear) as channel:
        environ = [("IGBOT_CHANNEL_KITCHEN_URLS", f"json://{channel.host}:{channel.port}/")]
        async with open_shop(database_url, directory, rules=rules_in(directory, RULES), environ=environ) as shop:
            yield shop, kitchen


def trouble(text: str, igsid: str) -> str:
    """What the kitchen is told."""
    return f"Trouble: {text}\ncomplaints, customer {igsid}"


async def test_an_observer_marks_the_customer_and_tells_the_staff(database_url: str, tmp_path: Path) -> None:
    """Another rule answers as ever; the channel is told, not twice in ten minutes; a later rule knows the tag."""
    pytest.importorskip("apprise", reason="needs extra alerts")
    async with open_watched_shop(database_url, tmp_path) as (shop, kitchen):
        await shop.writes(ANA, "my dress is torn")
        await shop.quiet()
        await shop.writes(ANA, "torn, I say")
        await shop.quiet()
        await shop.writes(BEN, "mine is broken")
        await shop.quiet()
        await eventually(lambda: len(kitchen.texts) == 2)
        assert kitchen.texts == [trouble("my dress is torn", ANA), trouble("mine is broken", BEN)]
        assert kitchen.titles == ["igbot: a rule raises an alert"] * 2
        assert shop.received(ANA) == ["Pardon?"] * 2
        shop.forward(minutes=10)
        await shop.writes(ANA, "still torn")
        await shop.writes("9400000000000001", "hello")
        await shop.writes(ANA, "hello")
        await shop.quiet()
        assert shop.received("9400000000000001") == ["Hi!"]
        assert shop.received(ANA)[2:] == ["Pardon?", "We are sorry. You have size ?."]
        await eventually(lambda: kitchen.texts[2:] == [trouble("still torn", ANA)])
        assert shop.alarm.titles == []


async def test_a_hand_off_calls_people_and_observers_go_on_meanwhile(database_url: str, tmp_path: Path) -> None:
    """The owner gets the note; while the bot is silent it still marks the customer, and knows it afterwards."""
    pytest.importorskip("apprise", reason="needs extra alerts")
    async with open_watched_shop(database_url, tmp_path) as (shop, kitchen):
        await shop.writes(ANA, "a human please")
        await shop.quiet()
        mid = await shop.writes(ANA, "it is torn, size 38")
        await shop.quiet()
        assert shop.received(ANA) == ["One of us will write."]
        await eventually(lambda: shop.alarm.texts and kitchen.texts)
        assert shop.alarm.titles == ["igbot: a customer asks for a person"]
        assert shop.alarm.texts == [f"Wants us: a human please\nperson, customer {ANA}"]
        assert kitchen.texts == [trouble("it is torn, size 38", ANA)]
        [told] = await shop.rows(TOLD, mid)
        assert (told["reason"], told["rule"], told["observers"]) == ("paused", None, ["complaints", "sizes"])
        shop.forward(hours=1)
        await shop.writes(ANA, "hello")
        await shop.quiet()
        assert shop.received(ANA)[1:] == ["We are sorry. You have size 38."]


async def test_a_decision_is_kept_and_counted_and_no_customers_word_is_logged(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The message's row says what hit, how it ranked and what was said; so do `/metrics` and the log, in our words."""
    caplog.set_level("INFO", logger="igbot")
    async with open_watched_shop(database_url, tmp_path) as (shop, _):
        first = await shop.writes(ANA, "Can I send back what is size 38, Mumpitz?")
        again = await shop.writes(ANA, "Mumpitz! return it!")
        unknown = await shop.writes(BEN, "Mumpitz")
        await shop.quiet()
        [told], [withheld], [fallback] = [await shop.rows(TOLD, mid) for mid in (first, again, unknown)]
        current = shop.run.app.rulebook.current
        assert current is not None
        assert (told["rule"], told["reason"], told["variant"]) == ("returns", "rule", "short")
        assert (told["matched"], told["rank"]) == ('word "send back"', [7, 6, 2, 9, 1])
        assert (told["digest"], told["observers"]) == (current.digest, ["sizes"])
        assert (withheld["rule"], withheld["withheld"]) == ("returns", "limit: 1 answer within 1d, used up")
        assert (fallback["rule"], fallback["reason"], fallback["matched"]) == ("other", "fallback", None)
        assert shop.received(ANA) == ["30 days."]

        async def are_counted() -> bool:
            async with shop.http.get(f"{shop.run.management_url}/metrics") as answer:
                return set((await answer.text()).splitlines()) >= COUNTED

        await eventually(are_counted)
    lines = [(record.getMessage(), getattr(record, FIELDS, {})) for record in caplog.records]
    [matched] = [fields for event, fields in lines if event == "rule_matched" and fields["mid"] == first]
    assert {name: matched[name] for name in ("rule", "matched", "variant", "observers")} == {
        "rule": "returns", "matched": 'word "send back"', "variant": "short", "observers": ["sizes"],
    }  # fmt: skip
    [silent] = [fields for event, fields in lines if event == "no_reply" and fields["mid"] == again]
    assert (silent["reason"], silent["rule"]) == ("limit", "returns")
    assert [line for line in lines if "mumpitz" in str(line).lower()] == []
