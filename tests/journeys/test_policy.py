"""What stands above the rules, through the whole bot: STOP and START, the loop guard, the disclosure."""

from pathlib import Path

import pytest

from igbot.sandbox.faults import ErrorFault
from tests.journeys.shop import ANA, BEN, Shop, open_shop, rules_in
from tests.waiting import eventually

STOPPED = "You will get no more automatic answers here. Write START to have them again."
STARTED = "You get automatic answers here again. Write STOP to end them."


async def test_who_writes_stop_is_left_alone_until_start(shop: Shop) -> None:
    """One confirmation each; a person's pause holds neither back, and others are answered as ever."""
    for text in ("hello", "human", "Stop!", "stop", "hello"):
        await shop.writes(ANA, text)
        await shop.quiet()
        shop.forward(seconds=1)
    assert shop.received(ANA)[2:] == [STOPPED]
    await shop.writes(BEN, "hello")
    await shop.writes(ANA, "START")
    await shop.quiet()
    assert shop.received(ANA)[2:] == [STOPPED, STARTED]
    assert len(shop.received(BEN)) == 1
    shop.forward(hours=13)
    await shop.writes(ANA, "hello")
    await shop.quiet()
    assert len(shop.received(ANA)) == 5
    assert await shop.reasons(ANA) == ["rule", "rule", *["opted_out"] * 4, "rule"]


async def test_a_stop_overtakes_an_answer_that_could_not_be_sent_yet(shop: Shop) -> None:
    """It is cancelled; the confirmation goes out."""
    shop.fails(ErrorFault(code=613, headers={"Retry-After": "60"}))
    await shop.writes(ANA, "hello")
    await shop.waits_for_the_clock(ANA)
    shop.forward(seconds=1)
    await shop.writes(ANA, "stop")
    await eventually(lambda: _decided(shop, 2))
    shop.forward(minutes=5)
    await shop.quiet()
    assert shop.received(ANA) == [STOPPED]
    assert sorted(await shop.reply_states(ANA)) == ["cancelled", "sent"]


async def _decided(shop: Shop, count: int) -> bool:
    return len(await shop.reasons(ANA)) == count


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise's own import, on Python 3.11 and 3.12
async def test_the_loop_guard_ends_a_talk_of_two_bots(database_url: str, tmp_path: Path) -> None:
    """Eight answers by itself, one alert, an hour of silence."""
    async with open_shop(database_url, tmp_path, environ=[("IGBOT_LOOP_GUARD", "8")]) as shop:
        for _ in range(12):
            await shop.writes(ANA, "hello")
            await shop.quiet()
            shop.forward(seconds=2)
        assert len(shop.received(ANA)) == 8
        assert await shop.reasons(ANA) == ["rule"] * 8 + ["loop_guard"] + ["paused"] * 3
        await eventually(lambda: shop.alarm.texts)
        assert shop.alarm.titles == ["igbot: the loop guard has silenced the bot for a customer"]
        assert "8 automatic answers within 10m: the bot is silent for this customer for 1h" in shop.alarm.texts[0]
        assert ANA in shop.alarm.texts[0]
        shop.forward(hours=1)
        await shop.writes(ANA, "hello")
        await shop.quiet()
        assert len(shop.received(ANA)) == 9


async def test_the_first_answer_says_who_answers(database_url: str, tmp_path: Path) -> None:
    """In the same message, with its quick replies; and once more when a rule has ended a pause."""
    rules = rules_in(
        tmp_path,
        "version: 1\nrules:\n"
        "  - {name: colours, keywords: [colours], reply: {text: Which?, quick_replies: [{title: Red, payload: RED}]}}\n"
        "  - {name: red, payload: RED, reply: Red it is.}\n"
        "  - {name: human, keywords: [human], handoff: {say: Eva will write.}}\n"
        "  - {name: again, observe: true, resume: true, keywords: [bot]}\n"
        "  - {name: here, keywords: [bot], reply: Here I am.}\n",
    )
    told = [("IGBOT_DISCLOSURE", "I am the shop's bot."), ("IGBOT_LOOP_GUARD", "8")]
    async with open_shop(database_url, tmp_path, rules=rules, environ=told) as shop:
        for text in ("colours", "human", "colours", "bot", "colours"):
            await shop.writes(ANA, text)
            await shop.quiet()
            shop.forward(seconds=1)
        assert shop.received(ANA) == [
            "I am the shop's bot.\n\nWhich?",
            "Eva will write.",
            "I am the shop's bot.\n\nHere I am.",
            "Which?",
        ]
        [first, *_] = shop.sandbox.accepted.select(igsid=ANA)
        assert [each["title"] for each in first.sending.quick_replies] == ["Red"]


async def test_the_owners_words_stop_and_start_the_bot(database_url: str, tmp_path: Path) -> None:
    """In place of the built-in ones of their language."""
    config = tmp_path / "config"
    config.mkdir()
    words = "policy:\n  stop_words: {en: [no more]}\n  start_words: {en: [again please]}\n"
    (config / "base.yaml").write_text(words, encoding="utf-8")
    async with open_shop(database_url, tmp_path) as shop:
        for text in ("unsubscribe", "No more!", "hello", "Again please"):
            await shop.writes(ANA, text)
            await shop.quiet()
            shop.forward(seconds=1)
        assert await shop.reasons(ANA) == ["fallback", "opted_out", "opted_out", "opted_out"]
        assert shop.received(ANA)[1].endswith("Write AGAIN PLEASE to have them again.")  # type: ignore[union-attr]
