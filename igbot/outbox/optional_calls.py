"""Whether Meta may be called for what nobody needs: where it says that its budget is nearly used, it is left alone."""

from datetime import datetime
from typing import Any

import asyncpg

from igbot.meta.events import AccountId
from igbot.outbox.gate import Usage

USAGE = "SELECT usage_percent, usage_at FROM account WHERE account_id = $1"


async def spares_calls(conn: "asyncpg.Connection[Any]", account_id: AccountId, *, now: datetime) -> bool:
    """Whether calls of this account that nobody waits for, a customer's profile say, had better not be made now."""
    row = await conn.fetchrow(USAGE, account_id)
    return row is not None and Usage(row["usage_percent"], row["usage_at"]).spares(now)
