"""Every documented shape of an item becomes an event of its kind."""

from typing import Any

import pytest

from igbot.meta.events import CUSTOMER_KINDS, EventKind
from tests.meta.shapes import CUSTOMER, SENT_AT, US, from_us, item, read_change, read_item


def _attached(*types: str, **message: Any) -> dict[str, Any]:
    attachments = [{"type": each, "payload": {"url": "https://cdn.example/x"}} for each in types]
    return {"mid": "m_1", "attachments": attachments, **message}


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"mid": "m_1", "text": "Is the red one in stock?"}, "text"),
        (_attached("image"), "image"),
        (_attached("image", "image", "video"), "image"),
        (_attached("sticker"), "image"),
        (_attached("video"), "video"),
        (_attached("audio"), "audio"),
        (_attached("file"), "file"),
        (_attached("share", "ig_post"), "share"),
        (_attached("ig_post"), "share"),
        (_attached("ig_reel"), "share"),
        (_attached("reel"), "share"),
        (_attached("ig_story"), "share"),
        (_attached("fallback"), "share"),
        (_attached("fallback", text="look at https://shop.example"), "text"),
        (_attached("story_mention"), "story_mention"),
        (_attached("story_mention", text="@shop"), "story_mention"),
        (_attached("hologram"), "unsupported"),
        (_attached("hologram", "image"), "image"),
        ({"mid": "m_1", "attachments": [{"type": "ephemeral"}]}, "unsupported"),
        ({"mid": "m_1", "attachments": None, "text": "hi"}, "text"),
        ({"mid": "m_1", "attachments": {"type": "image"}}, "image"),
        ({"mid": "m_1", "is_unsupported": True, "attachments": []}, "unsupported"),
        ({"mid": "m_1"}, "unsupported"),
        ({"mid": "m_1", "text": "yes", "reply_to": {"mid": "m_0"}}, "text"),
        ({"mid": "m_1", "text": "love it", "reply_to": {"story": {"id": "18", "url": "https://x"}}}, "story_reply"),
        ({"mid": "m_1", "text": "Hours", "quick_reply": {"payload": "HOURS"}}, "quick_reply"),
        ({"mid": "m_1", "text": "Hours", "quick_reply": None}, "text"),
        ({"mid": "m_1", "text": "Hi", "referral": {"ref": "spring", "ad_id": 238}}, "text"),
        ({"mid": "m_1", "referral": {"product": {"id": "53"}}}, "referral"),
        ({"mid": "m_1", "is_deleted": True}, "deleted"),
        ({"mid": "m_1", "is_deleted": "false", "text": "still here"}, "text"),
        ({"mid": "m_1", "text": "Yes, 3 left.", "is_echo": True}, "echo"),
    ],
)
def test_message_kind(message: dict[str, Any], kind: EventKind) -> None:
    """A message's kind follows from what it holds; an attachment of a new type is an unsupported message."""
    assert read_item(item(message=message)).kind == kind


@pytest.mark.parametrize(
    ("event", "kind", "mid"),
    [
        ({"postback": {"mid": "m_p", "title": "Order?", "payload": "ORDER"}}, "postback", "m_p"),
        ({"postback": {"title": "Order?", "payload": "ORDER"}}, "postback", None),
        ({"referral": {"ref": "campaign7", "source": "IGME_LINK", "type": "OPEN_THREAD"}}, "referral", None),
        ({"optin": {"type": "notification_messages", "payload": "P"}}, "optin", None),
        ({"response_feedback": {"feedback": "Good response", "mid": "m_f"}}, "feedback", "m_f"),
        (
            {"reaction": {"mid": "m_1", "action": "react", "reaction": "love", "emoji": "\u2764\ufe0f"}},
            "reaction",
            "m_1",
        ),
        ({"reaction": {"mid": "m_1", "action": "unreact"}}, "unreact", "m_1"),
        ({"read": {"mid": "m_1"}}, "seen", "m_1"),
        ({"message_edit": {"mid": "m_1", "text": "the blue one", "num_edit": "1"}}, "edit", "m_1"),
        ({"pass_thread_control": {"previous_owner_app_id": None, "new_owner_app_id": 222}}, "handover", None),
        ({"take_thread_control": {"new_owner_app_id": "222"}}, "handover", None),
        ({"request_thread_control": {"requested_owner_app_id": "111"}}, "handover", None),
        ({"app_roles": {"222": ["primary_receiver"]}}, "handover", None),
        ({"policy_enforcement": {"action": "warning", "reason": "spam"}}, "policy", None),
        ({"message": "not an object"}, "unknown", None),
        ({"brand_new_thing": {"mid": "m_1"}}, "unknown", None),
        ({}, "unknown", None),
    ],
)
def test_item_kind(event: dict[str, Any], kind: EventKind, mid: str | None) -> None:
    """Items other than messages are told apart by the key that they have."""
    read = read_item(item(**event))
    assert (read.kind, read.mid, read.igsid, read.at) == (kind, mid, CUSTOMER, SENT_AT)


@pytest.mark.parametrize("section", ["messaging", "standby"])
def test_standby_items_are_never_messages_to_answer(section: str) -> None:
    """The same item is a message in `messaging` and "standby" in `standby`."""
    read = read_item(item(message={"mid": "m_1", "text": "hi"}), section=section)
    assert (read.kind, read.mid) == ("text" if section == "messaging" else "standby", "m_1")


@pytest.mark.parametrize("section", ["messaging", "standby"])
@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"message": {"mid": "m_1", "is_deleted": True}}, "deleted"),
        ({"message_edit": {"mid": "m_1", "text": "the blue one", "num_edit": 1}}, "edit"),
        ({"take_thread_control": {"new_owner_app_id": "222"}}, "handover"),
    ],
)
def test_what_counts_whoever_answers_is_the_same_on_standby(section: str, event: dict[str, Any], kind: str) -> None:
    """What was kept must go, whichever app has the conversation."""
    assert read_item(item(**event), section=section).kind == kind


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"message": {"mid": "m_1", "text": "we are open"}}, "echo"),
        ({"message": {"mid": "m_1", "is_deleted": True}}, "deleted"),
        ({"message": {"mid": "m_1", "text": "test", "is_echo": True, "is_self": True}}, "echo"),
        ({"reaction": {"mid": "m_1", "action": "react", "reaction": "love"}}, "unknown"),
        ({"read": {"mid": "m_1"}}, "unknown"),
        ({"postback": {"mid": "m_1", "payload": "P"}}, "unknown"),
    ],
)
def test_what_we_do_ourselves_is_never_a_customers_action(event: dict[str, Any], kind: EventKind) -> None:
    """An item that the business sent is an echo even unmarked, and belongs to the customer's conversation."""
    read = read_item(from_us(**event))
    assert (read.kind, read.igsid, read.account_id) == (kind, CUSTOMER, US)
    assert read.kind not in CUSTOMER_KINDS


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("comments", {"id": "179", "from": {"id": "900"}, "text": "price?"}, "comment"),
        ("comments", {"comment_id": "179", "from": {"id": "900"}, "text": "price?"}, "comment"),
        ("live_comments", {"id": "179", "from": {"id": "900"}, "text": "hi"}, "comment"),
        ("mentions", {"media_id": "999", "comment_id": "4444", "from": {"id": "900"}}, "mention"),
        ("story_insights", {"media_id": "999", "reach": 3, "from": {"id": "900"}}, "change"),
    ],
)
def test_changes(field: str, value: dict[str, Any], kind: EventKind) -> None:
    """Changes are kept by their field, with the one who wrote them."""
    read = read_change(field, value)
    assert (read.kind, read.igsid, read.mid, read.known_account) == (kind, "900", None, True)


def test_our_own_comment_names_no_customer() -> None:
    """A comment by the business itself belongs to no conversation."""
    assert read_change("comments", {"id": "179", "from": {"id": US}, "text": "thanks!"}).igsid == ""


def test_a_change_without_object_is_kept() -> None:
    """A change whose field or value has a wrong type is kept, whatever it is."""
    assert read_change("comments", [1, 2]).kind == "comment"
    assert read_change(None, {"id": "179"}).kind == "unknown"
    assert read_change(["comments"], {"id": "179"}).kind == "unknown"


def test_messages_in_changes_are_messages() -> None:
    """Instagram-login apps get message fields as changes: same event, same key as in `messaging`."""
    one = item(message={"mid": "m_1", "text": "hi"})
    assert read_change("messages", one) == read_item(one)
    assert read_change("standby", one) == read_item(one, section="standby")


def test_an_edit_without_sender_is_kept_for_the_entrys_account() -> None:
    """Apps of limited access get edits that name nobody; the entry says whose they are."""
    read = read_item({"timestamp": 1790000000000, "message_edit": {"mid": "m_1", "num_edit": 0}})
    assert (read.kind, read.account_id, read.known_account, read.igsid) == ("edit", US, True, "")
