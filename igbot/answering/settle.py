"""Write what turns came to: history, decisions, replies, facts and the settled inbox rows, in one statement.

One statement is one transaction: a conversation's turn is written whole or not at all, and not at all where its lease
was lost meanwhile.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from igbot.answering import rows
from igbot.answering.outcome import Turn

# stale:    events that were settled before: the claim looked just before another process settled the conversation, and
#           knows neither what it wrote nor what it remembered. They are asked one by one, by their keys, also where
#           the planner believes that the table is empty.
# held:     the lanes whose lease is still ours. Whoever locks several rows does so in the order of their keys (the
#           receiver too), or two would wait for each other. LATERAL: again by their keys.
# released: those lanes. One in which something arrived since the claim stays ready; a stale one has to be claimed anew.
# mine:     those that are not stale; everything below belongs to one of them.
# settled:  the events worked on. Their raw bytes stay for a while, unless the message was taken back. "Pending" is said
#           as "not settled": by the status the planner would read all of `inbox_pending` for each event.
# talk:     the conversation, made or moved on; its last time never goes back, a new message ends its being archived.
#           What cancels, cancels all that was decided before, by whose clock it may have been.
# replies:  the outbox rows, in order; an event that was decided before (`for_key`) is never decided twice. They count
#           as decided after what has cancelled or blocked earlier ones, by whose clock that may have been.
# calls:    what is to be asked of services: for an event that waits for it and stays pending, or beside a decision.
#           However often an event is decided, each rule asks once.
# dropped:  calls that nobody waits for any more. One whose row is held is just being finished: nobody waits for that.
# uses:     answers of rules whose limit counts all customers; the caller holds their lock (`limits`).
# proven:   replies that a fact proves sent, although the answer to the call is not known (yet).
# own:      they are sent now; where the answer has just come, it only learns of its echo.
# lanes:    the sender's lanes of the conversations in which a reply was queued or proved sent, due when the next is. Of
#           a `free_at` that lies far ahead the claim knows whether it counts.
# facts:    echoed and seen on replies known by their mid.
# soft:     the commit waits for no disk. All of it follows from inbox rows that are durable and settled only here: a
#           crash of PostgreSQL undoes it whole, and it is decided anew. A reply is called out only after a commit that
#           does wait (`outbox.claim`) and takes this one to the disk with it.
SETTLE = """
WITH stale AS (
    SELECT g.account_id, g.igsid FROM json_to_recordset($4) AS g (account_id text, igsid text, event_key uuid)
    WHERE (SELECT i.settled_at FROM inbox i
        WHERE (i.account_id, i.event_key) = (g.account_id, g.event_key)) IS NOT NULL
), held AS (
    SELECT g.*, EXISTS (SELECT FROM stale s WHERE (s.account_id, s.igsid) = (g.account_id, g.igsid)) AS stale FROM (
        SELECT * FROM json_to_recordset($1) AS g (account_id text, igsid text, arrivals bigint, again_at timestamptz)
        ORDER BY account_id, igsid) g
    JOIN LATERAL (
        SELECT l.igsid FROM inbox_lane l
        WHERE (l.account_id, l.igsid) = (g.account_id, g.igsid) AND l.lease_by = $3 FOR UPDATE) l ON l.igsid = g.igsid
), released AS (
    UPDATE inbox_lane l SET lease_by = NULL, lease_until = NULL,
        ready_at = CASE WHEN l.arrivals = held.arrivals AND NOT stale THEN held.again_at ELSE least(l.ready_at, $2) END
    FROM held WHERE (l.account_id, l.igsid) = (held.account_id, held.igsid) AND l.lease_by = $3
    RETURNING l.account_id, l.igsid, held.stale
), mine AS (
    SELECT account_id, igsid FROM released WHERE NOT stale
), settled AS (
    UPDATE inbox i SET status = 'done', settled_at = $2, error = NULL, raw = CASE WHEN NOT g.wiped THEN i.raw END
    FROM json_to_recordset($4) AS g (account_id text, igsid text, event_key uuid, wiped boolean), mine
    WHERE (i.account_id, i.event_key) = (g.account_id, g.event_key) AND i.settled_at IS NULL
        AND (mine.account_id, mine.igsid) = (g.account_id, g.igsid)
    RETURNING i.account_id, i.event_key
), talk AS (
    INSERT INTO conversation AS c (account_id, igsid, started_at, last_at, customer_at,
        paused_at, paused_until, paused_reason, opted_out_at, cancel_before, cancel_reason, memory, profile,
        profile_at, test)
    SELECT account_id, igsid, first_at, last_at, customer_at,
        paused_at, paused_until, paused_reason, opted_out_at, CASE WHEN cancel_reason IS NOT NULL THEN greatest($2, (
            SELECT max(o.decided_at) FROM outbox o WHERE (o.account_id, o.igsid) = (g.account_id, g.igsid)
                AND o.status IN ('queued', 'sending', 'unknown'))) END,
        cancel_reason, memory, profile, profile_at, test
    FROM json_to_recordset($5) AS g (account_id text, igsid text, first_at timestamptz, last_at timestamptz,
        customer_at timestamptz, paused_at timestamptz, paused_until timestamptz, paused_reason text,
        opted_out_at timestamptz, cancel_reason text, memory jsonb, profile jsonb, profile_at timestamptz, test boolean)
    JOIN mine USING (account_id, igsid)
    ORDER BY account_id, igsid
    ON CONFLICT (account_id, igsid) DO UPDATE SET
        started_at = least(c.started_at, EXCLUDED.started_at),
        last_at = greatest(c.last_at, EXCLUDED.last_at),
        customer_at = greatest(c.customer_at, EXCLUDED.customer_at),
        paused_at = coalesce(EXCLUDED.paused_at, c.paused_at),
        paused_until = coalesce(EXCLUDED.paused_until, c.paused_until),
        paused_reason = coalesce(EXCLUDED.paused_reason, c.paused_reason),
        opted_out_at = EXCLUDED.opted_out_at,
        cancel_before = CASE WHEN EXCLUDED.cancel_before IS NULL THEN c.cancel_before ELSE greatest(
            EXCLUDED.cancel_before, c.cancel_before + interval '1 us', c.blocked_at + interval '1 us') END,
        cancel_reason = coalesce(EXCLUDED.cancel_reason, c.cancel_reason),
        memory = EXCLUDED.memory,
        profile = coalesce(EXCLUDED.profile, c.profile),
        profile_at = coalesce(EXCLUDED.profile_at, c.profile_at),
        archived_at = NULL,
        test = c.test OR EXCLUDED.test
), replies AS (
    INSERT INTO outbox (account_id, igsid, for_key, for_mid, part, body, rule, digest, despite_pause,
        decided_at, expires_at, due_at, typing, delay_ms, test)
    SELECT g.account_id, g.igsid, for_key, for_mid, part, body, rule, digest, despite_pause,
        greatest($2, c.cancel_before + interval '1 us', c.blocked_at + interval '1 us'), expires_at,
        $2 + wait_ms * interval '1 ms', typing, delay_ms, g.test
    FROM json_to_recordset($6) AS g (place int, account_id text, igsid text, for_key uuid, for_mid text, part smallint,
        body jsonb, rule text, digest text, despite_pause boolean, expires_at timestamptz, wait_ms int, typing boolean,
        delay_ms int, test boolean)
    JOIN settled ON (settled.account_id, settled.event_key) = (g.account_id, g.for_key)
    LEFT JOIN conversation c ON (c.account_id, c.igsid) = (g.account_id, g.igsid)
    ORDER BY place
    ON CONFLICT (account_id, for_key, part) DO NOTHING
    RETURNING account_id, igsid, outbox_id, for_key, part, body, rule, decided_at, due_at, test
), calls AS (
    INSERT INTO service_call (account_id, igsid, for_key, for_mid, kind, rule, name, body, timeout_ms, retry, waits,
        test, asked_at, due_at)
    SELECT g.account_id, g.igsid, for_key, for_mid, kind, rule, name, body, timeout_ms, retry, waits, test, $2, $2
    FROM json_to_recordset($9) AS g (account_id text, igsid text, for_key uuid, for_mid text, kind text, rule text,
        name text, body jsonb, timeout_ms int, retry smallint, waits boolean, test boolean)
    JOIN mine ON (mine.account_id, mine.igsid) = (g.account_id, g.igsid)
    WHERE waits OR EXISTS (SELECT FROM settled s WHERE (s.account_id, s.event_key) = (g.account_id, g.for_key))
    ON CONFLICT (for_key, rule, account_id) DO NOTHING
    RETURNING 1
), idle AS (
    SELECT s.account_id, s.call_id, g.why FROM json_to_recordset($10) AS g (account_id text, igsid text, call_id bigint,
        why text)
    JOIN mine USING (account_id, igsid)
    JOIN LATERAL (
        SELECT * FROM service_call s
        WHERE (s.account_id, s.call_id) = (g.account_id, g.call_id) AND s.finished_at IS NULL
        FOR UPDATE SKIP LOCKED) s ON true
), dropped AS (
    UPDATE service_call s SET finished_at = $2, ok = false, why = idle.why, lease_by = NULL, lease_until = NULL
    FROM idle WHERE (s.account_id, s.call_id) = (idle.account_id, idle.call_id)
), uses AS (
    INSERT INTO rule_use (account_id, rule, for_key, used_at, observer)
    SELECT g.account_id, rule, for_key, $2, observer
    FROM json_to_recordset($11) AS g (account_id text, rule text, for_key uuid, observer boolean)
    JOIN settled ON (settled.account_id, settled.event_key) = (g.account_id, g.for_key)
    ON CONFLICT (for_key, rule, account_id) DO NOTHING
), proven AS (
    SELECT o.account_id, o.outbox_id, g.mid AS echo_mid, g.echoed_at, g.seen_at
    FROM json_to_recordset($8) AS g (account_id text, igsid text, mid text, outbox_id bigint, echoed_at timestamptz,
        seen_at timestamptz)
    JOIN mine USING (account_id, igsid)
    JOIN outbox o ON (o.account_id, o.outbox_id) = (g.account_id, g.outbox_id)
    WHERE o.status IN ('sending', 'unknown') OR (o.status = 'sent' AND o.mid = g.mid)
    ORDER BY o.account_id, o.outbox_id FOR UPDATE OF o
), own AS (
    UPDATE outbox o SET status = 'sent', mid = proven.echo_mid, echoed_at = coalesce(o.echoed_at, proven.echoed_at),
        seen_at = coalesce(o.seen_at, proven.seen_at), finished_at = coalesce(o.finished_at, $2)
    FROM proven WHERE (o.account_id, o.outbox_id) = (proven.account_id, proven.outbox_id)
    RETURNING o.account_id, o.igsid
), lanes AS (
    INSERT INTO outbox_lane AS l (account_id, igsid, due_at)
    SELECT account_id, igsid, min(due_at) FROM (
        SELECT account_id, igsid, due_at FROM replies UNION ALL
        SELECT account_id, igsid, $2::timestamptz FROM own) touched
    GROUP BY account_id, igsid ORDER BY account_id, igsid
    ON CONFLICT (account_id, igsid) DO UPDATE SET
        arrivals = l.arrivals + 1,
        due_at = greatest(least(coalesce(l.due_at, EXCLUDED.due_at), EXCLUDED.due_at),
            CASE WHEN l.free_at <= $2 + interval '1 s' THEN l.free_at END)
), history AS (
    INSERT INTO message (account_id, igsid, at, direction, author, kind, mid, text, attachments, payload, outbox_id,
        test, deleted_at, edits, reason, rule, digest, considered, decided_at, matched, rank, variant, withheld,
        observers, answered_with)
    SELECT account_id, igsid, at, direction, author, kind, mid, text, attachments, payload, NULL::bigint,
        test, deleted_at, edits, reason, rule, digest, considered, CASE WHEN reason IS NOT NULL THEN $2 END, matched,
        rank, variant, withheld, observers, answered_with
    FROM json_to_recordset($7) AS g (account_id text, igsid text, event_key uuid, at timestamptz, direction text,
        author text, kind text, mid text, text text, attachments jsonb, payload text, test boolean,
        deleted_at timestamptz, edits smallint, reason text, rule text, digest text, considered jsonb, matched text,
        rank int[], variant text, withheld text, observers text[], answered_with text)
    JOIN settled USING (account_id, event_key)
    UNION ALL
    SELECT account_id, igsid, decided_at, 'out', 'bot', coalesce(body #>> '{attachment,type}', 'text'), NULL,
        body ->> 'text', CASE WHEN body ? 'attachment' THEN jsonb_build_array(body -> 'attachment') END, NULL,
        outbox_id, test, NULL, 0, NULL, rule, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM replies
), facts AS (
    UPDATE outbox o SET echoed_at = coalesce(o.echoed_at, g.echoed_at), seen_at = coalesce(o.seen_at, g.seen_at)
    FROM json_to_recordset($8) AS g (account_id text, igsid text, mid text, outbox_id bigint, echoed_at timestamptz,
        seen_at timestamptz)
    JOIN mine USING (account_id, igsid)
    WHERE (o.account_id, o.mid) = (g.account_id, g.mid) AND g.outbox_id IS NULL AND o.status = 'sent'
)
SELECT mine.account_id, mine.igsid, (SELECT count(*) FROM replies r
    WHERE (r.account_id, r.igsid) = (mine.account_id, mine.igsid)) AS replies, (SELECT count(*) FROM calls) AS calls
FROM mine CROSS JOIN (SELECT set_config('synchronous_commit', 'off', true)) AS soft
"""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the number of replies queued by (account_id, igsid), and of calls asked for in all."""

    replies: dict[tuple[str, str], int]
    calls: int


async def settle(conn: "asyncpg.Connection[Any]", turns: Sequence[Turn], *, process_id: int, now: datetime) -> Written:
    """Write the turns.

    A conversation whose lease was lost, or whose claim had looked too early, is not in what comes back, and nothing of
    its turn was written.
    """
    found = await conn.fetch(
        SETTLE,
        json.dumps([rows.lane(turn) for turn in turns]),
        now,
        process_id,
        json.dumps([row for turn in turns for row in rows.settled(turn)]),
        json.dumps([rows.talk(turn, now) for turn in turns if turn.messages or turn.pause or turn.resumed]),
        json.dumps([r | {"place": place} for place, r in enumerate(r for turn in turns for r in rows.replies(turn))]),
        json.dumps([row for turn in turns for row in rows.messages(turn)]),
        json.dumps([row for turn in turns for row in rows.facts(turn)]),
        json.dumps([row for turn in turns for row in rows.calls(turn)]),
        json.dumps([row for turn in turns for row in rows.given_up(turn)]),
        json.dumps([row for turn in turns for row in rows.uses(turn)]),
    )
    replies = {(row["account_id"], row["igsid"]): row["replies"] for row in found}
    return Written(replies, max((row["calls"] for row in found), default=0))
