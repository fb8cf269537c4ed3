"""What one kept item says, as the rules and the history want it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from igbot.meta.events import Attachment, Content, Control, EventKind, Mid, ThreadControl
from igbot.meta.text import storable
from igbot.meta.values import identifier, rows, table, whole, words

_STORY_TYPES = frozenset({"story_mention", "story", "ig_story"})

_CONTROLS: Mapping[str, Control] = MappingProxyType(
    {"pass_thread_control": "pass", "take_thread_control": "take", "request_thread_control": "request"}
)


def content_of(kind: EventKind, item: object) -> Content:
    """The content of a parsed item. Never raises; what has another type than documented counts as absent."""
    fields = table(item)
    if kind in ("comment", "mention", "change"):
        value = table(fields.get("value"))
        return Content(kind=kind, text=words(value.get("text")))
    if isinstance(fields.get("message"), dict):
        return _message(kind, fields["message"], fields)
    if isinstance(fields.get("message_edit"), dict):
        edit = fields["message_edit"]
        return Content(kind=kind, mid=_mid(edit), text=words(edit.get("text")), num_edit=whole(edit.get("num_edit")))
    return _other(kind, fields)


def _message(kind: EventKind, message: Mapping[str, Any], item: Mapping[str, Any]) -> Content:
    if kind == "deleted":
        return Content(kind=kind, mid=_mid(message))
    reply_to = table(message.get("reply_to"))
    attachments = [table(each) for each in rows(message.get("attachments"))]
    ref, ad_id = _referral(table(message.get("referral")) or table(item.get("referral")))
    return Content(
        kind=kind,
        mid=_mid(message),
        text=words(message.get("text")),
        payload=_optional(table(message.get("quick_reply")).get("payload")),
        attachments=tuple(_attachment(each) for each in attachments),
        reply_to_mid=_mid(reply_to),
        story_id=identifier(table(reply_to.get("story")).get("id")),
        post_id=next(filter(None, map(_post, attachments)), None),
        referral_ref=ref,
        ad_id=ad_id,
        is_echo=message.get("is_echo") is True,
    )


def _other(kind: EventKind, item: Mapping[str, Any]) -> Content:
    reaction = table(item.get("reaction"))
    # An ice breaker's or button's title is what the customer sees as said.
    tapped = table(item.get("postback")) or table(item.get("optin"))
    feedback = table(item.get("response_feedback"))
    ref, ad_id = _referral(table(tapped.get("referral")) or table(item.get("referral")))
    return Content(
        kind=kind,
        mid=_mid(reaction or tapped or feedback or table(item.get("read"))),
        text=words(tapped.get("title")) or words(feedback.get("feedback")),
        payload=_optional(tapped.get("payload")),
        emoji=_optional(reaction.get("emoji")),
        reaction=_optional(reaction.get("reaction")),
        referral_ref=ref,
        ad_id=ad_id,
        control=_control(item) if kind == "handover" else None,
    )


def _control(item: Mapping[str, Any]) -> ThreadControl | None:
    for key, action in _CONTROLS.items():
        told = item.get(key)
        if isinstance(told, dict):
            owner = identifier(told.get("new_owner_app_id")) or identifier(told.get("requested_owner_app_id"))
            return ThreadControl(action, owner)
    return None


def _attachment(attachment: Mapping[str, Any]) -> Attachment:
    kind = words(attachment.get("type")) or "unknown"
    payload = table(attachment.get("payload"))
    # Media of stories must not be kept (Meta's policy on story mentions), so nobody below gets to see its address.
    url = None if kind in _STORY_TYPES else _optional(payload.get("url"))
    return Attachment(type=kind, url=url, title=_optional(payload.get("title")) or _template_text(payload))


def _post(attachment: Mapping[str, Any]) -> str | None:
    """The id of the post or reel that is shared (reference §3.2); the old `share` carries it since November 2025."""
    payload = table(attachment.get("payload"))
    return identifier(payload.get("ig_post_media_id")) or identifier(payload.get("reel_video_id"))


def _template_text(payload: Mapping[str, Any]) -> str | None:
    """What a message with buttons says: one text, or the title of its first card."""
    cards = rows(payload.get("elements"))
    return _optional(payload.get("text")) or _optional(table(cards[0]).get("title") if cards else None)


def _referral(referral: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return _optional(referral.get("ref")), identifier(referral.get("ad_id"))


def _optional(value: object) -> str | None:
    return storable(value) if isinstance(value, str) and value else None


def _mid(event: Mapping[str, Any]) -> Mid | None:
    mid = identifier(event.get("mid"))
    return None if mid is None else Mid(mid)
