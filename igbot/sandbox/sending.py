"""Meta's rules for one Send API body: what is accepted becomes a `Sending`, everything else a refusal."""

from dataclasses import dataclass
from typing import Any, Literal

from igbot.sandbox.attachments import (
    check_payload,
    check_title,
    read_attachment,
    size,
    template_buttons,
    template_words,
)
from igbot.sandbox.refusals import bad_parameter, unknown_recipient

MAX_TEXT_BYTES = 1000
MAX_QUICK_REPLIES = 13
MAX_IMAGES = 10
MAX_ID = 512
# Tuples, not sets: what is looked up in them came from outside and may be unhashable.
SENDER_ACTIONS = ("typing_on", "typing_off", "mark_seen", "react", "unreact")
MESSAGING_TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG")
QUICK_REPLY_TYPES = ("text", "user_phone_number", "user_email")
EMPTY_MESSAGE = 2018034
"""Subcode of an empty message."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One accepted body: a message (`text` or `attachments`, a template is one of these), or a sender action."""

    igsid: str
    text: str | None = None
    quick_replies: tuple[dict[str, Any], ...] = ()
    attachments: tuple[dict[str, Any], ...] = ()
    action: str | None = None
    by_person: bool = False

    @property
    def words(self) -> str | None:
        """What the customer reads: the text, or that of a template."""
        return self.text if self.text is not None else template_words(self.attachments)

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """The buttons of a template."""
        return template_buttons(self.attachments)


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
    if size(text, "message[text]") > MAX_TEXT_BYTES:
        message = f"Length of param message[text] must be less than or equal to {MAX_TEXT_BYTES}"
        raise bad_parameter(message)
    return text


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
    check_title(reply.get("title"), "quick_replies[title]")
    check_payload(reply.get("payload"), "quick_replies[payload]")
    return dict(reply)


def _attachments(name: str, value: object) -> tuple[dict[str, Any], ...]:
    if name == "attachment":
        return (read_attachment(value),)
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_IMAGES:
        raise bad_parameter(f"Param message[attachments] must be an array of 1 to {MAX_IMAGES} images")
    attachments = tuple(read_attachment(each) for each in value)
    if any(attachment["type"] != "image" for attachment in attachments):
        raise bad_parameter("Param message[attachments] may hold images only")
    return attachments
