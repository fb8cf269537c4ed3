"""A webhook body becomes events to keep; a kept event becomes the content to work on."""

import base64
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from igbot.meta.content import content_of
from igbot.meta.envelope import Found, find_items
from igbot.meta.events import CUSTOMER_KINDS, AccountId, Content, EventKind, Igsid, WebhookEvent
from igbot.meta.items import shape_of
from igbot.meta.keys import content_fields, dedup_key, item_fields
from igbot.meta.lenient_json import ascii_json, parse
from igbot.meta.parties import UNKNOWN_ACCOUNT, account_of, is_dashboard_entry, parties_of
from igbot.meta.timestamps import read_time
from igbot.meta.values import identifier, table

_CHANGE_KINDS: Mapping[object, EventKind] = {"comments": "comment", "live_comments": "comment", "mentions": "mention"}

_WHOEVER_ANSWERS: frozenset[EventKind] = frozenset({"deleted", "edit", "handover"})
"""What counts although another app has the conversation: what was kept is kept from both sides."""


def read_webhook(body: bytes, *, accounts: Mapping[str, AccountId], received_at: datetime) -> list[WebhookEvent]:
    """The events of one delivery, in its order; [] where it holds none.

    `accounts` maps every id of ours, of every kind, to the account it belongs to. `received_at` (aware, UTC) stands in
    for times that cannot be read. Never raises: an item of no known shape is kept as "unknown" beside its neighbours,
    a body that is no envelope as one event "raw".
    """
    try:
        return _read(parse(body), body, accounts=accounts, received_at=received_at)
    except ValueError:
        return [_raw_event(body, None, received_at=received_at)]
    except RecursionError:
        # Readable, but too deep to be written again.
        cut = parse(body, shallow=True)
        return _read(cut, body, accounts=accounts, received_at=received_at)


def read_content(kind: EventKind, raw: bytes) -> Content:
    """What a kept event says; `raw` as `WebhookEvent` has it. Raises ValueError where that is no JSON."""
    return content_of(kind, parse(raw))


def _read(root: object, body: bytes, *, accounts: Mapping[str, AccountId], received_at: datetime) -> list[WebhookEvent]:
    found = find_items(root)
    if found is None:
        return [_raw_event(body, ascii_json(root), received_at=received_at)]
    return [_event(each, accounts=accounts, received_at=received_at) for each in found]


def _event(found: Found, *, accounts: Mapping[str, AccountId], received_at: datetime) -> WebhookEvent:
    item = found.item
    if not isinstance(item, dict) or found.section == "unknown":
        return _loose_event("unknown", found, accounts=accounts, received_at=received_at)
    if found.section != "changes":
        return _messaging_event(
            item, found, standby=found.section == "standby", accounts=accounts, received_at=received_at
        )
    field, value = item.get("field"), item.get("value")
    if isinstance(value, dict) and isinstance(field, str) and (field.startswith("messag") or field == "standby"):
        return _messaging_event(value, found, standby=field == "standby", accounts=accounts, received_at=received_at)
    kind = _CHANGE_KINDS.get(field, "change") if isinstance(field, str) else "unknown"
    return _loose_event(kind, found, accounts=accounts, received_at=received_at)


def _messaging_event(
    item: dict[str, Any],
    found: Found,
    *,
    standby: bool,
    accounts: Mapping[str, AccountId],
    received_at: datetime,
) -> WebhookEvent:
    parties = parties_of(item, entry_id=found.entry_id, accounts=accounts)
    shape = shape_of(item, from_us=parties.from_us)
    kind = shape.kind
    fields: tuple[str, ...]
    if parties.dashboard_test:
        kind, fields = "dashboard_test", _arrival_fields(item, received_at)
    else:
        fields = item_fields(shape.name, item, sender=parties.sender, mid=shape.mid)
        if standby:
            fields = ("standby", *fields)
            kind = kind if kind in _WHOEVER_ANSWERS else "standby"
    if not parties.igsid and kind in CUSTOMER_KINDS:
        # The sender-less shapes of §10: nobody could be answered, and the item is kept.
        kind = "unknown"
    at, mended = read_time(item.get("timestamp"), received_at=received_at)
    return WebhookEvent(
        account_id=parties.account_id,
        known_account=parties.known,
        igsid=parties.igsid,
        kind=kind,
        mid=shape.mid,
        at=at,
        at_mended=mended,
        key=dedup_key(parties.account_id, *fields),
        raw=ascii_json(item),
    )


def _loose_event(
    kind: EventKind, found: Found, *, accounts: Mapping[str, AccountId], received_at: datetime
) -> WebhookEvent:
    """A change (comment, mention …), or an item that nothing is known about: only its entry says whose it is."""
    account_id, known = account_of(found.entry_id, accounts)
    value = table(table(found.item).get("value"))
    author = identifier(table(value.get("from")).get("id")) or ""
    comment = identifier(value.get("id")) or identifier(value.get("comment_id"))
    fields: tuple[str, ...]
    if is_dashboard_entry(found.entry_id, known=known):
        kind, fields = "dashboard_test", _arrival_fields(found.item, received_at)
    elif kind == "comment" and comment is not None:
        fields = (kind, comment)
    else:
        fields = content_fields(kind, found.item, sender=author)
    written_at = value.get("timestamp", table(found.item).get("timestamp"))
    at, mended = read_time(found.entry_time if written_at is None else written_at, received_at=received_at)
    return WebhookEvent(
        account_id=account_id,
        known_account=known,
        igsid=Igsid("" if author in accounts else author),
        kind=kind,
        mid=None,
        at=at,
        at_mended=mended,
        key=dedup_key(account_id, *fields),
        raw=ascii_json(found.item),
    )


def _arrival_fields(item: object, received_at: datetime) -> tuple[str, ...]:
    # The dashboard sends the same bytes at each press, and each press is to be seen.
    return content_fields("dashboard_test", item, sender=received_at.isoformat())


def _raw_event(body: bytes, readable: bytes | None, *, received_at: datetime) -> WebhookEvent:
    kept = ascii_json({"body_base64": base64.b64encode(body).decode("ascii")}) if readable is None else readable
    return WebhookEvent(
        account_id=UNKNOWN_ACCOUNT,
        known_account=False,
        igsid=Igsid(""),
        kind="raw",
        mid=None,
        at=received_at,
        at_mended=True,
        key=dedup_key(UNKNOWN_ACCOUNT, "raw", sha256(body).hexdigest()),
        raw=kept,
    )
