"""How one customer stands with the bot now: for asking the rules what they would answer, without a message."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from igbot.answering.limits import of_account, remaining_uses
from igbot.answering.profiles import kept
from igbot.errors import ExitCode, IgbotError, UsageError
from igbot.meta.events import AccountId
from igbot.meta.text import storable
from igbot.rules.answers import Limit
from igbot.rules.deciding import memory
from igbot.rules.deciding.choice import Customer
from igbot.rules.deciding.responding import Standing

FIND = """
SELECT c.account_id, c.memory, c.profile, c.profile_at, c.paused_until, c.customer_at,
    coalesce(a.ids && $2::text[], false) AS own
FROM conversation c LEFT JOIN account a ON a.account_id = c.account_id
WHERE c.igsid = $1
ORDER BY own DESC, c.account_id
"""


class NobodyKnown(IgbotError):
    """No conversation with this customer is kept."""

    exit_code = ExitCode.BAD


@dataclass(frozen=True, slots=True)
class Known:
    """A customer as they stand now. `used_up` are rules whose limit for all customers is reached."""

    customer: Customer
    standing: Standing
    used_up: frozenset[str]


async def known_customer(
    conn: "asyncpg.Connection[Any]",
    igsid: str,
    *,
    own: Collection[str],
    limits: Mapping[str, Limit],
    now: datetime,
) -> Known:
    """The customer, in an account that has one of the ids `own` where several know them. `limits` count all customers.

    Raises NobodyKnown, and UsageError where several accounts know them and none or several are `own`.
    """
    igsid = storable(igsid)
    rows = await conn.fetch(FIND, igsid, list(own))
    if not rows:
        raise NobodyKnown(
            f"no conversation with customer {igsid!r} is kept", hint="`igbot conversations list` shows them"
        )
    if len(rows) > 1 and (not rows[0]["own"] or rows[1]["own"]):
        accounts = ", ".join(row["account_id"] for row in rows)
        raise UsageError(f"several accounts know customer {igsid!r}: {accounts}", hint="set IGBOT_ACCOUNT_ID to one")
    row = rows[0]
    profile = kept(json.loads(row["profile"]) if row["profile"] else None, row["profile_at"])
    kept_memory = memory.from_stored(json.loads(row["memory"]) if row["memory"] else None)
    account = AccountId(row["account_id"])
    left = of_account(await remaining_uses(conn, limits, {account}, now=now), account) if limits else {}
    return Known(
        Customer(igsid, account, kept_memory, profile.read() if profile else None),
        Standing(True, row["paused_until"], row["customer_at"]),
        frozenset(rule for rule, uses in left.items() if uses <= 0),
    )
