"""Replies are cut to Meta's limits without losing a word, and written as Meta wants them."""

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from igbot.meta.outgoing import Outgoing, QuickReply
from igbot.meta.sendapi import MAX_TEXT_BYTES, parts, send_body, split_text
from igbot.meta.text import storable

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
    buttons = (QuickReply("Yes", "YES"),)
    first, last = parts(Outgoing("word " * 300, buttons))
    assert (first.quick_replies, last.quick_replies) == ((), buttons)
    assert len(first.text.encode()) <= MAX_TEXT_BYTES
    assert parts(Outgoing(" ", buttons)) == []


def test_send_body() -> None:
    """The request body is as documented; without quick replies the key is left out."""
    assert send_body("900", Outgoing("Hello")) == {
        "recipient": {"id": "900"},
        "messaging_type": "RESPONSE",
        "message": {"text": "Hello"},
    }
    body = send_body("900", Outgoing("Which?", (QuickReply("Order status", "ORDER"),)))
    assert body["message"]["quick_replies"] == [{"content_type": "text", "title": "Order status", "payload": "ORDER"}]
