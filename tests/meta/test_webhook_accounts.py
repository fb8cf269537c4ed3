"""Whose an event is, and which come from the App Dashboard."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.meta.shapes import ACCOUNT, CUSTOMER, OUR_PAGE, RECEIVED_AT, SENT_MS, US, body, entry, item, read, text_item


def _only(raw: bytes) -> tuple[str, bool, str]:
    [event] = read(raw)
    return event.account_id, event.known_account, event.igsid


def test_any_of_our_ids_is_us() -> None:
    """The page id as recipient gives the same account as the Instagram id, whatever the entry says."""
    one = {**text_item(), "recipient": {"id": OUR_PAGE}}
    assert _only(body({"id": "someone-else", "messaging": [one]})) == (ACCOUNT, True, CUSTOMER)


def test_numeric_ids_are_read_as_text() -> None:
    """Ids that come as numbers, beyond 2^53 too, are the same ids."""
    one = {**text_item(), "sender": {"id": int(CUSTOMER)}, "recipient": {"id": int(US)}}
    assert _only(body({"id": int(US), "messaging": [one]})) == (ACCOUNT, True, CUSTOMER)


def test_the_entry_decides_where_the_item_names_nobody_of_ours() -> None:
    """An unknown recipient in our own entry is still ours."""
    one = {**text_item(), "recipient": {"id": "unheard-of"}}
    assert _only(body(entry(messaging=[one]))) == (ACCOUNT, True, CUSTOMER)


def test_an_entry_with_the_customers_id_does_not_mislead() -> None:
    """Meta's samples sometimes show the customer's id as `entry.id`; sender and recipient count more."""
    assert _only(body({"id": CUSTOMER, "messaging": [text_item()]})) == (ACCOUNT, True, CUSTOMER)


@pytest.mark.parametrize(
    ("recipient", "entry_id", "expected"),
    [("178999", "178998", "178999"), (None, "178998", "178998"), (None, None, "unknown"), (None, True, "unknown")],
)
def test_an_unknown_account_goes_by_its_raw_id(recipient: Any, entry_id: Any, expected: str) -> None:
    """An event for an account that is none of ours is kept under its raw id, marked as unknown."""
    one = {**text_item(), "recipient": {"id": recipient}}
    assert _only(body({"id": entry_id, "messaging": [one]})) == (expected, False, CUSTOMER)


def test_an_unknown_accounts_echo_is_its_senders() -> None:
    """In an echo the business is the sender, also where we do not know it."""
    one = {"sender": {"id": "178999"}, "recipient": {"id": "900"}, "message": {"mid": "m_1", "is_echo": True}}
    assert _only(body({"id": "178999", "messaging": [one]})) == ("178999", False, "900")


@pytest.mark.parametrize("wrong", [None, "", "x" * 513, 1.5, True, [], {"id": "900"}])
def test_an_unusable_sender_is_no_sender(wrong: Any) -> None:
    """An id that is empty, over 512 bytes or of a wrong type counts as absent: kept, but there is nobody to answer."""
    [event] = read(body(entry(messaging=[{**text_item(), "sender": {"id": wrong}}])))
    assert (event.kind, event.igsid, event.mid) == ("unknown", "", "m_1")


def test_ids_are_made_storable() -> None:
    """PostgreSQL takes no NUL and no lone surrogate, so no id has one."""
    one = item(message={"mid": "m\0\ud800", "text": "hi"})
    [event] = read(body(entry(messaging=[one])))
    assert event.mid == "m\ufffd\ufffd"


_TEST_VALUE = {
    "sender": {"id": "12334"},
    "recipient": {"id": "23245"},
    "timestamp": "1527459824",
    "message": {"mid": "random_mid", "text": "random_text"},
}


@pytest.mark.parametrize(
    "root",
    [
        {"object": "instagram", "entry": [{"id": "0", "time": 1, "messaging": [_TEST_VALUE]}]},
        {"object": "instagram", "entry": [{"id": "0", "changes": [{"field": "messages", "value": _TEST_VALUE}]}]},
        {"object": "instagram", "entry": [{"id": "0", "field": "messages", "value": _TEST_VALUE}]},
        {"object": "instagram", "entry": [{"id": US, "messaging": [_TEST_VALUE]}]},
        {"object": "instagram", "entry": [{"id": "0", "changes": [{"field": "comments", "value": {"id": "17"}}]}]},
        {"field": "messages", "value": {"sender": {"id": "1234"}, "message": {"text": "random_text"}}},
    ],
)
def test_the_dashboards_test_is_recognised(root: dict[str, Any]) -> None:
    """The "Test" button's payloads are never a customer's message, and a second press is a second event."""
    raw = json.dumps(root).encode()
    [first] = read(raw)
    [again] = read(raw)
    [second_press] = read(raw, received_at=RECEIVED_AT + timedelta(seconds=5))
    assert first.kind == "dashboard_test"
    assert first.key == again.key != second_press.key


def test_a_real_message_under_entry_zero_is_answered() -> None:
    """An entry "0" alone does not make a test of a message that is to us."""
    [event] = read(body({"id": "0", "time": SENT_MS, "messaging": [text_item()]}))
    assert (event.kind, event.account_id) == ("text", ACCOUNT)


def test_another_object_is_kept_and_never_answered() -> None:
    """A body for a Facebook page or WhatsApp reads as unknown items, one each."""
    raw = json.dumps({"object": "page", "entry": [entry(messaging=[text_item("m_1"), text_item("m_2")])]}).encode()
    assert [event.kind for event in read(raw)] == ["unknown", "unknown"]
