"""How often a rule may answer: all customers together, one customer, over several bots and over a restart."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from igbot.sandbox.faults import ErrorFault
from tests.journeys.shop import ANA, BEN, Shop, open_shop, rules_in
from tests.waiting import eventually

RULES = """
version: 1
rules:
  - name: giveaway
    keywords: [giveaway]
    limit: { times: 3, within: 1h, per: all }
    reply: "You won!"
  - name: missed
    keywords: [giveaway]
    priority: -10
    reply: "All gone."
  - name: hours
    keywords: [hours]
    cooldown: 10m
    reply: "Nine to seven."
  - name: gift
    keywords: [gift]
    once: true
    reply: "Your code: GIFT10"
  - name: other
    fallback: true
    reply: "You asked before."
"""
COUNTING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%rule_use%'
"""
WON, MISSED = "You won!", "All gone."
REFUSED = ErrorFault(code=100, message="Invalid parameter")


async def test_several_bots_together_never_exceed_a_limit_for_all(database_url: str, tmp_path: Path) -> None:
    """Both bots find all three wins left at the same moment: three customers win, and three more when time is over."""
    rules = rules_in(tmp_path, RULES)
    async with (
        open_shop(database_url, tmp_path, rules=rules) as one,
        open_shop(database_url, tmp_path, rules=rules) as two,
    ):
        bots = (one, two)

        async def counting(number: int) -> bool:
            return bool((await two.rows(COUNTING))[0]["count"] >= number)

        async with one.database.transaction():
            await one.database.execute("LOCK TABLE rule_use")
            crowd = [f"94{number:014d}" for number in range(20)]
            # The second half is there only when one bot is held up: else it might take all of them alone.
            await all_ask(bots, crowd[:10])
            await eventually(lambda: counting(1))
            await all_ask(bots, crowd[10:])
            await eventually(lambda: counting(2))
        assert await answers(bots, crowd) == [MISSED] * 17 + [WON] * 3
        for minutes, expected in ((59, [MISSED] * 5), (1, [MISSED] * 2 + [WON] * 3)):
            for bot in bots:
                bot.forward(minutes=minutes)
            crowd = [f"95{minutes:07d}{number:07d}" for number in range(5)]
            await all_ask(bots, crowd)
            assert await answers(bots, crowd) == expected


async def all_ask(bots: Sequence[Shop], customers: Sequence[str]) -> None:
    """Customers write at once, every second one to the other bot."""
    await asyncio.gather(*(bots[number % 2].writes(igsid, "giveaway!") for number, igsid in enumerate(customers)))


async def answers(bots: Sequence[Shop], customers: Sequence[str]) -> list[str]:
    """What these customers got in all, sorted. Whichever bot sends a reply sends it to its own stand-in for Meta."""
    for bot in bots:
        await bot.quiet()
    return sorted(text or "" for igsid in customers for bot in bots for text in bot.received(igsid))


async def test_a_win_that_never_reaches_its_customer_is_another_ones(database_url: str, tmp_path: Path) -> None:
    """Meta refuses the reply to one customer: it does not count among the three."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        unlucky = "9400000000000009"
        shop.fails(REFUSED, igsid=unlucky)
        for igsid in ("9400000000000001", "9400000000000002", unlucky):
            await shop.writes(igsid, "giveaway!")
        await shop.quiet()
        assert await shop.reply_states(unlucky) == ["failed"]
        assert [await asks(shop, igsid, "giveaway!") for igsid in (ANA, BEN)] == [WON, MISSED]


async def test_cooldown_and_once_outlive_a_restart(database_url: str, tmp_path: Path) -> None:
    """They count for each customer alone, and the next bot knows what the one before has said."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        assert await asks(shop, ANA, "opening hours?") == "Nine to seven."
        assert await asks(shop, ANA, "my gift?") == "Your code: GIFT10"
        await shop.stops()
        shop.forward(minutes=9)
        await shop.starts()
        assert await asks(shop, ANA, "opening hours?") == "You asked before."
        assert await asks(shop, BEN, "opening hours?") == "Nine to seven."
        shop.forward(minutes=1)
        assert await asks(shop, ANA, "opening hours?") == "Nine to seven."
        shop.forward(days=400)
        assert await asks(shop, ANA, "my gift?") == "You asked before."
        assert await asks(shop, BEN, "my gift?") == "Your code: GIFT10"


async def test_an_answer_that_meta_refused_may_be_asked_for_again(database_url: str, tmp_path: Path) -> None:
    """Once counts what arrives: not a refused reply, but one of which the bot learned late that Meta had taken it."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES), echo="never") as shop:
        shop.fails(REFUSED, igsid=ANA)
        await shop.writes(ANA, "my gift?")
        await shop.quiet()
        assert await shop.reply_states(ANA) == ["failed"]
        shop.fails(ErrorFault(code=2, status=500, accepted=True), igsid=ANA)
        await shop.writes(ANA, "my gift?")
        await shop.waits_for_the_clock(ANA)
        shop.forward(seconds=2)
        await shop.quiet()
        assert shop.received(ANA) == ["Your code: GIFT10"]
        assert await asks(shop, ANA, "my gift?") == "You asked before."


async def asks(shop: Shop, igsid: str, text: str) -> str | None:
    """What a customer gets as the answer to a question."""
    before = len(shop.received(igsid))
    await shop.writes(igsid, text)
    await shop.quiet()
    [answer] = shop.received(igsid)[before:]
    return answer
