"""What can be sent, independent of how Meta wants it written (`sendapi`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

VERSION = 2
"""Version of the stored JSON form; an outbox row outlives the program that wrote it."""
PLAIN_VERSION = 1
"""Knows texts with quick replies only."""
READABLE = (PLAIN_VERSION, VERSION)

AttachmentType = Literal["image", "video", "audio"]
ATTACHMENT_TYPES: tuple[AttachmentType, ...] = get_args(AttachmentType)


@dataclass(frozen=True, slots=True)
class QuickReply:
    """A button under a message: `title` at most 20 characters, `payload` at most 1000 bytes."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Button:
    """A button inside a message (template): opens `url`, or comes back as a postback with `payload`. One of the two."""

    title: str
    url: str | None = None
    payload: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture, film or sound that Meta fetches from `url`."""

    type: AttachmentType
    url: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One answer before it is split, or one message once it is (`sendapi.parts`).

    A message has either text (at most 1000 bytes of UTF-8; with `buttons` it is sent as a template of at most 640
    characters) or an attachment.
    """

    text: str = ""
    quick_replies: tuple[QuickReply, ...] = ()
    buttons: tuple[Button, ...] = ()
    attachment: Attachment | None = None


def to_stored(message: Outgoing) -> dict[str, Any]:
    """The JSON object kept in the outbox. `text` and `quick_replies` are in it in every version."""
    # A process of the version before can send what it knows.
    plain = not message.buttons and message.attachment is None
    stored: dict[str, Any] = {
        "version": PLAIN_VERSION if plain else VERSION,
        "text": message.text,
        "quick_replies": [{"title": q.title, "payload": q.payload} for q in message.quick_replies],
    }
    if message.buttons:
        stored["buttons"] = [{"title": b.title, "url": b.url, "payload": b.payload} for b in message.buttons]
    if message.attachment:
        stored["attachment"] = {"type": message.attachment.type, "url": message.attachment.url}
    return stored


def from_stored(stored: Mapping[str, Any]) -> Outgoing:
    """The message of an outbox row, of this version or version 1.

    Raises ValueError for a version or a kind of attachment that this program does not know.
    """
    if stored.get("version") not in READABLE:
        raise ValueError(f"outbox body has version {stored.get('version')!r}, this program knows {READABLE}")
    return Outgoing(
        text=stored["text"],
        quick_replies=tuple(QuickReply(q["title"], q["payload"]) for q in stored["quick_replies"]),
        buttons=tuple(Button(b["title"], b["url"], b["payload"]) for b in stored.get("buttons", ())),
        attachment=_attachment(stored.get("attachment")),
    )


def _attachment(stored: Mapping[str, Any] | None) -> Attachment | None:
    if stored is None:
        return None
    for known in ATTACHMENT_TYPES:
        if stored["type"] == known:
            return Attachment(known, stored["url"])
    raise ValueError(f"outbox body has an attachment of type {stored['type']!r}, this program knows {ATTACHMENT_TYPES}")
