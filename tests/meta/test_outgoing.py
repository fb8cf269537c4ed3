"""A message in the outbox outlives the program that wrote it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.outgoing import ATTACHMENT_TYPES, Attachment, Button, Outgoing, QuickReply, from_stored, to_stored

_TEXT = st.text(max_size=20)
_BUTTONS = st.one_of(st.builds(Button, _TEXT, url=_TEXT), st.builds(Button, _TEXT, payload=_TEXT))
_MESSAGES = st.builds(
    Outgoing,
    text=_TEXT,
    quick_replies=st.lists(st.builds(QuickReply, _TEXT, _TEXT), max_size=3).map(tuple),
    buttons=st.lists(_BUTTONS, max_size=3).map(tuple),
    attachment=st.none() | st.builds(Attachment, st.sampled_from(ATTACHMENT_TYPES), _TEXT),
)


@given(_MESSAGES)
def test_what_is_stored_comes_back(message: Outgoing) -> None:
    """Whatever it says and shows, by way of JSON."""
    assert from_stored(json.loads(json.dumps(to_stored(message)))) == message


@given(_MESSAGES)
def test_every_stored_message_has_text_and_quick_replies(message: Outgoing) -> None:
    """Statements and reports read the two out of the row themselves."""
    stored = to_stored(message)
    assert (stored["text"], len(stored["quick_replies"])) == (message.text, len(message.quick_replies))


def test_a_row_of_the_first_version_is_still_sent() -> None:
    """It was queued before the program was replaced."""
    row = {"version": 1, "text": "Which one?", "quick_replies": [{"title": "Red", "payload": "RED"}]}
    assert from_stored(row) == Outgoing("Which one?", (QuickReply("Red", "RED"),))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": 3}, "version 3"),
        ({"version": None}, "version None"),
        ({"attachment": {"type": "sticker", "url": "https://lola.example"}}, "sticker"),
    ],
)
def test_what_this_program_does_not_know_is_refused(change: dict[str, Any], why: str) -> None:
    """Rather than sent as half of what was meant."""
    with pytest.raises(ValueError, match=why):
        from_stored(to_stored(Outgoing("Hi")) | change)
