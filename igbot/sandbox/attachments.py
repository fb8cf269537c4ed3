"""Meta's rules for attachments and templates, and how Meta tells of them afterwards."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import regex

from igbot.sandbox.customer import MEDIA_URL
from igbot.sandbox.refusals import bad_parameter

MAX_ELEMENTS = 10
MAX_ELEMENT_TEXT = 80
MAX_BUTTONS = 3
MAX_BUTTON_TEXT = 640
MAX_TITLE = 20
MAX_PAYLOAD_BYTES = 1000
# Tuples, not sets: what is looked up in them came from outside and may be unhashable.
MEDIA = ("image", "video", "audio", "file")
NOT_FETCHED = 2018047
"""Subcode of media that cannot be fetched."""


def read_attachment(attachment: object) -> dict[str, Any]:
    """One attachment of a Send API body. Raises RefusalError with the error Meta would give."""
    if not isinstance(attachment, dict):
        raise bad_parameter("Param message[attachment] must be an object")
    type_, payload = attachment.get("type"), attachment.get("payload")
    if type_ == "like_heart":
        return dict(attachment)
    if not isinstance(payload, dict):
        raise bad_parameter("Param message[attachment][payload] is required")
    if type_ in MEDIA:
        if not payload.get("attachment_id"):
            _check_url(payload.get("url"), "payload[url]", subcode=NOT_FETCHED)
    elif type_ == "MEDIA_SHARE":
        if not payload.get("id"):
            raise bad_parameter("Param payload[id] is required")
    elif type_ == "template":
        _check_template(payload)
    else:
        raise bad_parameter("Param message[attachment][type] is not one of Instagram's attachment types")
    return dict(attachment)


def check_title(title: object, name: str) -> None:
    """Raises RefusalError unless it is a title of 1 to 20 characters, as people count them."""
    if not isinstance(title, str) or not title.strip():
        raise bad_parameter(f"Param {name} must be a non-empty string")
    size(title, name)
    if len(title) > MAX_TITLE and len(regex.findall(r"\X", title)) > MAX_TITLE:
        raise bad_parameter(f"Param {name} is too long, at most {MAX_TITLE} characters")


def check_payload(payload: object, name: str) -> None:
    """Raises RefusalError unless it is a payload of 1 to 1000 bytes."""
    if not isinstance(payload, str) or not payload:
        raise bad_parameter(f"Param {name} must be a non-empty string")
    if size(payload, name) > MAX_PAYLOAD_BYTES:
        raise bad_parameter(f"Param {name} is too long, at most {MAX_PAYLOAD_BYTES}")


def size(text: str, name: str) -> int:
    """Bytes of UTF-8; a lone surrogate has none and is refused."""
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise bad_parameter(f"Param {name} must be a valid UTF-8 string") from error


def _check_template(payload: Mapping[str, Any]) -> None:
    if payload.get("template_type") == "generic":
        elements = payload.get("elements")
        if not isinstance(elements, list) or not 1 <= len(elements) <= MAX_ELEMENTS:
            raise bad_parameter(f"Param payload[elements] must be an array of 1 to {MAX_ELEMENTS}")
        for element in elements:
            _check_element(element)
    elif payload.get("template_type") == "button":
        _check_words(payload.get("text"), "payload[text]", most=MAX_BUTTON_TEXT)
        _check_buttons(payload.get("buttons"))
    else:
        raise bad_parameter("Param payload[template_type] must be one of {generic, button}")


def _check_element(element: object) -> None:
    if not isinstance(element, dict):
        raise bad_parameter("Param payload[elements] must be an array of objects")
    _check_words(element.get("title"), "elements[title]", most=MAX_ELEMENT_TEXT)
    if len(element) < 2:
        raise bad_parameter("Param elements must have at least one property beside title")
    if "subtitle" in element:
        _check_words(element["subtitle"], "elements[subtitle]", most=MAX_ELEMENT_TEXT)
    if "image_url" in element:
        _check_url(element["image_url"], "elements[image_url]")
    if "default_action" in element:
        action = element["default_action"]
        if not isinstance(action, dict) or action.get("type") != "web_url":
            raise bad_parameter("Param elements[default_action][type] must be web_url")
        _check_url(action.get("url"), "elements[default_action][url]")
    if "buttons" in element:
        _check_buttons(element["buttons"])


def _check_words(words: object, name: str, *, most: int) -> None:
    if not isinstance(words, str) or not words.strip() or len(words) > most:
        raise bad_parameter(f"Param {name} must have 1 to {most} characters")
    size(words, name)


def _check_buttons(buttons: object) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= MAX_BUTTONS:
        raise bad_parameter(f"Param buttons must be an array of 1 to {MAX_BUTTONS}")
    for button in buttons:
        if not isinstance(button, dict) or button.get("type") not in ("postback", "web_url"):
            raise bad_parameter("Param buttons[type] must be one of {postback, web_url}")
        check_title(button.get("title"), "buttons[title]")
        if button["type"] == "postback":
            check_payload(button.get("payload"), "buttons[payload]")
        else:
            _check_url(button.get("url"), "buttons[url]")


def _check_url(url: object, name: str, *, subcode: int | None = None) -> None:
    try:
        told = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        told = None
    if told is None or told.scheme != "https" or not told.netloc:
        raise bad_parameter(f"Param {name} must be a valid https URL", subcode=subcode)


# How Meta tells of them


def template_words(attachments: Iterable[Mapping[str, Any]]) -> str | None:
    """What the first template says: its text, or the title of its first card."""
    for payload in _templates(attachments):
        if payload.get("template_type") == "button":
            return str(payload["text"])
        return str(payload["elements"][0]["title"])
    return None


def template_buttons(attachments: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """All buttons, card by card."""
    found: list[dict[str, Any]] = []
    for payload in _templates(attachments):
        for holder in (payload, *payload.get("elements", ())):
            found.extend(holder.get("buttons", ()))
    return found


def _templates(attachments: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    return (each["payload"] for each in attachments if each["type"] == "template")


def as_echoed(attachments: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The attachments of an echo: media at an address of Meta's own, templates as they were sent."""
    return [{**each, "payload": {"url": MEDIA_URL}} if each["type"] in MEDIA else dict(each) for each in attachments]


def as_looked_up(attachments: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The attachments of a message in the Conversations API: each type has a part of its own."""
    found: list[dict[str, Any]] = []
    for each in attachments:
        match each["type"]:
            case "image":
                found.append({"image_data": {"url": MEDIA_URL}, "mime_type": "image/jpeg"})
            case "video":
                found.append({"video_data": {"url": MEDIA_URL}, "mime_type": "video/mp4"})
            case "audio":
                found.append({"file_url": MEDIA_URL, "mime_type": "audio/mp4"})
            case "template":
                found.append({"generic_template": {"title": template_words([each])}})
            case _:
                found.append({"file_url": MEDIA_URL})
    return found
