"""What can be sent, as the Send API wants it and within its limits."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import regex

from igbot.meta.outgoing import Button, Outgoing
from igbot.meta.text import storable

MAX_TEXT_BYTES = 1000
MAX_QUICK_REPLIES = 13
MAX_TITLE_CHARACTERS = 20
MAX_PAYLOAD_BYTES = 1000
MAX_BUTTONS = 3
MAX_BUTTON_TEXT_CHARACTERS = 640

_WORD, _SENTENCE, _PARAGRAPH = 1, 2, 3
_GRAPHEME = regex.compile(r"\X")
_STOPS = frozenset(".!?…؟।")
_STOPS_WITHOUT_SPACE = frozenset("。！？")
_MOST_CLOSERS = 4
_CLOSERS = frozenset("\"'”’»)]」』）")


def parts(message: Outgoing) -> list[Outgoing]:
    """The messages to send for one reply, in order; [] where there is nothing to say or show.

    Meta takes text and attachment as two messages: the attachment goes first, the text after it, split where it is
    over the limit. Quick replies are on the last one, as Meta shows them under the newest message alone. So are
    buttons, in a template that holds less than a message; they need words, and go unsent where the text is blank.
    """
    split = [Outgoing(attachment=message.attachment)] if message.attachment else []
    texts = split_text(message.text)
    if message.buttons and texts:
        *before, last = texts
        *rest, template = _template_texts(last)
        split += [Outgoing(text) for text in (*before, *rest)]
        split.append(Outgoing(template, buttons=message.buttons))
    else:
        split += [Outgoing(text) for text in texts]
    if split:
        split[-1] = replace(split[-1], quick_replies=message.quick_replies)
    return split


def _template_texts(text: str) -> list[str]:
    """A text that fits a message so that its last part fits a template."""
    if len(text) <= MAX_BUTTON_TEXT_CHARACTERS:
        return [text]
    # So many bytes are at most as many characters.
    return split_text(text, MAX_BUTTON_TEXT_CHARACTERS)


def send_body(igsid: str, message: Outgoing) -> dict[str, Any]:
    """The JSON body of `POST /me/messages` for one part (meta-platform reference §4.1)."""
    content: dict[str, Any]
    if message.attachment:
        content = {"attachment": {"type": message.attachment.type, "payload": {"url": message.attachment.url}}}
    elif message.buttons:
        buttons = [_button(button) for button in message.buttons]
        payload = {"template_type": "button", "text": message.text, "buttons": buttons}
        content = {"attachment": {"type": "template", "payload": payload}}
    else:
        content = {"text": message.text}
    if message.quick_replies:
        content["quick_replies"] = [
            {"content_type": "text", "title": each.title, "payload": each.payload} for each in message.quick_replies
        ]
    return {"recipient": {"id": igsid}, "messaging_type": "RESPONSE", "message": content}


def typing_body(igsid: str) -> dict[str, Any]:
    """The JSON body of `POST /me/messages` that shows the customer that somebody types, until the next message."""
    return {"recipient": {"id": igsid}, "sender_action": "typing_on"}


def _button(button: Button) -> dict[str, str]:
    if button.url is not None:
        return {"type": "web_url", "title": button.title, "url": button.url}
    return {"type": "postback", "title": button.title, "payload": button.payload or ""}


def split_text(text: str, limit: int = MAX_TEXT_BYTES) -> list[str]:
    """`text` in parts of at most `limit` bytes of UTF-8; [] where it is blank.

    Breaks after a paragraph, else a sentence or line, else a word, else between two graphemes; only a grapheme over
    the limit is cut. White space at the breaks goes. Raises ValueError for a limit under 4, one character's size.
    """
    if limit < 4:
        raise ValueError(f"a limit of {limit} bytes does not hold every character")
    text = storable(text)
    if text.isascii() and len(text) <= limit and "\r" not in text:
        stripped = text.strip()
        return [stripped] if stripped else []
    units = _units(text, limit)
    found: list[str] = []
    start = 0
    while True:
        while start < len(units) and units[start].isspace():
            start += 1
        if start == len(units):
            return found
        end = _break(units, start, _reach(units, start, limit))
        found.append(_joined(units, start, end))
        start = end


def _units(text: str, limit: int) -> list[str]:
    """The graphemes of the text, those over the limit taken apart."""
    units: list[str] = []
    for grapheme in _GRAPHEME.findall(text):
        if len(grapheme.encode()) <= limit:
            units.append(grapheme)
        else:
            units.extend(grapheme)
    return units


def _reach(units: Sequence[str], start: int, limit: int) -> int:
    """How far the units from `start` on fit the limit."""
    size = 0
    for index in range(start, len(units)):
        size += len(units[index].encode())
        if size > limit:
            return index
    return len(units)


def _break(units: Sequence[str], start: int, end: int) -> int:
    """The best place to end a part that may not go beyond `end`."""
    if end == len(units):
        return end
    # A part of a few words before a long paragraph would read worse than a break inside the paragraph.
    floor = start + (end - start) // 3
    sentence = word = start
    for place in range(end, start, -1):
        rank = _rank(units, place)
        if place > floor and rank == _PARAGRAPH:
            return place
        if place > floor and rank >= _SENTENCE:
            sentence = max(sentence, place)
        if rank >= _WORD:
            word = max(word, place)
    return next((place for place in (sentence, word) if place > start), end)


def _rank(units: Sequence[str], place: int) -> int:
    """How well a part may end before `units[place]`; 0 inside a word."""
    before, after = units[place - 1], units[place]
    if "\n" in after:
        return _PARAGRAPH if "\n" in before else _SENTENCE
    last = place - 1
    while last > max(0, place - _MOST_CLOSERS) and units[last] in _CLOSERS:
        last -= 1
    if after.isspace():
        return _SENTENCE if units[last] in _STOPS else _WORD
    return _SENTENCE if units[last] in _STOPS_WITHOUT_SPACE and after not in _CLOSERS else 0


def _joined(units: Sequence[str], start: int, end: int) -> str:
    while end > start and units[end - 1].isspace():
        end -= 1
    return "".join(units[start:end])
