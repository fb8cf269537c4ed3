"""What the first answer of a conversation begins with, and the first after somebody else has had the word."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from igbot.meta.outgoing import Attachment, Button, Outgoing, QuickReply
from igbot.meta.sendapi import parts
from igbot.rules.answers import HandoffPlan, Reply
from igbot.rules.deciding.choice import Choice, Options
from igbot.rules.deciding.memory import Memory
from tests.rules.deciding.building import ANA, NOW, OPEN_WINDOW, hours, rule, rules, said, says, turn, words

BOT = "I am the shop's bot. Write HUMAN for a person."
DISCLOSING = Options("Sorry?", disclosure=BOT)
GIVEN = rules(
    rule("price", words("price"), "4.90 €"), rule("human", words("human"), "Of course.", handoff=HandoffPlan())
)


def answer(text: str, before: Choice | None = None, *, at: float = 0, paused_at: datetime | None = None) -> Choice:
    """A message `at` hours from the beginning, after another."""
    now = NOW + hours(at)
    customer = replace(ANA, memory=before.memory) if before else ANA
    standing = replace(OPEN_WINDOW, customer_at=now, paused_at=paused_at)
    return turn(GIVEN, text, customer, now=now, standing=standing, options=DISCLOSING)


@pytest.mark.parametrize(("text", "reply"), [("price", "4.90 €"), ("human", "Of course."), ("hm", "Sorry?")])
def test_the_first_answer_tells_who_answers(text: str, reply: str) -> None:
    """In the same message, whoever answers; the next does not."""
    first = answer(text)
    assert said(first) == [f"{BOT}\n\n{reply}"]
    assert first.memory.disclosed_at == NOW
    assert said(answer("price", first, at=30)) == ["4.90 €"]


def test_a_message_without_an_answer_tells_nothing() -> None:
    """The first that is one does."""
    quiet = turn(GIVEN, "hm", options=replace(DISCLOSING, default_reply=""))
    assert (quiet.reason, quiet.memory.disclosed_at) == ("unmatched", None)
    assert said(answer("price", quiet)) == [f"{BOT}\n\n4.90 €"]


def test_a_conversation_of_before_it_was_set_is_told_with_its_next_answer() -> None:
    """Nobody has told this customer yet."""
    old = replace(ANA, memory=Memory(messages=40, last_message_at=NOW, answered_by="price", answered_at=NOW))
    assert said(turn(GIVEN, "price", old, options=DISCLOSING)) == [f"{BOT}\n\n4.90 €"]
    assert said(turn(GIVEN, "price", old)) == ["4.90 €"]


def test_after_a_pause_the_customer_is_told_again_once() -> None:
    """Of whatever kind, however long ago the last time was."""
    first = answer("price")
    back = answer("price", first, at=13, paused_at=NOW + hours(1))
    assert said(back) == [f"{BOT}\n\n4.90 €"]
    assert said(answer("price", back, at=14, paused_at=NOW + hours(1))) == ["4.90 €"]


def test_a_hand_off_in_the_first_answer_is_a_pause_after_it() -> None:
    """Though both are of the same moment; and a pause that ends within it is told of once."""
    handed = answer("human")
    back = answer("price", handed, paused_at=NOW)
    assert said(back) == [f"{BOT}\n\n4.90 €"]
    assert said(answer("price", back, paused_at=NOW)) == ["4.90 €"]


def sent(*replies: Reply) -> tuple[Outgoing, ...]:
    """What the first answer of a conversation is, disclosed."""
    given = rule("r", words("x"))
    return turn(replace(given, replies=replies), "x", options=DISCLOSING).replies


def test_what_is_under_the_answer_stays_under_it() -> None:
    """Quick replies and buttons keep their message; only the first of several replies begins with the disclosure."""
    quick, button = QuickReply("Red", "RED"), Button("Open", "https://lola.example")
    first, second = sent(Reply(says("Which?"), quick_replies=(quick,)), Reply(says("And this."), buttons=(button,)))
    assert first == Outgoing(f"{BOT}\n\nWhich?", (quick,))
    assert second == Outgoing("And this.", buttons=(button,))
    assert sent(Reply(says("Look"), buttons=(button,))) == (Outgoing(f"{BOT}\n\nLook", buttons=(button,)),)


def test_an_attachment_goes_ahead_and_the_words_after_it_disclose() -> None:
    """Where there are none, they go ahead of it as a message of their own."""
    picture = Attachment("image", "https://lola.example/a.jpg")
    assert sent(Reply(says("Look"), attachment=picture)) == (Outgoing(attachment=picture), Outgoing(f"{BOT}\n\nLook"))
    assert sent(Reply(attachment=picture)) == (Outgoing(BOT), Outgoing(attachment=picture))


def test_what_gets_too_long_is_split_as_any_text() -> None:
    """Nothing is lost, no part is over Meta's limit, and quick replies are on the last one."""
    long, quick = " ".join(["word"] * 198), QuickReply("Red", "RED")
    [reply] = sent(Reply(says(long), quick_replies=(quick,)))
    messages = parts(reply)
    assert len(messages) == 2
    assert max(len(each.text.encode()) for each in messages) <= 1000
    assert " ".join(each.text for each in messages).split() == f"{BOT} {long}".split()
    assert [each.quick_replies for each in messages] == [(), (quick,)]


def test_the_guards_silence_is_a_pause_too() -> None:
    """What comes after it is an answer after a pause."""
    first = answer("price")
    assert said(answer("price", first, at=2, paused_at=NOW + timedelta(minutes=5))) == [f"{BOT}\n\n4.90 €"]
