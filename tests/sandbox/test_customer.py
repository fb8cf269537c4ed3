"""Webhook items and bodies as Meta writes them."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.events import CUSTOMER_KINDS, AccountId
from igbot.meta.signature import sign
from igbot.meta.webhook import read_webhook
from igbot.sandbox.customer import BUILDERS, OWN_MID_KINDS, customer_message, delivery_body, echo, seen
from tests.sandbox.playing import ACCOUNT, ANA, SECRET

AT = datetime.fromtimestamp(1790000000, UTC)


def test_a_delivery_is_byte_for_byte_what_meta_signs() -> None:
    """The reference vector of Meta's escaping and signature comes out exactly."""
    item = customer_message(ANA, ACCOUNT, mid="m_TEST1", text="äöå 😀 https://example.com", at=AT)
    body = delivery_body([item], ACCOUNT, AT)
    assert len(body) == 287
    assert sign(SECRET, body) == "sha256=3deb98e8e02ecc751bc6ec634acdc520090af8977b920a3d21ae4de2ea69cf4c"


@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text_survives_the_escaping(text: str) -> None:
    """Whatever a customer writes, also slashes, backslashes and lone surrogates, is read back unchanged."""
    body = delivery_body([customer_message(ANA, ACCOUNT, mid="m", text=text, at=AT)], ACCOUNT, AT)
    assert body.isascii()
    item = json.loads(body)["entry"][0]["messaging"][0]
    assert item["message"]["text"] == text


@pytest.mark.parametrize("kind", sorted(BUILDERS))
def test_the_bot_reads_each_kind_as_what_it_is(kind: str) -> None:
    """What is built here is read back by igbot's own parser as the same kind, customer and message."""
    item = customer_message(ANA, ACCOUNT, kind=kind, mid="m_own", about="m_other", text="hi", payload="P", at=AT)
    accounts = {ACCOUNT: AccountId(ACCOUNT)}
    (event,) = read_webhook(delivery_body([item], ACCOUNT, AT), accounts=accounts, received_at=AT)
    assert (event.kind, event.igsid, event.at, event.at_mended) == (kind, ANA, AT, False)
    if kind in OWN_MID_KINDS:
        assert event.mid == "m_own"


def test_every_kind_a_rule_may_name_can_be_written() -> None:
    """No customer kind is missing among the builders."""
    assert set(BUILDERS) >= CUSTOMER_KINDS


@pytest.mark.parametrize("kind", sorted(BUILDERS))
def test_every_item_names_both_parties_and_one_event(kind: str) -> None:
    """An item has sender, recipient, time and exactly one event, about the right message."""
    item = customer_message(ANA, ACCOUNT, kind=kind, mid="m_own", about="m_other", text="hi", payload="P", at=AT)
    assert item["sender"] == {"id": ANA}
    assert item["recipient"] == {"id": ACCOUNT}
    assert item["timestamp"] == 1790000000000
    (event,) = (value for key, value in item.items() if key not in ("sender", "recipient", "timestamp"))
    if kind != "referral":
        assert event["mid"] == ("m_own" if kind in OWN_MID_KINDS else "m_other")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("quick_reply", {"message": {"mid": "m", "text": "hi", "quick_reply": {"payload": "P"}}}),
        ("postback", {"postback": {"mid": "m", "title": "hi", "payload": "P"}}),
        ("seen", {"read": {"mid": "o"}}),
        ("deleted", {"message": {"mid": "o", "is_deleted": True}}),
        ("text", {"message": {"mid": "m", "text": "hi", "reply_to": {"mid": "o"}}}),
        ("image", {"message": {"mid": "m", "attachments": [{"type": "image", "payload": {"url": "u"}}]}}),
    ],
)
def test_items_have_metas_shapes(kind: str, expected: dict[str, object]) -> None:
    """The event of an item is shaped as Meta's examples show."""
    item = customer_message(ANA, ACCOUNT, kind=kind, mid="m", about="o", text="hi", payload="P", url="u", at=AT)
    assert {key: item[key] for key in expected} == expected


def test_an_echo_comes_from_the_account_and_a_read_receipt_from_the_customer() -> None:
    """The two things told about an own message have their parties the right way round."""
    told = echo(ANA, ACCOUNT, mid="m", at=AT, text="Yes.")
    assert (told["sender"]["id"], told["recipient"]["id"]) == (ACCOUNT, ANA)
    assert told["message"] == {"mid": "m", "text": "Yes.", "is_echo": True}
    read = seen(ANA, ACCOUNT, mid="m", at=AT)
    assert (read["sender"]["id"], read["read"]) == (ANA, {"mid": "m"})


@pytest.mark.parametrize(
    "wrong", [{"kind": "telegram", "mid": "m"}, {"kind": "text"}, {"kind": "reaction", "mid": "m"}]
)
def test_an_item_that_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    """An unknown kind, a message without mid and a reaction to nothing are errors of the caller."""
    with pytest.raises(ValueError, match="kind"):
        customer_message(ANA, ACCOUNT, at=AT, **wrong)
