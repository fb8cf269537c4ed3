"""Write what turns came to: history, decisions, replies, facts and the settled inbox rows, in one statement.

One statement is one transaction: a conversation's turn is written whole or not at all, and not at all where its lease
was lost meanwhile.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from igbot.answering.turn import NewMessage, NewReply, Turn
from igbot.meta.outgoing import to_stored
from igbot.rules.model import Choice

# held:     the lanes whose lease is still ours; everything below belongs to one of them. Whoever locks several rows
#           does so in the order of their keys (the receiver too), or two would wait for each other.
#           LATERAL: one by one, by their keys, also where the planner believes that the table is empty.
# mine:     those lanes, released. One in which something arrived since the claim stays ready.
# settled:  the events worked on. Their raw bytes stay for a while. One that was settled before is not told again: a
#           claim may have looked just before another process settled the same conversation. "Pending" is said as "not
#           settled": by the status the planner would read all of `inbox_pending` for each event.
# talk:     the conversation, made or moved on; its last time never goes back, a new message ends its being archived.
# replies:  the outbox rows, in order; an event that was decided before (`for_key`) is never decided twice.
# proven:   replies that a fact proves sent, although the answer to the call is not known (yet).
# own:      they are sent now; where the answer has just come, it only learns of its echo.
# lanes:    the sender's lanes of the conversations in which one of these two changed.
# facts:    echoed and seen on replies known by their mid.
# soft:     the commit waits for no disk. All of it follows from inbox rows that are durable and settled only here: a
#           crash of PostgreSQL undoes it whole, and it is decided anew. A reply is called out only after a commit that
#           does wait (`outbox.claim`) and takes this one to the disk with it.
SETTLE = """
WITH held AS (
    SELECT g.* FROM (
        SELECT * FROM json_to_recordset($1) AS g (account_id text, igsid text, arrivals bigint, again_at timestamptz)
        ORDER BY account_id, igsid) g
    JOIN LATERAL (
        SELECT l.igsid FROM inbox_lane l
        WHERE (l.account_id, l.igsid) = (g.account_id, g.igsid) AND l.lease_by = $3 FOR UPDATE) l ON l.igsid = g.igsid
), mine AS (
    UPDATE inbox_lane l SET lease_by = NULL, lease_until = NULL,
        ready_at = CASE WHEN l.arrivals = held.arrivals THEN held.again_at ELSE least(l.ready_at, $2) END
    FROM held WHERE (l.account_id, l.igsid) = (held.account_id, held.igsid) AND l.lease_by = $3
    RETURNING l.account_id, l.igsid
), settled AS (
    UPDATE inbox i SET status = 'done', settled_at = $2, error = NULL
    FROM json_to_recordset($4) AS g (account_id text, igsid text, event_key uuid), mine
    WHERE (i.account_id, i.event_key) = (g.account_id, g.event_key) AND i.settled_at IS NULL
        AND (mine.account_id, mine.igsid) = (g.account_id, g.igsid)
    RETURNING i.account_id, i.event_key
), talk AS (
    INSERT INTO conversation AS c (account_id, igsid, started_at, last_at, customer_at,
        paused_at, paused_until, paused_reason, test)
    SELECT account_id, igsid, first_at, last_at, customer_at,
        CASE WHEN paused_until IS NOT NULL THEN $2 END, paused_until, paused_reason, test
    FROM json_to_recordset($5) AS g (account_id text, igsid text, first_at timestamptz, last_at timestamptz,
        customer_at timestamptz, paused_until timestamptz, paused_reason text, test boolean)
    JOIN mine USING (account_id, igsid)
    ORDER BY account_id, igsid
    ON CONFLICT (account_id, igsid) DO UPDATE SET
        started_at = least(c.started_at, EXCLUDED.started_at),
        last_at = greatest(c.last_at, EXCLUDED.last_at),
        customer_at = greatest(c.customer_at, EXCLUDED.customer_at),
        paused_at = coalesce(EXCLUDED.paused_at, c.paused_at),
        paused_until = coalesce(EXCLUDED.paused_until, c.paused_until),
        paused_reason = coalesce(EXCLUDED.paused_reason, c.paused_reason),
        archived_at = NULL,
        test = c.test OR EXCLUDED.test
), replies AS (
    INSERT INTO outbox (account_id, igsid, for_key, for_mid, part, body, rule, digest, despite_pause,
        decided_at, expires_at, due_at, test)
    SELECT g.account_id, igsid, for_key, for_mid, part, body, rule, digest, despite_pause, $2, expires_at, $2, test
    FROM json_to_recordset($6) AS g (place int, account_id text, igsid text, for_key uuid, for_mid text, part smallint,
        body jsonb, rule text, digest text, despite_pause boolean, expires_at timestamptz, test boolean)
    JOIN settled ON (settled.account_id, settled.event_key) = (g.account_id, g.for_key)
    ORDER BY place
    ON CONFLICT (account_id, for_key, part) DO NOTHING
    RETURNING account_id, igsid, outbox_id, for_key, part, body, rule, test
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
    SELECT account_id, igsid, $2::timestamptz FROM (
        SELECT account_id, igsid FROM replies UNION SELECT account_id, igsid FROM own) touched
    ORDER BY account_id, igsid
    ON CONFLICT (account_id, igsid) DO UPDATE SET
        arrivals = l.arrivals + 1, due_at = least(coalesce(l.due_at, EXCLUDED.due_at), EXCLUDED.due_at)
), history AS (
    INSERT INTO message (account_id, igsid, at, direction, author, kind, mid, text, attachments, payload, outbox_id,
        test, reason, rule, digest, considered, decided_at)
    SELECT account_id, igsid, at, direction, author, kind, mid, text, attachments, payload, NULL::bigint,
        test, reason, rule, digest, considered, CASE WHEN reason IS NOT NULL THEN $2 END
    FROM json_to_recordset($7) AS g (account_id text, igsid text, event_key uuid, at timestamptz, direction text,
        author text, kind text, mid text, text text, attachments jsonb, payload text, test boolean, reason text,
        rule text, digest text, considered jsonb)
    JOIN settled USING (account_id, event_key)
    UNION ALL
    SELECT account_id, igsid, $2::timestamptz, 'out', 'bot', 'text', NULL, body ->> 'text', NULL, NULL, outbox_id,
        test, NULL, rule, NULL, NULL, NULL FROM replies
), facts AS (
    UPDATE outbox o SET echoed_at = coalesce(o.echoed_at, g.echoed_at), seen_at = coalesce(o.seen_at, g.seen_at)
    FROM json_to_recordset($8) AS g (account_id text, igsid text, mid text, outbox_id bigint, echoed_at timestamptz,
        seen_at timestamptz)
    JOIN mine USING (account_id, igsid)
    WHERE (o.account_id, o.mid) = (g.account_id, g.mid) AND g.outbox_id IS NULL AND o.status = 'sent'
)
SELECT mine.account_id, mine.igsid, (SELECT count(*) FROM replies r
    WHERE (r.account_id, r.igsid) = (mine.account_id, mine.igsid)) AS replies
FROM mine CROSS JOIN (SELECT set_config('synchronous_commit', 'off', true)) AS soft
"""


async def settle(
    conn: "asyncpg.Connection[Any]", turns: Sequence[Turn], *, process_id: int, now: datetime
) -> dict[tuple[str, str], int]:
    """Write the turns.

    Returns the number of replies queued by (account_id, igsid); a conversation whose lease was lost is not in it, and
    nothing of its turn was written.
    """
    rows = await conn.fetch(
        SETTLE,
        json.dumps([_lane(turn) for turn in turns]),
        now,
        process_id,
        json.dumps([_key(turn) | {"event_key": event.key} for turn in turns for event in turn.settled]),
        json.dumps([_talk(turn, now) for turn in turns if turn.messages]),
        json.dumps([r | {"place": place} for place, r in enumerate(_reply(t, r) for t in turns for r in t.replies)]),
        json.dumps([_message(turn, message) for turn in turns for message in turn.messages]),
        json.dumps([fact for turn in turns for fact in _facts(turn)]),
    )
    return {(row["account_id"], row["igsid"]): row["replies"] for row in rows}


def _key(turn: Turn) -> dict[str, Any]:
    return {"account_id": turn.claim.account_id, "igsid": turn.claim.igsid}


def _lane(turn: Turn) -> dict[str, Any]:
    again_at = turn.again_at.isoformat() if turn.again_at else None
    return _key(turn) | {"arrivals": turn.claim.arrivals, "again_at": again_at}


def _talk(turn: Turn, now: datetime) -> dict[str, Any]:
    times = [message.at for message in turn.messages]
    return _key(turn) | {
        "first_at": min(times).isoformat(),
        "last_at": max([*times, *([now] if turn.replies else [])]).isoformat(),
        "customer_at": turn.customer_at.isoformat() if turn.customer_at else None,
        "paused_until": turn.pause.until.isoformat() if turn.pause else None,
        "paused_reason": turn.pause.reason if turn.pause else None,
        "test": any(message.test for message in turn.messages),
    }


def _message(turn: Turn, message: NewMessage) -> dict[str, Any]:
    content, choice = message.content, message.choice
    attachments = [{"type": a.type, "url": a.url, "title": a.title} for a in content.attachments]
    return _key(turn) | {
        "event_key": message.key,
        "at": message.at.isoformat(),
        "direction": message.direction,
        "author": message.author,
        "kind": content.kind if content.kind != "echo" else "text",
        "mid": content.mid,
        "text": content.text,
        "attachments": attachments or None,
        "payload": content.payload,
        "test": message.test,
        "reason": message.reason,
        "rule": choice.rule if choice else None,
        "digest": choice.digest if choice else None,
        "considered": _considered(choice) if choice else None,
    }


def _considered(choice: Choice) -> list[dict[str, Any]]:
    return [
        {"rule": c.rule, "fits": c.fits, "because": c.because, "order": list(c.order) if c.order else None}
        for c in choice.considered
    ]


def _facts(turn: Turn) -> list[dict[str, Any]]:
    """What Meta told of our replies, one row a reply: a statement changes a row only once."""
    told: dict[str, dict[str, Any]] = {}
    for fact in turn.facts:
        row = told.setdefault(fact.mid, _key(turn) | {"mid": fact.mid, "outbox_id": None})
        row.setdefault(f"{fact.what}_at", fact.at.isoformat())
        row["outbox_id"] = row["outbox_id"] or fact.outbox_id
    return list(told.values())


def _reply(turn: Turn, reply: NewReply) -> dict[str, Any]:
    return _key(turn) | {
        "for_key": reply.for_key,
        "for_mid": reply.for_mid,
        "part": reply.part,
        "body": to_stored(reply.message),
        "rule": reply.choice.rule,
        "digest": reply.choice.digest,
        "despite_pause": reply.despite_pause,
        "expires_at": reply.expires_at.isoformat(),
        "test": reply.test,
    }
