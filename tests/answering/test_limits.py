"""Limits that count all customers together: exact, whoever decides at the same time."""

import asyncio
from datetime import timedelta

import pytest

from igbot.answering.worker import _Ground
from igbot.store.pool import Database
from tests.answering.talking import ACCOUNT, ANA, START, Desk, claimed, customer_says, open_desk
from tests.answering.turning import pending, texts, turn_over
from tests.rules.writing import rules

SECOND = timedelta(seconds=1)
RULES = """
- name: gift
  keywords: [gift]
  reply: The code is GIFT10.
  limit: {times: 3, within: 1d, per: all}
- name: fallback
  fallback: true
  reply: They are all gone.
"""
RULESET = rules(RULES)
GIVEN = "SELECT count(*) FROM outbox WHERE rule = 'gift'"


def customers(count: int) -> list[str]:
    """So many of them."""
    return [str(9_000_000_000_000_000 + number) for number in range(count)]


async def ask(desk: Desk, igsids: list[str], mid: str) -> None:
    """Each of these customers asks for it."""
    await desk.arrive(*(customer_says("gift", f"{mid}-{igsid}", igsid=igsid, at=desk.time()) for igsid in igsids))


async def test_one_batch_gives_no_more_than_there_is(desk: Desk) -> None:
    """Ten customers at once: three get it, the others what comes next."""
    desk.rules = RULESET
    await ask(desk, customers(10), "m")
    assert await desk.work() == 10
    assert await desk.value(GIVEN) == 3
    assert await desk.value("SELECT count(*) FROM outbox WHERE rule = 'fallback'") == 7
    assert await desk.value("SELECT count(*) FROM rule_use") == 3


def test_one_customer_uses_it_up_for_the_same_turn() -> None:
    """Several messages of a turn are several uses."""
    events = [pending(customer_says("gift", f"m{n}", at=START + n * SECOND)) for n in range(3)]
    turn = turn_over(RULESET, *events, now=START + 3 * SECOND, remaining={"gift": 2})
    assert texts(turn) == ["The code is GIFT10."] * 2 + ["They are all gone."]
    assert [use.rule for use in turn.uses] == ["gift", "gift"]


async def test_several_processes_together_give_no_more_than_there_is(desk: Desk, database: Database) -> None:
    """However they fall together."""
    await ask(desk, customers(60), "m")

    async def work(process_id: int) -> None:
        async with open_desk(database, process_id=process_id, rules=RULESET) as other:
            await other.settle_all()

    await asyncio.gather(*(work(process_id) for process_id in range(2, 6)))
    assert await desk.value("SELECT count(*) FROM outbox") == 60
    assert await desk.value(GIVEN) == 3


async def test_a_use_that_another_process_took_meanwhile_is_not_there(desk: Desk, database: Database) -> None:
    """The turn was taken while there were some; by the time it is written there is none, and it is decided anew."""
    await ask(desk, customers(4), "m")
    claims = await claimed(desk, 1, limit=1)
    ground = _Ground(RULESET, desk.policy, desk.time())
    turns = desk.worker._take_turns(ground, claims, {(ACCOUNT, "gift"): 3})
    assert texts(turns[0]) == ["The code is GIFT10."]
    async with open_desk(database, process_id=2, rules=RULESET) as quicker:
        await quicker.settle_all()
    async with desk.database.connection() as conn:
        [turn], written = await desk.worker._write(conn, ground, turns)
    assert (texts(turn), list(written.replies.values())) == (["They are all gone."], [1])
    assert await desk.value(GIVEN) == 3


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired", "dead"])
async def test_an_answer_that_never_left_is_given_back(desk: Desk, status: str) -> None:
    """Somebody else gets it."""
    desk.rules = RULESET
    await ask(desk, customers(3), "m")
    await desk.settle_all()
    await desk.value("UPDATE outbox SET status = $1, finished_at = $2 WHERE outbox_id = 1", status, START)
    await ask(desk, customers(6)[3:], "m")
    await desk.settle_all()
    assert await desk.value(GIVEN) == 4


async def test_uses_of_long_ago_do_not_count(desk: Desk) -> None:
    """Once the time of the limit is over it is as new, and they are forgotten."""
    desk.rules = RULESET
    await ask(desk, customers(4), "m")
    await desk.settle_all()
    desk.time.now += timedelta(days=1)
    await ask(desk, customers(1), "n")
    await desk.settle_all()
    assert await desk.value(GIVEN) == 4
    assert await desk.value("SELECT count(*) FROM rule_use") == 1


async def test_a_limit_that_keeps_a_rule_silent_is_none_of_its_uses(desk: Desk) -> None:
    """Only answers count."""
    desk.rules = rules("- {name: gift, keywords: [gift], reply: Here., limit: {times: 1, per: all, then: silent}}")
    await ask(desk, customers(3), "m")
    await desk.settle_all()
    assert await desk.value("SELECT count(*) FROM outbox") == 1
    assert await desk.value("SELECT count(*) FROM rule_use") == 1
    assert await desk.value("SELECT count(*) FROM message WHERE withheld IS NOT NULL") == 2


async def test_rules_without_such_limits_ask_nothing(desk: Desk) -> None:
    """Not a statement more."""
    await desk.arrive(customer_says("hello", "m1", igsid=ANA))
    async with desk.database.connection() as conn:
        asked: list[str] = []
        conn.add_query_logger(lambda record: asked.append(record.query))
        await desk.worker.run_once(conn)
    assert [query.split(maxsplit=3)[:2] for query in asked] == [["WITH", "lane"], ["WITH", "stale"]]
