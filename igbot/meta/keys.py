"""The dedup key of an event: what makes two deliveries the same event. Its format never changes."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from igbot.meta.lenient_json import canonical_json
from igbot.meta.values import table

_FORMAT = b"\x01"
_MESSAGES = ("message", "echo", "postback")
_BY_MID = frozenset({*_MESSAGES, "deleted"})


def dedup_key(account_id: str, *fields: str) -> bytes:
    """The first 16 bytes of SHA-256 over the format version and each field behind its length (4 bytes, big-endian)."""
    parts = [_FORMAT]
    for field in (account_id, *fields):
        data = field.encode("utf-8", "surrogatepass")
        parts.append(len(data).to_bytes(4, "big"))
        parts.append(data)
    return sha256(b"".join(parts)).digest()[:16]


def message_keys(account_id: str, mid: str) -> list[bytes]:
    """The keys under which a message may have come: whoever wrote it, and whichever app had the conversation."""
    fields = [(name, mid) for name in _MESSAGES]
    return [dedup_key(account_id, *each) for each in (*fields, *(("standby", *each) for each in fields))]


def item_fields(name: str, item: Mapping[str, Any], *, sender: str, mid: str | None) -> tuple[str, ...]:
    """The key fields of a messaging item (meta-platform reference §3.9).

    `name` says which event it is; the same mid occurs in a message, its edits, reactions and its deletion.
    """
    if mid is not None:
        if name in _BY_MID:
            return (name, mid)
        if name == "read":
            return (name, mid, sender)
        if name == "edit":
            edit = table(item.get("message_edit"))
            return (name, mid, _scalar(edit.get("num_edit")), _digest(edit.get("text")))
        if name == "reaction":
            reaction = table(item.get("reaction"))
            action, which = _scalar(reaction.get("action")), _scalar(reaction.get("reaction"))
            return (name, mid, sender, action, which, _scalar(item.get("timestamp")))
    return content_fields(name, item, sender=sender)


def content_fields(name: str, item: object, *, sender: str) -> tuple[str, ...]:
    """The key fields of an event that Meta gives no id: who, when, and a digest of all of it."""
    return (name, sender, _scalar(table(item).get("timestamp")), _digest(item))


def _digest(value: object) -> str:
    return sha256(canonical_json(value)).hexdigest()


def _scalar(value: object) -> str:
    # Ids and times come as numbers in one delivery and as strings in the next.
    if isinstance(value, str):
        return value
    return str(value) if type(value) in (int, float) else ""
