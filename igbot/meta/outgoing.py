"""What can be sent, independent of how Meta wants it written (`sendapi`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERSION = 1
"""Version of the stored JSON form; an outbox row outlives the program that wrote it."""


@dataclass(frozen=True, slots=True)
class QuickReply:
    """A button under a message: `title` at most 20 characters, `payload` at most 1000 bytes."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """One text message, at most 1000 bytes of UTF-8 once split, with up to 13 quick replies."""

    text: str
    quick_replies: tuple[QuickReply, ...] = ()


def to_stored(message: OutgoingText) -> dict[str, Any]:
    """The JSON object kept in the outbox."""
    return {
        "version": VERSION,
        "text": message.text,
        "quick_replies": [{"title": q.title, "payload": q.payload} for q in message.quick_replies],
    }


def from_stored(stored: Mapping[str, Any]) -> OutgoingText:
    """The message of an outbox row.

    Raises ValueError for a version that this program does not know.
    """
    if stored.get("version") != VERSION:
        raise ValueError(f"outbox body has version {stored.get('version')!r}, this program knows {VERSION}")
    return OutgoingText(
        text=stored["text"],
        quick_replies=tuple(QuickReply(q["title"], q["payload"]) for q in stored["quick_replies"]),
    )
