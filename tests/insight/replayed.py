"""How the tests decide again, and how they write a history that no bot has to live through."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from igbot.insight.compared import Comparison, compare
from igbot.insight.gaps import Gaps, find_gaps
from igbot.insight.replaying import Replay
from igbot.rules.deciding.ruleset import RuleSet
from tests.answering.talking import ACCOUNT, ANA, DAY, SHOP, START, Desk, customer_says
from tests.rules.writing import rules

MONTH = timedelta(days=30)

CONVERSATION = """
INSERT INTO conversation (account_id, igsid, started_at, last_at, test) VALUES ($1, $2, $3, $3, false)
ON CONFLICT (igsid, account_id) DO UPDATE SET last_at = greatest(conversation.last_at, EXCLUDED.last_at)
"""
MESSAGE = """
INSERT INTO message (account_id, igsid, at, direction, author, kind, mid, text, payload, test, reason, rule, decided_at)
VALUES ($1, $2, $3, 'in', 'customer', $4, $5, $6, $7, false, $8, $9, $3)
"""


def replay_of(desk: Desk, ruleset: RuleSet | None = None, *, since: datetime | None = None) -> Replay:
    """By these rules (the desk's own), over the last month."""
    chosen = ruleset or desk.rules
    assert chosen is not None
    return Replay(chosen, replace(desk.policy.options), lambda _: SHOP, since or desk.time() - MONTH)


async def replayed(
    desk: Desk,
    body: str | None = None,
    *,
    since: datetime | None = None,
    accounts: Sequence[str] = (ACCOUNT,),
    done: list[int] | None = None,
) -> Comparison:
    """What rules (the desk's own) would have answered. `done` gets what is told of the progress."""
    replay = replay_of(desk, rules(body) if body is not None else None, since=since)
    told = done if done is not None else []
    return await compare(desk.database, replay, accounts=accounts, on_conversation=told.append)


async def gaps(desk: Desk, body: str | None = None, *, since: datetime | None = None) -> Gaps:
    """What no rule answers."""
    replay = replay_of(desk, rules(body) if body is not None else None, since=since)
    return await find_gaps(desk.database, replay, accounts=[ACCOUNT], on_conversation=lambda _: None)


async def say(desk: Desk, *texts: str, igsid: str = ANA, prefix: str = "m", **more: Any) -> None:
    """One message after the other, a minute apart, each decided before the next."""
    for number, text in enumerate(texts, start=1):
        mid = f"{prefix}{igsid[-1]}-{number}"
        await desk.arrive(customer_says(text, mid, igsid=igsid, at=desk.time(), **more))
        await desk.settle_all()
        desk.time.pass_by(seconds=60)


async def wrote(
    desk: Desk,
    *texts: str,
    igsid: str = ANA,
    at: datetime = START - DAY,
    reason: str = "fallback",
    rule: str | None = None,
    kind: str = "text",
    payload: str | None = None,
) -> None:
    """A history of messages, a second apart."""
    async with desk.database.connection() as conn:
        for number, text in enumerate(texts):
            when = at + timedelta(seconds=number)
            mid = f"w{igsid[-1]}-{kind}-{when.timestamp():.0f}"
            await conn.execute(CONVERSATION, ACCOUNT, igsid, when)
            await conn.execute(MESSAGE, ACCOUNT, igsid, when, kind, mid, text, payload, reason, rule)
