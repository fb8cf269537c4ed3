"""Which message of a look-up is ours, and what its absence proves."""

from datetime import timedelta

import pytest

from igbot.meta.conversations_api import SentMessage
from igbot.meta.events import Attachment as Shown
from igbot.meta.events import Igsid, Mid
from igbot.meta.outgoing import Attachment, Button, Outgoing, QuickReply
from igbot.outbox.graph import PAGE
from igbot.outbox.search import NOT_FAR_BACK, NOT_TO_BE_HAD, NOT_TOLD, found_among, unproved
from tests.answering.talking import ANA, START

CUSTOMER = Igsid(ANA)
HI = Outgoing("Hi!", (QuickReply("Red", "RED"),))
CHOOSE = Outgoing("Hi!", (), (Button("Agent", payload="HUMAN"),))
PICTURE = Outgoing(attachment=Attachment("image", "https://lola.example/mug.jpg"))


def message(mid: str, text: str = "Hi!", *, sender: str = "us", seconds: float = 1) -> SentMessage:
    return SentMessage(Mid(mid), START + timedelta(seconds=seconds), sender, text)


def shown(mid: str, *attachments: Shown, seconds: float = 1) -> SentMessage:
    return SentMessage(Mid(mid), START + timedelta(seconds=seconds), "us", "", attachments)


def found(*messages: SentMessage, ours: Outgoing = HI, taken: frozenset[str] = frozenset()) -> str | None:
    hit = found_among(list(messages), ours, igsid=CUSTOMER, since=START, taken=taken)
    return hit.mid if hit else None


def test_our_words_since_the_decision_are_found() -> None:
    """The oldest of them, white space apart; Meta gives either of our ids as the sender."""
    assert found(message("b", seconds=9), message("a", " Hi!\n")) == "a"
    assert found(message("a", sender="")) == "a"


@pytest.mark.parametrize(
    "other",
    [
        message("a", "Hello!"),
        message("a", sender=ANA),
        message("a", seconds=-1),
        SentMessage(Mid("a"), None, "us", "Hi!"),
    ],
)
def test_what_is_not_ours_is_not_found(other: SentMessage) -> None:
    """Other words, the customer's own, older than the decision, of no known time."""
    assert found(other) is None


def test_a_full_page_of_newer_messages_proves_no_absence() -> None:
    """What was sent may lie behind the twenty that Meta tells of; fewer are all there are."""
    newer = [message(f"m{number}", "chatter", seconds=number + 1) for number in range(PAGE)]
    assert unproved(newer, HI, since=START) == NOT_FAR_BACK
    assert unproved(newer[1:], HI, since=START) is None
    assert unproved([*newer[1:], message("old", "chatter", seconds=-1)], HI, since=START) is None
    assert unproved([], HI, since=START) is None


def test_no_look_up_proves_nothing() -> None:
    """Nor does one that has nothing of a message without plain text: Meta may not tell of those."""
    assert unproved(None, HI, since=START) == NOT_TO_BE_HAD
    for other in (PICTURE, CHOOSE):
        assert unproved([], other, since=START) == NOT_TOLD


def test_a_message_that_is_another_replys_is_not_found_again() -> None:
    """The same words twice: the second reply takes the second message."""
    assert found(message("a"), message("b", seconds=5), taken=frozenset({"a"})) == "b"


def test_a_picture_is_found_by_its_type_and_a_template_by_its_words() -> None:
    """Meta gives media an address of its own; two pictures of ours are two messages, in order."""
    first, second = shown("a", Shown("image", "https://cdn.example/1")), shown("b", Shown("image"), seconds=5)
    film, template = shown("f", Shown("video")), shown("t", Shown("template", None, "Hi!"))
    assert found(film, second, first, ours=PICTURE) == "a"
    assert found(first, second, ours=PICTURE, taken=frozenset({"a"})) == "b"
    assert found(film, template, shown("w"), ours=PICTURE) is None
    assert found(first, template, ours=CHOOSE) == "t"
    assert found(message("m"), ours=CHOOSE) == "m"
    assert found(first, shown("x", Shown("template")), ours=CHOOSE) is None
