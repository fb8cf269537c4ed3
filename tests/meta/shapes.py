"""Webhook bodies as Meta writes them, for the tests of this room."""

import json
from datetime import UTC, datetime
from typing import Any

from igbot.meta.events import AccountId, WebhookEvent
from igbot.meta.webhook import read_webhook

US = "17841400000000001"
OUR_PAGE = "104000000000001"
CUSTOMER = "9000000000000001"
ACCOUNT = AccountId(US)
ACCOUNTS = {US: ACCOUNT, OUR_PAGE: ACCOUNT}
SENT_MS = 1_790_000_000_000
SENT_AT = datetime.fromtimestamp(SENT_MS / 1000, UTC)
RECEIVED_AT = datetime(2026, 9, 21, 14, 14, tzinfo=UTC)


def item(**event: Any) -> dict[str, Any]:
    """One messaging item from the customer to us."""
    return {"sender": {"id": CUSTOMER}, "recipient": {"id": US}, "timestamp": SENT_MS, **event}


def from_us(**event: Any) -> dict[str, Any]:
    """One messaging item from us to the customer."""
    return {"sender": {"id": US}, "recipient": {"id": CUSTOMER}, "timestamp": SENT_MS, **event}


def text_item(mid: str = "m_1", text: str = "hello") -> dict[str, Any]:
    """A customer's text message."""
    return item(message={"mid": mid, "text": text})


def entry(**sections: Any) -> dict[str, Any]:
    """One entry of ours."""
    return {"id": US, "time": SENT_MS, **sections}


def body(*entries: Any) -> bytes:
    """A whole webhook body."""
    return json.dumps({"object": "instagram", "entry": list(entries)}).encode()


def read(raw: bytes, *, received_at: datetime = RECEIVED_AT) -> list[WebhookEvent]:
    """The events of a body, for an account with an Instagram id and a page id."""
    return read_webhook(raw, accounts=ACCOUNTS, received_at=received_at)


def read_items(*items: Any, section: str = "messaging") -> list[WebhookEvent]:
    """The events of some items in one entry of ours."""
    return read(body(entry(**{section: list(items)})))


def read_item(one: Any, section: str = "messaging") -> WebhookEvent:
    """The one event of one item in an entry of ours."""
    [event] = read_items(one, section=section)
    return event


def read_change(field: Any, value: Any) -> WebhookEvent:
    """The one event of one change."""
    return read_item({"field": field, "value": value}, section="changes")
