"""Replies to a message that its author has deleted: what has not arrived by then is not sent, and its words are kept
nowhere.

Such a reply is marked, for it may be in flight just then: its `expires_at` is '-infinity', no time is left for a call.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import asyncpg

from igbot.meta.outgoing import Outgoing, to_stored
from igbot.outbox.claimed import ClaimedReply
from igbot.outbox.verdict import NEVER_ARRIVED, Verdict

REASON = "the customer deleted the message"
NOTHING = json.dumps(to_stored(Outgoing()))
"""What is left of a reply's body."""

# The account comes with each row: as a parameter it would be all that a planner without statistics looks for.
WIPE_SAID = """
UPDATE message m SET text = '', attachments = NULL, payload = NULL, deleted_at = g.deleted_at
FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::timestamptz[])
    AS g (account_id, igsid, at, outbox_id, deleted_at)
WHERE (m.account_id, m.igsid, m.at, m.outbox_id) = (g.account_id, g.igsid, g.at, g.outbox_id)
"""

# The lane is handed back also where an echo has just proved the reply sent.
END = """
WITH ended AS (
    UPDATE outbox SET status = $3, reason = $4, body = $5, finished_at = $6
    WHERE (account_id, outbox_id) = ($1, $2) AND finished_at IS NULL
    RETURNING account_id, igsid, decided_at, outbox_id, NULL::timestamptz AS deleted_at
), lane AS (
    UPDATE outbox_lane SET lease_by = NULL, lease_until = NULL, bucket = 'text', due_at = greatest($6, free_at)
    WHERE (account_id, igsid) = ($1, $7) AND lease_by = $8 AND (SELECT count(*) FROM ended) >= 0
)
SELECT * FROM ended
"""


async def wipe_said(conn: "asyncpg.Connection[Any]", replies: Sequence[asyncpg.Record]) -> None:
    """Wipe the words of replies from the history; `deleted_at` of each is when it was itself taken back, if it was."""
    if replies:
        names = "account_id", "igsid", "decided_at", "outbox_id", "deleted_at"
        await conn.execute(WIPE_SAID, *([row[name] for row in replies] for name in names))


async def withdraw(
    conn: "asyncpg.Connection[Any]", reply: ClaimedReply, verdict: Verdict, *, process_id: int, now: datetime
) -> Verdict:
    """End a marked reply on which there is a verdict other than that it is sent, or unknown still.

    In one transaction, so that no words stay behind, and the conversation goes on with its next reply. Returns the
    verdict that was written.
    """
    ended = _ended(verdict)
    async with conn.transaction():
        gone = await conn.fetch(
            END,
            reply.account_id,
            reply.outbox_id,
            ended.state,
            ended.reason,
            NOTHING,
            now,
            reply.igsid,
            process_id,
        )
        await wipe_said(conn, gone)
    return ended if gone else verdict


def _ended(verdict: Verdict) -> Verdict:
    """Cancelled, unless nobody knows whether the customer has it: then it is dead, and a person should know.

    What Meta had against the call, if it is told at all, is told of any reply.
    """
    if verdict.state == "dead" and verdict.error is None and verdict.reason != NEVER_ARRIVED:
        return verdict
    alert = verdict.alert and verdict.alert_once_a_day
    return replace(verdict, state="cancelled", reason=REASON, due_at=None, alert=alert)
