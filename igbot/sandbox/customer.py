"""What Meta would post to the webhook: items of every kind, and the bytes of one delivery as Meta writes them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from igbot.meta.events import OPENS_WINDOW

MEDIA_URL = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=sandbox"
"""Where no `url` is given; shaped like Meta's signed, expiring links."""

OWN_MID_KINDS = OPENS_WINDOW
"""Kinds that bring a message id of their own; the others are about another message, or about none."""

WINDOW_KINDS = OPENS_WINDOW
"""Kinds that open the 24-hour window: whatever the customer writes or taps, not a reaction or a read receipt."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a builder has to work with; every field but `mid` may be empty."""

    mid: str | None
    text: str
    payload: str | None
    about: str | None
    url: str


def _message(written: Written, **fields: object) -> dict[str, Any]:
    message: dict[str, Any] = {"mid": written.mid}
    if written.text:
        message["text"] = written.text
    return {"message": {**message, **fields}}


def _text(written: Written) -> dict[str, Any]:
    fields = {"reply_to": {"mid": written.about}} if written.about else {}
    item = _message(written, **fields)
    item["message"].setdefault("text", "")
    return item


def _attached(type_: str) -> Callable[[Written], dict[str, Any]]:
    def build(written: Written) -> dict[str, Any]:
        # Instagram has no captions: media and text are two messages.
        return {"message": {"mid": written.mid, "attachments": [{"type": type_, "payload": {"url": written.url}}]}}

    return build


def _share(written: Written) -> dict[str, Any]:
    payload = {"ig_post_media_id": "18100000000000001", "title": written.text, "url": written.url}
    return {"message": {"mid": written.mid, "attachments": [{"type": "ig_post", "payload": payload}]}}


def _story_reply(written: Written) -> dict[str, Any]:
    story = {"url": written.url, "id": written.about or "18000000000000003"}
    return _message(written, reply_to={"story": story})


def _quick_reply(written: Written) -> dict[str, Any]:
    return _message(written, quick_reply={"payload": written.payload or ""})


def _postback(written: Written) -> dict[str, Any]:
    return {"postback": {"mid": written.mid, "title": written.text, "payload": written.payload or ""}}


def _referral(written: Written) -> dict[str, Any]:
    return {"referral": {"ref": written.payload or written.text, "source": "IGME_LINK", "type": "OPEN_THREAD"}}


def _unsupported(written: Written) -> dict[str, Any]:
    return {"message": {"mid": written.mid, "is_unsupported": True}}


def _reaction(written: Written) -> dict[str, Any]:
    emoji = written.text or "\u2764\ufe0f"
    name = "other" if written.text else "love"
    return {"reaction": {"mid": written.about, "action": "react", "reaction": name, "emoji": emoji}}


def _unreact(written: Written) -> dict[str, Any]:
    return {"reaction": {"mid": written.about, "action": "unreact"}}


def _seen(written: Written) -> dict[str, Any]:
    return {"read": {"mid": written.about}}


def _edit(written: Written) -> dict[str, Any]:
    return {"message_edit": {"mid": written.about, "text": written.text, "num_edit": 1}}


def _deleted(written: Written) -> dict[str, Any]:
    return {"message": {"mid": written.about, "is_deleted": True}}


BUILDERS: Mapping[str, Callable[[Written], dict[str, Any]]] = MappingProxyType(
    {
        "text": _text,
        "image": _attached("image"),
        "video": _attached("video"),
        "audio": _attached("audio"),
        "file": _attached("file"),
        "share": _share,
        "story_reply": _story_reply,
        "story_mention": _attached("story_mention"),
        "reaction": _reaction,
        "quick_reply": _quick_reply,
        "postback": _postback,
        "referral": _referral,
        "unsupported": _unsupported,
        "unreact": _unreact,
        "seen": _seen,
        "edit": _edit,
        "deleted": _deleted,
    }
)
"""One builder a kind: all a customer does, and what Meta tells about it."""


def milliseconds(at: datetime) -> int:
    """Meta's time of an event: whole milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def _item(sender: str, recipient: str, at: datetime, event: Mapping[str, Any]) -> dict[str, Any]:
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": milliseconds(at), **event}


def customer_message(
    igsid: str,
    account_id: str,
    *,
    at: datetime,
    mid: str | None = None,
    kind: str = "text",
    text: str = "",
    payload: str | None = None,
    about: str | None = None,
    url: str = MEDIA_URL,
) -> dict[str, Any]:
    """One item of `entry[].messaging[]` in which a customer does something.

    `about` is the mid it concerns (reaction, seen, edit, deleted, an inline reply) or the story's id; `payload` that
    of a button. Media carry no text: theirs is left out. Raises ValueError for a kind not in `BUILDERS`, for a missing
    `mid` where the kind has one, and for a missing `about` where it must name a message. Shapes: Meta's webhook
    examples.
    """
    if kind not in BUILDERS:
        raise ValueError(f"no such kind: {kind!r} (one of {', '.join(sorted(BUILDERS))})")
    if kind in OWN_MID_KINDS and not mid:
        raise ValueError(f"kind {kind!r} needs a mid")
    if kind not in OWN_MID_KINDS and kind != "referral" and not about:
        raise ValueError(f"kind {kind!r} needs `about`, the mid of the message it concerns")
    written = Written(mid=mid, text=text, payload=payload, about=about, url=url)
    return _item(igsid, account_id, at, BUILDERS[kind](written))


def echo(
    igsid: str,
    account_id: str,
    *,
    mid: str,
    at: datetime,
    text: str | None,
    attachments: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The item that tells the account about a message of its own, whoever wrote it."""
    message: dict[str, Any] = {"mid": mid}
    if text is not None:
        message["text"] = text
    if attachments:
        message["attachments"] = list(attachments)
    return _item(account_id, igsid, at, {"message": {**message, "is_echo": True}})


def seen(igsid: str, account_id: str, *, mid: str, at: datetime) -> dict[str, Any]:
    """The item that tells that the customer has read the message `mid`."""
    return customer_message(igsid, account_id, kind="seen", about=mid, at=at)


def delivery_body(items: Sequence[Mapping[str, Any]], account_id: str, at: datetime) -> bytes:
    """One webhook POST for one account."""
    return deliveries_body({account_id: items}, at)


def deliveries_body(items: Mapping[str, Sequence[Mapping[str, Any]]], at: datetime) -> bytes:
    """One webhook POST with the items of each account, byte for byte as Meta writes it.

    ASCII, lower-case escapes, `/` as `\\/`; an entry for each account.
    """
    entries = [{"id": account, "time": milliseconds(at), "messaging": list(each)} for account, each in items.items()]
    text = json.dumps({"object": "instagram", "entry": entries}, separators=(",", ":"))
    return text.replace("/", "\\/").encode("ascii")
