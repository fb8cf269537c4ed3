"""Replies are cut to Meta's limits without losing a word, and written as Meta wants them."""

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from igbot.meta.outgoing import Attachment, Button, Outgoing, QuickReply
from igbot.meta.sendapi import (
    MAX_BUTTON_TEXT_CHARACTERS,
    MAX_TEXT_BYTES,
    parts,
    send_body,
    split_text,
    typing_body,
)
from igbot.meta.text import storable

YES = (QuickReply("Yes", "YES"),)
SITE = (Button("Our shop", url="https://lola.example"), Button("A person", payload="HUMAN"))
MUG = Attachment("image", "https://lola.example/mug.jpg")
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"

_WORDS = ["word ", "a. ", "b\n", "\n\n", " ", "x", '!" ', "\r\n", "。", "é", "e\u0301", "ไทย"]
_PIECES = st.sampled_from([*_WORDS, FAMILY, "\U0001f1ea\U0001f1f8", " \u0301", "\0", "\ud800"])
_TEXTS = st.one_of(st.text(st.characters(), max_size=120), st.lists(_PIECES, max_size=60).map("".join))


def _graphemes(text: str) -> list[str]:
    return regex.findall(r"\X", text)


def _content(text: str) -> str:
    return "".join(each for each in text if not each.isspace())


@given(_TEXTS, st.integers(4, 60))
@example(FAMILY * 10, 25)
@example("a" * 9 + " \u0301" * 3 + "b", 10)
@example("z" + "\u0301" * 50, 10)
def test_split_text_keeps_every_word(text: str, limit: int) -> None:
    """Parts fit the limit, are not blank, and joined say what the text said but for white space at the breaks."""
    split = split_text(text, limit)
    assert all(0 < len(part.encode()) <= limit and part.strip() for part in split)
    assert _content("".join(split)) == _content(storable(text))


@given(_TEXTS, st.integers(30, 60))
def test_split_text_never_breaks_a_grapheme(text: str, limit: int) -> None:
    """What a person sees as one character is never cut, unless it alone is over the limit."""
    whole = [each for each in _graphemes(storable(text)) if not each.isspace()]
    if all(len(each.encode()) <= limit for each in whole):
        assert [each for part in split_text(text, limit) for each in _graphemes(part) if not each.isspace()] == whole


@given(_TEXTS)
def test_a_text_that_fits_is_one_part(text: str) -> None:
    """Below the limit nothing is split."""
    assert len(split_text(text)) <= 1


def test_the_limit_is_of_bytes() -> None:
    """250 emoji fill a message; the 251st goes into the next one."""
    assert [len(part) for part in split_text("😀" * 251)] == [250, 1]
    assert [len(part) for part in split_text("a" * 1001)] == [1000, 1]


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("One. Two.\n\nThree. Four five", ["One. Two.", "Three. Four five"]),
        ("One two. Three four five six", ["One two.", "Three four five six"]),
        ("One two\nthree four five six", ["One two", "three four five six"]),
        ('He said "no!" and then he left', ['He said "no!"', "and then he left"]),
        ("one two three four five six", ["one two three four", "five six"]),
        ("Hi. " + "x" * 30, ["Hi.", "x" * 20, "x" * 10]),
        ("Hi. one two three four five", ["Hi. one two three", "four five"]),
        ("一二。三四五六七八", ["一二。", "三四五六七八"]),
        ("abcdefghijklmnopqrst uvw", ["abcdefghijklmnopqrst", "uvw"]),
        ("   \n ", []),
        ("  hi  ", ["hi"]),
    ],
)
def test_where_a_text_breaks(text: str, split: list[str]) -> None:
    """Paragraphs first, then sentences and lines, then words, then characters; no tiny part before a long one."""
    assert split_text(text, 20) == split


def test_a_limit_too_small_is_refused() -> None:
    """A limit that cannot hold every character would never end."""
    with pytest.raises(ValueError, match="3 bytes"):
        split_text("abc", 3)


def test_quick_replies_are_under_the_last_part() -> None:
    """Meta shows quick replies under the newest message only."""
    first, last = parts(Outgoing("word " * 300, YES))
    assert (first.quick_replies, last.quick_replies) == ((), YES)
    assert len(first.text.encode()) <= MAX_TEXT_BYTES
    assert parts(Outgoing(" ", YES)) == []


def test_an_attachment_goes_before_the_words_about_it() -> None:
    """They are two messages to Meta; what can be tapped is under the last one."""
    assert parts(Outgoing("9 EUR", YES, SITE, MUG)) == [Outgoing(attachment=MUG), Outgoing("9 EUR", YES, SITE)]
    assert parts(Outgoing("", YES, attachment=MUG)) == [Outgoing("", YES, attachment=MUG)]
    assert parts(Outgoing("", (), SITE, MUG)) == [Outgoing(attachment=MUG)]
    assert parts(Outgoing("", YES, SITE)) == []


@given(_TEXTS.map(lambda text: text * 20))
@example("a" * 640)
@example("word " * 130)
@example("ไทย" * 300)
def test_buttons_are_in_a_template_that_fits(text: str) -> None:
    """A template holds 640 characters; what is longer goes before it, and no word is lost."""
    split = parts(Outgoing(text, (), SITE))
    assert _content("".join(part.text for part in split)) == _content(storable(text))
    assert [part.buttons for part in split] == [()] * (len(split) - 1) + [SITE] * bool(split)
    assert all(len(part.text.encode()) <= MAX_TEXT_BYTES for part in split)
    assert not split or len(split[-1].text) <= MAX_BUTTON_TEXT_CHARACTERS
    if 0 < len(storable(text).strip().encode()) <= MAX_BUTTON_TEXT_CHARACTERS:
        assert len(split) == 1


def test_send_body() -> None:
    """The request body is as documented; without quick replies the key is left out."""
    assert send_body("900", Outgoing("Hello")) == {
        "recipient": {"id": "900"},
        "messaging_type": "RESPONSE",
        "message": {"text": "Hello"},
    }
    body = send_body("900", Outgoing("Which?", (QuickReply("Order status", "ORDER"),)))
    assert body["message"]["quick_replies"] == [{"content_type": "text", "title": "Order status", "payload": "ORDER"}]


@given(_TEXTS, st.booleans(), st.booleans())
def test_every_body_is_a_bots_answer(text: str, buttons: bool, picture: bool) -> None:
    """Whatever is said or shown, it says of itself that it is a response, and bears no tag of a person's."""
    outgoing = Outgoing(
        text=text,
        buttons=(Button("Site", url="https://shop.example"),) if buttons else (),
        attachment=Attachment("image", "https://shop.example/a.jpg") if picture else None,
        quick_replies=(QuickReply("HUMAN_AGENT", "tag"),),
    )
    for part in parts(outgoing):
        body = send_body("9000000000000001", part)
        assert (set(body), body["messaging_type"]) == ({"recipient", "messaging_type", "message"}, "RESPONSE")


def test_the_body_of_a_message_with_buttons() -> None:
    """Meta's button template; a button opens a page or comes back as a postback."""
    body = send_body("900", Outgoing("Choose", (), SITE))
    assert body["message"] == {
        "attachment": {
            "type": "template",
            "payload": {
                "template_type": "button",
                "text": "Choose",
                "buttons": [
                    {"type": "web_url", "title": "Our shop", "url": "https://lola.example"},
                    {"type": "postback", "title": "A person", "payload": "HUMAN"},
                ],
            },
        }
    }


@pytest.mark.parametrize("type_", ["image", "video", "audio"])
def test_the_body_of_an_attachment(type_: str) -> None:
    """One attachment by its address, quick replies beside it."""
    body = send_body("900", Outgoing("", YES, attachment=Attachment(type_, "https://lola.example/a")))  # type: ignore[arg-type]
    assert body["message"] == {
        "attachment": {"type": type_, "payload": {"url": "https://lola.example/a"}},
        "quick_replies": [{"content_type": "text", "title": "Yes", "payload": "YES"}],
    }


def test_the_body_that_shows_typing() -> None:
    """A request of its own: recipient and action, nothing else."""
    assert typing_body("900") == {"recipient": {"id": "900"}, "sender_action": "typing_on"}
