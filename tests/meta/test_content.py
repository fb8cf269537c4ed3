"""A kept item gives back what the customer said."""

from typing import Any

import pytest

from igbot.meta.events import Attachment, Content, Control, Mid, ThreadControl
from igbot.meta.webhook import read_content
from tests.meta.shapes import item, read, read_change, read_item


def _content(**event: Any) -> Content:
    event_kept = read_item(item(**event))
    return read_content(event_kept.kind, event_kept.raw)


def test_a_text_message() -> None:
    """Text comes back as it was written, with what PostgreSQL refuses as U+FFFD."""
    content = _content(message={"mid": "m_1", "text": "caf\u00e9 \U0001f600\0\ud800"})
    assert content == Content(kind="text", mid=Mid("m_1"), text="caf\u00e9 \U0001f600\ufffd\ufffd")


def test_attachments_with_and_without_payload() -> None:
    """An attachment keeps its type, its link and its title, each of which may be missing."""
    content = _content(
        message={
            "mid": "m_1",
            "attachments": [
                {"type": "ig_post", "payload": {"url": "https://cdn.example/p", "title": "Red mug"}},
                {"type": "ephemeral"},
                {"payload": {"url": 5}},
                "nonsense",
            ],
        }
    )
    assert content.attachments == (
        Attachment(type="ig_post", url="https://cdn.example/p", title="Red mug"),
        Attachment(type="ephemeral"),
        Attachment(type="unknown"),
        Attachment(type="unknown"),
    )


def test_what_a_template_says_is_its_title() -> None:
    """The one text of a message with buttons, or the title of its first card."""
    for payload in ({"text": "Choose"}, {"elements": [{"title": "Choose"}, {"title": "More"}]}):
        content = _content(message={"mid": "m_1", "attachments": [{"type": "template", "payload": payload}]})
        assert content.attachments == (Attachment(type="template", title="Choose"),)
    empty = _content(message={"mid": "m_1", "attachments": [{"type": "template", "payload": {"elements": []}}]})
    assert empty.attachments == (Attachment(type="template"),)


def test_a_storys_media_is_nowhere() -> None:
    """Meta forbids to keep media of stories: neither mention, reply nor share shows an address."""
    for kind in ("story_mention", "story", "ig_story"):
        content = _content(message={"mid": "m_1", "attachments": [{"type": kind, "payload": {"url": "https://s"}}]})
        assert content.attachments == (Attachment(type=kind),)
    reply = _content(message={"mid": "m_1", "text": "wow", "reply_to": {"story": {"id": 18, "url": "https://s"}}})
    assert (reply.kind, reply.text, reply.story_id) == ("story_reply", "wow", "18")
    assert "https://s" not in repr(reply)


def test_a_shared_post_is_known_by_its_id() -> None:
    """Of the kind of today, of the old one that carries it too, and of a reel; what has none has none."""
    for kind, payload, post in (
        ("ig_post", {"ig_post_media_id": "18100", "url": "https://p"}, "18100"),
        ("share", {"ig_post_media_id": 18100}, "18100"),
        ("ig_reel", {"reel_video_id": "18200", "url": "https://r"}, "18200"),
        ("share", {"url": "https://p"}, None),
    ):
        content = _content(message={"mid": "m_1", "attachments": [{"type": kind, "payload": payload}]})
        assert (content.kind, content.post_id) == ("share", post)


def test_taps() -> None:
    """A tapped button says its title and carries its payload."""
    quick_reply = _content(message={"mid": "m_1", "text": "Hours", "quick_reply": {"payload": "HOURS"}})
    assert (quick_reply.kind, quick_reply.text, quick_reply.payload) == ("quick_reply", "Hours", "HOURS")
    postback = _content(postback={"mid": "m_p", "title": "Order?", "payload": "ORDER", "referral": {"ref": "ad"}})
    assert (postback.kind, postback.mid, postback.text) == ("postback", "m_p", "Order?")
    assert (postback.payload, postback.referral_ref) == ("ORDER", "ad")


def test_references() -> None:
    """Replies, referrals, ads and reactions say what they refer to."""
    assert _content(message={"mid": "m_1", "text": "yes", "reply_to": {"mid": "m_0"}}).reply_to_mid == "m_0"
    ad = _content(message={"mid": "m_1", "text": "Hi", "referral": {"ref": "spring", "ad_id": 238400000000000001}})
    assert (ad.referral_ref, ad.ad_id) == ("spring", "238400000000000001")
    assert _content(referral={"ref": "campaign7", "source": "IGME_LINK"}).referral_ref == "campaign7"
    reaction = _content(reaction={"mid": "m_out", "action": "react", "reaction": "love", "emoji": "\u2764\ufe0f"})
    assert (reaction.mid, reaction.reaction, reaction.emoji) == ("m_out", "love", "\u2764\ufe0f")
    assert _content(read={"mid": "m_out"}).mid == "m_out"


def test_edits_and_deletions() -> None:
    """An edit has the new text; a deletion has none, whatever Meta sent with it."""
    edit = _content(message_edit={"mid": "m_1", "text": "the blue one", "num_edit": 1})
    assert (edit.kind, edit.mid, edit.text) == ("edit", "m_1", "the blue one")
    deleted = _content(message={"mid": "m_1", "is_deleted": True, "text": "secret", "attachments": [{"type": "image"}]})
    assert deleted == Content(kind="deleted", mid=Mid("m_1"))


@pytest.mark.parametrize(("number", "read"), [(2, 2), ("2", 2), (None, None), ("many", None), (2**40, None)])
def test_edits_are_numbered(number: object, read: int | None) -> None:
    """As a number or quoted; anything else is no number."""
    assert _content(message_edit={"mid": "m_1", "text": "hi", "num_edit": number}).num_edit == read


@pytest.mark.parametrize(
    ("event", "control"),
    [
        ({"pass_thread_control": {"previous_owner_app_id": None, "new_owner_app_id": 222}}, ("pass", "222")),
        ({"take_thread_control": {"previous_owner_app_id": "111", "new_owner_app_id": "222"}}, ("take", "222")),
        ({"pass_thread_control": {"new_owner_app_id": 2**70}}, ("pass", str(2**70))),
        ({"request_thread_control": {"requested_owner_app_id": 111}}, ("request", "111")),
        ({"request_thread_control": {}}, ("request", None)),
    ],
)
def test_who_has_a_conversation(event: dict[str, Any], control: tuple[Control, str | None]) -> None:
    """Apps by their ids, which come as strings or numbers, or not at all."""
    assert _content(**event) == Content(kind="handover", control=ThreadControl(*control))


def test_what_each_app_is_says_nothing_of_a_conversation() -> None:
    """Roles are kept as they came, and nothing follows from them."""
    assert _content(app_roles={"222": ["primary_receiver"]}) == Content(kind="handover")


def test_what_is_no_message_has_little_content() -> None:
    """Comments give their text; unknown and raw events nothing but their kind."""
    comment = read_change("comments", {"id": "17", "from": {"id": "900"}, "text": "price?"})
    assert read_content(comment.kind, comment.raw) == Content(kind="comment", text="price?")
    raw = read(b"\xff\xfe")[0]
    assert read_content(raw.kind, raw.raw) == Content(kind="raw")
