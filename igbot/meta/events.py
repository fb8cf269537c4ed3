"""The words for what Meta sends: ids, kinds and the two shapes a webhook event has here.

`WebhookEvent` is what is kept (one inbox row); `Content` is what is read out of its raw JSON when it is worked on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType

AccountId = NewType("AccountId", str)
"""The one id under which rows of an account are stored; one of the account's own ids."""
Igsid = NewType("Igsid", str)
"""Instagram-scoped id of a customer; `""` where an event names none."""
Mid = NewType("Mid", str)
"""Meta's message id, in both directions."""

CustomerKind = Literal[
    "text",
    "image",
    "video",
    "audio",
    "file",
    "share",
    "story_reply",
    "story_mention",
    "reaction",
    "quick_reply",
    "postback",
    "referral",
    "unsupported",
]
"""What a customer does that rules may answer (`kinds` of the rule language)."""

OtherKind = Literal[
    "echo",
    "seen",
    "edit",
    "deleted",
    "unreact",
    "optin",
    "feedback",
    "handover",
    "policy",
    "comment",
    "mention",
    "change",
    "standby",
    "dashboard_test",
    "unknown",
    "raw",
]
"""What is kept but never answered. `unknown`: an item of no known shape. `raw`: a body that could not be read."""

EventKind = CustomerKind | OtherKind

CUSTOMER_KINDS: frozenset[str] = frozenset(CustomerKind.__args__)  # type: ignore[attr-defined]
OPENS_WINDOW: frozenset[str] = CUSTOMER_KINDS - {"reaction", "referral"}
"""Kinds that open the 24-hour window (reference §7). Reactions and ig.me clicks are documented for Messenger only:
Meta's refusal decides. They are also those that bring a message id of their own."""

EVENT_KINDS: frozenset[str] = CUSTOMER_KINDS | frozenset(OtherKind.__args__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One event of a webhook delivery, ready to be stored.

    `at` is Meta's own time in UTC, or the receive time where Meta's could not be used (then `at_mended`).
    `key` is the 16-byte dedup key, `raw` the item as ASCII JSON. `known_account` is false where no configured
    account has the id; `account_id` is then the raw id.
    """

    account_id: AccountId
    known_account: bool
    igsid: Igsid
    kind: EventKind
    mid: Mid | None
    at: datetime
    at_mended: bool
    key: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attachment; `url` is Meta's signed, expiring link and may be absent."""

    type: str
    url: str | None = None
    title: str | None = None


Control = Literal["pass", "take", "request"]
"""What an app does about a conversation: hands it on, takes it, asks for it."""


@dataclass(frozen=True, slots=True)
class ThreadControl:
    """Which app has a conversation (reference §3.6, §7.2).

    `owner` is the app that has it now, or that asks for it.
    """

    action: Control
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What one stored item says; every field but `kind` may be empty. Texts have no NUL and no lone surrogate.

    `post_id` is the id of the post or reel that was shared; `num_edit` counts the edits of a message.
    """

    kind: EventKind
    mid: Mid | None = None
    text: str = ""
    payload: str | None = None
    attachments: tuple[Attachment, ...] = ()
    reply_to_mid: Mid | None = None
    story_id: str | None = None
    post_id: str | None = None
    emoji: str | None = None
    reaction: str | None = None
    referral_ref: str | None = None
    ad_id: str | None = None
    is_echo: bool = False
    num_edit: int | None = None
    control: ThreadControl | None = None
