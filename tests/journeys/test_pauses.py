"""When a person speaks with the customer, the bot is silent."""

import pytest

from igbot.sandbox.faults import ErrorFault
from tests.journeys.shop import ANA, BEN, Shop
from tests.journeys.test_answering import HANDOFF, HELLO
from tests.waiting import eventually


async def a_person_answers(shop: Shop, igsid: str, text: str = "This is Lola, I am looking it up.") -> None:
    """A person answers in the Instagram app, and the ten seconds pass in which it might have been an echo of ours."""
    _, result = await shop.sandbox.person_writes(igsid, text)
    assert result.status == 200
    shop.forward(seconds=11)
    await shop.quiet()


async def test_a_hand_off_is_said_and_then_the_bot_is_silent(shop: Shop) -> None:
    """`handoff` says its own words, then nothing for its pause, and after that the bot answers as before."""
    await shop.writes(ANA, "I want to talk to a person")
    await shop.writes(ANA, "hello?")
    await shop.writes(BEN, "hello")
    await shop.quiet()
    assert shop.received(ANA) == [HANDOFF]
    assert shop.received(BEN) == [HELLO]
    assert await shop.reasons(ANA) == ["rule", "paused"]
    shop.forward(hours=12, seconds=1)
    await shop.writes(ANA, "hello")
    await shop.quiet()
    assert shop.received(ANA) == [HANDOFF, HELLO]


async def test_a_persons_answer_pauses_the_bot_and_each_one_renews_it(shop: Shop) -> None:
    """An echo of no send of ours is a person's after ten seconds: the bot is silent for twelve hours from the last."""
    await shop.writes(ANA, "hello")
    await shop.quiet()
    await a_person_answers(shop, ANA)
    await shop.writes(ANA, "hello")
    await shop.quiet()
    shop.forward(hours=8)
    await a_person_answers(shop, ANA, "Here it is.")
    shop.forward(hours=8)
    await shop.writes(ANA, "hello")
    await shop.quiet()
    assert shop.received(ANA) == [HELLO]
    assert await shop.reasons(ANA) == ["rule", "paused", "paused"]
    shop.forward(hours=4)
    await shop.writes(ANA, "hello")
    await shop.quiet()
    assert shop.received(ANA) == [HELLO, HELLO]
    authors = await shop.rows("SELECT author FROM message ORDER BY at, message_id")
    assert [row["author"] for row in authors].count("person") == 2


async def test_a_person_who_answers_first_cancels_the_bots_reply(shop: Shop) -> None:
    """A reply that waits for another try is not sent any more once a person has answered."""
    shop.fails(ErrorFault(code=613, headers={"Retry-After": "60"}))
    await shop.writes(ANA, "hello")
    await shop.waits_for_the_clock(ANA)
    await a_person_answers_beside_a_reply(shop)
    shop.forward(seconds=61)
    await shop.becomes(ANA, "cancelled")
    await shop.quiet()
    assert shop.received(ANA) == []


async def a_person_answers_beside_a_reply(shop: Shop) -> None:
    """As `a_person_answers`, where a reply of ours still waits."""
    _, result = await shop.sandbox.person_writes(ANA, "Hi, Lola here.")
    assert result.status == 200
    shop.forward(seconds=11)

    async def is_paused() -> bool:
        return bool(await shop.rows("SELECT FROM conversation WHERE paused_reason = 'person'"))

    await eventually(is_paused)


async def test_our_own_echoes_pause_nothing(shop: Shop) -> None:
    """However its echo comes, before the answer or after it, the bot knows its own words."""
    for timing in ("after", "before", "late"):
        shop.sandbox.configure(echo=timing, echo_delay=0.1)
        await shop.writes(ANA, "hello")
        await shop.quiet()
    assert shop.received(ANA) == [HELLO] * 3
    shop.forward(seconds=20)
    await shop.writes(ANA, "hello")
    await shop.quiet()
    assert shop.received(ANA) == [HELLO] * 4
    told = await shop.rows("SELECT count(*) FROM outbox WHERE echoed_at IS NOT NULL AND seen_at IS NOT NULL")
    assert told[0]["count"] == 4


@pytest.mark.parametrize("seconds", [0, 9])
async def test_what_the_customer_writes_meanwhile_waits_until_it_is_clear_who_answered(
    shop: Shop, seconds: int
) -> None:
    """While it is open whether an echo is ours, the customer's next message is not answered; then it is decided."""
    await shop.sandbox.person_writes(ANA, "Hi, Lola here.")
    shop.forward(seconds=seconds)
    await shop.writes(ANA, "hello")
    shop.forward(seconds=11)
    await shop.quiet()
    assert shop.received(ANA) == []
    assert await shop.reasons(ANA) == ["paused"]
