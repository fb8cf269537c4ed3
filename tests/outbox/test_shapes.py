"""Buttons, pictures, films and sounds on their way: sent in Meta's form, and never twice by our doing."""

import pytest

from igbot.meta.outgoing import Attachment, Button, Outgoing, QuickReply
from igbot.sandbox.faults import CutAfterFault, CutBeforeFault, ErrorFault, Fault
from tests.answering.talking import logged
from tests.outbox.posting import SECOND, Post
from tests.outbox.sending import Sender

CHOOSE = Outgoing("Choose", (), (Button("Our shop", url="https://lola.example"), Button("A person", payload="HUMAN")))
PICTURE = Outgoing("", (QuickReply("More", "MORE"),), attachment=Attachment("image", "https://lola.example/mug.jpg"))
SOUND = Outgoing(attachment=Attachment("audio", "https://lola.example/hello.m4a"))
SHAPES = pytest.mark.parametrize("message", [CHOOSE, PICTURE, SOUND], ids=["buttons", "picture", "sound"])


async def test_each_shape_reaches_the_customer_as_it_was_decided(sender: Sender) -> None:
    """In order, one after the other."""
    for message in (CHOOSE, PICTURE, SOUND):
        await sender.post.queue_message(message)
    await sender.becomes(*["sent"] * 3)
    choose, picture, sound = (message.sending for message in sender.sandbox.accepted.select())
    assert (choose.words, [button["title"] for button in choose.buttons]) == ("Choose", ["Our shop", "A person"])
    assert picture.attachments == ({"type": "image", "payload": {"url": "https://lola.example/mug.jpg"}},)
    assert [quick["payload"] for quick in picture.quick_replies] == ["MORE"]
    assert sound.attachments[0]["type"] == "audio"


@SHAPES
@pytest.mark.parametrize("fault", [CutAfterFault(), ErrorFault(code=2, status=500, accepted=True)], ids=["cut", "500"])
async def test_a_shape_that_meta_took_is_found_by_the_look_up(sender: Sender, message: Outgoing, fault: Fault) -> None:
    """By the words of the template, or the type of the attachment; the customer gets it once."""
    sender.fails(fault)
    await sender.post.queue_message(message)
    await sender.post.queue("repeat 1")
    await sender.settles()
    [taken, _] = sender.sandbox.accepted.select()
    assert ((await sender.post.row())["mid"], sender.calls()) == (taken.mid, 2)


@SHAPES
async def test_a_shape_that_is_not_found_proves_nothing(
    sender: Sender, message: Outgoing, caplog: pytest.LogCaptureFixture
) -> None:
    """Meta may not tell of it: it is repeated once, after the minute without a look-up, and the log says so."""
    sender.fails(CutBeforeFault())
    await sender.post.queue_message(message)
    await sender.becomes("unknown")
    sender.passes(seconds=59)
    await sender.idle()
    assert sender.calls() == 1
    sender.passes(seconds=1)
    await sender.becomes("sent")
    assert len(sender.sandbox.accepted.select()) == 1
    [line] = logged(caplog, "send_repeated")
    assert line["reason"] == "the look-up does not tell messages without plain text"


async def test_a_row_of_the_first_version_goes_out(sender: Sender) -> None:
    """It was queued by the program before this one."""
    await sender.post.desk.value("UPDATE account SET send_after = $1", sender.post.now + 60 * SECOND)
    await sender.post.queue("hello")
    row = '{"version": 1, "text": "Which?", "quick_replies": [{"title": "Red", "payload": "RED"}]}'
    await sender.post.desk.value("UPDATE outbox SET body = $1", row)
    sender.passes(seconds=60)
    await sender.becomes("sent")
    [accepted] = sender.sandbox.accepted.select()
    assert (accepted.sending.text, len(accepted.sending.quick_replies)) == ("Which?", 1)


async def test_a_row_of_a_later_version_is_a_dead_letter(sender: Sender, post: Post) -> None:
    """Nothing is sent that this program does not understand, and a person is told."""
    await post.desk.value("UPDATE account SET send_after = $1", post.now + 60 * SECOND)
    await post.queue("hello")
    await post.desk.value("""UPDATE outbox SET body = '{"version": 3}'""")
    sender.passes(seconds=60)
    await sender.becomes("dead")
    assert (sender.calls(), [kind for kind, _ in sender.troubles]) == (0, ["dead"])
