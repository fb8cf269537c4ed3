"""What customers do and what they get back, through the whole bot."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest

from igbot.sandbox.faults import HangFault
from tests.journeys.shop import ANA, BEN, REPEATING, Shop, open_shop

HELLO = "Hi, this is the automatic assistant of Lola Wear. Ask me about shipping, returns or an order."
RETURNS = "You have 30 days to return anything: https://lola.example/returns"
FALLBACK = "I did not get that. Choose one, or write HUMAN."
HANDOFF = "Of course. One of us will answer you here within the hour."


async def test_a_question_gets_the_words_of_the_rule(shop: Shop) -> None:
    """The reply arrives with the exact text and buttons of the rule, and history holds both sides of it."""
    mid = await shop.writes(ANA, "Hi! How much is SHIPPING, please?")
    await shop.quiet()
    [message] = shop.sandbox.accepted.select(igsid=ANA)
    assert message.sending.text == "Shipping is 4.90 €, free over 60 €. Where do you live?"
    assert [button["title"] for button in message.sending.quick_replies] == ["Spain / España", "EU / UE"]
    decision = await shop.run.app.decision_on(mid)
    assert decision is not None
    assert decision["decision"]["rule"] == "shipping-cost"
    assert decision["decision"]["reason"] == "rule"
    assert [reply["mid"] for reply in decision["replies"]] == [message.mid]
    [reply] = await shop.rows("SELECT status, attempts, echoed_at, seen_at FROM outbox")
    assert tuple(reply.values()) == ("sent", 1, shop.clock.now, shop.clock.now)
    history = await shop.rows("SELECT direction, author, kind, test FROM message ORDER BY message_id")
    assert [tuple(row.values()) for row in history] == [
        ("in", "customer", "text", False),
        ("out", "bot", "text", False),
    ]


async def test_each_kind_of_message_reaches_its_rule(shop: Shop) -> None:
    """A story mention, a reply to a story and a tap on a quick reply are answered by their rules."""
    await shop.writes("901", kind="story_mention")
    await shop.writes("902", kind="quick_reply", text="Spain", payload="SHIP_ES")
    await shop.writes("903", kind="story_reply", text="hola!")
    await shop.quiet()
    assert shop.received("901") == ["Thank you for the mention, Customer! 💛"]
    assert shop.received("902") == ["2-3 working days in Spain, 4-7 in the EU."]
    assert shop.received("903") == [HELLO]
    [mention] = await shop.rows("SELECT attachments FROM message WHERE kind = 'story_mention'")
    assert "lookaside" not in mention["attachments"]


async def test_a_button_comes_back_as_its_payload(database_url: str, tmp_path: Path) -> None:
    """The tap on an ice breaker and on the quick reply that it brought reach the rule of their payload."""
    async with open_shop(database_url, tmp_path, rules=REPEATING) as shop:
        await shop.writes(ANA, kind="postback", text="Where is my order?", payload="MY_ORDER")
        await shop.quiet()
        [answer] = shop.sandbox.accepted.select(igsid=ANA)
        [button] = answer.sending.quick_replies
        await shop.writes(ANA, kind="quick_reply", text=button["title"], payload=button["payload"])
        await shop.quiet()
        assert shop.received(ANA) == ["Which number has your order?"] * 2


async def test_what_no_rule_answers_gets_the_fallback(shop: Shop) -> None:
    """The rule marked fallback answers, a word like STOP in a sentence too, and reactions are not answered."""
    await shop.writes(ANA, "asdf")
    await shop.writes(ANA, "STOP it")
    await shop.quiet()
    [first, second] = shop.sandbox.accepted.select(igsid=ANA)
    assert first.sending.text == second.sending.text == FALLBACK
    await shop.writes(ANA, kind="reaction", about=first.mid)
    await shop.quiet()
    assert len(shop.received(ANA)) == 2
    assert (await shop.reasons(ANA))[:2] == ["fallback", "fallback"]


async def test_messages_of_one_customer_are_answered_in_metas_order(database_url: str, tmp_path: Path) -> None:
    """Forty messages in one delivery, shuffled: answered by their timestamps. One that comes late is answered then."""
    async with open_shop(database_url, tmp_path, rules=REPEATING) as shop:
        start = shop.clock.now - timedelta(minutes=5)
        said = [f"number {n}" for n in range(40)]
        did = [
            shop.sandbox.customer_does(ANA, text=text, at=start + timedelta(seconds=n)) for n, text in enumerate(said)
        ]
        late = did.pop(7)
        random.Random(3).shuffle(did)
        await shop.arrives(*did)
        await shop.quiet()
        await shop.arrives(late)
        await shop.quiet()
        expected = [f"You wrote: {text}" for n, text in enumerate(said) if n != 7]
        assert shop.received(ANA) == [*expected, "You wrote: number 7"]
        told = await shop.rows("SELECT text FROM message WHERE direction = 'in' ORDER BY at, message_id")
        assert [row["text"] for row in told] == said
        [talk] = await shop.rows("SELECT last_at, customer_at FROM conversation")
        assert talk["customer_at"] == start + timedelta(seconds=39)


async def test_messages_of_the_same_time_are_answered_in_the_order_of_their_delivery(
    database_url: str, tmp_path: Path
) -> None:
    """Meta's times may be whole seconds: what was written within one is answered as it was delivered."""
    async with open_shop(database_url, tmp_path, rules=REPEATING) as shop:
        said = [f"number {number}" for number in range(10)]
        await shop.arrives(*(shop.sandbox.customer_does(ANA, text=text) for text in said))
        await shop.quiet()
        assert shop.received(ANA) == [f"You wrote: {text}" for text in said]


async def test_a_long_reply_arrives_in_parts_and_in_order(database_url: str, tmp_path: Path) -> None:
    """A reply over Meta's limit of bytes is cut between words, and the next message's reply comes after all of it."""
    words = " ".join(f"größe{number}" for number in range(180))
    rules = tmp_path / "rules"
    rules.mkdir()
    reply = f"version: 1\nrules:\n  - name: sizes\n    keywords: [sizes]\n    reply: {words}\n"
    (rules / "sizes.yaml").write_text(reply, encoding="utf-8")
    async with open_shop(database_url, tmp_path, rules=rules) as shop:
        first, second = (shop.sandbox.customer_does(ANA, text=text) for text in ("which sizes?", "hello?"))
        await shop.arrives(first, second)
        await shop.quiet()
        *parts, last = shop.received(ANA)
        assert len(parts) == 2
        assert " ".join(part or "" for part in parts) == words
        assert all(len((part or "").encode()) <= 1000 for part in parts)
        assert last == shop.run.app.settings.fallback_reply


async def test_the_same_message_fifty_times_at_once_is_one_row_and_one_reply(shop: Shop) -> None:
    """Fifty parallel deliveries of one mid: each gets its 200, one is kept, one reply is sent."""
    did = shop.sandbox.customer_does(ANA, text="hello")
    results = await asyncio.gather(*(shop.sandbox.deliver(did) for _ in range(50)))
    await shop.quiet()
    assert [result.status for result in results] == [200] * 50
    assert (await shop.rows("SELECT count(*) FROM inbox WHERE kind = 'text'"))[0]["count"] == 1
    assert shop.received(ANA) == [HELLO]
    await shop.arrives(did, did)
    await shop.quiet()
    assert shop.received(ANA) == [HELLO]


async def test_a_message_too_late_for_the_window_is_kept_and_not_answered(shop: Shop) -> None:
    """Meta forbids a bot to write more than 24 hours after the customer; a newer message opens the window again."""
    await shop.writes(ANA, "hello", at=shop.clock.now - timedelta(hours=25))
    await shop.quiet()
    assert await shop.reasons(ANA) == ["window_closed"]
    await shop.writes(ANA, "hello")
    await shop.quiet()
    assert shop.received(ANA) == [HELLO]


@pytest.mark.parametrize("igsid", [ANA, BEN])
async def test_other_customers_do_not_wait(shop: Shop, igsid: str) -> None:
    """A customer whose reply hangs at Meta does not hold up another one."""
    shop.fails(HangFault(seconds=1), igsid=ANA if igsid == BEN else BEN)
    await shop.writes(ANA, "hello")
    await shop.writes(BEN, "hello")
    await shop.becomes(igsid, "sent")
    assert shop.received(igsid) == [HELLO]
