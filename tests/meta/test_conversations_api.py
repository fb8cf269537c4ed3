"""Look-ups in the Conversations API and of `/me` are read in every form they come in."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.conversations_api import SentMessage, UnreadableAnswerError, read_identity, read_messages
from igbot.meta.events import Attachment, Mid

_WRITTEN = {
    "id": "aWd_1",
    "created_time": "2026-09-01T10:11:12+0000",
    "from": {"id": "17841400000000001", "username": "shop"},
    "message": "Yes, 3 left.",
}
_READ = SentMessage(
    mid=Mid("aWd_1"), at=datetime(2026, 9, 1, 10, 11, 12, tzinfo=UTC), from_id="17841400000000001", text="Yes, 3 left."
)


@pytest.mark.parametrize(
    "answer",
    [
        {"data": [{"id": "aWd_conv", "messages": {"data": [_WRITTEN], "paging": {"next": "https://x"}}}]},
        {"id": "aWd_conv", "messages": {"data": [_WRITTEN]}},
        {"data": [_WRITTEN]},
        _WRITTEN,
    ],
)
def test_messages_are_found_in_every_form(answer: Any) -> None:
    """Field expansion, the conversation, its edge and one message all give the same message."""
    assert read_messages(json.dumps(answer).encode()) == [_READ]


CDN = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=x"


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"image_data": {"url": CDN, "width": 10}, "mime_type": "image/jpeg"}, Attachment("image", CDN)),
        ({"video_data": {"url": CDN}}, Attachment("video", CDN)),
        ({"audio_data": {"url": CDN}}, Attachment("audio", CDN)),
        ({"mime_type": "audio/mp4", "file_url": CDN}, Attachment("audio", CDN)),
        ({"generic_template": {"title": "Choose one:"}}, Attachment("template", None, "Choose one:")),
        ({"image_data": None, "mime_type": "application/pdf", "file_url": CDN}, Attachment("unknown", CDN)),
        ({}, Attachment("unknown")),
        ("nonsense", Attachment("unknown")),
    ],
)
def test_attachments_are_known_by_whichever_part_meta_tells(told: Any, read: Attachment) -> None:
    """Picture, film, sound and template each have a part of their own, or a media type."""
    [message] = read_messages(json.dumps({"data": [{**_WRITTEN, "attachments": {"data": [told]}}]}).encode())
    assert message.attachments == (read,)


def test_missing_parts_are_survived() -> None:
    """A message without id is left out; time, sender and text may each be missing or of a wrong type."""
    answer = {"data": [{"message": "x"}, {"id": "a", "message": 5, "created_time": "then", "from": []}, "x", None]}
    assert read_messages(json.dumps(answer).encode()) == [SentMessage(mid=Mid("a"), at=None, from_id="", text="")]
    assert read_messages(b'{"data":[]}') == []


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":{"code":2}}', b"[" * 100_000])
def test_an_answer_that_says_nothing_is_not_an_empty_one(body: bytes) -> None:
    """Taking an error for "nothing was sent" would send a reply twice."""
    with pytest.raises(UnreadableAnswerError):
        read_messages(body)


_KEYS = st.sampled_from(["data", "messages", "id", "from", "created_time", "attachments", "image_data"])


@given(st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(_KEYS, inner) | st.lists(inner)))
def test_other_answers_have_no_other_exception(answer: Any) -> None:
    """Any JSON gives messages or the one refusal."""
    body = json.dumps(answer).encode()
    assert isinstance(read_identity(body), set)
    if isinstance(answer, dict):
        assert isinstance(read_messages(body), list)


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        ({"id": "289", "user_id": 17841400000000001, "username": "shop"}, {"289", "17841400000000001"}),
        ({"data": [{"user_id": "178"}]}, {"178"}),
        ({"id": "104", "instagram_business_account": {"id": "178"}}, {"104", "178"}),
        ({"error": {"code": 190}}, set()),
        ([], set()),
    ],
)
def test_identity(answer: Any, ids: set[str]) -> None:
    """All ids of an account are found, flat or wrapped."""
    assert read_identity(json.dumps(answer).encode()) == ids
