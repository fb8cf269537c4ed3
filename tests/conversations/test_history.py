"""Conversations as people read them, in the contract's shape."""

from datetime import timedelta
from typing import Any

from igbot.conversations.history import Which, decision_on, list_conversations, show_conversations
from tests.answering.talking import ACCOUNT, ANA, BEN, HOUR, OTHER_ACCOUNT, START, Desk, customer_says, shop_says
from tests.rules.writing import rules

SECOND = timedelta(seconds=1)


async def listed(desk: Desk, which: Which = "live", limit: int = 100) -> list[dict[str, Any]]:
    """The list as it is now."""
    async with desk.database.connection() as conn:
        return await list_conversations(conn, which=which, limit=limit, now=desk.time())


async def shown(desk: Desk, igsid: str = ANA) -> list[dict[str, Any]]:
    """One customer's conversations."""
    async with desk.database.connection() as conn:
        return await show_conversations(conn, igsid, now=desk.time())


async def test_the_list_has_the_contracts_keys(desk: Desk) -> None:
    """The newest first, with the number of their messages."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.arrive(customer_says("hello", "m2", igsid=BEN, at=START + SECOND))
    desk.time.pass_by(seconds=1)
    await desk.settle_all()
    first, second = await listed(desk)
    assert set(first) == {
        "account",
        "igsid",
        "username",
        "state",
        "paused_until",
        "last_at",
        "archived_at",
        "messages",
        "test",
    }
    assert {first["igsid"], second["igsid"]} == {ANA, BEN}
    assert (first["account"], first["state"], first["messages"], first["test"]) == (ACCOUNT, "open", 2, False)
    assert len(await listed(desk, limit=1)) == 1


async def test_a_paused_conversation_says_until_when(desk: Desk) -> None:
    """And is open again afterwards."""
    await desk.arrive(customer_says("a human please", "m1"))
    await desk.settle_all()
    [talk] = await listed(desk)
    assert (talk["state"], talk["paused_until"]) == ("paused", START + 2 * HOUR)
    desk.time.pass_by(hours=2)
    [talk] = await listed(desk)
    assert (talk["state"], talk["paused_until"]) == ("open", None)


async def test_a_name_that_meta_has_told_is_listed(desk: Desk) -> None:
    """The customer's username."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    assert (await listed(desk))[0]["username"] is None
    await desk.value('UPDATE conversation SET profile = \'{"username": "ana.b"}\', profile_at = $1', START)
    assert (await listed(desk))[0]["username"] == "ana.b"


async def test_archived_ones_are_listed_when_asked_for(desk: Desk) -> None:
    """Live ones unless said otherwise."""
    await desk.arrive(customer_says("hello", "m1"), customer_says("hello", "m2", igsid=BEN))
    await desk.settle_all()
    await desk.value("UPDATE conversation SET archived_at = now() WHERE igsid = $1", BEN)
    views: tuple[Which, ...] = ("live", "archived", "all")
    assert [{talk["igsid"] for talk in await listed(desk, which)} for which in views] == [{ANA}, {BEN}, {ANA, BEN}]


async def test_a_conversation_is_shown_with_both_sides(desk: Desk) -> None:
    """Customer, bot and person, in Meta's order, each with its mid and where it stands."""
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    desk.time.pass_by(seconds=1)
    await desk.arrive(shop_says("Eva here", "p1", at=desk.time()))
    desk.time.pass_by(seconds=10)
    await desk.settle_all()
    await desk.value("UPDATE outbox SET status = 'sent', mid = 'out-1', echoed_at = $1, finished_at = $1", START)
    [talk] = await shown(desk)
    keys = ("direction", "author", "text", "mid", "status", "rule")
    assert [tuple(message[key] for key in keys) for message in talk["messages"]] == [
        ("in", "customer", "hello", "m1", "received", "greeting"),
        ("out", "bot", "Hi there!", "out-1", "sent", "greeting"),
        ("out", "person", "Eva here", "p1", "sent", None),
    ]
    assert set(talk["messages"][0]) >= {"kind", "at", "echoed_at", "seen_at", "test"}
    assert talk["messages"][1]["echoed_at"] == START


async def test_a_customer_of_two_accounts_has_two_conversations(desk: Desk) -> None:
    """Each with its own messages; somebody unknown has none."""
    desk.accounts[OTHER_ACCOUNT] = OTHER_ACCOUNT
    await desk.arrive(customer_says("hello", "m1"))
    await desk.arrive(customer_says("repeat", "m1", account=OTHER_ACCOUNT), account=OTHER_ACCOUNT)
    await desk.settle_all()
    talks = {talk["account"]: talk for talk in await shown(desk)}
    assert talks[ACCOUNT]["messages"][0]["text"] == "hello"
    assert talks[OTHER_ACCOUNT]["messages"][0]["text"] == "repeat"
    assert await shown(desk, "nobody") == []


async def test_the_decision_on_a_message_is_kept_with_what_was_sent(desk: Desk) -> None:
    """Reason, rule, set, what was considered, and the replies with their buttons and states."""
    await desk.arrive(customer_says("which colour", "m1"))
    await desk.settle_all()
    async with desk.database.connection() as conn:
        decision = await decision_on(conn, "m1", accounts=[ACCOUNT])
        assert await decision_on(conn, "m1", accounts=[OTHER_ACCOUNT]) is None
        assert await decision_on(conn, "nothing", accounts=[ACCOUNT]) is None
    assert decision is not None
    assert desk.rules is not None
    assert decision["decision"] == {"reason": "rule", "rule": "colours", "digest": desk.rules.digest}
    assert decision["replies"] == [
        {
            "text": "Which one?",
            "quick_replies": [{"title": "Red", "payload": "RED"}],
            "status": "queued",
            "mid": None,
        }
    ]
    assert {each["rule"] for each in decision["considered"] if each["fits"]} == {"colours"}
    assert decision["how"] == {
        "matched": 'word "colour"',
        "rank": [0, 5, 1, 6, 1],
        "variant": None,
        "withheld": None,
        "observers": None,
        "answered_with": None,
    }


async def test_what_a_decision_kept_back_or_asked_is_told_where_there_is_something(desk: Desk) -> None:
    """The rules to choose between, why one that won says nothing, that a person has it now."""
    desk.rules = rules(
        """
        - {name: coats, label: Coats, on_tie: ask, keywords: [wool], reply: Coats.}
        - {name: scarves, label: Scarves, on_tie: ask, keywords: [wool], reply: Scarves.}
        - {name: once, keywords: [psst], limit: {times: 1, then: handoff}, reply: Psst.}
        """
    )
    for number, text in enumerate(("wool", "psst", "psst")):
        await desk.arrive(customer_says(text, f"m{number}", at=desk.time()))
        await desk.settle_all()
        desk.time.pass_by(seconds=1)
    told = []
    async with desk.database.connection() as conn:
        for number in range(3):
            found = await decision_on(conn, f"m{number}", accounts=[ACCOUNT])
            assert found is not None
            told.append({k: v for k, v in found["decision"].items() if k not in ("reason", "rule", "digest")})
    assert told == [
        {"asked": ["coats", "scarves"]},
        {},
        {"withheld": "limit: 1 answer, used up", "handed_off": True},
    ]


async def test_of_messages_decided_together_only_one_hands_off(desk: Desk) -> None:
    """Neither the one before it nor the one that is met by silence because of it."""
    for number, text in enumerate(("hello", "a human please", "hello")):
        await desk.arrive(customer_says(text, f"m{number}"))
    await desk.settle_all()
    async with desk.database.connection() as conn:
        found = [await decision_on(conn, f"m{number}", accounts=[ACCOUNT]) for number in range(3)]
    assert [each and each["decision"]["reason"] for each in found] == ["rule", "rule", "paused"]
    assert [each and each["decision"].get("handed_off", False) for each in found] == [False, True, False]


async def test_the_decision_on_a_line_has_the_answer_to_all_of_them(desk: Desk) -> None:
    """The lines before the last one were answered with it; buttons and pictures are told where there are any."""
    desk.rules = rules(
        """
        - name: order
          keywords: [order]
          settle: 2s
          reply: {text: Here., buttons: [{title: Track, url: "https://lola.example/t"}]}
        """
    )
    await desk.arrive(customer_says("my order", "m1"), customer_says("order it", "m2"))
    desk.time.pass_by(seconds=2)
    await desk.settle_all()
    async with desk.database.connection() as conn:
        found = [await decision_on(conn, mid, accounts=[ACCOUNT]) for mid in ("m1", "m2")]
    assert [each and each["how"]["answered_with"] for each in found] == ["m2", None]
    for each in found:
        assert each is not None
        [reply] = each["replies"]
        assert reply["buttons"] == [{"title": "Track", "url": "https://lola.example/t", "payload": None}]


async def test_a_message_that_was_not_answered_has_a_decision_too(desk: Desk) -> None:
    """Its reason, and no replies."""
    await desk.arrive(customer_says("a human please", "m1"))
    await desk.settle_all()
    await desk.arrive(customer_says("hello", "m2"))
    await desk.settle_all()
    async with desk.database.connection() as conn:
        decision = await decision_on(conn, "m2", accounts=[ACCOUNT])
    assert decision is not None
    assert (decision["decision"]["reason"], decision["replies"], decision["considered"]) == ("paused", [], [])
