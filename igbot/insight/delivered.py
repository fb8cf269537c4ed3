"""What became of the replies to one message, and of the calls that were asked for it."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import asyncpg

from igbot.insight.explanation import Attempt, Button, QuickReply, Reply, ServiceCall
from igbot.outbox.states import OPEN
from igbot.store.processes import LOCK_CLASS

# A reply and the decision on its message have one time, which leads from one to the other; the inbox row, whose key
# the reply has, tells apart what was decided in the same turn. $9: the line that the message was answered with, which
# is then the one that has the reply.
REPLIES = """
SELECT o.outbox_id, o.body, o.status, o.reason, o.mid, o.due_at, o.finished_at, o.echoed_at, o.seen_at, o.attempts,
    o.sending_at, a.halted_reason, a.send_after, EXISTS (
        SELECT FROM outbox_lane l JOIN pg_locks k ON k.objid::bigint = l.lease_by
        WHERE (l.account_id, l.igsid) = (o.account_id, o.igsid) AND l.lease_until >= $7
            AND k.locktype = 'advisory' AND k.classid::bigint = $8 AND k.granted
            AND k.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())) AS in_hand
FROM message r
JOIN outbox o ON (o.account_id, o.outbox_id) = (r.account_id, r.outbox_id)
JOIN inbox i ON (i.account_id, i.event_key) = (o.account_id, o.for_key)
LEFT JOIN account a ON a.account_id = o.account_id
WHERE (r.account_id, r.igsid, r.at) = ($1, $2, $3)
    AND CASE WHEN $9::text IS NULL THEN (i.event_at, i.kind) = ($4, $5) AND i.mid IS NOT DISTINCT FROM $6
        ELSE coalesce(i.mid, i.event_key::text) = $9 END
ORDER BY o.outbox_id
"""

ASKED_FOR = """
SELECT s.name, s.kind, nullif(s.rule, '') AS rule, s.waits, s.asked_at, s.attempts, s.finished_at, s.ok, s.why
FROM service_call s
JOIN inbox i ON (i.account_id, i.event_key) = (s.account_id, s.for_key)
WHERE (s.account_id, s.igsid) = ($1, $2)
    AND CASE WHEN $6::text IS NULL THEN (i.event_at, i.kind) = ($3, $4) AND i.mid IS NOT DISTINCT FROM $5
        ELSE coalesce(i.mid, i.event_key::text) = $6 END
ORDER BY s.call_id
"""

ATTEMPTS = """
SELECT outbox_id, at, outcome, code, subcode, fbtrace_id FROM send_attempt
WHERE account_id = $1 AND outbox_id = ANY ($2) ORDER BY attempt_id
"""

COUNTED = frozenset({"retry", "unknown", "no answer", "process lost", "refused"})
"""Outcomes of calls that count against a reply's tries."""
CALLS = COUNTED | {"wait", "halted"}
"""What else is noted of a reply is no call of the Send API."""


async def replies_to(conn: "asyncpg.Connection[Any]", asked: asyncpg.Record, *, now: datetime) -> tuple[Reply, ...]:
    """The replies to a message (its row, with the time it was decided), in the order they are sent."""
    rows = await conn.fetch(
        REPLIES, asked["account"], asked["igsid"], asked["decided_at"], asked["at"], asked["kind"], asked["mid"],
        now, LOCK_CLASS, asked["answered_with"],
    )  # fmt: skip
    noted = await conn.fetch(ATTEMPTS, asked["account"], [row["outbox_id"] for row in rows])
    return tuple(_reply(row, [n for n in noted if n["outbox_id"] == row["outbox_id"]], now=now) for row in rows)


async def calls_for(conn: "asyncpg.Connection[Any]", asked: asyncpg.Record) -> tuple[ServiceCall, ...]:
    """The calls that were asked for a message (its row), in order. They are kept for some days only."""
    answered_with = asked.get("answered_with")
    rows = await conn.fetch(
        ASKED_FOR, asked["account"], asked["igsid"], asked["at"], asked["kind"], asked["mid"], answered_with
    )
    return tuple(ServiceCall(**row) for row in rows)


def _reply(row: asyncpg.Record, noted: Sequence[asyncpg.Record], *, now: datetime) -> Reply:
    body = json.loads(row["body"])
    calls = [
        Attempt(n["at"], n["outcome"], n["code"], n["subcode"], n["fbtrace_id"]) for n in noted if n["outcome"] in CALLS
    ]
    unnoted = row["attempts"] > sum(call.outcome in COUNTED for call in calls)
    known_by: Literal["answer", "echo", "look-up"] | None = None
    if row["status"] == "sent":
        looked_up = any(n["outcome"] == "found" for n in noted)
        known_by = "answer" if unnoted else "look-up" if looked_up else "echo"
        if unnoted:
            calls.append(Attempt(row["finished_at"], "sent"))
    elif row["status"] == "sending" and unnoted:
        calls.append(Attempt(row["sending_at"], "in flight" if row["in_hand"] else "process lost"))
    return Reply(
        outbox_id=row["outbox_id"],
        text=body.get("text", ""),
        quick_replies=tuple(QuickReply(q["title"], q["payload"]) for q in body.get("quick_replies", ())),
        buttons=tuple(Button(b["title"], b["url"], b["payload"]) for b in body.get("buttons", ())),
        attachment=(body.get("attachment") or {}).get("url"),
        status=row["status"],
        reason=row["reason"] or _waits_for(row, now=now),
        mid=row["mid"],
        due_at=row["due_at"] if row["status"] in OPEN else None,
        finished_at=row["finished_at"],
        echoed_at=row["echoed_at"],
        seen_at=row["seen_at"],
        known_by=known_by,
        attempts=tuple(calls),
    )


def _waits_for(row: asyncpg.Record, *, now: datetime) -> str | None:
    """What holds up all replies of the account, this one too."""
    if row["status"] != "queued":
        return None
    if row["halted_reason"]:
        return f"sends are stopped: {row['halted_reason']}"
    return "rate limit" if row["send_after"] and row["send_after"] > now else None
