"""STOP and START, the loop guard, the disclosure and rules that hand back, as they are written down."""

from datetime import timedelta
from typing import Any

import pytest

from igbot.rules.deciding.memory import Memory
from tests.answering.talking import ANA, HOUR, START, Desk, customer_says, logged, shop_says
from tests.answering.turning import pending, reasons, texts, turn_over
from tests.rules.writing import rules

SECOND = timedelta(seconds=1)
RULESET = rules("""
- {name: hello, keywords: [hello], reply: Hi there!}
- {name: patient, keywords: [story], settle: 4s, reply: "I read: {{ message.text }}"}
- {name: order, keywords: [order], call: {name: orders, save: it}, reply: "It is {{ slots.it.status }}."}
- {name: human, keywords: [human], handoff: {pause: 2h, say: Eva will write to you.}}
- {name: watch, observe: true, keywords: [broken], tag: [complaint]}
- {name: again, observe: true, resume: true, keywords: [bot]}
- {name: here, keywords: [bot], reply: Here I am.}
""")
STOPPED = "You will get no more automatic answers here. Write START to have them again."
STARTED = "You get automatic answers here again. Write STOP to end them."
# What the sender asks before each call.
STANDING = """
SELECT o.body ->> 'text' AS text, NOT o.despite_pause AND c.cancel_before >= o.decided_at AS cancelled
FROM outbox o JOIN conversation c USING (account_id, igsid) ORDER BY o.outbox_id
"""


@pytest.fixture
async def shop(desk: Desk) -> Desk:
    """A desk with these rules."""
    desk.rules = RULESET
    return desk


async def write(desk: Desk, *texts: str, after: timedelta = SECOND, **more: Any) -> None:
    """Lines arrive one after the other, each worked on before the next."""
    for text in texts:
        desk.time.now += after
        await desk.arrive(customer_says(text, f"m{desk.time()}{text}", at=desk.time(), **more))
        await desk.settle_all()


async def standing(desk: Desk) -> list[tuple[str, bool]]:
    """Every reply, and whether it will not go out any more."""
    return [(row["text"], bool(row["cancelled"])) for row in await desk.rows(STANDING)]


# STOP and START


async def test_stop_and_start_are_kept_with_the_conversation(shop: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Each is confirmed once, and what comes between them is met with silence."""
    await write(shop, "hello", "STOP!")
    assert (await shop.talk())["opted_out_at"] == shop.time()
    await write(shop, "stop", "hello", "broken", "Start.")
    talk = await shop.talk()
    assert talk["opted_out_at"] is None
    assert "complaint" not in talk["memory"]
    await write(shop, "hello")
    assert await shop.reasons() == ["rule", *["opted_out"] * 5, "rule"]
    assert await shop.replies() == ["Hi there!", STOPPED, STARTED, "Hi there!"]
    assert [len(logged(caplog, event)) for event in ("opted_out", "opted_in", "no_reply")] == [1, 1, 3]
    assert {line["reason"] for line in logged(caplog, "no_reply")} == {"opted_out"}


async def test_a_stop_cancels_what_was_decided_before_and_its_confirmation_goes_out(shop: Desk) -> None:
    """Also where both are decided at one moment; what is decided after START goes out."""
    first, stop = customer_says("hello", "m1"), customer_says("stop", "m2", at=START + SECOND)
    await shop.arrive(first, stop)
    await shop.settle_all()
    assert await standing(shop) == [("Hi there!", True), (STOPPED, False)]
    await write(shop, "start", "hello")
    assert await standing(shop) == [("Hi there!", True), (STOPPED, False), (STARTED, False), ("Hi there!", False)]


async def test_a_start_that_follows_its_stop_at_once_is_taken_by_itself(shop: Desk) -> None:
    """So that the stop does not cancel what it brings back."""
    stop, start = pending(customer_says("stop", "m1")), pending(customer_says("start", "m2", at=START + SECOND))
    hello = pending(customer_says("hello", "m3", at=START + 2 * SECOND))
    turn = turn_over(RULESET, stop, start, hello)
    assert (turn.settled, turn.again_at, turn.opted_out_at, turn.opted_out_now) == ([stop], START, START, True)
    then = turn_over(RULESET, start, hello, opted_out_at=START)
    assert (then.settled, then.opted_out_at, then.opted_out_now) == ([start, hello], None, False)
    assert texts(then) == [STARTED, "Hi there!"]
    assert [reply.despite_pause for reply in then.replies] == [True, False]


async def test_a_stop_while_a_person_answers_is_obeyed_and_confirmed(shop: Desk) -> None:
    """It goes out although the bot is paused."""
    await write(shop, "human", "stop")
    assert await shop.replies() == ["Eva will write to you.", STOPPED]
    assert await standing(shop) == [("Eva will write to you.", False), (STOPPED, False)]
    talk = await shop.talk()
    assert (talk["paused_reason"], talk["opted_out_at"]) == ("handoff", shop.time())


async def test_an_old_stop_is_obeyed_without_a_word(shop: Desk) -> None:
    """Nothing may be sent a day later."""
    await shop.arrive(customer_says("stop", "m1", at=START - 25 * HOUR))
    await shop.settle_all()
    assert await shop.reasons() == ["opted_out"]
    assert await shop.replies() == []
    assert (await shop.talk())["opted_out_at"] == START


async def test_a_stop_among_lines_that_are_joined_is_obeyed_at_once(shop: Desk) -> None:
    """The lines before it are decided without it, and their answer does not go out."""
    await write(shop, "a story", "of two lines", "stop", "and the end")
    assert await shop.reasons() == ["rule", "rule", "opted_out", "opted_out"]
    assert await standing(shop) == [("I read: a story of two lines", True), (STOPPED, False)]


async def test_a_word_that_only_ends_joined_lines_is_no_stop(shop: Desk) -> None:
    """It is not the whole message."""
    await write(shop, "a story", "non stop")
    await write(shop, after=5 * SECOND)
    shop.time.pass_by(seconds=5)
    await shop.settle_all()
    assert await shop.replies() == ["I read: a story non stop"]


async def test_a_stop_waits_for_no_call(shop: Desk) -> None:
    """What would have to wait for one before it is not answered any more, nor its call waited for."""
    await write(shop, "my order")
    assert await shop.reasons() == []
    await write(shop, "stop")
    assert await shop.reasons() == ["opted_out", "opted_out"]
    assert await shop.replies() == [STOPPED]
    assert [row["why"] for row in await shop.rows("SELECT why FROM service_call")] == ["not needed any more"]


async def test_a_message_that_waits_for_a_call_is_not_hurried_by_others(shop: Desk) -> None:
    """Only by a STOP."""
    order, hello = pending(customer_says("order", "m1")), pending(customer_says("don't stop", "m2", at=START + SECOND))
    turn = turn_over(RULESET, order, hello)
    assert (turn.settled, len(turn.calls)) == ([], 1)


# The loop guard


async def test_the_guard_silences_the_bot_and_tells_everybody_once(
    shop: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """For an hour; then it counts anew."""
    shop.change(loop_guard=2)
    await write(shop, "hello", "hello", "hello", "hello", "broken")
    assert await shop.reasons() == ["rule", "rule", "loop_guard", "paused", "paused"]
    talk = await shop.talk()
    assert (talk["paused_reason"], talk["paused_until"]) == ("loop_guard", START + 3 * SECOND + HOUR)
    [notice] = shop.notices
    assert (notice.what, notice.igsid, notice.channels, notice.level) == ("loop_guard", ANA, (), "warning")
    assert notice.text == "2 automatic answers within 10m: the bot is silent for this customer for 1h"
    [line] = [line for line in logged(caplog, "no_reply") if line["reason"] == "loop_guard"]
    assert (line["igsid"], line["matched"]) == (ANA, "2 automatic answers within 10m")
    [row] = await shop.rows("SELECT matched, digest FROM message WHERE reason = 'loop_guard'")
    assert (row["matched"], row["digest"]) == ("2 automatic answers within 10m", RULESET.digest)
    await write(shop, "hello", after=HOUR)
    assert (await shop.reasons())[-1] == "rule"
    assert len(await shop.replies()) == 3


async def test_the_guard_cancels_nothing(shop: Desk) -> None:
    """What was decided before is said."""
    shop.change(loop_guard=1)
    await write(shop, "hello", "hello")
    assert await standing(shop) == [("Hi there!", False)]


async def test_a_fourth_fallback_in_a_row_is_not_said(shop: Desk) -> None:
    """Testers are no other customers."""
    shop.testers.add(ANA)
    shop.change(loop_guard=8)
    await write(shop, "a", "b", "c", "d")
    assert await shop.reasons() == ["fallback"] * 3 + ["loop_guard"]
    [notice] = shop.notices
    assert (notice.test, notice.text.split(":")[0]) == (True, "3 fallbacks in a row")


# The disclosure


async def test_the_first_answer_discloses_and_so_does_the_first_after_a_pause(shop: Desk) -> None:
    """A hand-off's, a person's, the guard's."""
    shop.change(disclosure="I am a bot.", loop_guard=2)
    await write(shop, "hello", "human")
    await write(shop, "hello", after=2 * HOUR)
    await shop.arrive(shop_says("Eva here", "p1", at=shop.time()))
    shop.time.pass_by(seconds=10)
    await shop.settle_all()
    await write(shop, "hello", after=12 * HOUR)
    await write(shop, "hello", "hello")
    await write(shop, "hello", after=HOUR)
    assert await shop.replies() == [
        "I am a bot.\n\nHi there!",
        "Eva will write to you.",
        "I am a bot.\n\nHi there!",
        "I am a bot.\n\nHi there!",
        "Hi there!",
        "I am a bot.\n\nHi there!",
    ]


# Rules that hand back


@pytest.mark.parametrize("reason", ["handoff", "person"])
async def test_a_rule_ends_a_hand_off_and_a_persons_pause(
    shop: Desk, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    """The message that ends it is answered, and nothing that is said from then on is cancelled."""
    await write(shop, "human")
    if reason == "person":
        await shop.arrive(shop_says("Eva here", "p1", at=shop.time()))
        shop.time.pass_by(seconds=10)
        await shop.settle_all()
    assert (await shop.talk())["paused_reason"] == reason
    await write(shop, "hello", "bot", "hello")
    assert await shop.reasons() == ["rule", "paused", "rule", "rule"]
    assert (await standing(shop))[1:] == [("Here I am.", False), ("Hi there!", False)]
    talk = await shop.talk()
    assert START < talk["paused_at"] < talk["paused_until"] == shop.time() - SECOND
    assert [line["mid"] for line in logged(caplog, "rule_matched") if line.get("resumed")]


@pytest.mark.parametrize("reason", ["loop_guard", "thread_control", "operator"])
async def test_other_pauses_are_not_the_rules_to_end(reason: str) -> None:
    """Whoever loops would; another app has the conversation; the operator has said so."""
    paused: dict[str, Any] = {"paused_at": START - HOUR, "paused_until": START + HOUR, "paused_reason": reason}
    turn = turn_over(RULESET, pending(customer_says("bot", "m1")), known=True, memory=Memory(messages=1), **paused)
    assert (reasons(turn), turn.resumed) == (["paused"], False)


async def test_a_hand_back_that_follows_a_takeover_at_once_is_taken_by_itself(shop: Desk) -> None:
    """So that the takeover does not cancel what is answered after it."""
    echo = pending(shop_says("Eva here", "p1"), received_at=START - 10 * SECOND)
    bot = pending(customer_says("bot", "m1", at=START + SECOND))
    turn = turn_over(RULESET, echo, bot)
    assert (turn.settled, turn.again_at, turn.resumed) == ([echo], START, False)
    assert turn.pause is not None
    paused: dict[str, Any] = {"paused_at": START, "paused_until": turn.pause.until, "paused_reason": "person"}
    then = turn_over(RULESET, bot, **paused)
    assert (texts(then), then.resumed, then.paused_until) == (["Here I am."], True, None)


async def test_a_hand_off_right_after_a_hand_back_is_a_new_pause(shop: Desk) -> None:
    """In one turn."""
    bot, human = pending(customer_says("bot", "m1")), pending(customer_says("human", "m2", at=START + SECOND))
    paused: dict[str, Any] = {"paused_at": START - HOUR, "paused_until": START + HOUR, "paused_reason": "handoff"}
    turn = turn_over(RULESET, bot, human, **paused)
    assert turn.paused_until == START + 2 * HOUR
    assert texts(turn) == ["Here I am.", "Eva will write to you."]
