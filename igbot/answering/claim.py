"""Claim conversations that have something to work on, with all a turn needs to know, in one statement."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.answering.claimed import Claim, OpenReply, PastMessage, PendingCall, PendingEvent
from igbot.meta.echoes import plain_words
from igbot.meta.events import CUSTOMER_KINDS, AccountId, Igsid
from igbot.meta.outgoing import from_stored
from igbot.rules.deciding import memory

LEASE = timedelta(seconds=60)
"""How long a claimed conversation belongs to its process; a dead process loses it at once (`store.processes`)."""

EVENTS_A_TURN = 100

_OF_A_MID_OF_ITS_OWN = (CUSTOMER_KINDS - {"reaction"}) | {"echo", "standby", "edit"}

# lane:   the longest-waiting conversations that nobody works on, of our accounts and of those that are nobody's.
# leased: theirs now. The outer query still sees the lane as it was in this statement's snapshot, `arrivals` too: an
#         event that lands meanwhile makes the two differ, and `settle` then leaves the lane ready.
# unsent: the events whose answers, all of them, came to nothing; asked only where a limit counts them.
# events: what is pending, in order of Meta's timestamp. An echo knows whether its mid is one of our sends, a message
#         which calls were asked for it, and what Meta has told of its being taken back or edited, in whatever order.
# open:   our replies that are in flight or in doubt, for echoes that overtake the answer of the Send API.
# said:   all that we have said within a day, where an echo came that is none of our sends by its mid.
# soft:   the commit waits for no disk. A lease that a crash of PostgreSQL takes away is one that `settle` finds lost.
CLAIM = """
WITH lane AS (
    SELECT account_id, igsid FROM inbox_lane
    WHERE ready_at <= $1 AND (lease_until IS NULL OR lease_until < $1)
        AND (account_id = ANY ($6) OR NOT EXISTS (SELECT FROM account a WHERE a.account_id = inbox_lane.account_id))
    ORDER BY ready_at LIMIT $2
    FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE inbox_lane l SET lease_by = $3, lease_until = $4
    FROM lane WHERE (l.account_id, l.igsid) = (lane.account_id, lane.igsid)
)
SELECT lane.account_id, lane.igsid,
    (SELECT l.arrivals FROM inbox_lane l WHERE (l.account_id, l.igsid) = (lane.account_id, lane.igsid)) AS arrivals,
    c.igsid IS NOT NULL AS known, c.customer_at, c.paused_at, c.paused_until, c.paused_reason, c.opted_out_at,
    c.memory, c.profile, c.profile_at,
    CASE WHEN c.memory ? 'uses' THEN (
        SELECT json_agg(used.key) FROM (
            SELECT DISTINCT use #>> '{}' AS key FROM jsonb_path_query(c.memory, '$.uses.*[*][1]') AS use) used
        CROSS JOIN LATERAL (
            SELECT bool_and(o.status IN ('failed', 'cancelled', 'expired', 'dead')) AS unsent FROM outbox o
            WHERE (o.account_id, o.for_key) = (lane.account_id, used.key::uuid)) replies
        WHERE replies.unsent) END AS unsent,
    pending.events,
    (SELECT coalesce(json_agg(m ORDER BY m.at, m.message_id), '[]') FROM (
        SELECT at, message_id, direction, author, kind, mid, text, rule FROM message m
        WHERE (m.account_id, m.igsid) = (lane.account_id, lane.igsid) AND m.deleted_at IS NULL
        ORDER BY at DESC, message_id DESC LIMIT 10) m) AS history,
    (SELECT coalesce(json_agg(o ORDER BY o.outbox_id), '[]') FROM (
        SELECT outbox_id, body FROM outbox o
        WHERE (o.account_id, o.igsid) = (lane.account_id, lane.igsid)
            AND o.status IN ('sending', 'unknown')) o) AS open,
    CASE WHEN pending.foreign_echo THEN (
        SELECT json_agg(DISTINCT text) FROM message m
        WHERE (m.account_id, m.igsid) = (lane.account_id, lane.igsid) AND m.author = 'bot'
            AND m.at > $1 - interval '1 day') END AS said
FROM lane CROSS JOIN (SELECT set_config('synchronous_commit', 'off', true)) AS soft
    CROSS JOIN LATERAL (
        SELECT coalesce(json_agg(e ORDER BY e.event_at, e.inbox_id), '[]') AS events,
            bool_or(e.kind = 'echo' AND NOT e.our_echo) AS foreign_echo
        FROM (
            SELECT i.event_key, i.kind, i.mid, i.event_at, i.inbox_id, i.received_at, i.known_account, i.test,
                i.attempts, convert_from(i.raw, 'UTF8') AS raw,
                i.kind = 'echo' AND EXISTS (
                    SELECT FROM outbox o WHERE (o.account_id, o.mid) = (i.account_id, i.mid)) AS our_echo,
                (SELECT json_agg(s) FROM (
                    SELECT call_id, kind, rule, waits, asked_at, timeout_ms, retry, finished_at, ok, answer, why
                    FROM service_call s WHERE (s.account_id, s.for_key) = (i.account_id, i.event_key)) s) AS calls,
                (SELECT json_agg(r ORDER BY r.event_at, r.inbox_id) FROM (
                    SELECT kind, event_at, inbox_id, convert_from(r.raw, 'UTF8') AS raw FROM inbox r
                    WHERE (r.account_id, r.mid) = (i.account_id, i.mid) AND r.kind IN ('deleted', 'edit')) r) AS revised
            FROM inbox i
            WHERE (i.account_id, i.igsid) = (lane.account_id, lane.igsid) AND i.status = 'pending'
            ORDER BY i.event_at, i.inbox_id LIMIT $5) e) AS pending
    LEFT JOIN conversation c ON (c.account_id, c.igsid) = (lane.account_id, lane.igsid)
"""


async def claim_conversations(
    conn: "asyncpg.Connection[Any]", *, process_id: int, accounts: Sequence[AccountId], limit: int, now: datetime
) -> list[Claim]:
    """Up to `limit` conversations with pending events, the longest-waiting first, leased to `process_id`.

    Only those of `accounts`, and of accounts that no igbot on this database has: another's are not ours to answer.
    """
    rows = await conn.fetch(CLAIM, now, limit, process_id, now + LEASE, EVENTS_A_TURN, list(accounts))
    return [_claim(row) for row in rows]


def _claim(row: asyncpg.Record) -> Claim:
    remembered = memory.from_stored(json.loads(row["memory"]) if row["memory"] else None)
    if row["unsent"]:
        remembered = memory.without(remembered, frozenset(json.loads(row["unsent"])))
    return Claim(
        account_id=AccountId(row["account_id"]),
        igsid=Igsid(row["igsid"]),
        arrivals=row["arrivals"],
        known=row["known"],
        customer_at=row["customer_at"],
        paused_at=row["paused_at"],
        paused_until=row["paused_until"],
        paused_reason=row["paused_reason"],
        opted_out_at=row["opted_out_at"],
        memory=remembered,
        profile=json.loads(row["profile"]) if row["profile"] else None,
        profile_at=row["profile_at"],
        events=tuple(_event(e) for e in json.loads(row["events"])),
        history=tuple(_past(m) for m in json.loads(row["history"])),
        open_replies=tuple(_open(json.loads(row["open"]))),
        said=frozenset(plain_words(text) for text in json.loads(row["said"] or "[]")),
    )


def _event(e: Mapping[str, Any]) -> PendingEvent:
    # A reaction or a seen mark has the mid of the message it is about.
    revised = (e["revised"] or ()) if e["kind"] in _OF_A_MID_OF_ITS_OWN else ()
    deleted = next((r["event_at"] for r in revised if r["kind"] == "deleted"), None)
    return PendingEvent(
        key=e["event_key"],
        kind=e["kind"],
        mid=e["mid"],
        at=datetime.fromisoformat(e["event_at"]),
        received_at=datetime.fromisoformat(e["received_at"]),
        known_account=e["known_account"],
        test=e["test"],
        attempts=e["attempts"],
        our_echo=e["our_echo"],
        raw=e["raw"],
        calls=tuple(_call(s) for s in e["calls"] or ()),
        deleted_at=datetime.fromisoformat(deleted) if deleted else None,
        edits=tuple(r["raw"] for r in revised if r["kind"] == "edit" and r["raw"] and e["kind"] != "edit"),
    )


def _call(s: Mapping[str, Any]) -> PendingCall:
    return PendingCall(
        call_id=s["call_id"],
        kind=s["kind"],
        rule=s["rule"],
        waits=s["waits"],
        asked_at=datetime.fromisoformat(s["asked_at"]),
        timeout=timedelta(milliseconds=s["timeout_ms"]),
        retry=s["retry"],
        finished_at=datetime.fromisoformat(s["finished_at"]) if s["finished_at"] else None,
        ok=s["ok"],
        answer=s["answer"],
        why=s["why"],
    )


def _past(m: Mapping[str, Any]) -> PastMessage:
    return PastMessage(
        at=datetime.fromisoformat(m["at"]),
        direction=m["direction"],
        author=m["author"],
        kind=m["kind"],
        mid=m["mid"],
        text=m["text"],
        rule=m["rule"],
    )


def _open(rows: Iterable[Mapping[str, Any]]) -> Iterator[OpenReply]:
    for row in rows:
        try:
            message = from_stored(row["body"])
        except (ValueError, KeyError, TypeError):  # of another program's version: no echo can be told to be its
            continue
        yield OpenReply(row["outbox_id"], message)
