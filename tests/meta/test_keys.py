"""Two deliveries of one event have one key; two events never do. The format is fixed for ever."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.events import AccountId
from igbot.meta.keys import dedup_key, item_fields, message_keys
from igbot.meta.webhook import read_webhook
from tests.meta.shapes import (
    ACCOUNTS,
    CUSTOMER,
    OUR_PAGE,
    RECEIVED_AT,
    US,
    body,
    entry,
    from_us,
    item,
    read,
    read_change,
    read_item,
    text_item,
)


def _key(**event: Any) -> str:
    return read_item(item(**event)).key.hex()


def test_the_format_never_changes() -> None:
    """Stored keys outlive every version of this program, so these bytes are not to be altered."""
    assert dedup_key("17841400000000001", "message", "m_TEST1").hex() == "a1a7f5492c9fdb7791fd8b26caa0666c"
    assert dedup_key("17841400000000001").hex() == "2926013a4e98592f21308354c684f7b8"
    assert _key(message={"mid": "m_1", "text": "hi"}) == "616a3213186484e5ed1e7b106fe80e94"
    assert _key(postback={"title": "Order?", "payload": "ORDER"}) == "13f33bacd7a3ad3c4b82030bac680adb"
    assert _key(reaction={"mid": "m_1", "action": "react", "reaction": "love"}) == "eaadb799f392ea556ba09cabed954f58"
    assert _key(message_edit={"mid": "m_1", "text": "hi", "num_edit": 1}) == "e2c159d1f085147722343a0f327bafa7"
    assert _key(read={"mid": "m_1"}) == "e10a1004641b0a2affa99709506e7c3f"
    assert read_change("comments", {"id": "17900000000000001"}).key.hex() == "51d98a3a96c8703a2c587fb2dc3628d4"
    assert read(b"nonsense")[0].key.hex() == "2b9af8fce1641400f4fbec3e3b5fddfb"


@given(st.lists(st.text(max_size=6), max_size=4), st.lists(st.text(max_size=6), max_size=4))
def test_different_fields_give_different_keys(one: list[str], other: list[str]) -> None:
    """Lengths before the fields keep ("ab", "c") and ("a", "bc") apart."""
    assert (dedup_key("a", *one) == dedup_key("a", *other)) == (one == other)


def test_one_mid_in_different_events_is_not_one_event() -> None:
    """A message, its deletion, edits, reactions, read marks and its standby copy share a mid and nothing else."""
    reaction = {"mid": "m_1", "action": "react", "reaction": "love"}
    events = [
        read_item(item(message={"mid": "m_1", "text": "hi"})),
        read_item(item(message={"mid": "m_1", "is_deleted": True})),
        read_item(item(message={"mid": "m_1", "text": "hi", "is_echo": True})),
        read_item(item(message_edit={"mid": "m_1", "text": "hi", "num_edit": 1})),
        read_item(item(message_edit={"mid": "m_1", "text": "hi", "num_edit": 2})),
        read_item(item(message_edit={"mid": "m_1", "text": "ho", "num_edit": 1})),
        read_item(item(reaction=reaction)),
        read_item(item(reaction={**reaction, "reaction": "wow"})),
        read_item(item(reaction={**reaction, "action": "unreact"})),
        read_item({**item(reaction=reaction), "timestamp": 1790000000001}),
        read_item({**item(reaction=reaction), "sender": {"id": "901"}}),
        read_item(item(read={"mid": "m_1"})),
        read_item({**item(read={"mid": "m_1"}), "sender": {"id": "901"}}),
        read_item(item(postback={"mid": "m_1", "payload": "P"})),
        read_item(text_item("m_1", "hi"), section="standby"),
    ]
    assert len({event.key for event in events}) == len(events)


def test_a_message_is_found_by_its_mid_however_it_came() -> None:
    """As a customer's or the shop's, typed or tapped, with another app at it or not; nothing else has its keys."""
    events = {"message": {"mid": "m_1", "text": "hi"}}, {"postback": {"mid": "m_1", "payload": "P"}}
    copies = [read_item(item(**event), section=section) for event in events for section in ("messaging", "standby")]
    echo = item(message={"mid": "m_1", "text": "hi", "is_echo": True})
    copies += [read_item(echo, section=section) for section in ("messaging", "standby")]
    assert {event.key for event in copies} == set(message_keys(copies[0].account_id, "m_1"))
    assert read_item(item(message={"mid": "m_1", "is_deleted": True})).key not in {event.key for event in copies}


def test_a_repeated_delivery_has_the_same_key() -> None:
    """What may differ between two deliveries of a message (entry, times, signed links, id types) is not in its key."""
    first = read_item(text_item("m_1"))
    again = {**text_item("m_1", "hello again"), "timestamp": str(1790000000000), "sender": {"id": int(CUSTOMER)}}
    [second] = read(body({"id": OUR_PAGE, "time": 5, "messaging": [{**again, "recipient": {"id": OUR_PAGE}}]}))
    assert first.key == second.key


def test_an_event_without_mid_is_known_by_its_content() -> None:
    """Key order does not matter; sender, time and content do. The receive time never does."""
    postback = item(postback={"title": "Order?", "payload": "ORDER"})
    shuffled = dict(reversed(postback.items()))
    assert read_item(postback).key == read_item(shuffled).key
    assert read_item(postback).key != read_item({**postback, "timestamp": 1790000000001}).key
    assert read_item(postback).key != read_item({**postback, "sender": {"id": "901"}}).key
    timeless = body(entry(messaging=[{"message": {"text": "no mid, no time"}}]))
    assert read(timeless)[0].key == read(timeless, received_at=RECEIVED_AT.replace(year=2027))[0].key


def test_two_accounts_never_share_a_key() -> None:
    """The account is part of each key: one customer's mid may exist for two accounts."""
    accounts = {**ACCOUNTS, "178002": AccountId("178002")}
    two = body(
        entry(messaging=[text_item()]), {"id": "178002", "messaging": [{**text_item(), "recipient": {"id": "178002"}}]}
    )
    first, second = read_webhook(two, accounts=accounts, received_at=RECEIVED_AT)
    assert (first.account_id, second.account_id) == (US, "178002")
    assert first.key != second.key


def test_an_echo_is_known_by_its_mid() -> None:
    """An echo marked as one and an unmarked message of ours are the same echo."""
    marked = read_item(from_us(message={"mid": "m_out", "text": "hi", "is_echo": True}))
    assert marked.key == read_item(from_us(message={"mid": "m_out", "text": "hi"})).key


def test_numbers_and_their_texts_are_one_edit() -> None:
    """Meta's pages show `num_edit` quoted and bare."""
    edits = [{"message_edit": {"mid": "m_1", "text": "hi", "num_edit": number}} for number in (1, "1")]
    first, second = (item_fields("edit", edit, sender="", mid="m_1") for edit in edits)
    assert first == second
