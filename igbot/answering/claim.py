"""Claim conversations that have something to work on, with all a turn needs to know, in one statement."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from igbot.meta.events import AccountId, Content, EventKind, Igsid, Mid
from igbot.meta.text import storable
from igbot.meta.webhook import read_content

LEASE = timedelta(seconds=60)
"""How long a claimed conversation belongs to its process; a dead process loses it at once (`store.processes`)."""

EVENTS_A_TURN = 100

# lane:   the longest-waiting conversations that nobody works on, of our accounts and of those that are nobody's.
# leased: theirs now. The outer query still sees the lane as it was in this statement's snapshot, `arrivals` too: an
#         event that lands meanwhile makes the two differ, and `settle` then leaves the lane ready.
# events: what is pending, in order of Meta's timestamp. An echo knows whether its mid is one of our sends.
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
    c.igsid IS NOT NULL AS known, c.customer_at, c.paused_until, c.paused_reason,
    pending.events,
    (SELECT coalesce(json_agg(m ORDER BY m.at, m.message_id), '[]') FROM (
        SELECT at, message_id, direction, author, kind, mid, text, rule FROM message m
        WHERE (m.account_id, m.igsid) = (lane.account_id, lane.igsid)
        ORDER BY at DESC, message_id DESC LIMIT 10) m) AS history,
    (SELECT coalesce(json_agg(o ORDER BY o.outbox_id), '[]') FROM (
        SELECT outbox_id, body ->> 'text' AS text FROM outbox o
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
                    SELECT FROM outbox o WHERE (o.account_id, o.mid) = (i.account_id, i.mid)) AS our_echo
            FROM inbox i
            WHERE (i.account_id, i.igsid) = (lane.account_id, lane.igsid) AND i.status = 'pending'
            ORDER BY i.event_at, i.inbox_id LIMIT $5) e) AS pending
    LEFT JOIN conversation c ON (c.account_id, c.igsid) = (lane.account_id, lane.igsid)
"""


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """One inbox row that waits to be worked on."""

    key: str
    kind: EventKind
    mid: Mid | None
    at: datetime
    received_at: datetime
    known_account: bool
    test: bool
    attempts: int
    our_echo: bool
    raw: str

    def content(self) -> Content:
        """What the event says, read out of its raw JSON."""
        return read_content(self.kind, self.raw.encode())


@dataclass(frozen=True, slots=True)
class PastMessage:
    """One of the last messages of the conversation, oldest first in a claim."""

    at: datetime
    direction: str
    author: str
    kind: str
    mid: str | None
    text: str
    rule: str | None


@dataclass(frozen=True, slots=True)
class OpenReply:
    """A reply of ours of which it is not (yet) known that Meta took it."""

    outbox_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One conversation, ours until the lease ends, with its pending events and its last ten messages."""

    account_id: AccountId
    igsid: Igsid
    arrivals: int
    known: bool
    customer_at: datetime | None
    paused_until: datetime | None
    paused_reason: str | None
    events: tuple[PendingEvent, ...]
    history: tuple[PastMessage, ...]
    open_replies: tuple[OpenReply, ...]
    said: frozenset[str]
    """Our words of the last day, white space made one, where an unknown echo has to be told apart from a person's."""


def plain_words(text: str) -> str:
    """`text` with its white space made one: Meta gives it back as it likes."""
    return " ".join(text.split())


async def claim_conversations(
    conn: "asyncpg.Connection[Any]", *, process_id: int, accounts: Sequence[AccountId], limit: int, now: datetime
) -> list[Claim]:
    """Up to `limit` conversations with pending events, the longest-waiting first, leased to `process_id`.

    Only those of `accounts`, and of accounts that no igbot on this database has: another's are not ours to answer.
    """
    rows = await conn.fetch(CLAIM, now, limit, process_id, now + LEASE, EVENTS_A_TURN, list(accounts))
    return [_claim(row) for row in rows]


def _claim(row: asyncpg.Record) -> Claim:
    return Claim(
        account_id=AccountId(row["account_id"]),
        igsid=Igsid(row["igsid"]),
        arrivals=row["arrivals"],
        known=row["known"],
        customer_at=row["customer_at"],
        paused_until=row["paused_until"],
        paused_reason=row["paused_reason"],
        events=tuple(_event(e) for e in json.loads(row["events"])),
        history=tuple(_past(m) for m in json.loads(row["history"])),
        open_replies=tuple(OpenReply(o["outbox_id"], o["text"]) for o in json.loads(row["open"])),
        said=frozenset(plain_words(text) for text in json.loads(row["said"] or "[]")),
    )


def _event(e: dict[str, Any]) -> PendingEvent:
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
    )


def _past(m: dict[str, Any]) -> PastMessage:
    return PastMessage(
        at=datetime.fromisoformat(m["at"]),
        direction=m["direction"],
        author=m["author"],
        kind=m["kind"],
        mid=m["mid"],
        text=m["text"],
        rule=m["rule"],
    )


# Another process that has the conversation by now meets the event itself, and counts it itself.
FAIL = """
WITH released AS (
    UPDATE inbox_lane SET lease_by = NULL, lease_until = NULL, ready_at = $7
    WHERE account_id = $1 AND igsid = $2 AND (lease_by IS NULL OR lease_by = $8)
    RETURNING account_id
), failed AS (
    UPDATE inbox SET attempts = attempts + 1, error = $4,
        status = CASE WHEN attempts + 1 >= $5 THEN 'dead' ELSE 'pending' END,
        settled_at = CASE WHEN attempts + 1 >= $5 THEN $6::timestamptz END
    FROM released
    WHERE inbox.account_id = $1 AND event_key = $3::uuid AND status = 'pending'
    RETURNING status
)
SELECT status FROM failed
"""

RELEASE = """
UPDATE inbox_lane SET lease_by = NULL, lease_until = NULL
FROM unnest($1::text[], $2::text[]) AS given (account_id, igsid)
WHERE (inbox_lane.account_id, inbox_lane.igsid) = (given.account_id, given.igsid) AND lease_by = $3
"""


RELEASE_ALL = """
WITH held AS (SELECT account_id, igsid FROM inbox_lane WHERE lease_by = $1 ORDER BY account_id, igsid FOR UPDATE)
UPDATE inbox_lane l SET lease_by = NULL, lease_until = NULL
FROM held WHERE (l.account_id, l.igsid) = (held.account_id, held.igsid)
"""


async def release_all(conn: "asyncpg.Connection[Any]", *, process_id: int) -> None:
    """Hand back what this process had claimed over a connection that broke: nobody is working on it."""
    await conn.execute(RELEASE_ALL, process_id)


async def release_claims(conn: "asyncpg.Connection[Any]", claims: Sequence[Claim], *, process_id: int) -> None:
    """Hand conversations back unworked, ready for whoever comes first."""
    await conn.execute(RELEASE, [c.account_id for c in claims], [c.igsid for c in claims], process_id)


async def fail_event(
    conn: "asyncpg.Connection[Any]",
    claim: Claim,
    event: PendingEvent,
    *,
    process_id: int,
    error: str,
    tries: int,
    now: datetime,
    again_at: datetime,
) -> str | None:
    """Count a failure against one event of a claim and hand the conversation back until `again_at`.

    Returns the event's status: `pending`, or `dead` after `tries` failures (the conversation then goes on). None, and
    nothing is written, where another process has the conversation by now.
    """
    status: str | None = await conn.fetchval(
        FAIL, claim.account_id, claim.igsid, event.key, storable(error[:2000]), tries, now, again_at, process_id
    )
    return status
