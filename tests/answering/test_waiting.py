"""Decisions that wait for an answer: of one of the owner's services, or of Meta for the customer's profile."""

import json
from datetime import timedelta
from typing import Any

import pytest

from igbot.answering.calls import NOT_NEEDED, TOO_LATE
from igbot.answering.claimed import NO_ANSWER_AFTER
from igbot.answering.profiles import FAILED_FOR, GOOD_FOR
from igbot.calls.queue import Ended, claim_calls, finish_call
from tests.answering.talking import ACCOUNT, ANA, START, Desk, customer_says, logged, shop_says
from tests.rules.writing import rules

SECOND = timedelta(seconds=1)
ORDERS = """
- name: order
  keywords: [order]
  call: {name: orders, send: {text: "{{ message.text }}"}, save: order, timeout: 4s, retry: 1, on_error: ON_ERROR}
  reply: "It is {{ slots.order.status | default('somewhere') }}."
- name: hello
  keywords: [hello]
  reply: Hi there!
- name: fallback
  fallback: true
  reply: Who knows?
"""
GREETING = """
- name: hello
  keywords: [hello]
  reply: "Hi {{ customer.first_name | default('you') }}!"
- name: plain
  keywords: [plain]
  reply: Plain.
"""
LONGEST = 2 * 4 * SECOND + NO_ANSWER_AFTER


@pytest.fixture
async def shop(desk: Desk) -> Desk:
    """A desk whose rules ask a service."""
    desk.rules = rules(ORDERS.replace("ON_ERROR", "next"))
    return desk


async def write(desk: Desk, text: str, mid: str, **more: Any) -> None:
    """A customer writes now, and what is ready is worked on."""
    await desk.arrive(customer_says(text, mid, at=desk.time(), **more))
    await desk.settle_all()


async def answer(desk: Desk, ended: Ended) -> str:
    """The one call that is due ends like this; returns what was sent."""
    async with desk.database.connection() as conn:
        [call] = await claim_calls(conn, process_id=1, accounts=[ACCOUNT], limit=9, now=desk.time())
        assert await finish_call(conn, call, ended, now=desk.time())
    await desk.settle_all()
    return call.body


async def calls(desk: Desk, *columns: str) -> list[tuple[Any, ...]]:
    """These columns of all calls."""
    query = f"SELECT {', '.join(columns)} FROM service_call ORDER BY call_id"
    return [tuple(row.values()) for row in await desk.rows(query)]


async def test_a_decision_waits_for_the_answer_of_its_call(shop: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """The event stays pending, a caller is woken, and the answer stands in the reply."""
    await write(shop, "my order 12345", "m1")
    assert (await shop.replies(), await shop.reasons()) == ([], [])
    assert shop.woken[-1] == "calls"
    assert await calls(shop, "igsid", "for_mid", "kind", "rule", "name", "timeout_ms", "retry", "waits") == [
        (ANA, "m1", "service", "order", "orders", 4000, 1, True)
    ]
    assert await shop.value("SELECT ready_at FROM inbox_lane") == START + LONGEST
    assert logged(caplog, "call_queued")[0]["service"] == "orders"
    shop.time.pass_by(seconds=2)
    assert json.loads(await answer(shop, Ended(ok=True, answer={"status": "on its way"}))) == {"text": "my order 12345"}
    assert await shop.replies() == ["It is on its way."]
    assert await shop.reasons() == ["rule"]


async def test_what_comes_later_waits_too(shop: Desk) -> None:
    """Order is kept; nothing is asked twice, however often the conversation is looked at."""
    await write(shop, "my order", "m1")
    shop.time.pass_by(seconds=1)
    await write(shop, "hello", "m2")
    await write(shop, "hello", "m3", igsid="9000000000000009")
    assert (await shop.replies(), await shop.replies("9000000000000009")) == ([], ["Hi there!"])
    assert len(await calls(shop, "call_id")) == 1
    await answer(shop, Ended(ok=True, answer={"status": "here"}))
    assert await shop.replies() == ["It is here.", "Hi there!"]


@pytest.mark.parametrize(
    ("on_error", "said", "reason"),
    [("next", ["Who knows?"], "fallback"), ("ignore", ["It is somewhere."], "rule"), ("handoff", [], "rule")],
)
async def test_a_failed_call_does_what_its_rule_says(shop: Desk, on_error: str, said: list[str], reason: str) -> None:
    """The rule is passed over, answers without the slots, or hands off."""
    shop.rules = rules(ORDERS.replace("ON_ERROR", on_error))
    await write(shop, "my order", "m1")
    await answer(shop, Ended(ok=False, why="it answered HTTP 500"))
    assert (await shop.replies(), await shop.reasons()) == (said, [reason])
    assert ((await shop.talk())["paused_reason"] == "handoff") == (on_error == "handoff")


async def test_a_call_of_which_nothing_is_heard_has_failed(shop: Desk) -> None:
    """After all its tries and half a minute; it is then dropped."""
    await write(shop, "my order", "m1")
    shop.time.now += LONGEST - SECOND
    await shop.settle_all()
    assert await shop.replies() == []
    shop.time.now += SECOND
    await shop.settle_all()
    assert await shop.replies() == ["Who knows?"]
    assert await calls(shop, "ok", "why", "finished_at") == [(False, TOO_LATE, shop.time())]


async def test_a_call_that_is_not_needed_any_more_is_dropped(shop: Desk) -> None:
    """A person has answered meanwhile."""
    await write(shop, "my order", "m1")
    await shop.arrive(shop_says("Eva here", "p1", at=shop.time()))
    shop.time.pass_by(seconds=10)
    await shop.settle_all()
    assert (await shop.replies(), await shop.reasons()) == ([], ["paused"])
    assert await calls(shop, "ok", "why") == [(False, NOT_NEEDED)]


async def test_an_answer_that_lands_during_a_turn_is_not_forgotten(shop: Desk) -> None:
    """It came after the claim had looked: the conversation is ready again at once."""
    await write(shop, "my order", "m1")
    await shop.value("UPDATE inbox_lane SET ready_at = $1", shop.time())
    async with shop.database.connection() as conn:
        [call] = await claim_calls(conn, process_id=1, accounts=[ACCOUNT], limit=9, now=shop.time())
        await conn.execute("UPDATE inbox_lane SET lease_by = 1, lease_until = $1", shop.time() + SECOND)
        await finish_call(conn, call, Ended(ok=True, answer={}), now=shop.time())
        await conn.execute("UPDATE inbox_lane SET lease_by = NULL, lease_until = NULL")
    assert await shop.value("SELECT arrivals FROM inbox_lane") == 2
    await shop.settle_all()
    assert await shop.replies() == ["It is somewhere."]


async def test_nobody_waits_for_the_call_of_an_observer(desk: Desk) -> None:
    """The message is answered at once; the call is made once, also where the customer is paused."""
    desk.rules = rules(
        """
        - {name: tell, observe: true, keywords: [hello], call: {name: crm, send: {text: "{{ message.text }}"}}}
        - {name: hello, keywords: [hello], reply: Hi there!}
        """
    )
    await write(desk, "hello", "m1")
    assert await desk.replies() == ["Hi there!"]
    assert await calls(desk, "rule", "name", "waits") == [("tell", "crm", False)]
    assert await desk.value("SELECT count(*) FROM inbox WHERE status = 'pending'") == 0


# The customer's profile


async def profile_of(desk: Desk) -> tuple[Any, Any]:
    """What is kept, and since when."""
    talk = await desk.talk()
    return (json.loads(talk["profile"]) if talk["profile"] else None), talk["profile_at"]


async def test_the_profile_is_asked_for_where_a_rule_needs_it(desk: Desk) -> None:
    """Before the first answer, and kept with the conversation that then begins; a day long nobody asks again."""
    desk.rules = rules(GREETING)
    await write(desk, "hello", "m1")
    assert await calls(desk, "kind", "rule", "waits") == [("profile", "", True)]
    assert await desk.value("SELECT count(*) FROM conversation") == 0
    told = {"username": "ana.b", "name": "Ana Bel", "follows": True}
    await answer(desk, Ended(ok=True, answer=told))
    assert await desk.replies() == ["Hi Ana!"]
    assert await profile_of(desk) == (told, START)
    desk.time.now += GOOD_FOR - SECOND
    await write(desk, "hello", "m2")
    assert (await desk.replies())[1:] == ["Hi Ana!"]
    desk.time.now += SECOND
    await write(desk, "hello", "m3")
    assert len(await calls(desk, "kind")) == 2
    await answer(desk, Ended(ok=True, answer=told | {"name": "Ana Cruz"}))
    assert (await profile_of(desk))[0]["name"] == "Ana Cruz"


async def test_a_profile_that_is_not_told_is_empty_for_an_hour(desk: Desk) -> None:
    """Then Meta is asked again; what was known before stays meanwhile."""
    desk.rules = rules(GREETING)
    await write(desk, "hello", "m1")
    await answer(desk, Ended(ok=False, why="no answer"))
    assert await desk.replies() == ["Hi you!"]
    desk.time.now += FAILED_FOR - SECOND
    await write(desk, "hello", "m2")
    desk.time.now += SECOND
    await write(desk, "hello", "m3")
    assert await desk.replies() == ["Hi you!", "Hi you!"]
    await answer(desk, Ended(ok=True, answer={"username": "ana.b", "name": "Ana", "follows": None}))
    desk.time.now += GOOD_FOR
    await write(desk, "hello", "m4")
    await answer(desk, Ended(ok=False, why="no answer"))
    assert (await desk.replies())[2:] == ["Hi Ana!", "Hi Ana!"]
    assert (await profile_of(desk))[0]["name"] == "Ana"


async def test_one_profile_serves_all_that_waits(desk: Desk) -> None:
    """Also a message that came meanwhile and goes before it."""
    desk.rules = rules(GREETING)
    desk.time.pass_by(seconds=10)
    await write(desk, "hello", "m2")
    await desk.arrive(customer_says("hello", "m1", at=START))
    await desk.settle_all()
    assert len(await calls(desk, "kind")) == 1
    await answer(desk, Ended(ok=True, answer={"username": None, "name": "Ana", "follows": None}))
    assert await desk.replies() == ["Hi Ana!", "Hi Ana!"]
    assert [row["for_mid"] for row in await desk.rows("SELECT for_mid FROM outbox ORDER BY outbox_id")] == ["m1", "m2"]


async def test_an_answer_of_long_ago_is_still_the_answer(desk: Desk) -> None:
    """The bot was away: it does not wait for what it was told before."""
    desk.rules = rules(GREETING)
    await write(desk, "hello", "m1")
    async with desk.database.connection() as conn:
        [call] = await claim_calls(conn, process_id=1, accounts=[ACCOUNT], limit=9, now=desk.time())
        await finish_call(conn, call, Ended(ok=False, why="no answer"), now=desk.time())
    desk.time.now += 2 * FAILED_FOR
    await desk.settle_all()
    assert await desk.replies() == ["Hi you!"]
