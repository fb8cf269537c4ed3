"""A conversation as it is kept, written down as a test that holds by the same rules."""

import json
from zoneinfo import ZoneInfo

import pytest

from igbot.conversations.archive import archive
from igbot.errors import UsageError
from igbot.insight.accounts import NobodyKnown
from igbot.insight.recorded import NothingSaid, conversation
from tests.answering.talking import (
    ACCOUNT,
    ANA,
    BEN,
    DAY,
    OTHER_ACCOUNT,
    PAGE,
    POLICY,
    RULES,
    START,
    Desk,
    customer_says,
    shop_says,
)
from tests.insight.replayed import say
from tests.rules.testing.playing import Shop
from tests.rules.writing import rules, with_rules

MADRID = ZoneInfo("Europe/Madrid")


async def written(desk: Desk, igsid: str = ANA, *, last: int = 40, **which: object) -> str:
    """The case as it would be printed."""
    own, account = which.get("own", (ACCOUNT,)), which.get("account")
    async with desk.database.connection() as conn:
        found = await conversation(conn, igsid, own=own, account=account, last=last)  # type: ignore[arg-type]
    return found.written(MADRID)


def holds(text: str, body: str = RULES) -> bool:
    """Whether rules answer as it says."""
    return [result.status for result in Shop.of(with_rules(body), options=POLICY.options).run(text)] == ["passed"]


async def test_a_conversation_becomes_a_test_that_holds(desk: Desk) -> None:
    """Question and rule, buttons, a person's answer and the silence after it; in the shop's time."""
    await say(desk, "hello", "which colour")
    await desk.arrive(customer_says("Red", "m-red", at=desk.time(), kind="quick_reply", payload="RED"))
    await desk.settle_all()
    desk.time.pass_by(seconds=60)
    await say(desk, "what?", prefix="n")
    await desk.arrive(shop_says("Eva here", "p1", at=desk.time()))
    desk.time.pass_by(seconds=11)
    await desk.settle_all()
    await say(desk, "hello", prefix="o")
    text = await written(desk)
    assert text.splitlines()[1:3] == [
        '  - name: "a conversation of 2026-09-01"',
        '    now: "2026-09-01T12:11:12+02:00"',
    ]
    assert '      - { event: { quick_reply: "RED", text: "Red" }, at: "+2m", expect: { rule: red } }' in text
    assert '      - { say: "hello", at: "+4m11s", expect: { silent: paused } }' in text
    assert holds(text)


async def test_who_it_was_cannot_be_told_from_it(desk: Desk) -> None:
    """The profile's name, numbers, addresses: masked, and the same everywhere."""
    await say(desk, "hello, Ana López here", "repeat: order 778899, mail ana@correo.es", "repeat 778899 https://x.es/9")
    await desk.value(
        "UPDATE conversation SET profile_at = $1, profile = $2",
        START,
        json.dumps({"name": "Ana López", "username": "ana.lopez"}),
    )
    text = await written(desk)
    for private in ("Ana", "ana", "López", "lopez", "778899", "correo", "x.es", ANA):
        assert private not in text
    assert text.count("100001") == 2
    assert holds(text)


async def test_lines_answered_as_one_and_services_that_answered(desk: Desk) -> None:
    """What a service had said is its stub."""
    from tests.insight.test_replay import REMEMBERING, finished

    desk.rules = rules(REMEMBERING)
    await desk.arrive(customer_says("a story", "m1", at=desk.time()))
    desk.time.pass_by(seconds=2)
    await desk.arrive(customer_says("of mine", "m2", at=desk.time()))
    desk.time.pass_by(seconds=10)
    await desk.settle_all()
    await say(desk, "my order", prefix="n")
    await finished(desk, ok=True)
    await say(desk, "my order", prefix="o")
    await finished(desk, ok=False)
    text = await written(desk)
    assert 'stub: { orders: {"status": "sent"} }, expect: { rule: order }' in text
    assert "stub: { orders: fails }, expect: { rule: sorry }" in text
    assert "expect: { silent: settle }" in text
    assert holds(text, REMEMBERING)


async def test_only_the_last_messages_are_steps_and_a_few_before_are_history(desk: Desk) -> None:
    """A long conversation makes a short test."""
    await say(desk, *(["hello"] * 10))
    text = await written(desk, last=3)
    assert text.count("say:") + text.count("bot:") + text.count("customer:") < 10
    assert text.count("      - { say:") in (1, 2)
    assert "known: true" in text
    assert "rule: greeting }" in text
    assert holds(text)


async def test_an_archived_conversation_can_be_recorded(desk: Desk) -> None:
    """It is still there."""
    await say(desk, "hello")
    desk.time.pass_by(days=2)
    await archive(desk.database, older_than=DAY, now=desk.time, on_batch=lambda *_: None)
    assert 'say: "hello"' in await written(desk)


async def test_of_several_accounts_the_own_or_the_named_one_is_meant(desk: Desk) -> None:
    """Where neither says it, nothing is guessed."""
    desk.accounts[OTHER_ACCOUNT] = OTHER_ACCOUNT
    await say(desk, "hello")
    await desk.arrive(customer_says("repeat", "m1", account=OTHER_ACCOUNT, at=desk.time()), account=OTHER_ACCOUNT)
    await desk.settle_all()
    assert 'say: "hello"' in await written(desk)
    assert 'say: "repeat"' in await written(desk, account=OTHER_ACCOUNT)
    with pytest.raises(UsageError, match="several accounts know") as raised:
        await written(desk, own=("nobody",))
    assert "--account" in raised.value.hint
    with pytest.raises(NobodyKnown, match="in account nobody"):
        await written(desk, account="nobody")


@pytest.mark.parametrize("igsid", [BEN, "", "a\0b", "\udc80"])
async def test_an_unknown_customer_is_told(desk: Desk, igsid: str) -> None:
    """Exit 1, whatever was written."""
    with pytest.raises(NobodyKnown):
        await written(desk, igsid)


async def test_a_conversation_in_which_the_customer_said_nothing_is_told(desk: Desk) -> None:
    """A person wrote first."""
    await desk.arrive(shop_says("Eva here", "p1", at=desk.time()))
    desk.time.pass_by(seconds=11)
    await desk.settle_all()
    with pytest.raises(NothingSaid, match="has written nothing"):
        await written(desk)


async def test_accounts_by_any_of_their_ids(desk: Desk) -> None:
    """As `why` takes them."""
    from tests.outbox.posting import Post

    await Post(desk).open()
    await say(desk, "hello")
    assert 'say: "hello"' in await written(desk, account=PAGE)
