"""Rules that take their time: lines that are answered as one, replies that come later while somebody seems to type."""

from datetime import timedelta
from pathlib import Path

from tests.journeys.shop import ANA, BEN, Shop, open_shop, rules_in
from tests.waiting import eventually

RULES = """
version: 1
rules:
  - name: slow
    keywords: [slow]
    delay: 15s
    typing: true
    reply: "Good things take time."
  - name: later
    keywords: [later]
    delay: 15s
    reply: ["First.", "Second."]
  - name: story
    kinds: [story_mention]
    reply: "Thank you!"
  - name: picture
    kinds: [image]
    reply: "A nice picture."
  - name: listening
    kinds: [text]
    when: { text: { min_words: 1 } }
    priority: -10
    settle: 4s
    reply: "You wrote: {{ message.text }}"
"""
WAITS = """
SELECT (SELECT ready_at > $2 AND lease_until IS NULL FROM inbox_lane WHERE igsid = $1)
    AND (SELECT count(*) = $3 FROM inbox WHERE igsid = $1 AND status = 'pending') AS waits
"""


async def waits_for_more(shop: Shop, igsid: str, *, lines: int) -> None:
    """Returns once the bot has looked at so many lines of a customer, and waits for the next one."""

    async def waits() -> bool:
        return bool((await shop.rows(WAITS, igsid, shop.clock.now, lines))[0]["waits"])

    await eventually(waits)


async def test_quick_lines_are_answered_as_one(database_url: str, tmp_path: Path) -> None:
    """Three lines, each within the time after the one before: one reply to all; a late line has one of its own."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        for number, line in enumerate(("hi", "I have a question", "about boots"), start=1):
            await shop.writes(ANA, line)
            await waits_for_more(shop, ANA, lines=number)
            shop.forward(seconds=3)
        shop.forward(seconds=2)
        await shop.quiet()
        assert shop.received(ANA) == ["You wrote: hi I have a question about boots"]
        await shop.writes(ANA, "and shoes")
        await waits_for_more(shop, ANA, lines=1)
        shop.forward(seconds=5)
        await shop.quiet()
        assert shop.received(ANA)[1:] == ["You wrote: and shoes"]
        told = await shop.rows(
            "SELECT mid, rule, answered_with FROM message WHERE direction = 'in' ORDER BY message_id"
        )
        assert [row["rule"] for row in told] == ["listening"] * 4
        assert [row["answered_with"] for row in told] == [told[2]["mid"], told[2]["mid"], None, None]


async def test_a_picture_between_lines_ends_them(database_url: str, tmp_path: Path) -> None:
    """What came before the picture is answered at once, then the picture, then what follows it, all in order."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        await shop.writes(ANA, "look")
        await shop.writes(ANA, "at this")
        await waits_for_more(shop, ANA, lines=2)
        await shop.writes(ANA, kind="image")
        await shop.becomes(ANA, "sent", "sent")
        assert shop.received(ANA) == ["You wrote: look at this", "A nice picture."]
        await shop.writes(ANA, "do you have it?")
        await waits_for_more(shop, ANA, lines=1)
        shop.forward(seconds=5)
        await shop.quiet()
        assert shop.received(ANA)[2:] == ["You wrote: do you have it?"]


async def test_nothing_is_lost_where_the_bot_ends_between_two_lines(database_url: str, tmp_path: Path) -> None:
    """The next bot answers the line from before together with the one that came after."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        await shop.writes(ANA, "before")
        await waits_for_more(shop, ANA, lines=1)
        await shop.writes(BEN, "alone")
        await waits_for_more(shop, BEN, lines=1)
        await shop.stops()
        shop.forward(seconds=2)
        await shop.starts()
        await shop.writes(ANA, "after")
        await waits_for_more(shop, ANA, lines=2)
        shop.forward(seconds=5)
        await shop.quiet()
        assert shop.received(ANA) == ["You wrote: before after"]
        assert shop.received(BEN) == ["You wrote: alone"]


async def test_typing_shows_and_the_reply_comes_later(database_url: str, tmp_path: Path) -> None:
    """The customer sees that somebody types, once; the words come when the delay is over, and nobody else waits."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        decided_at = shop.clock.now
        await shop.writes(ANA, "the slow one")
        await eventually(lambda: shop.calls("action") == 1)
        await shop.waits_for_the_clock(ANA)
        shop.forward(seconds=14)
        await shop.writes(BEN, kind="story_mention")
        await shop.becomes(BEN, "sent")
        shop.forward(seconds=1)
        await shop.quiet()
        [reply] = shop.sandbox.accepted.select(igsid=ANA)
        assert (reply.sending.text, reply.at) == ("Good things take time.", decided_at + timedelta(seconds=15))
        assert shop.calls("action") == 1


async def test_a_delayed_reply_keeps_its_place(database_url: str, tmp_path: Path) -> None:
    """All parts come after the delay, without typing, and what answers the customer's next message comes behind."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        await shop.writes(ANA, "later")
        await shop.waits_for_the_clock(ANA)
        await shop.writes(ANA, kind="image")
        await shop.becomes(ANA, "queued", "queued", "queued")
        shop.forward(seconds=15)
        await shop.quiet()
        assert shop.received(ANA) == ["First.", "Second.", "A nice picture."]
        assert shop.calls("action") == 0


async def test_a_person_who_answers_meanwhile_cancels_what_is_delayed(database_url: str, tmp_path: Path) -> None:
    """The customer has seen somebody type, and somebody has answered: the bot's words stay unsaid."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        await shop.writes(ANA, "the slow one")
        await eventually(lambda: shop.calls("action") == 1)
        await shop.sandbox.person_writes(ANA, "Hi, Lola here.")
        shop.forward(seconds=11)

        async def is_paused() -> bool:
            return bool(await shop.rows("SELECT FROM conversation WHERE paused_reason = 'person'"))

        await eventually(is_paused)
        shop.forward(seconds=4)
        await shop.becomes(ANA, "cancelled")
        await shop.quiet()
        assert shop.received(ANA) == []
