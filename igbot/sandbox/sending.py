"""Meta's rules for one Send API body: what is accepted becomes a `Sending`, everything else a refusal."""

from dataclasses import dataclass
from typing import Any, Literal

import regex

from igbot.sandbox.refusals import RefusalError, bad_parameter, unknown_recipient

MAX_TEXT_BYTES = 1000
MAX_QUICK_REPLIES = 13
MAX_TITLE = 20
MAX_PAYLOAD_BYTES = 1000
MAX_IMAGES = 10
MAX_ELEMENTS = 10
MAX_BUTTONS = 3
MAX_BUTTON_TEXT = 640
MAX_ID = 512
# Tuples, not sets: what is looked up in them came from outside and may be unhashable.
SENDER_ACTIONS = ("typing_on", "typing_off", "mark_seen", "react", "unreact")
MESSAGING_TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG")
MEDIA = ("image", "video", "audio", "file")
QUICK_REPLY_TYPES = ("text", "user_phone_number", "user_email")
EMPTY_MESSAGE = 2018034
"""Subcode of an empty message."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One accepted body: a message (text or attachments), or a sender action."""

    igsid: str
    text: str | None = None
    quick_replies: tuple[dict[str, Any], ...] = ()
    attachments: tuple[dict[str, Any], ...] = ()
    action: str | None = None
    by_person: bool = False


def read_sending(body: object) -> Sending:
    """What the body of `POST /{id}/messages` asks for.

    Raises RefusalError with the error Meta would give. Limits: Send API pages of the Instagram platform.
    """
    if not isinstance(body, dict):
        raise bad_parameter("The parameter recipient is required")
    igsid = _recipient(body.get("recipient"))
    by_person = _tag(body.get("messaging_type"), body.get("tag")) == "HUMAN_AGENT"
    if "sender_action" in body:
        return _sender_action(igsid, body)
    message = body.get("message")
    if not isinstance(message, dict):
        raise bad_parameter("The parameter message is required")
    parts = [name for name in ("text", "attachment", "attachments") if message.get(name) is not None]
    if not parts:
        raise bad_parameter("Message cannot be empty, must provide valid attachment or text", subcode=EMPTY_MESSAGE)
    if len(parts) > 1:
        raise bad_parameter("Message cannot have both text and attachments", subcode=2018032)
    quick_replies = _quick_replies(message["quick_replies"]) if "quick_replies" in message else ()
    if parts == ["text"]:
        text = _text(message["text"])
        return Sending(igsid, text=text, quick_replies=quick_replies, by_person=by_person)
    attachments = _attachments(parts[0], message[parts[0]])
    return Sending(igsid, quick_replies=quick_replies, attachments=attachments, by_person=by_person)


def _recipient(recipient: object) -> str:
    if not isinstance(recipient, dict):
        raise bad_parameter("The parameter recipient is required")
    if "comment_id" in recipient:
        raise bad_parameter("The comment is invalid for a private reply", subcode=2534025)
    igsid = recipient.get("id")
    if isinstance(igsid, int) and not isinstance(igsid, bool):
        igsid = str(igsid)
    if not isinstance(igsid, str) or not igsid:
        raise bad_parameter("Param recipient[id] must be a valid ID string (e.g., '123')")
    if len(igsid) > MAX_ID or not igsid.isascii():
        raise unknown_recipient()
    return igsid


def _tag(messaging_type: object, tag: object) -> Literal["HUMAN_AGENT"] | None:
    if messaging_type is not None and messaging_type not in MESSAGING_TYPES:
        raise bad_parameter("Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}")
    if messaging_type != "MESSAGE_TAG":
        return None
    if tag != "HUMAN_AGENT":
        raise bad_parameter("Param tag must be HUMAN_AGENT, the only tag of Instagram")
    return "HUMAN_AGENT"


def _sender_action(igsid: str, body: dict[str, Any]) -> Sending:
    action = body["sender_action"]
    if action not in SENDER_ACTIONS:
        raise bad_parameter(f"Param sender_action must be one of {{{', '.join(sorted(SENDER_ACTIONS))}}}")
    if "message" in body:
        raise bad_parameter("A sender action must be a request of its own")
    return Sending(igsid, action=action)


def _text(text: object) -> str:
    if not isinstance(text, str):
        raise bad_parameter("Param message[text] must be a string")
    if not text.strip():
        raise bad_parameter("Message cannot be empty, must provide valid attachment or text", subcode=EMPTY_MESSAGE)
    if _size(text, "message[text]") > MAX_TEXT_BYTES:
        message = f"Length of param message[text] must be less than or equal to {MAX_TEXT_BYTES}"
        raise bad_parameter(message)
    return text


def _size(text: str, name: str) -> int:
    """Bytes of UTF-8; a lone surrogate has none and is refused."""
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise bad_parameter(f"Param {name} must be a valid UTF-8 string") from error


def _quick_replies(quick_replies: object) -> tuple[dict[str, Any], ...]:
    if not isinstance(quick_replies, list) or not quick_replies:
        raise bad_parameter("Param message[quick_replies] must be a non-empty array")
    if len(quick_replies) > MAX_QUICK_REPLIES:
        raise bad_parameter(f"Param message[quick_replies] has too many elements, at most {MAX_QUICK_REPLIES}")
    return tuple(_quick_reply(reply) for reply in quick_replies)


def _quick_reply(reply: object) -> dict[str, Any]:
    if not isinstance(reply, dict) or reply.get("content_type") not in QUICK_REPLY_TYPES:
        raise bad_parameter("Param quick_replies[content_type] must be one of {text, user_phone_number, user_email}")
    if reply["content_type"] != "text":
        return dict(reply)
    title, payload = reply.get("title"), reply.get("payload")
    if not isinstance(title, str) or not title.strip():
        raise bad_parameter("Param quick_replies[title] must be a non-empty string")
    _size(title, "quick_replies[title]")
    if len(title) > MAX_TITLE and len(regex.findall(r"\X", title)) > MAX_TITLE:
        raise bad_parameter(f"Param quick_replies[title] is too long, at most {MAX_TITLE} characters")
    if not isinstance(payload, str) or not payload:
        raise bad_parameter("Param quick_replies[payload] must be a non-empty string")
    if _size(payload, "quick_replies[payload]") > MAX_PAYLOAD_BYTES:
        raise bad_parameter(f"Param quick_replies[payload] is too long, at most {MAX_PAYLOAD_BYTES}")
    return dict(reply)


def _attachments(name: str, value: object) -> tuple[dict[str, Any], ...]:
    if name == "attachment":
        return (_attachment(value),)
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_IMAGES:
        raise bad_parameter(f"Param message[attachments] must be an array of 1 to {MAX_IMAGES} images")
    attachments = tuple(_attachment(each) for each in value)
    if any(attachment["type"] != "image" for attachment in attachments):
        raise bad_parameter("Param message[attachments] may hold images only")
    return attachments


def _attachment(attachment: object) -> dict[str, Any]:
    if not isinstance(attachment, dict):
        raise bad_parameter("Param message[attachment] must be an object")
    type_, payload = attachment.get("type"), attachment.get("payload")
    if type_ == "like_heart":
        return dict(attachment)
    if not isinstance(payload, dict):
        raise bad_parameter("Param message[attachment][payload] is required")
    if type_ in MEDIA:
        problem = _media_problem(payload)
    elif type_ == "MEDIA_SHARE":
        problem = None if payload.get("id") else bad_parameter("Param payload[id] is required")
    elif type_ == "template":
        problem = _template_problem(payload)
    else:
        problem = bad_parameter("Param message[attachment][type] is not one of Instagram's attachment types")
    if problem is not None:
        raise problem
    return dict(attachment)


def _media_problem(payload: dict[str, Any]) -> RefusalError | None:
    if payload.get("attachment_id"):
        return None
    url = payload.get("url")
    if isinstance(url, str) and url.startswith(("https://", "http://")):
        return None
    return bad_parameter("Param payload[url] must be a valid URL", subcode=2018047)


def _template_problem(payload: dict[str, Any]) -> RefusalError | None:
    if payload.get("template_type") == "generic":
        elements = payload.get("elements")
        if isinstance(elements, list) and 1 <= len(elements) <= MAX_ELEMENTS:
            return None
        return bad_parameter(f"Param payload[elements] must be an array of 1 to {MAX_ELEMENTS}")
    if payload.get("template_type") == "button":
        text, buttons = payload.get("text"), payload.get("buttons")
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_BUTTON_TEXT:
            return bad_parameter(f"Param payload[text] must have 1 to {MAX_BUTTON_TEXT} characters")
        if isinstance(buttons, list) and 1 <= len(buttons) <= MAX_BUTTONS:
            return None
        return bad_parameter(f"Param payload[buttons] must be an array of 1 to {MAX_BUTTONS}")
    return bad_parameter("Param payload[template_type] must be one of {generic, button}")
