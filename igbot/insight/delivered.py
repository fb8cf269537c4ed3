"""What became of the replies to one message, and of the calls that were asked for it."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import asyncpg

from igbot.insight.explanation import Attempt, Button, Event, QuickReply, Reply, ServiceCall
from igbot.insight.waiting import waits_for
from igbot.outbox.dead_letters import RETRIED
from igbot.outbox.states import OPEN
from igbot.store.processes import LOCK_CLASS

# A reply and the decision on its message have one time, which leads from one to the other; the inbox row, whose key
# the reply has, tells apart what was decided in the same turn. $9: the line that the message was answered with, which
# is then the one that has the reply.
REPLIES = """
SELECT o.outbox_id, o.body, o.status, o.reason, o.mid, o.due_at, o.finished_at, o.echoed_at, o.seen_at, o.attempts,
    o.sending_at, o.decided_at, greatest(o.expires_at, o.decided_at) AS expires_at,
    o.expires_at = '-infinity' AS withdrawn, o.despite_pause, a.halted_reason, a.halted_until,
    a.paused_at AS account_paused_at, a.send_after, a.send_after_reason, a.outage_at,
    c.cancel_before, c.cancel_reason, c.blocked_at, lane.free_at,
    CASE lane.bucket WHEN 'media' THEN greatest(a.media_spent_until, a.text_spent_until)
        WHEN 'look_ups' THEN a.look_ups_spent_until ELSE a.text_spent_until END AS spent_until,
    (SELECT b.outbox_id || ', ' || b.status FROM outbox b
        WHERE (b.account_id, b.igsid) = (o.account_id, o.igsid) AND b.status IN ('queued', 'sending', 'unknown')
            AND b.outbox_id < o.outbox_id
        ORDER BY b.outbox_id LIMIT 1) AS before_it, EXISTS (
        SELECT FROM outbox_lane l JOIN pg_locks k ON k.objid::bigint = l.lease_by
        WHERE (l.account_id, l.igsid) = (o.account_id, o.igsid) AND l.lease_until >= $7
            AND k.locktype = 'advisory' AND k.classid::bigint = $8 AND k.granted
            AND k.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())) AS in_hand
FROM message r
JOIN outbox o ON (o.account_id, o.outbox_id) = (r.account_id, r.outbox_id)
JOIN inbox i ON (i.account_id, i.event_key) = (o.account_id, o.for_key)
LEFT JOIN account a ON a.account_id = o.account_id
LEFT JOIN conversation c ON (c.account_id, c.igsid) = (o.account_id, o.igsid)
LEFT JOIN outbox_lane lane ON (lane.account_id, lane.igsid) = (o.account_id, o.igsid)
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
SELECT outbox_id, at, outcome, code, subcode, fbtrace_id, detail FROM send_attempt
WHERE account_id = $1 AND outbox_id = ANY ($2) ORDER BY attempt_id
"""

COUNTED = frozenset({"retry", "unknown", "no answer", "process lost", "refused"})
"""Outcomes of calls that count against a reply's tries."""
CALLS = COUNTED | {"wait", "halted", "outdated token"}
"""What else is noted of a reply is no call of the Send API."""
WORDS = {
    "sent": "called: Meta took it",
    "retry": "called: not taken, to be tried again",
    "unknown": "called: an error that proves nothing",
    "no answer": "called: no answer",
    "process lost": "called: its process was lost before the answer",
    "refused": "called: refused",
    "wait": "called: too much, or not now; sends of the account wait",
    "halted": "called: sends of the account are stopped",
    "outdated token": "called with a token that was replaced meanwhile",
    "in flight": "called: the answer is waited for",
    "found": "looked up: Meta has it",
    "no look-up": "could not be looked up",
    "settled by echo": "an echo has settled it",
    RETRIED: "the operator has it sent again",
}
"""What happened to a reply, in words; what is noted otherwise says so itself."""


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
    calls = [_call(n) for n in noted if n["outcome"] in CALLS]
    unnoted = _unnoted(row, noted)
    known_by: Literal["answer", "echo", "look-up"] | None = None
    if row["status"] == "sent":
        looked_up = any(n["outcome"] == "found" for n in noted)
        known_by = "answer" if unnoted else "look-up" if looked_up else "echo"
    if unnoted is not None:
        calls.append(unnoted)
    waits = waits_for(dict(row), now=now)
    return Reply(
        outbox_id=row["outbox_id"],
        text=body.get("text", ""),
        quick_replies=tuple(QuickReply(q["title"], q["payload"]) for q in body.get("quick_replies", ())),
        buttons=tuple(Button(b["title"], b["url"], b["payload"]) for b in body.get("buttons", ())),
        attachment=(body.get("attachment") or {}).get("url"),
        status=row["status"],
        reason=row["reason"] or (waits[0] if waits else None),
        mid=row["mid"],
        due_at=row["due_at"] if row["status"] in OPEN else None,
        finished_at=row["finished_at"],
        echoed_at=row["echoed_at"],
        seen_at=row["seen_at"],
        known_by=known_by,
        attempts=tuple(calls),
        expires_at=row["expires_at"],
        waits=waits,
        events=tuple(_events(row, noted, unnoted)),
    )


def _call(noted: asyncpg.Record) -> Attempt:
    return Attempt(noted["at"], noted["outcome"], noted["code"], noted["subcode"], noted["fbtrace_id"])


def _unnoted(row: asyncpg.Record, noted: Sequence[asyncpg.Record]) -> Attempt | None:
    """The call that is noted in the reply's own row only: the one that succeeded, or whose answer is not there yet."""
    outcomes = [n["outcome"] for n in noted]
    again = len(outcomes) - outcomes[::-1].index(RETRIED) if RETRIED in outcomes else 0
    if row["attempts"] <= sum(outcome in COUNTED for outcome in outcomes[again:]):
        return None
    match row["status"]:
        case "sent":
            return Attempt(row["finished_at"], "sent")
        case "sending":
            return Attempt(row["sending_at"], "in flight" if row["in_hand"] else "process lost")
        case _:
            return None


def _events(row: asyncpg.Record, noted: Sequence[asyncpg.Record], unnoted: Attempt | None) -> list[Event]:
    """Everything that happened, in order. Meta's clock, by which a message is echoed and seen, is not ours."""
    found = [Event(row["decided_at"], "decided")]
    found += [Event(n["at"], _told(n), n["code"], n["subcode"], n["fbtrace_id"]) for n in noted]
    if unnoted is not None:
        found.append(Event(unnoted.at, WORDS[unnoted.outcome]))
    ended = row["status"] in ("cancelled", "expired") and row["status"] not in {n["outcome"] for n in noted}
    if ended:
        found.append(Event(row["finished_at"], f"{row['status']}: {row['reason']}"))
    facts = [Event(row[f"{fact}_at"], fact) for fact in ("echoed", "seen") if row[f"{fact}_at"]]
    return [*sorted(found, key=lambda event: event.at), *facts]


def _told(noted: asyncpg.Record) -> str:
    words = WORDS.get(noted["outcome"], noted["outcome"])
    return f"{words} ({noted['detail']})" if noted["detail"] and noted["outcome"] != RETRIED else words
