"""A reply whose outcome stayed unknown goes out again, if nothing speaks against it now."""

from datetime import datetime, timedelta
from typing import Any, Literal

import asyncpg

from igbot.outbox.claimed import TAKEN_OVER, ClaimedReply
from igbot.outbox.withdrawn import REASON
from igbot.settings.model import Rates

# step:    what policy says by now; `hold`: the account may not send any more.
# begun:   it is marked before the call, as by the claim.
# charged: paid for, even where the buckets are empty: look-ups are rarer than sends, so that this is soon made good.
BEGIN_AGAIN = """
WITH step AS (
    SELECT o.account_id, o.igsid, CASE WHEN o.expires_at = '-infinity' THEN $10 ELSE c.cancel_reason END AS why,
        o.body ? 'attachment' AS has_media, CASE
        WHEN o.expires_at = '-infinity' THEN 'cancel'
        WHEN NOT o.despite_pause AND c.cancel_before >= o.decided_at THEN 'cancel'
        WHEN c.blocked_at >= o.decided_at THEN 'block'
        WHEN o.expires_at - $4::interval <= $3 THEN 'expire'
        WHEN (a.halted_at IS NOT NULL AND coalesce(a.halted_until > $3, true)) OR a.paused_at IS NOT NULL
            OR a.send_after > $3 OR (a.outage_at IS NOT NULL AND $6::timestamptz IS NULL) THEN 'hold'
        ELSE 'send'
    END AS step
    FROM outbox o JOIN account a USING (account_id) LEFT JOIN conversation c USING (account_id, igsid)
    WHERE o.account_id = $1 AND o.outbox_id = $2
), begun AS (
    UPDATE outbox o SET status = 'sending', attempts = $5, sending_at = $3
    FROM step WHERE o.account_id = $1 AND o.outbox_id = $2 AND status = 'unknown' AND step = 'send'
    RETURNING o.account_id, o.igsid, step, has_media
), charged AS (
    UPDATE account a SET text_spent_until = greatest(a.text_spent_until, $3) + make_interval(secs => 1 / $7::float8),
        media_spent_until = CASE WHEN NOT has_media THEN a.media_spent_until
            ELSE greatest(a.media_spent_until, $3) + make_interval(secs => 1 / $8::float8) END
    FROM begun WHERE a.account_id = begun.account_id
), freed AS (
    UPDATE outbox_lane l SET free_at = $3 + make_interval(secs => 1 / $9::float8)
    FROM begun WHERE (l.account_id, l.igsid) = (begun.account_id, begun.igsid)
)
SELECT step, why FROM step WHERE step <> 'send' UNION ALL SELECT step, NULL FROM begun
"""

Again = Literal["send", "cancel", "block", "expire", "hold", "settled"]


async def begin_again(
    conn: "asyncpg.Connection[Any]", reply: ClaimedReply, *, rates: Rates, margin: timedelta, now: datetime
) -> tuple[Again, str]:
    """Mark an unknown reply `sending` once more, unless policy forbids it or an echo has settled it meanwhile.

    With `cancel` comes the reason. `hold`: the account may not send now.
    """
    row = await conn.fetchrow(
        BEGIN_AGAIN,
        reply.account_id,
        reply.outbox_id,
        now,
        margin,
        reply.attempts + 1,
        reply.known.probe,
        rates.text,
        rates.media,
        rates.customer,
        REASON,
    )
    if row is None:
        return "settled", ""
    step: Again = row["step"]
    return step, row["why"] or TAKEN_OVER
