"""Claim the replies that are due: at most one a conversation, the oldest, so that order holds by construction, and of
each account no more than it may send now."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import asyncpg

from igbot.meta.events import AccountId, Igsid
from igbot.meta.outgoing import Outgoing, from_stored
from igbot.outbox.claimed import TAKEN_OVER, Claimed, ClaimedReply, Known, Room, Step
from igbot.outbox.gate import CLOCKS_DIFFER, MOST_OWED, SLOW_PERCENT, SLOWED, USAGE_COUNTS, BucketName, Usage, budget
from igbot.outbox.verdict import LOST, RETRIED
from igbot.settings.model import Rates

LEASE = timedelta(seconds=90)
"""Longer than a call may take (`graph.TIMEOUT`); after it the reply counts as lost on the way."""
PROBE = timedelta(seconds=45)
"""Longer than the probe of an outage takes; after it another may be made."""

# gate:    the accounts that may send now and have something due, each with how many calls its buckets allow
#          (`gate.Bucket`) at the rates that hold. Their rows stay locked, in the order of their keys: what is counted
#          here is charged below before anybody else counts. One that may be tried again after an outage, or after it
#          was stopped, is tried with one call (`probing`). "Something due" is no EXISTS, and asks for the first: else
#          the planner would read all that is due, or all there is. What lies further ahead than it can (`spent_until`,
#          below `free_at`) was written before the clock went back, and counts for nothing.
# lane:    the conversations whose oldest open reply is due, the longest-waiting first, of each account and bucket. They
#          are asked for by name: a backlog that may not go is not even read. As an array, for of one the planner takes
#          it that it is short: of so many rows behind a LIMIT it would read whole tables to join them.
# head:    that reply, with what is to be done: policy is checked here, once more, right before the call. What a person
#          has answered stays answered, also once the pause is over. `arrivals` is read in this statement's snapshot
#          (`seen`): a reply that is queued meanwhile makes it differ, see `finish`.
# placed:  which of those that would be called come first.
# let:     what a bucket does not allow waits in it (`short`), and does not come up again before it does.
# begun:   replies to send are marked before the call, so that a crash in between leaves a trace. One that another
#          process has sent, or was sending, when this statement began to look (`seen`) waits for the next look; so does
#          one whose row is held just now, for whoever holds it may wait for the lane.
#          "Still queued" is said as "still what it was": the literal would have the planner read all of `outbox_open`.
#          One before which typing shows is put off once, and then sent like any other: nothing depends on the typing.
# step:    what is really done.
# leased:  the lanes of those; the others are handed back at once, due when their turn comes. One whose reply's row is
#          held lets others go before: else whoever holds a few, and stands still, would hold up all.
# charged: the calls are paid for.
CLAIM = """
WITH gate AS MATERIALIZED (
    SELECT a.*, allowed.*, least(allowed.media, allowed.texts) AS media_texts
    FROM (
        SELECT a.account_id, a.usage_percent, a.usage_at,
            CASE WHEN a.text_spent_until <= most.text THEN a.text_spent_until END AS text_spent_until,
            CASE WHEN a.media_spent_until <= most.media THEN a.media_spent_until END AS media_spent_until,
            CASE WHEN a.look_ups_spent_until <= most.look_ups THEN a.look_ups_spent_until END AS look_ups_spent_until,
            may.room, may.text / pace.times AS text, may.media / pace.times AS media_rate,
            may.look_ups AS look_ups_rate, may.customer, a.outage_at IS NOT NULL OR a.halted_at IS NOT NULL AS probing,
            a.rate_waits > 0 OR a.failing <> '{}' OR a.outage_at IS NOT NULL OR a.halted_at IS NOT NULL AS marked
        FROM unnest($5::text[], $6::int[], $7::float8[], $8::float8[], $9::float8[], $10::float8[])
            AS may (account_id, room, text, media, customer, look_ups)
        JOIN account a ON a.account_id = may.account_id
        CROSS JOIN LATERAL (SELECT CASE WHEN a.usage_percent >= $12 AND a.usage_at > $13 THEN $14::float8 ELSE 1 END
            AS times) pace
        CROSS JOIN LATERAL (SELECT
            $1::timestamptz + $16::interval + $15::float8
                * make_interval(secs => greatest(0.05, pace.times / may.text)) AS text,
            $1 + $16 + $15 * make_interval(secs => greatest(0.05, pace.times / may.media)) AS media,
            $1 + $16 + $15 * make_interval(secs => greatest(0.05, 1 / may.look_ups)) AS look_ups) most
        WHERE (a.halted_at IS NULL OR a.halted_until <= $1) AND a.paused_at IS NULL
            AND (a.send_after IS NULL OR a.send_after <= $1) AND (a.probe_until IS NULL OR a.probe_until <= $1)
            AND (SELECT true FROM (VALUES ('text'), ('media'), ('look_ups')) AS b (bucket) CROSS JOIN LATERAL (
                SELECT FROM outbox_lane l WHERE l.account_id = a.account_id AND l.bucket = b.bucket AND l.due_at <= $1
                    AND (l.lease_until IS NULL OR l.lease_until < $1) ORDER BY l.due_at LIMIT 1) l LIMIT 1)
        ORDER BY a.account_id FOR UPDATE OF a) a
    CROSS JOIN LATERAL (
        SELECT max(calls) FILTER (WHERE name = 'text') AS texts, max(calls) FILTER (WHERE name = 'media') AS media,
            max(calls) FILTER (WHERE name = 'look_ups') AS look_ups
        FROM (
            SELECT name, greatest(0, floor(greatest(1, rate * 0.05)
                - rate * greatest(0, extract(epoch FROM spent_until - $1)::float8) + 1e-6)) AS calls
            FROM (VALUES ('text', a.text, a.text_spent_until), ('media', a.media_rate, a.media_spent_until),
                ('look_ups', a.look_ups_rate, a.look_ups_spent_until)) AS bucket (name, rate, spent_until)) each
    ) allowed
), lane AS (
    SELECT g.account_id, each.igsid, b.bucket FROM gate g
    CROSS JOIN LATERAL (VALUES ('text', g.texts), ('media', g.media_texts), ('look_ups', g.look_ups))
        AS b (bucket, calls)
    CROSS JOIN LATERAL unnest(ARRAY(
        SELECT l.igsid FROM outbox_lane l
        WHERE l.account_id = g.account_id AND l.bucket = b.bucket AND l.due_at <= $1
            AND (l.lease_until IS NULL OR l.lease_until < $1)
        ORDER BY l.due_at LIMIT least(b.calls, g.room, CASE WHEN g.probing THEN 1 END)::bigint
        FOR UPDATE SKIP LOCKED)) AS each (igsid)
), head AS (
    SELECT lane.account_id, lane.igsid, seen.due_at AS lane_due_at, lane.bucket, seen.arrivals, free.at AS free_at,
        o.outbox_id, o.body, o.status, o.attempts, o.unanswered, o.reason, o.code, o.subcode,
        o.most_calls, o.sending_at, o.rule,
        o.for_mid, o.test, o.decided_at, c.cancel_reason, o.body ? 'attachment' AS has_media,
        CASE WHEN o.typing AND o.due_at <= $1 THEN $1 + o.delay_ms * interval '1 ms' ELSE o.due_at END AS due_at,
        CASE
            WHEN o.outbox_id IS NULL THEN NULL
            WHEN o.status = 'sending' THEN CASE WHEN seen.lease_until >= $1 THEN 'wait' ELSE 'lost' END
            WHEN o.due_at > $1 THEN 'wait'
            WHEN NOT o.despite_pause AND c.cancel_before >= o.decided_at AND o.status = 'queued' THEN 'cancel'
            WHEN o.status = 'unknown' THEN 'settle'
            WHEN c.blocked_at >= o.decided_at THEN 'block'
            WHEN o.expires_at - $11::interval <= $1 THEN 'expire'
            WHEN free.at > $1 THEN 'wait'
            WHEN o.typing THEN 'type'
            ELSE 'send'
        END AS step
    FROM lane
    JOIN outbox_lane seen USING (account_id, igsid)
    JOIN gate USING (account_id)
    CROSS JOIN LATERAL (SELECT CASE WHEN seen.free_at <= $1 + $16 + make_interval(secs => 1 / gate.customer)
        THEN seen.free_at END AS at) free
    LEFT JOIN conversation c USING (account_id, igsid)
    LEFT JOIN LATERAL (
        SELECT * FROM outbox o
        WHERE (o.account_id, o.igsid) = (lane.account_id, lane.igsid) AND o.status IN ('queued', 'sending', 'unknown')
        ORDER BY o.outbox_id LIMIT 1) o ON true
), placed AS (
    SELECT head.*, count(*) FILTER (WHERE step IN ('send', 'settle')) OVER turn AS calls,
        count(*) FILTER (WHERE step = 'send') OVER turn AS texts,
        count(*) FILTER (WHERE step = 'send' AND has_media) OVER turn AS media,
        count(*) FILTER (WHERE step = 'settle') OVER turn AS look_ups
    FROM head WINDOW turn AS (PARTITION BY account_id ORDER BY lane_due_at, igsid ROWS UNBOUNDED PRECEDING)
), let AS (
    SELECT p.*, g.customer, CASE
        WHEN p.step = 'send' AND p.has_media AND p.media > g.media THEN 'media'
        WHEN p.step = 'settle' AND p.look_ups > g.look_ups THEN 'look_ups'
        WHEN p.step = 'send' AND p.texts > g.texts THEN p.bucket
        WHEN p.step IN ('send', 'settle') AND g.probing AND p.calls > 1 THEN p.bucket
    END AS short
    FROM placed p JOIN gate g USING (account_id)
), begun AS (
    UPDATE outbox o SET typing = false, due_at = let.due_at,
        status = CASE let.step WHEN 'send' THEN 'sending' ELSE o.status END,
        attempts = o.attempts + CASE let.step WHEN 'send' THEN 1 ELSE 0 END,
        sending_at = CASE let.step WHEN 'send' THEN $1 ELSE o.sending_at END
    FROM let JOIN LATERAL (
        SELECT free.outbox_id FROM outbox free
        WHERE (free.account_id, free.outbox_id, free.status) = (let.account_id, let.outbox_id, let.status)
        FOR UPDATE SKIP LOCKED) free ON free.outbox_id = let.outbox_id
    WHERE (o.account_id, o.outbox_id) = (let.account_id, let.outbox_id)
        AND let.step IN ('send', 'type') AND let.short IS NULL
    RETURNING o.account_id, o.outbox_id
), step AS (
    SELECT let.*, CASE
        WHEN short IS NOT NULL THEN 'wait'
        WHEN step IN ('send', 'type')
            AND (account_id, outbox_id) NOT IN (SELECT account_id, outbox_id FROM begun) THEN 'wait'
        ELSE step END AS done
    FROM let
), leased AS (
    UPDATE outbox_lane l SET lease_by = CASE WHEN s.done <> 'wait' THEN $3::bigint END,
        lease_until = CASE WHEN s.done <> 'wait' THEN $4::timestamptz END,
        free_at = CASE WHEN s.done = 'send' THEN $1 + make_interval(secs => 1 / s.customer)
            WHEN l.free_at <= $1 + $16 + make_interval(secs => 1 / s.customer) THEN l.free_at END,
        bucket = coalesce(s.short, 'text'),
        due_at = CASE WHEN l.arrivals <> s.arrivals THEN l.due_at WHEN s.step IS NULL THEN NULL
            WHEN s.step = 'wait' THEN greatest(s.due_at, s.free_at)
            WHEN s.done = 'wait' AND s.short IS NULL THEN $1 + interval '20 ms' ELSE l.due_at END
    FROM step s WHERE (l.account_id, l.igsid) = (s.account_id, s.igsid)
), charged AS (
    UPDATE account a SET
        text_spent_until = greatest(g.text_spent_until, $1) + make_interval(secs => paid.texts / g.text),
        media_spent_until = CASE WHEN paid.media = 0 THEN g.media_spent_until
            ELSE greatest(g.media_spent_until, $1) + make_interval(secs => paid.media / g.media_rate) END,
        look_ups_spent_until = CASE WHEN paid.look_ups = 0 THEN g.look_ups_spent_until
            ELSE greatest(g.look_ups_spent_until, $1) + make_interval(secs => paid.look_ups / g.look_ups_rate) END,
        probe_until = CASE WHEN g.probing THEN $2::timestamptz END
    FROM gate g JOIN (
        SELECT account_id, count(*) FILTER (WHERE done = 'send') AS texts,
            count(*) FILTER (WHERE done = 'send' AND has_media) AS media,
            count(*) FILTER (WHERE done = 'settle') AS look_ups
        FROM step WHERE done IN ('send', 'settle') GROUP BY account_id) paid USING (account_id)
    WHERE a.account_id = g.account_id
)
SELECT g.account_id AS gate, g.text_spent_until, g.media_spent_until,
    g.look_ups_spent_until, g.usage_percent, g.usage_at, g.probing, g.marked, left_over.buckets AS left_over, s.done,
    s.account_id, s.igsid, s.outbox_id, s.body, s.has_media, s.attempts, s.unanswered, s.reason, s.code, s.subcode,
    s.most_calls, s.sending_at, s.due_at, s.rule, s.for_mid, s.test, s.decided_at, s.arrivals, s.cancel_reason
FROM gate g
CROSS JOIN LATERAL (
    SELECT array_agg(b.bucket) AS buckets
    FROM (VALUES ('text', g.texts), ('media', g.media_texts), ('look_ups', g.look_ups)) AS b (bucket, calls)
    WHERE NOT g.probing AND b.calls < g.room AND (
        EXISTS (SELECT FROM step s WHERE (s.account_id, s.short) = (g.account_id, b.bucket))
        OR CASE WHEN b.calls > 0
            THEN b.calls <= (SELECT count(*) FROM lane l WHERE (l.account_id, l.bucket) = (g.account_id, b.bucket))
            ELSE (SELECT true FROM outbox_lane l
                WHERE l.account_id = g.account_id AND l.bucket = b.bucket AND l.due_at <= $1
                    AND (l.lease_until IS NULL OR l.lease_until < $1) ORDER BY l.due_at LIMIT 1) END)) left_over
LEFT JOIN step s ON s.account_id = g.account_id AND s.done <> 'wait'
ORDER BY g.account_id
"""


async def claim_replies(
    conn: "asyncpg.Connection[Any]",
    *,
    process_id: int,
    rooms: Sequence[Room],
    margin: timedelta,
    now: datetime,
) -> Claimed:
    """Due replies of these accounts, each of another conversation, leased to `process_id`.

    Of each account at most about as many as there is room for. `margin` is how long before the end of the window a
    reply counts as too late.
    """
    rows = await conn.fetch(
        CLAIM,
        now,
        now + PROBE,
        process_id,
        now + LEASE,
        [room.account_id for room in rooms],
        [room.calls for room in rooms],
        [room.rates.text for room in rooms],
        [room.rates.media for room in rooms],
        [room.rates.customer for room in rooms],
        [room.rates.look_ups for room in rooms],
        margin,
        SLOW_PERCENT,
        now - USAGE_COUNTS,
        SLOWED,
        MOST_OWED,
        CLOCKS_DIFFER,
    )
    rates = {room.account_id: room.rates for room in rooms}
    looks = [
        _again_at(list(each), rates[AccountId(gate)], now) for gate, each in groupby(rows, key=lambda row: row["gate"])
    ]
    replies = [_claimed(row, now) for row in rows if row["done"] is not None]
    return Claimed(replies, min((look for look in looks if look is not None), default=None))


def _again_at(rows: list[asyncpg.Record], rates: Rates, now: datetime) -> datetime | None:
    gate = rows[0]
    left_over: list[BucketName] = gate["left_over"] or []
    if not left_over:
        return None
    calls = Counter(row["done"] for row in rows)
    media = sum(row["done"] == "send" and row["has_media"] for row in rows)
    before = budget(
        rates,
        Usage(gate["usage_percent"], gate["usage_at"]),
        text=gate["text_spent_until"],
        media=gate["media_spent_until"],
        look_ups=gate["look_ups_spent_until"],
        now=now,
    )
    return before.spend(now, texts=calls["send"], media=media, look_ups=calls["settle"]).opens_at(left_over, now)


def _claimed(row: asyncpg.Record, now: datetime) -> ClaimedReply:
    step: Step = row["done"]
    try:
        message = from_stored(json.loads(row["body"]))
    except (ValueError, KeyError, TypeError):  # one bad row must not take its neighbours with it
        step, message = "unreadable", Outgoing("")
    return ClaimedReply(
        account_id=AccountId(row["account_id"]),
        igsid=Igsid(row["igsid"]),
        outbox_id=row["outbox_id"],
        step=step,
        message=message,
        attempts=row["attempts"],
        unanswered=row["unanswered"],
        lost=row["reason"] == LOST,
        retries=(row["code"], row["subcode"]) if row["reason"] == RETRIED else None,
        most_calls=row["most_calls"],
        sending_at=row["sending_at"],
        due_at=row["due_at"],
        rule=row["rule"],
        for_mid=row["for_mid"],
        test=row["test"],
        decided_at=row["decided_at"],
        arrivals=row["arrivals"],
        why=row["cancel_reason"] or TAKEN_OVER,
        known=Known(
            marked=row["marked"],
            usage=Usage(row["usage_percent"], row["usage_at"]),
            probe=now + PROBE if row["probing"] and step in ("send", "settle", "unreadable") else None,
        ),
    )
