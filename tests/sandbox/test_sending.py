"""What Meta accepts as a message, and with which error it refuses the rest."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.outgoing import ATTACHMENT_TYPES, Attachment, Button, Outgoing, QuickReply
from igbot.meta.sendapi import parts, send_body, typing_body
from igbot.sandbox.calls import read_call, written
from igbot.sandbox.graph import Sandbox
from igbot.sandbox.refusals import RefusalError
from igbot.sandbox.sending import Sending, read_sending
from tests.sandbox.playing import ANA, TOKEN, settings

QUICK = {"content_type": "text", "title": "Hours", "payload": "HOURS"}
IMAGE = {"type": "image", "payload": {"url": "https://shop.example/a.jpg"}}
BUTTON = {"type": "postback", "title": "Agent", "payload": "HUMAN"}
LINK = {"type": "web_url", "title": "Our shop", "url": "https://shop.example"}
CARD = {"title": "Red mug", "subtitle": "9 EUR"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def body(message: object, **more: object) -> dict[str, Any]:
    """A Send API body."""
    return {"recipient": {"id": ANA}, "message": message, **more}


def template(**payload: object) -> dict[str, Any]:
    """A body with a template."""
    return body({"attachment": {"type": "template", "payload": payload}})


def buttons(*buttons: object, text: object = "Choose") -> dict[str, Any]:
    """A body with a button template."""
    return template(template_type="button", text=text, buttons=list(buttons))


def cards(*elements: object) -> dict[str, Any]:
    """A body with a generic template."""
    return template(template_type="generic", elements=list(elements))


@pytest.mark.parametrize(
    "accepted",
    [
        body({"text": "x" * 1000}),
        body({"text": "😀" * 250}),
        body({"text": "Hi"}, messaging_type="RESPONSE"),
        body({"text": "Hi"}, messaging_type="MESSAGE_TAG", tag="HUMAN_AGENT"),
        body({"text": "Hi", "quick_replies": [QUICK] * 13}),
        body({"text": "Hi", "quick_replies": [{**QUICK, "title": "👩‍👩‍👧‍👦" * 20}]}),
        body({"text": "Hi", "quick_replies": [{"content_type": "user_email"}]}),
        body({"attachment": IMAGE}),
        body({"attachment": {"type": "file", "payload": {"attachment_id": "17"}}}),
        body({"attachment": {"type": "like_heart"}}),
        body({"attachment": {"type": "MEDIA_SHARE", "payload": {"id": "18"}}}),
        body({"attachments": [IMAGE] * 10}),
        body(
            {
                "attachment": {"type": "audio", "payload": {"url": "https://shop.example/a.m4a"}},
                "quick_replies": [QUICK],
            }
        ),
        cards(*[CARD] * 10),
        cards({"title": "x" * 80, "subtitle": "x" * 80, "buttons": [LINK, BUTTON, LINK]}),
        cards({**CARD, "image_url": "https://shop.example/m.jpg", "default_action": LINK}),
        buttons(BUTTON, LINK, {**BUTTON, "title": "x" * 20, "payload": "x" * 1000}, text="ä" * 640),
    ],
)
def test_what_meta_documents_is_accepted(accepted: dict[str, Any]) -> None:
    """Every documented body at the edge of its limits passes."""
    assert read_sending(accepted).igsid == ANA


@pytest.mark.parametrize(
    ("refused", "code", "subcode"),
    [
        (body({"text": "x" * 1001}), 100, None),
        (body({"text": "é" * 501}), 100, None),
        (body({"text": ""}), 100, 2018034),
        (body({"text": " \n"}), 100, 2018034),
        (body({}), 100, 2018034),
        (body({"text": 5}), 100, None),
        (body({"text": "\ud800"}), 100, None),
        (body({"text": "Hi", "attachment": IMAGE}), 100, 2018032),
        (body({"text": "Hi", "quick_replies": [QUICK] * 14}), 100, None),
        (body({"text": "Hi", "quick_replies": []}), 100, None),
        (body({"text": "Hi", "quick_replies": [{**QUICK, "title": "x" * 21}]}), 100, None),
        (body({"text": "Hi", "quick_replies": [{**QUICK, "title": " "}]}), 100, None),
        (body({"text": "Hi", "quick_replies": [{**QUICK, "payload": ""}]}), 100, None),
        (body({"text": "Hi", "quick_replies": [{**QUICK, "payload": "é" * 501}]}), 100, None),
        (body({"text": "Hi", "quick_replies": [{"title": "Hours", "payload": "HOURS"}]}), 100, None),
        (body({"text": "Hi"}, messaging_type="MESSAGE_TAG", tag="ACCOUNT_UPDATE"), 100, None),
        (body({"text": "Hi"}, messaging_type="PROMOTION"), 100, None),
        (body({"text": "Hi"}, messaging_type=[]), 100, None),
        (body({"attachment": {"type": "image", "payload": {"url": "shop.example"}}}), 100, 2018047),
        (body({"attachment": {"type": "sticker", "payload": {}}}), 100, None),
        (body({"attachment": {"type": [], "payload": {}}}), 100, None),
        (body({"attachment": {"type": "image"}}), 100, None),
        (body({"attachments": [IMAGE] * 11}), 100, None),
        (body({"attachments": [{"type": "like_heart"}]}), 100, None),
        (body({"attachment": {"type": "image", "payload": {"url": "http://shop.example/a.jpg"}}}), 100, 2018047),
        (body({"attachment": {"type": "image", "payload": {"url": "https://["}}}), 100, 2018047),
        (body({"text": "Choose", "attachment": buttons(BUTTON)["message"]["attachment"]}), 100, 2018032),
        (template(template_type="list"), 100, None),
        (template(template_type="generic"), 100, None),
        (cards(), 100, None),
        (cards(*[CARD] * 11), 100, None),
        (cards("Red mug"), 100, None),
        (cards({"title": "Red mug"}), 100, None),
        (cards({"subtitle": "9 EUR", "buttons": [LINK]}), 100, None),
        (cards({**CARD, "title": "x" * 81}), 100, None),
        (cards({**CARD, "subtitle": "x" * 81}), 100, None),
        (cards({**CARD, "image_url": "m.jpg"}), 100, None),
        (cards({**CARD, "default_action": BUTTON}), 100, None),
        (cards({**CARD, "default_action": {"type": "web_url"}}), 100, None),
        (cards({**CARD, "buttons": [LINK] * 4}), 100, None),
        (buttons(), 100, None),
        (buttons(*[BUTTON] * 4), 100, None),
        (buttons("Agent"), 100, None),
        (buttons(BUTTON, text=""), 100, None),
        (buttons(BUTTON, text="x" * 641), 100, None),
        (buttons(BUTTON, text="\ud800"), 100, None),
        (buttons({**BUTTON, "type": "phone_number"}), 100, None),
        (buttons({**BUTTON, "title": "x" * 21}), 100, None),
        (buttons({**BUTTON, "title": ""}), 100, None),
        (buttons({**BUTTON, "payload": ""}), 100, None),
        (buttons({**BUTTON, "payload": "x" * 1001}), 100, None),
        (buttons({**LINK, "url": "http://shop.example"}), 100, None),
        (buttons({**LINK, "url": "https://"}), 100, None),
        (buttons({**LINK, "url": None}), 100, None),
        (body("Hi"), 100, None),
        (body({"text": "Hi"}, sender_action="typing_on"), 100, None),
        (body(None, sender_action="dance"), 100, None),
        ({"recipient": {"comment_id": "179"}, "message": {"text": "Hi"}}, 100, 2534025),
        ({"recipient": {"id": "9" * 513}, "message": {"text": "Hi"}}, 100, 2534014),
        ({"recipient": ANA, "message": {"text": "Hi"}}, 100, None),
        ({"message": {"text": "Hi"}}, 100, None),
        ([], 100, None),
    ],
)
def test_what_breaks_a_limit_is_refused_with_metas_code(refused: object, code: int, subcode: int | None) -> None:
    """Each broken limit gets the code and subcode of Meta's error table."""
    with pytest.raises(RefusalError) as refusal:
        read_sending(refused)
    assert (refusal.value.code, refusal.value.subcode) == (code, subcode)


MESSAGES = st.builds(
    Outgoing,
    text=st.text(max_size=1500),
    quick_replies=st.lists(st.just(QuickReply("Hours", "HOURS")), max_size=13).map(tuple),
    buttons=st.lists(
        st.sampled_from([Button("Our shop", url="https://shop.example"), Button("Agent", payload="HUMAN")]), max_size=3
    ).map(tuple),
    attachment=st.none() | st.builds(Attachment, st.sampled_from(ATTACHMENT_TYPES), st.just("https://shop.example/a")),
)


@given(MESSAGES)
def test_what_igbot_sends_is_accepted(message: Outgoing) -> None:
    """Every part of every reply, whatever it says and shows, says and shows the same here."""
    for part in parts(message):
        sending = read_sending(send_body(ANA, part))
        assert sending.words == (None if part.attachment else part.text)
        assert [button["title"] for button in sending.buttons] == [button.title for button in part.buttons]
        assert len(sending.quick_replies) == len(part.quick_replies)


def test_a_sender_action_is_no_message() -> None:
    """Typing and seen are requests of their own; a numeric id is an id too."""
    asked = {"recipient": {"id": 9000000000000001}, "sender_action": "typing_on"}
    assert read_sending(asked) == read_sending(typing_body(ANA)) == Sending(ANA, action="typing_on")


@given(JSON, st.booleans(), st.sampled_from(["text", "attachment", "attachments", "quick_replies", "tag"]))
def test_no_body_makes_the_sandbox_fail(content: object, inside: bool, name: str) -> None:
    """Any JSON gets an answer of Meta's kind, never an internal error."""
    sandbox = Sandbox(settings())
    sent = body({"text": "Hi", name: content}, **{name: content}) if inside else content
    raw = written({"sent": sent})[len('{"sent":') : -1]
    call = read_call("POST", "/me/messages", params={}, authorization=f"Bearer {TOKEN}", body=raw)
    answer = sandbox.answer(sandbox.resolve(call))
    assert answer.status in (200, 400)
    assert sandbox.accepted.total == (1 if answer.status == 200 else 0)
