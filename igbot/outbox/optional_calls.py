"""Whether Meta may be called for what nobody needs: where it says that its budget is nearly used, it is left alone."""

from datetime import datetime
from typing import Any

import asyncpg

from igbot.meta.events import AccountId
from igbot.outbox.gate import SPARING_PERCENT, USAGE_COUNTS

SPARES = """
SELECT EXISTS (SELECT FROM account WHERE account_id = $1 AND usage_percent >= $2 AND usage_at > $3)
"""


async def spares_calls(conn: "asyncpg.Connection[Any]", account_id: AccountId, *, now: datetime) -> bool:
    """Whether calls of this account that nobody waits for, a customer's profile say, had better not be made now."""
    return bool(await conn.fetchval(SPARES, account_id, SPARING_PERCENT, now - USAGE_COUNTS))
