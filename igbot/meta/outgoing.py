"""What can be sent, independent of how Meta wants it written (`sendapi`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

VERSION = 2
"""Version of the stored JSON form; an outbox row outlives the program that wrote it."""

AttachmentType = Literal["image", "video", "audio"]


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

    A message has either text (at most 1000 bytes of UTF-8; with `buttons` it is sent as a template) or an attachment.
    """

    text: str = ""
    quick_replies: tuple[QuickReply, ...] = ()
    buttons: tuple[Button, ...] = ()
    attachment: Attachment | None = None


def to_stored(message: Outgoing) -> dict[str, Any]:
    """The JSON object kept in the outbox."""
    raise NotImplementedError


def from_stored(stored: Mapping[str, Any]) -> Outgoing:
    """The message of an outbox row, of this version or version 1.

    Raises ValueError for a version that this program does not know.
    """
    raise NotImplementedError
