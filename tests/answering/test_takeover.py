"""Who has the conversation: people in the app, other apps, the operator; and what becomes of replies in the queue."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from igbot.answering.handover import INBOXES, TAKEN_FOR
from igbot.conversations.pausing import pause_conversation, resume_conversation
from igbot.meta.events import Igsid
from tests.answering.talking import ACCOUNT, ANA, DAY, HOUR, START, Desk, customer_says, logged, shop_says
from tests.answering.turning import pending, reasons, texts, turn_over
from tests.rules.writing import rules

SECOND = timedelta(seconds=1)
INBOX, ANOTHER = "1217981644879628", 222
# What the sender asks before each call.
CANCELLED = """
SELECT o.body ->> 'text' AS text FROM outbox o JOIN conversation c USING (account_id, igsid)
WHERE NOT o.despite_pause AND c.cancel_before >= o.decided_at ORDER BY o.outbox_id
"""
RULESET = rules("- {name: hello, keywords: [hello], reply: Hi there!}")


async def write(desk: Desk, *items: dict[str, Any]) -> None:
    """This arrives, and what is ready is worked on."""
    await desk.arrive(*items)
    await desk.settle_all()


async def person_writes(desk: Desk, text: str, mid: str) -> None:
    """A person answers in the app, and it is clear that it was one."""
    await write(desk, shop_says(text, mid, at=desk.time()))
    desk.time.pass_by(seconds=10)
    await desk.settle_all()


def control(told: dict[str, Any], *, at: Any = START) -> dict[str, Any]:
    """The webhook item of a change of who has the conversation."""
    item = customer_says("", "none", at=at)
    item.pop("message")
    return item | told


def passed(app: object, *, at: Any = START) -> dict[str, Any]:
    """It is handed to an app."""
    return control({"pass_thread_control": {"previous_owner_app_id": None, "new_owner_app_id": app}}, at=at)


def taken(app: object, *, at: Any = START) -> dict[str, Any]:
    """An app takes it."""
    return control({"take_thread_control": {"previous_owner_app_id": "111", "new_owner_app_id": app}}, at=at)


async def cancelled(desk: Desk) -> list[str]:
    """The queued replies that will not go out."""
    return [row["text"] for row in await desk.rows(CANCELLED)]


# People


async def test_each_message_of_a_person_renews_the_pause(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Twelve hours from the last one, each logged with until when."""
    await write(desk, customer_says("hello", "m1"))
    for number in range(3):
        await person_writes(desk, f"Eva here {number}", f"p{number}")
        assert (await desk.talk())["paused_until"] == desk.time() + 12 * HOUR
        desk.time.pass_by(hours=5)
    ends = [line["paused_until"] for line in logged(caplog, "human_takeover")]
    assert ends == [START + 10 * SECOND + timedelta(seconds=10 * n) + (12 + 5 * n) * HOUR for n in range(3)]


async def test_a_person_never_shortens_a_pause(desk: Desk) -> None:
    """The operator has said for how long; a hand-off that is longer becomes the person's."""
    await write(desk, customer_says("hello", "m1"))
    async with desk.database.connection() as conn:
        await pause_conversation(conn, ACCOUNT, ANA, length=2 * DAY, now=desk.time())
    await person_writes(desk, "Eva here", "p1")
    assert (await desk.talk())["paused_until"] == START + 2 * DAY
    assert (await desk.talk())["paused_reason"] == "operator"
    await desk.value("UPDATE conversation SET paused_reason = 'handoff'")
    await person_writes(desk, "Eva again", "p2")
    talk = await desk.talk()
    assert (talk["paused_until"], talk["paused_reason"]) == (START + 2 * DAY, "person")


async def test_an_echo_from_before_the_operator_resumed_pauses_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where it was not yet clear whose it was; a delivery that comes again is a duplicate."""
    await write(desk, customer_says("hello", "m1"))
    await person_writes(desk, "Eva here", "p1")
    late = shop_says("Done!", "p2", at=desk.time())
    desk.time.pass_by(seconds=5)
    async with desk.database.connection() as conn:
        await resume_conversation(conn, ACCOUNT, ANA, now=desk.time())
    await write(desk, late, shop_says("Eva here", "p1", at=START))
    desk.time.pass_by(minutes=1)
    await write(desk, customer_says("hello", "m2", at=desk.time()))
    assert (await desk.reasons())[-1] == "rule"
    assert [line["paused_until"] is None for line in logged(caplog, "human_takeover")] == [False, True]
    await person_writes(desk, "Me again", "p3")
    assert (await desk.talk())["paused_until"] == desk.time() + 12 * HOUR


async def test_a_hand_off_that_is_resumed_while_it_is_unclear_who_wrote(desk: Desk) -> None:
    """A person answers, and the operator gives the conversation back at once."""
    await write(desk, customer_says("a human please", "m1"))
    await write(desk, shop_says("Eva here", "p1", at=START + SECOND))
    desk.time.pass_by(seconds=5)
    async with desk.database.connection() as conn:
        await resume_conversation(conn, ACCOUNT, ANA, now=desk.time())
    desk.time.pass_by(seconds=5)
    await desk.settle_all()
    await write(desk, customer_says("hello", "m2", at=desk.time()))
    assert (await desk.reasons())[-1] == "rule"


async def test_a_pause_that_ended_by_itself_does_not_hide_a_person(desk: Desk) -> None:
    """What was written before its end, and is told of after it, renews it."""
    await write(desk, customer_says("hello", "m1"))
    await person_writes(desk, "Eva here", "p1")
    wrote = desk.time() + 11 * HOUR
    desk.time.pass_by(hours=13)
    await write(desk, shop_says("Eva again", "p2", at=wrote), customer_says("hello", "m2", at=desk.time()))
    desk.time.pass_by(seconds=10)
    await desk.settle_all()
    assert (await desk.reasons())[-1] == "paused"


# What is in the queue


async def test_a_takeover_cancels_what_was_decided_before_and_nothing_later(desk: Desk) -> None:
    """The pause over, answers go out again."""
    await write(desk, customer_says("repeat one", "m1"))
    await person_writes(desk, "Eva here", "p1")
    desk.time.pass_by(hours=13)
    await write(desk, customer_says("repeat two", "m2", at=desk.time()))
    assert await desk.replies() == ["You said: repeat one", "You said: repeat two"]
    assert await cancelled(desk) == ["You said: repeat one"]
    assert (await desk.talk())["cancel_reason"] == "a person took over"


async def test_a_takeover_that_pauses_nothing_cancels_nothing(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Where the owner has turned it off it is a line in the log."""
    desk.policy = replace(desk.policy, takeover_pause=None)
    await write(desk, customer_says("repeat one", "m1"))
    await person_writes(desk, "Eva here", "p1")
    assert await cancelled(desk) == []
    assert [line["paused_until"] for line in logged(caplog, "human_takeover")] == [None]


async def test_an_opt_out_cancels_all_but_its_confirmation(desk: Desk) -> None:
    """What is decided after the customer has come back goes out."""
    await write(desk, customer_says("repeat one", "m1"))
    desk.time.pass_by(seconds=1)
    await write(desk, customer_says("STOP", "m2", at=desk.time()))
    desk.time.pass_by(seconds=1)
    await write(desk, customer_says("START", "m3", at=desk.time()))
    desk.time.pass_by(seconds=1)
    await write(desk, customer_says("repeat two", "m4", at=desk.time()))
    assert await cancelled(desk) == ["You said: repeat one"]
    assert len(await desk.replies()) == 4
    assert (await desk.talk())["cancel_reason"] == "the customer opted out"


async def test_another_app_that_takes_the_conversation_cancels_too(desk: Desk) -> None:
    """And when it comes back, what is decided then goes out."""
    await write(desk, customer_says("repeat one", "m1"))
    desk.time.pass_by(seconds=1)
    await write(desk, taken(INBOX, at=desk.time()))
    desk.time.pass_by(seconds=1)
    await write(desk, passed(ANOTHER, at=desk.time()), customer_says("repeat two", "m2", at=desk.time()))
    assert await cancelled(desk) == ["You said: repeat one"]
    assert (await desk.replies(), await desk.reasons()) == (
        ["You said: repeat one", "You said: repeat two"],
        ["rule"] * 2,
    )
    assert (await desk.talk())["cancel_reason"] == "another app has the conversation"


async def test_a_hand_off_by_rule_cancels_nothing(desk: Desk) -> None:
    """The answers before it are still due, and its own words."""
    await write(desk, customer_says("repeat one", "m1"), customer_says("a human please", "m2", at=START + SECOND))
    assert len(await desk.replies()) == 2
    assert await cancelled(desk) == []


# Other apps


@pytest.mark.parametrize(
    ("item", "paused", "event"),
    [
        (taken("222"), True, "thread_control_lost"),
        (taken(None), True, "thread_control_lost"),
        *((passed(each), True, "thread_control_lost") for each in sorted(INBOXES)),
        (passed(int(INBOX)), True, "thread_control_lost"),
        (passed(ANOTHER), False, "thread_control_back"),
        (passed(None), False, "thread_control_back"),
        (control({"request_thread_control": {"requested_owner_app_id": 111}}), False, "thread_control_requested"),
        (control({"app_roles": {"222": ["primary_receiver"]}}), False, None),
    ],
)
def test_who_has_the_conversation_is_who_answers(item: dict[str, Any], paused: bool, event: str | None) -> None:
    """Taken, or passed to one of Meta's inboxes: the bot is silent for a day. Anything else changes nothing."""
    turn = turn_over(RULESET, pending(item), pending(customer_says("hello", "m1")))
    assert (turn.pause is not None, reasons(turn)) == (paused, ["paused" if paused else "rule"])
    assert [remark.event for remark in turn.remarks] == ([event] if event else [])
    if turn.pause:
        assert (turn.pause.until, turn.pause.reason) == (START + TAKEN_FOR, "thread_control")


async def test_what_comes_back_is_the_bots_again(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Only what another app had: a person's pause, or an operator's, stays."""
    await write(desk, taken(INBOX))
    talk = await desk.talk()
    assert (talk["paused_until"], talk["paused_reason"]) == (START + DAY, "thread_control")
    desk.time.pass_by(hours=1)
    await write(desk, passed(ANOTHER, at=desk.time()))
    assert (await desk.talk())["paused_until"] == desk.time()
    assert logged(caplog, "thread_control_lost")[0]["app"] == INBOX
    assert logged(caplog, "thread_control_back")[0]["app"] == str(ANOTHER)
    await person_writes(desk, "Eva here", "p1")
    await write(desk, passed(ANOTHER, at=desk.time()))
    assert (await desk.talk())["paused_until"] == desk.time() + 12 * HOUR


@pytest.mark.parametrize("person_first", [True, False])
async def test_what_a_person_has_begun_no_app_ends(desk: Desk, person_first: bool) -> None:
    """Whether the person wrote before the app took the conversation or after: it comes back, and the bot is silent."""
    if person_first:
        await person_writes(desk, "Eva here", "p1")
    await write(desk, taken(ANOTHER, at=desk.time()))
    if not person_first:
        await person_writes(desk, "Eva here", "p1")
    await write(desk, passed(ANOTHER, at=desk.time()), customer_says("repeat one", "m1", at=desk.time()))
    talk = await desk.talk()
    assert (talk["paused_reason"], talk["paused_until"] > desk.time() + 12 * HOUR) == ("person", True)
    assert await desk.reasons() == ["paused"]


async def test_lost_and_back_in_one_delivery(desk: Desk) -> None:
    """In a turn of its own, so that what is answered then is not cancelled with what was queued before."""
    items = taken(INBOX), passed(ANOTHER, at=START + SECOND), customer_says("hello", "m1", at=START + 2 * SECOND)
    await desk.arrive(*items)
    assert await desk.work() == 1
    assert await desk.replies() == []
    desk.time.pass_by(seconds=0.01)
    assert await desk.work() == 1
    assert (await desk.replies(), await cancelled(desk)) == (["Hi there!"], [])


async def test_the_owner_is_told_that_an_app_asks(desk: Desk) -> None:
    """Once a customer; nothing changes."""
    await write(desk, control({"request_thread_control": {"requested_owner_app_id": 111, "metadata": "please"}}))
    [notice] = desk.notices
    assert (notice.what, notice.igsid, notice.level) == ("thread_request", Igsid(ANA), "info")
    assert "111" in notice.body
    assert await desk.rows("SELECT * FROM conversation") == []


async def test_a_shorter_pause_of_anothers_does_not_end_a_longer_one(desk: Desk) -> None:
    """A takeover of another app within a person's longer pause leaves it to the person."""
    desk.policy = replace(desk.policy, takeover_pause=3 * DAY)
    await person_writes(desk, "Eva here", "p1")
    until = (await desk.talk())["paused_until"]
    await write(desk, taken(INBOX, at=desk.time()))
    await write(desk, passed(ANOTHER, at=desk.time()))
    assert (await desk.talk())["paused_until"] == until


# Media of stories


async def test_media_of_stories_are_neither_fetched_nor_kept(desk: Desk) -> None:
    """Not their address either: what is in the history is that there was one."""
    url = "https://lookaside.example/story?signature=x"
    mention = customer_says("", "m1", kind="story_mention", url=url)
    reply = customer_says("love it", "m2", kind="story_reply", url=url, at=START + SECOND)
    await write(desk, mention, reply)
    rows = await desk.rows("SELECT kind, text, attachments FROM message WHERE direction = 'in' ORDER BY at")
    kept = [(row["kind"], row["text"], json.loads(row["attachments"] or "null")) for row in rows]
    assert kept == [
        ("story_mention", "", [{"type": "story_mention", "url": None, "title": None}]),
        ("story_reply", "love it", None),
    ]


def test_a_turn_says_what_came_in() -> None:
    """What has no words and no address is kept as what it is."""
    item = customer_says("", "m1", kind="image")
    item["message"]["attachments"] = [{"type": "ephemeral"}]
    turn = turn_over(RULESET, pending(item), pending(customer_says("", "m2", kind="unsupported")))
    assert [message.content.kind for message in turn.messages] == ["unsupported", "unsupported"]
    assert [[each.type for each in message.content.attachments] for message in turn.messages] == [["ephemeral"], []]
    assert texts(turn) != []
