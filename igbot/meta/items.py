"""What one webhook item is: its kind, its mid, and what its dedup key calls it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from igbot.meta.events import CustomerKind, EventKind, Mid
from igbot.meta.values import flag, identifier, rows, table

_ATTACHMENT_KINDS: Mapping[str, CustomerKind] = MappingProxyType(
    {
        "image": "image",
        "sticker": "image",
        "gif": "image",
        "video": "video",
        "audio": "audio",
        "file": "file",
        "share": "share",
        "ig_post": "share",
        "post": "share",
        "ig_reel": "share",
        "reel": "share",
        "story": "share",
        "ig_story": "share",
        "fallback": "share",
    }
)

_HANDOVER = ("pass_thread_control", "take_thread_control", "request_thread_control", "app_roles")

_OTHER_KEYS: tuple[tuple[str, EventKind, str], ...] = (
    ("postback", "postback", "postback"),
    ("read", "seen", "read"),
    ("referral", "referral", "referral"),
    ("optin", "optin", "optin"),
    ("response_feedback", "feedback", "feedback"),
    *((key, "handover", "handover") for key in _HANDOVER),
    ("policy_enforcement", "policy", "policy"),
)


class Shape(NamedTuple):
    """What an item is. `name` is the event's name in its dedup key; several kinds share one."""

    kind: EventKind
    name: str
    mid: Mid | None


def shape_of(item: Mapping[str, Any], *, from_us: bool) -> Shape:
    """The shape of a messaging item; "unknown" for one that is of none.

    `from_us`: the business is its sender. Its messages are echoes; its reactions and read marks are of no use here.
    """
    message = item.get("message")
    if isinstance(message, dict):
        mid = _mid(message)
        if flag(message.get("is_deleted")):
            return Shape("deleted", "deleted", mid)
        if from_us or flag(message.get("is_echo")):
            return Shape("echo", "echo", mid)
        return Shape(message_kind(message), "message", mid)
    edit = item.get("message_edit")
    if isinstance(edit, dict):
        return Shape("edit", "edit", _mid(edit))
    shape = _other_shape(item)
    return Shape("unknown", shape.name, shape.mid) if from_us else shape


def message_kind(message: Mapping[str, Any]) -> CustomerKind:
    """What a customer's message is. Typed words count more than what is attached to them, but for story mentions."""
    if flag(message.get("is_unsupported")):
        return "unsupported"
    if isinstance(table(message.get("quick_reply")).get("payload"), str):
        return "quick_reply"
    if isinstance(table(message.get("reply_to")).get("story"), dict):
        return "story_reply"
    types = [table(each).get("type") for each in rows(message.get("attachments"))]
    if "story_mention" in types:
        return "story_mention"
    text = message.get("text")
    if isinstance(text, str) and text:
        return "text"
    for each in types:
        if isinstance(each, str) and each in _ATTACHMENT_KINDS:
            return _ATTACHMENT_KINDS[each]
    return "referral" if not types and isinstance(message.get("referral"), dict) else "unsupported"


def _other_shape(item: Mapping[str, Any]) -> Shape:
    reaction = item.get("reaction")
    if isinstance(reaction, dict):
        return Shape("unreact" if reaction.get("action") == "unreact" else "reaction", "reaction", _mid(reaction))
    for key, kind, name in _OTHER_KEYS:
        value = item.get(key)
        if isinstance(value, dict):
            return Shape(kind, name, _mid(value))
    return Shape("unknown", "unknown", None)


def _mid(event: Mapping[str, Any]) -> Mid | None:
    mid = identifier(event.get("mid"))
    return None if mid is None else Mid(mid)
