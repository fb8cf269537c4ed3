"""How one customer stands with the bot now: for asking the rules what they would answer, without a message."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from igbot.answering.limits import of_account, remaining_uses
from igbot.answering.messages import RESUMABLE
from igbot.answering.profiles import profile_of
from igbot.insight.accounts import conversation_meant
from igbot.meta.events import AccountId
from igbot.rules.answers import Limit
from igbot.rules.deciding import memory
from igbot.rules.deciding.choice import Customer
from igbot.rules.deciding.responding import Standing


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
    account: str | None,
    account_name: Callable[[str], str],
    limits: Mapping[str, Limit],
    now: datetime,
) -> Known:
    """The customer, in the account that `accounts.conversation_meant` finds; it raises NobodyKnown and UsageError.

    `account_name` is what rules call an account; `limits` are those that count all customers.
    """
    row = await conversation_meant(conn, igsid, own=own, account=account)
    kept_memory = memory.from_stored(json.loads(row["memory"]) if row["memory"] else None)
    found = AccountId(row["account_id"])
    left = of_account(await remaining_uses(conn, limits, {found}, now=now), found) if limits else {}
    profile = profile_of(row["profile"], row["profile_at"])
    return Known(
        Customer(row["igsid"], account_name(found), kept_memory, profile),
        Standing(
            paused_until=row["paused_until"],
            customer_at=row["customer_at"],
            paused_at=row["paused_at"],
            opted_out=row["opted_out_at"] is not None,
            resumable=row["paused_reason"] in RESUMABLE,
        ),
        frozenset(rule for rule, uses in left.items() if uses <= 0),
    )
