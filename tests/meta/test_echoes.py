"""What comes back from Meta is told apart by what it says and shows."""

from typing import Any

import pytest

from igbot.meta.conversations_api import SentMessage
from igbot.meta.echoes import echo_words, heard_words, is_echo_of, is_plain, is_same
from igbot.meta.events import Attachment as Shown
from igbot.meta.events import Mid
from igbot.meta.outgoing import Attachment, Button, Outgoing, QuickReply
from igbot.meta.sendapi import send_body
from igbot.meta.webhook import read_content
from tests.meta.shapes import item, read_item

TEXT = Outgoing("Yes,  3 left.\n", (QuickReply("More", "MORE"),))
BUTTONS = Outgoing("Choose one:", (), (Button("Agent", payload="HUMAN"),))
PICTURE = Outgoing(attachment=Attachment("image", "https://lola.example/mug.jpg"))
FILM = Outgoing(attachment=Attachment("video", "https://lola.example/mug.mp4"))
TEMPLATE = send_body("900", BUTTONS)["message"]["attachment"]
CARD = {"type": "template", "payload": {"template_type": "generic", "elements": [{"title": "Choose one:"}]}}
CDN = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=x"


def of(message: dict[str, Any]) -> Any:
    """The content of an echo."""
    event = read_item(item(message={"mid": "m_1", "is_echo": True, **message}))
    return read_content(event.kind, event.raw)


def media(type_: str) -> dict[str, Any]:
    """An echo of media, at Meta's own address."""
    return {"attachments": [{"type": type_, "payload": {"url": CDN}}]}


@pytest.mark.parametrize(
    ("echo", "fits"),
    [
        ({"text": " Yes, 3 left."}, [TEXT]),
        ({"text": "Yes, 3 left. And red ones."}, []),
        ({"text": "Choose one:"}, [BUTTONS]),
        ({"attachments": [TEMPLATE]}, [BUTTONS]),
        ({"attachments": [CARD]}, [BUTTONS]),
        ({"attachments": [{"type": "template"}]}, [BUTTONS]),
        ({"attachments": [{"type": "template", "payload": {"text": "Something else"}}]}, []),
        (media("image"), [PICTURE]),
        (media("video"), [FILM]),
        (media("share"), []),
        ({"is_unsupported": True}, [BUTTONS, PICTURE, FILM]),
    ],
)
def test_an_echo_fits_the_message_that_says_or_shows_the_same(echo: dict[str, Any], fits: list[Outgoing]) -> None:
    """Words as words, also in a template; media by their type; what shows nothing fits all that has no plain text."""
    content = of(echo)
    assert [message for message in (TEXT, BUTTONS, PICTURE, FILM) if is_echo_of(content, message)] == fits


def test_the_words_of_a_message_and_of_its_echo_are_the_same() -> None:
    """Those of an attachment are none: they tell nothing apart."""
    assert echo_words(TEXT) == heard_words(of({"text": TEXT.text})) == "Yes, 3 left."
    assert echo_words(BUTTONS) == heard_words(of({"attachments": [TEMPLATE]})) == "Choose one:"
    assert echo_words(PICTURE) == heard_words(of(media("image"))) == ""
    assert heard_words(of({"attachments": [{"type": "ig_post", "payload": {"title": "Red mug"}}]})) == ""


@pytest.mark.parametrize(
    ("text", "shown", "same"),
    [
        ("Yes, 3 left.", (), [TEXT]),
        ("Choose one:", (), [BUTTONS]),
        ("", (Shown("template", None, "Choose one:"),), [BUTTONS]),
        ("", (Shown("template"),), []),
        ("", (Shown("image", CDN),), [PICTURE]),
        ("", (Shown("unknown", CDN),), []),
        ("", (), []),
        ("Yes, 3 left.", (Shown("image", CDN),), [TEXT]),
    ],
)
def test_a_message_of_a_look_up_is_ours_only_where_meta_says_enough(
    text: str, shown: tuple[Shown, ...], same: list[Outgoing]
) -> None:
    """The words, or the type of the attachment; nothing told is nothing found."""
    sent = SentMessage(Mid("m"), None, "us", text, shown)
    assert [message for message in (TEXT, BUTTONS, PICTURE, FILM) if is_same(sent, message)] == same


def test_only_plain_words_are_surely_told() -> None:
    """Quick replies change nothing: the message is its text."""
    assert [is_plain(message) for message in (TEXT, BUTTONS, PICTURE)] == [True, False, False]
