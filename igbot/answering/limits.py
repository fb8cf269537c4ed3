"""Limits that count all customers together: what is left of them, and how several processes never exceed one."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import asyncpg

from igbot.meta.events import AccountId
from igbot.rules.answers import Limit

Remaining = Mapping[tuple[str, str], int]
"""How many answers are left, by account and rule."""

# A use counts from when its reply is queued, unless all of the reply came to nothing; never more are counted than are
# allowed. LATERAL: by the keys of the few rules, also where the planner believes that the tables are empty.
USED = """
SELECT g.account_id, g.rule, counted.used
FROM json_to_recordset($1) AS g (account_id text, rule text, times int, since timestamptz)
CROSS JOIN LATERAL (
    SELECT count(*) AS used FROM (
        SELECT FROM rule_use u
        WHERE (u.account_id, u.rule) = (g.account_id, g.rule) AND u.used_at > g.since
            AND (u.observer OR NOT coalesce((
                SELECT bool_and(o.status IN ('failed', 'cancelled', 'expired', 'dead')) FROM outbox o
                WHERE (o.account_id, o.for_key) = (u.account_id, u.for_key)), false))
        LIMIT g.times) counting) counted
"""

# In the order of the keys, in every process: two that need several would else wait for each other.
LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"

FORGET = """
DELETE FROM rule_use u USING unnest($2::text[], $3::timestamptz[]) AS g (rule, since)
WHERE u.account_id = ANY ($1) AND u.rule = g.rule AND u.used_at <= g.since
"""

EVER = "-infinity"


async def remaining_uses(
    conn: "asyncpg.Connection[Any]",
    limits: Mapping[str, Limit],
    accounts: Collection[AccountId],
    *,
    now: datetime,
) -> dict[tuple[str, str], int]:
    """How many answers are left to each rule of `limits` in each account."""
    asked = [
        {
            "account_id": account,
            "rule": rule,
            "times": limit.times,
            "since": (now - limit.within).isoformat() if limit.within is not None else EVER,
        }
        for account in accounts
        for rule, limit in limits.items()
    ]
    rows = await conn.fetch(USED, json.dumps(asked))
    return {(row["account_id"], row["rule"]): limits[row["rule"]].times - row["used"] for row in rows}


async def forget_uses(
    conn: "asyncpg.Connection[Any]",
    limits: Mapping[str, Limit],
    accounts: Collection[AccountId],
    *,
    now: datetime,
) -> None:
    """Delete the uses that no limit counts any more. To be called while the limits are held."""
    over = [(rule, now - limit.within) for rule, limit in limits.items() if limit.within is not None]
    rules, since = [rule for rule, _ in over], [at for _, at in over]
    await conn.execute(FORGET, list(accounts), rules, since)


async def lock_limits(conn: "asyncpg.Connection[Any]", rules: Iterable[str], accounts: Collection[AccountId]) -> None:
    """Hold the limits until the transaction ends: what is left of them changes by nobody else's doing meanwhile."""
    rules = tuple(rules)
    await conn.execute(LOCK, sorted({_lock_key(account, rule) for account in accounts for rule in rules}))


def of_account(remaining: Remaining, account: str) -> dict[str, int]:
    """What is left in one account, by rule."""
    return {rule: left for (whose, rule), left in remaining.items() if whose == account}


def _lock_key(account: str, rule: str) -> int:
    digest = hashlib.sha256(f"igbot limit {len(account)} {account} {rule}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
