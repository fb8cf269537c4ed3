"""Write what became of claimed replies, and pass each conversation on to its next one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from igbot.meta.events import AccountId
from igbot.outbox.claimed import ClaimedReply
from igbot.outbox.gate import UNSAID, Usage
from igbot.outbox.states import OPEN
from igbot.outbox.verdict import Verdict
from igbot.outbox.withdrawn import withdraw


@dataclass(frozen=True, slots=True)
class Finished:
    """One claimed reply with the verdict on it.

    `usage` is what Meta said of its budgets, if anything; `spread` in [0.5, 1.5) the jitter of what follows from it.
    """

    reply: ClaimedReply
    verdict: Verdict
    usage: Usage = UNSAID
    spread: float = 1.0


# given:    the verdicts; of two on one reply (its lease ran out meanwhile) the one that finishes it.
# held:     those whose reply is open; its row, and below the lanes, are locked in the order of their keys (of `given`)
#           and in that order of tables: `settle` does the same, or the two would wait for each other. LATERAL: one by
#           one, by their keys, also where the planner believes that the table is empty. "Open" is said as "not
#           finished": by the statuses it would read all of `outbox_open`, however long the queue. `withdrawn`: the
#           message was deleted meanwhile, and the reply has not arrived; it and its lane are left to `withdraw`.
# done:     the replies. One that an echo has settled meanwhile stays settled. The code is the last call's: a look-up
#           or the loss of a process brings none.
# noted:    the calls that reached Meta and did not simply succeed, for whoever asks why.
# lanes:    each conversation's next reply: this one again, or the next open one. A reply that was queued after the
#           claim makes `arrivals` differ; the lane is then due at once rather than forgotten.
# (result): replies that an echo had settled as sent although their verdict knows of no mid; without one, those that are
#           withdrawn; and a row with nothing but the time at which the first of the lanes is due again.
FINISH = """
WITH given AS (
    SELECT DISTINCT ON (account_id, outbox_id) *
    FROM json_to_recordset($1) AS g (account_id text, outbox_id bigint, igsid text, arrivals bigint,
        status text, open boolean, due_at timestamptz, mid text, code int, subcode int, fbtrace_id text, reason text,
        called boolean, counted boolean, unanswered smallint, most_calls smallint, outcome text, detail text)
    ORDER BY account_id, outbox_id, open
), held AS (
    SELECT g.*, o.deleted AND g.status NOT IN ('sent', 'unknown') AS withdrawn FROM given g
    JOIN LATERAL (
        SELECT o.outbox_id, o.expires_at = '-infinity' AS deleted FROM outbox o
        WHERE (o.account_id, o.outbox_id) = (g.account_id, g.outbox_id) AND o.finished_at IS NULL FOR UPDATE
    ) o ON o.outbox_id = g.outbox_id
    WHERE g.status <> 'sent' OR g.mid IS NOT NULL
), done AS (
    UPDATE outbox o SET status = g.status, due_at = coalesce(g.due_at, o.due_at), mid = g.mid,
        code = CASE WHEN g.called THEN g.code ELSE o.code END,
        subcode = CASE WHEN g.called THEN g.subcode ELSE o.subcode END,
        fbtrace_id = CASE WHEN g.called THEN g.fbtrace_id ELSE o.fbtrace_id END,
        reason = g.reason, unanswered = g.unanswered,
        most_calls = least(o.most_calls, g.most_calls),
        attempts = o.attempts - CASE WHEN g.counted THEN 0 ELSE 1 END,
        finished_at = CASE WHEN g.open THEN NULL ELSE $2::timestamptz END
    FROM held g WHERE (o.account_id, o.outbox_id) = (g.account_id, g.outbox_id) AND NOT g.withdrawn
    RETURNING 1
), noted AS (
    INSERT INTO send_attempt (account_id, outbox_id, at, outcome, code, subcode, fbtrace_id, detail)
    SELECT account_id, outbox_id, $2, outcome, code, subcode, fbtrace_id, detail FROM given
    WHERE outcome NOT IN ('sent', 'unreachable')
), lanes_held AS (
    SELECT g.* FROM (
        SELECT * FROM given WHERE (SELECT count(*) FROM done) >= 0
            AND (account_id, outbox_id) NOT IN (SELECT account_id, outbox_id FROM held WHERE withdrawn)
        ORDER BY account_id, igsid) g
    JOIN LATERAL (
        SELECT l.igsid FROM outbox_lane l
        WHERE (l.account_id, l.igsid) = (g.account_id, g.igsid) AND l.lease_by = $3 FOR UPDATE) l ON l.igsid = g.igsid
), lanes AS (
    UPDATE outbox_lane l SET lease_by = NULL, lease_until = NULL, bucket = 'text',
        due_at = CASE WHEN l.arrivals <> h.arrivals THEN greatest($2, l.free_at)
            WHEN h.open THEN greatest(h.due_at, l.free_at) ELSE (
            SELECT greatest(o.due_at, l.free_at) FROM outbox o
            WHERE (o.account_id, o.igsid) = (h.account_id, h.igsid) AND o.outbox_id <> h.outbox_id
                AND o.status IN ('queued', 'sending', 'unknown')
            ORDER BY o.outbox_id LIMIT 1) END
    FROM lanes_held h WHERE (l.account_id, l.igsid) = (h.account_id, h.igsid)
    RETURNING l.due_at
)
SELECT o.outbox_id, o.mid, NULL::timestamptz AS due_at FROM given g JOIN outbox o USING (account_id, outbox_id)
WHERE o.status = 'sent' AND g.mid IS NULL
UNION ALL
SELECT outbox_id, NULL, NULL FROM held WHERE withdrawn
UNION ALL
SELECT NULL, NULL, min(due_at) FROM lanes
"""

# Calls that were in flight when a limit struck meet the same limit, not the next one (`standing.limited`).
RATE_WAITS = """
SELECT CASE WHEN send_after > $2 AND rate_waits > 0 THEN rate_waits - 1 ELSE rate_waits END
FROM account WHERE account_id = $1
"""


@dataclass(frozen=True, slots=True)
class Written:
    """What was found while verdicts were written.

    `proven`: the mids, by outbox_id, of replies that an echo had proved sent before; their verdicts were not written.
    `due_at`: when the first of the conversations that have a next step is due for it. `withdrawn`: what was written
    instead, by outbox_id, of those whose message was deleted meanwhile.
    """

    proven: Mapping[int, str]
    due_at: datetime | None
    withdrawn: Mapping[int, Verdict] = field(default_factory=dict)

    def holding(self, finished: Finished) -> Verdict:
        """The verdict that holds: this one, unless something had overtaken it."""
        outbox_id, verdict = finished.reply.outbox_id, finished.verdict
        if verdict.mid is not None:
            return verdict
        if outbox_id in self.proven:
            return Verdict("sent", "settled by echo", mid=self.proven[outbox_id], unanswered=verdict.unanswered)
        return self.withdrawn.get(outbox_id, verdict)


async def finish(
    conn: "asyncpg.Connection[Any]",
    finished: Sequence[Finished],
    *,
    process_id: int,
    now: datetime,
) -> Written:
    """Write the verdicts and release the conversations."""
    rows = await conn.fetch(FINISH, json.dumps([_row(f) for f in finished]), now, process_id)
    proven = {row["outbox_id"]: row["mid"] for row in rows if row["mid"] is not None}
    due_at = next((row["due_at"] for row in rows if row["outbox_id"] is None), None)
    unsaid = {row["outbox_id"] for row in rows if row["mid"] is None}
    withdrawn = {
        f.reply.outbox_id: await withdraw(conn, f.reply, f.verdict, process_id=process_id, now=now)
        for f in finished
        if f.reply.outbox_id in unsaid
    }
    return Written(proven, now if withdrawn else due_at, withdrawn)


async def rate_waits(conn: "asyncpg.Connection[Any]", account_id: AccountId, *, now: datetime) -> int:
    """How many rate limits in a row the account had met before one that is met now."""
    waits: int | None = await conn.fetchval(RATE_WAITS, account_id, now)
    return waits or 0


def _row(finished: Finished) -> dict[str, Any]:
    reply, verdict = finished.reply, finished.verdict
    error = verdict.error
    due_at = verdict.due_at.isoformat() if verdict.due_at else None
    return {
        "account_id": reply.account_id,
        "outbox_id": reply.outbox_id,
        "igsid": reply.igsid,
        "arrivals": reply.arrivals,
        "status": verdict.state,
        "open": verdict.state in OPEN,
        "due_at": due_at,
        "mid": verdict.mid,
        "code": error.code if error else None,
        "subcode": error.subcode if error else None,
        "fbtrace_id": error.fbtrace_id if error else None,
        "reason": verdict.reason,
        "called": error is not None or verdict.state == "sent",
        "counted": verdict.counted,
        "unanswered": verdict.unanswered,
        "most_calls": verdict.most_calls,
        "outcome": verdict.outcome,
        "detail": error.message if error else verdict.reason,
    }
