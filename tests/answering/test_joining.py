"""Several short lines that are answered as one (`settle`)."""

from datetime import timedelta
from typing import Any

import pytest

from igbot.answering.claim import LEASE
from igbot.rules.deciding.responding import MOST_LINES
from tests.answering.talking import ANA, START, Desk, claimed, customer_says, logged, shop_says
from tests.answering.turning import pending, texts, turn_over
from tests.rules.writing import rules

SECOND = timedelta(seconds=1)
RULES = """
- name: patient
  keywords: [shipping, parcel]
  settle: 4s
  reply: "You wrote: {{ message.text }}"
- name: exact
  priority: 5
  when: {text: {all: [shipping, spain]}}
  settle: 4s
  reply: To Spain.
- name: hello
  keywords: [hello]
  reply: Hi there!
"""
RULESET = rules(RULES)
LINES = "SELECT mid, reason, rule, answered_with FROM message WHERE igsid = $1 AND direction = 'in' ORDER BY at"


@pytest.fixture
async def shop(desk: Desk) -> Desk:
    """A desk whose rules wait for more lines."""
    desk.rules = RULESET
    return desk


async def write(desk: Desk, text: str, mid: str, **more: Any) -> None:
    """A line arrives now."""
    await desk.arrive(customer_says(text, mid, at=desk.time(), **more))


async def test_lines_that_follow_each_other_are_answered_as_one(shop: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Joined by line breaks and decided once; the earlier ones stand with the same rule and name the last."""
    await write(shop, "about shipping", "m1")
    assert await shop.work() == 1
    shop.time.pass_by(seconds=3)
    await write(shop, "to spain", "m2")
    assert await shop.work() == 1
    assert await shop.replies() == []
    shop.time.pass_by(seconds=4)
    await shop.settle_all()
    assert await shop.replies() == ["To Spain."]
    assert [tuple(row.values()) for row in await shop.rows(LINES, ANA)] == [
        ("m1", "rule", "exact", "m2"),
        ("m2", "rule", "exact", None),
    ]
    [reply] = await shop.rows("SELECT for_mid FROM outbox")
    assert reply["for_mid"] == "m2"
    [line] = logged(caplog, "rule_matched")
    assert (line["mid"], line["lines"]) == ("m2", 2)
    assert [each["mid"] for each in logged(caplog, "message_received")] == ["m1", "m2"]


async def test_a_single_line_is_answered_once_its_time_is_over(shop: Desk) -> None:
    """The conversation is not looked at before, and the worker knows when to."""
    await write(shop, "my parcel", "m1")
    assert await shop.work() == 1
    assert await shop.value("SELECT ready_at FROM inbox_lane") == START + 4 * SECOND
    assert shop.worker.next_look(60.0) == 4.0
    shop.time.pass_by(seconds=3.9)
    assert await shop.work() == 0
    shop.time.pass_by(seconds=0.1)
    assert await shop.work() == 1
    assert await shop.replies() == ["You wrote: my parcel"]
    assert shop.worker.next_look(60.0) == 60.0


async def test_each_line_is_waited_for_after_the_one_before(shop: Desk) -> None:
    """By when they were received; one that comes too late is a message of its own, after the answer."""
    for number in range(3):
        await write(shop, f"parcel {number}", f"m{number}")
        await shop.settle_all()
        shop.time.pass_by(seconds=3)
    assert await shop.replies() == []
    shop.time.pass_by(seconds=2)
    await write(shop, "parcel late", "m3")
    await shop.settle_all()
    assert await shop.replies() == ["You wrote: parcel 0 parcel 1 parcel 2"]
    shop.time.pass_by(seconds=4)
    await shop.settle_all()
    assert (await shop.replies())[1:] == ["You wrote: parcel late"]


async def test_anything_but_a_line_ends_the_waiting(shop: Desk) -> None:
    """A picture is answered by itself, after the lines before it; their order is kept."""
    await write(shop, "my parcel", "m1")
    shop.time.pass_by(seconds=1)
    await write(shop, "", "m2", kind="image")
    await shop.settle_all()
    assert await shop.replies() == ["You wrote: my parcel", "We will get back to you."]


async def test_what_follows_waits_with_it(shop: Desk) -> None:
    """A line that alone would be answered at once belongs to the one that waits."""
    await write(shop, "my parcel", "m1")
    await shop.settle_all()
    shop.time.pass_by(seconds=1)
    await write(shop, "hello", "m2")
    await shop.settle_all()
    assert await shop.replies() == []
    shop.time.pass_by(seconds=4)
    await shop.settle_all()
    assert len(await shop.replies()) == 1
    assert [row["answered_with"] for row in await shop.rows(LINES, ANA)] == ["m2", None]


async def test_lines_outlive_the_process_that_waited(shop: Desk) -> None:
    """They stay pending until they are answered; another process joins the same ones."""
    await write(shop, "about shipping", "m1")
    await shop.settle_all()
    shop.time.pass_by(seconds=1)
    await write(shop, "to spain", "m2")
    await claimed(shop, 1)
    shop.time.now += LEASE + SECOND
    await shop.work(process_id=2)
    assert await shop.replies() == ["To Spain."]


async def test_a_person_who_answers_meanwhile_has_answered(shop: Desk) -> None:
    """The lines are then no longer the bot's."""
    await write(shop, "my parcel", "m1")
    await shop.settle_all()
    await shop.arrive(shop_says("Eva here", "p1", at=shop.time()))
    shop.time.pass_by(seconds=10)
    await shop.settle_all()
    assert (await shop.replies(), await shop.reasons()) == ([], ["paused"])


async def test_waiting_for_lines_is_not_being_slow(shop: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """What the owner asked for is no reason to warn; what comes on top of it is."""
    shop.rules = rules("- {name: slow, keywords: [parcel], settle: 20s, reply: There.}")
    for number, late in enumerate((20, 36)):
        await write(shop, "my parcel", f"m{number}")
        shop.time.pass_by(seconds=late)
        await shop.settle_all()
        assert len(logged(caplog, "slow_processing")) == number


def test_endless_lines_are_answered_in_the_end() -> None:
    """After twenty of them."""
    events = [pending(customer_says("parcel", f"m{n}", at=START + n * SECOND)) for n in range(MOST_LINES + 1)]
    turn = turn_over(RULESET, *events, now=START)
    assert (len(turn.settled), len(turn.replies)) == (MOST_LINES, 1)
    assert turn.again_at == START + 4 * SECOND


def test_a_line_that_failed_before_is_taken_alone() -> None:
    """So that it cannot take the others with it."""
    first = pending(customer_says("parcel", "m1"), attempts=1)
    turn = turn_over(RULESET, first, pending(customer_says("parcel too", "m2")))
    assert (turn.settled, texts(turn)) == ([first], ["You wrote: parcel"])


def test_joined_lines_count_as_one_message() -> None:
    """In the customer's memory, and each for itself in the history."""
    events = [pending(customer_says("parcel", f"m{n}", at=START + n * SECOND)) for n in range(3)]
    turn = turn_over(RULESET, *events, now=START + 10 * SECOND)
    assert (turn.memory.messages, len(turn.messages)) == (1, 3)
