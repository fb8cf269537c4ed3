"""The operator takes a conversation over, or gives it back to the bot."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.errors import ExitCode, IgbotError

REASON = "the operator paused the conversation"

# A turn that is being taken just now knows nothing of the pause: it loses its lease, writes nothing, and is taken anew.
TAKE_BACK = """
UPDATE inbox_lane SET arrivals = arrivals + 1, lease_by = NULL, lease_until = NULL,
    ready_at = CASE WHEN lease_by IS NULL THEN ready_at ELSE least(coalesce(ready_at, $3), $3) END
WHERE (account_id, igsid) = ($1, $2)
"""

# Whatever is decided by now does not go out, by whose clock it may have been decided.
PAUSE = """
WITH waiting AS (
    SELECT max(o.decided_at) AS newest, count(*) FILTER (WHERE o.status = 'sending') AS sending,
        count(*) FILTER (WHERE NOT o.despite_pause AND o.status <> 'sending') AS replies
    FROM outbox o WHERE (o.account_id, o.igsid) = ($1, $2) AND o.status IN ('queued', 'sending', 'unknown')
), held AS (
    SELECT CASE WHEN paused_until > $3 THEN paused_reason END AS was,
        CASE WHEN paused_until > $3 THEN paused_until END AS was_until
    FROM conversation WHERE (account_id, igsid) = ($1, $2) FOR UPDATE
)
UPDATE conversation c SET paused_at = $3, paused_until = $4, paused_reason = 'operator',
    cancel_before = greatest(c.cancel_before, $3, waiting.newest), cancel_reason = $5
FROM waiting, held WHERE (c.account_id, c.igsid) = ($1, $2)
RETURNING c.paused_until, held.was, held.was_until, c.opted_out_at, waiting.replies, waiting.sending
"""

# When it began stays: it tells when the bot was silent last.
RESUME = """
WITH held AS (
    SELECT account_id, igsid, CASE WHEN paused_until > $3 THEN paused_reason END AS was,
        CASE WHEN paused_until > $3 THEN paused_until END AS was_until
    FROM conversation WHERE (account_id, igsid) = ($1, $2) FOR UPDATE
)
UPDATE conversation c SET paused_until = CASE WHEN c.paused_until > $3 THEN $3 ELSE c.paused_until END
FROM held WHERE (c.account_id, c.igsid) = (held.account_id, held.igsid)
RETURNING NULL::timestamptz AS paused_until, held.was, held.was_until, c.opted_out_at, 0 AS replies, 0 AS sending
"""


class ConversationGone(IgbotError):
    """Somebody has had the customer forgotten meanwhile."""

    exit_code = ExitCode.BAD


@dataclass(frozen=True, slots=True)
class Standing:
    """How the conversation stands now. `was` is why it was paused until now, and `was_until` how long it would have
    been; None where it was not.

    `cancelled` replies were waiting and do not go out any more; `on_its_way` are calls that nobody can hold back.
    """

    account_id: str
    igsid: str
    paused_until: datetime | None
    was: str | None
    was_until: datetime | None
    opted_out_at: datetime | None
    cancelled: int
    on_its_way: int

    @property
    def state(self) -> str:
        """The contract's word for it."""
        return "opted_out" if self.opted_out_at else "paused" if self.paused_until else "open"


async def pause_conversation(
    conn: "asyncpg.Connection[Any]", account_id: str, igsid: str, *, length: timedelta, now: datetime
) -> Standing:
    """A person answers this customer for `length` from now on; what the bot has queued for them is cancelled.

    Raises ConversationGone.
    """
    async with conn.transaction():
        await conn.execute(TAKE_BACK, account_id, igsid, now)
        return _standing(account_id, igsid, await conn.fetchrow(PAUSE, account_id, igsid, now, now + length, REASON))


async def resume_conversation(
    conn: "asyncpg.Connection[Any]", account_id: str, igsid: str, *, now: datetime
) -> Standing:
    """The bot answers this customer again from now on, whoever had paused it. What was cancelled stays so.

    Raises ConversationGone.
    """
    return _standing(account_id, igsid, await conn.fetchrow(RESUME, account_id, igsid, now))


def _standing(account_id: str, igsid: str, row: asyncpg.Record | None) -> Standing:
    if row is None:
        raise ConversationGone(f"the conversation with {igsid} is gone")
    stands = row["paused_until"], row["was"], row["was_until"], row["opted_out_at"]
    return Standing(account_id, igsid, *stands, cancelled=row["replies"], on_its_way=row["sending"])
