"""Everything signed is kept and gets its 200; only customers' messages to us are answered."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from igbot.sandbox.customer import customer_message, delivery_body, milliseconds
from igbot.telemetry.log import FIELDS
from tests.journeys.shop import ACCOUNT, ANA, BEN, Shop, open_shop
from tests.journeys.test_answering import HELLO
from tests.waiting import eventually


def entry(shop: Shop, items: Sequence[Mapping[str, Any]], *, section: str = "messaging", of: str = ACCOUNT) -> bytes:
    """One delivery with items in some section of an entry."""
    body = {"object": "instagram", "entry": [{"id": of, "time": milliseconds(shop.clock.now), section: list(items)}]}
    return json.dumps(body).encode()


async def test_what_another_app_handles_is_kept_and_left_to_it(shop: Shop) -> None:
    """A message in `standby` is in the history, and not answered; the same mid in `messaging` is."""
    item = customer_message(ANA, ACCOUNT, at=shop.clock.now, mid="m_1", text="hello")
    assert await shop.post(entry(shop, [item], section="standby")) == 200
    await shop.quiet()
    assert await shop.reasons(ANA) == ["standby"]
    assert shop.received(ANA) == []
    assert await shop.post(entry(shop, [item])) == 200
    await shop.quiet()
    assert shop.received(ANA) == [HELLO]


async def test_the_dashboards_test_button_is_seen_each_time(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """The App Dashboard's test payload is kept as test data, once for each press, and answered never."""
    caplog.set_level("INFO", logger="igbot")
    value = {
        "sender": {"id": "12334"},
        "recipient": {"id": "23245"},
        "timestamp": "1527459824",
        "message": {"mid": "random_mid", "text": "random_text"},
    }
    body = json.dumps({"object": "instagram", "entry": [{"id": "0", "time": 1, "changes": [
        {"field": "messages", "value": value}]}]})  # fmt: skip
    assert await shop.post(body.encode()) == 200
    shop.clock.now += timedelta(seconds=1)
    assert await shop.post(body.encode()) == 200
    await shop.quiet()
    rows = await shop.rows("SELECT kind, test, status FROM inbox")
    assert [tuple(row.values()) for row in rows] == [("dashboard_test", True, "done")] * 2
    assert shop.calls("send") == 0

    def silent() -> list[tuple[str, bool]]:
        lines = [getattr(record, FIELDS) for record in caplog.records if record.getMessage() == "no_reply"]
        return [(line["reason"], line["test"]) for line in lines]

    await eventually(lambda: silent() == [("dashboard_test", True)] * 2)


async def test_a_message_to_an_account_that_is_not_ours_is_kept_and_marked(shop: Shop) -> None:
    """The row carries the raw id of the account, and nothing is sent with our token."""
    item = customer_message(ANA, "17841499999999999", at=shop.clock.now, mid="m_1", text="hello")
    assert await shop.post(entry(shop, [item], of="17841499999999999")) == 200
    await shop.quiet()
    [row] = await shop.rows("SELECT account_id, known_account, status FROM inbox")
    assert tuple(row.values()) == ("17841499999999999", False, "done")
    assert await shop.reasons(ANA) == ["unknown_account"]
    assert shop.calls("send") == 0


async def test_any_of_our_ids_is_us(shop: Shop) -> None:
    """A message to the page's id belongs to the same conversation as one to the Instagram id."""
    for number, ours in enumerate((ACCOUNT, "100200300400500")):
        item = customer_message(ANA, ours, at=shop.clock.now, mid=f"m_{number}", text="hello")
        assert await shop.post(entry(shop, [item], of=ours)) == 200
    await shop.quiet()
    assert shop.received(ANA) == [HELLO, HELLO]
    assert len(await shop.rows("SELECT FROM conversation")) == 1


NESTED = b'{"object":"instagram","entry":[{"id":"1","messaging":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}"
BODIES = {
    "deep nesting": NESTED,
    "only brackets": b"[" * 500_000,
    "not a number": b'{"object":"instagram","entry":[{"id":"1","time":NaN,"messaging":[{"timestamp":Infinity}]}]}',
    "an array": b"[1,2,3]",
    "a number": b"1e999",
    "nothing": b"",
    "no JSON": b"\xff\xfe\x00garbage",
    "half of it": b'{"object":"instagram","entry":[{"id":"1","mess',
    "wrong types": b'{"object":7,"entry":{"id":[],"messaging":{"sender":"x","message":[[]]}}}',
    "keys twice": b'{"object":"instagram","object":"page","entry":[],"entry":[{"messaging":[null,7,"x",[]]}]}',
    "huge numbers": b'{"object":"instagram","entry":[{"id":' + b"9" * 5000 + b',"time":' + b"9" * 400 + b"}]}",
    "NUL": b'{"object":"instagram","entry":[{"id":"\\u0000","messaging":[{"x":"\\u0000\\ud800"}]}]}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_what_cannot_be_understood_is_kept_raw(shop: Shop, body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A signed body of any kind gets its 200 and leaves neighbours and log in peace; it is worked off."""
    assert await shop.post(body) == 200
    await shop.writes(ANA, "hello")
    await shop.quiet()
    assert shop.received(ANA) == [HELLO]
    kept = await shop.rows("SELECT kind, status, raw FROM inbox WHERE igsid <> $1", ANA)
    assert kept
    for row in kept:
        assert (row["kind"] in ("raw", "unknown"), row["status"]) == (True, "done")
        assert row["raw"].isascii()
    assert [record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


async def test_bad_neighbours_cost_a_good_message_nothing(shop: Shop) -> None:
    """One delivery with nonsense around two good messages: both are answered, also where a text has no letters."""
    good = customer_message(ANA, ACCOUNT, at=shop.clock.now, mid="m_1", text="hello")
    odd = customer_message(BEN, ACCOUNT, at=shop.clock.now, mid="m_2", text="\x00\ud83d hello")
    long = "9" * 3000
    items: list[Any] = [None, good, {"sender": {"id": long}}, [], {"sender": 1, "recipient": {"id": {}}}, odd, "x"]
    assert await shop.post(entry(shop, items)) == 200
    await shop.quiet()
    assert shop.received(ANA) == [HELLO]
    assert shop.received(BEN) == [HELLO]
    [row] = await shop.rows("SELECT text FROM message WHERE igsid = $1 AND direction = 'in'", BEN)
    assert row["text"] == "\ufffd\ufffd hello"


async def test_ids_of_any_letters_are_kept(shop: Shop) -> None:
    """The longest ids that count as ids, in any script, still fit every index."""
    import random

    chance = random.Random(1)

    def wild() -> str:
        return "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(500))

    item = customer_message(wild(), wild(), at=shop.clock.now, mid=wild(), text="hello")
    assert await shop.post(entry(shop, [item], of=wild())) == 200
    await shop.quiet()


async def test_a_thousand_events_in_one_delivery_are_a_thousand_rows(shop: Shop) -> None:
    """One POST may carry 1,000 events; each is kept under its own key."""
    items = [
        customer_message(f"95{n % 50:014d}", ACCOUNT, at=shop.clock.now, mid=f"m_{n}", text=f"returns of {n}")
        for n in range(1000)
    ]
    assert await shop.post(delivery_body(items, ACCOUNT, shop.clock.now)) == 200
    await shop.quiet()
    [row] = await shop.rows("SELECT count(*), count(DISTINCT event_key) AS keys FROM inbox WHERE kind = 'text'")
    assert tuple(row.values()) == (1000, 1000)
    assert sum(call.route == "send" and call.status == 200 for call in shop.sandbox.calls.select()) == 1000


async def test_a_testers_messages_are_marked_in_every_row_and_line(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What a tester writes is answered as any other message, and marked wherever it leaves a trace."""
    caplog.set_level("DEBUG", logger="igbot")
    async with open_shop(database_url, tmp_path, environ=[("IGBOT_TESTERS", ANA)]) as shop:
        did = shop.sandbox.customer_does(ANA, text="hello")
        await shop.arrives(did)
        await shop.arrives(did)
        await shop.writes(BEN, "hello")
        await shop.writes(ANA, "human")
        await shop.quiet()
        await shop.sandbox.person_writes(ANA, "Hi, Lola here.")
        shop.forward(seconds=11)
        await shop.quiet()
        for table in ("inbox", "message", "outbox", "conversation"):
            rows = await shop.rows(f"SELECT igsid, test FROM {table}")
            assert {(row["igsid"], row["test"]) for row in rows} == {(ANA, True), (BEN, False)}, table
    lines = [(record.getMessage(), getattr(record, FIELDS)) for record in caplog.records if hasattr(record, FIELDS)]
    of_ana = {event: fields.get("test") for event, fields in lines if fields.get("igsid") == ANA}
    assert {"message_received", "rule_matched", "reply_queued", "reply_sent", "echo_matched", "human_takeover",
            "duplicate_ignored"} <= set(of_ana)  # fmt: skip
    assert [event for event, test in of_ana.items() if test is not True] == []
    assert [event for event, fields in lines if fields.get("igsid") == BEN and "test" in fields] == []
