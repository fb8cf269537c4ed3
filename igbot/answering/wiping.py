"""Wipe a message that its author took back: all that is stored of it but the fact, and replies that have not left."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from igbot.meta.echoes import plain_words
from igbot.meta.events import AccountId, Mid
from igbot.meta.keys import message_keys
from igbot.outbox.withdrawn import NOTHING, REASON, wipe_said

# The message, whoever wrote it, and the line that it was answered together with. A reaction has the mid it is about.
FIND = """
SELECT igsid, text, author = 'customer' AS asked, answered_with FROM message
WHERE (account_id, mid) = ($1, $2) AND kind <> 'reaction'
UNION ALL
SELECT igsid, '', false, NULL FROM outbox WHERE (account_id, mid) = ($1, $2)
"""

# What still waits to be worked on is wiped when it is; "pending" must keep its bytes until then.
WIPE_EVENTS = """
UPDATE inbox SET raw = NULL, error = NULL
WHERE account_id = $1 AND event_key = ANY ($2) AND status <> 'pending' AND (raw IS NOT NULL OR error IS NOT NULL)
"""

WIPE_EDITS = """
UPDATE inbox SET raw = NULL WHERE (account_id, mid) = ($1, $2) AND kind = 'edit' AND status <> 'pending'
"""

# Archiving has the conversation's row while it moves its messages.
HOLD = """
SELECT FROM conversation WHERE account_id = $1 AND igsid = ANY ($2) ORDER BY igsid FOR UPDATE
"""

WIPE_MESSAGE = """
UPDATE message SET text = '', attachments = NULL, payload = NULL, considered = NULL, matched = NULL,
    deleted_at = coalesce(deleted_at, $3)
WHERE (account_id, mid) = ($1, $2) AND kind <> 'reaction'
"""

# Of lines that were answered as one the last has the details, which may quote any of them.
WIPE_DECISION = """
UPDATE message SET considered = NULL, matched = NULL
WHERE account_id = $1 AND mid = ANY ($2) AND direction = 'in' AND kind <> 'reaction'
"""

# named:     replies to it, and our own message that was taken back. OFFSET: each is looked up by its key, whatever the
#            planner believes of the table.
# held:      those of them that have not left. What is in flight, or may be, is the sender's: it is marked
#            (`outbox.withdrawn`), and ends by what comes of its call.
# (result):  what waited is cancelled, and nothing of what they say is kept.
WIPE_REPLIES = """
WITH named AS MATERIALIZED (
    SELECT o.outbox_id FROM unnest($2::uuid[]) AS g (key) CROSS JOIN LATERAL (
        SELECT outbox_id FROM outbox o WHERE (o.account_id, o.for_key) = ($1, g.key) OFFSET 0) o
    UNION SELECT outbox_id FROM outbox WHERE (account_id, mid) = ($1, $3)
), held AS (
    SELECT o.account_id, o.outbox_id, o.status, o.status IN ('sending', 'unknown') AS in_flight
    FROM (SELECT outbox_id FROM named ORDER BY outbox_id) n CROSS JOIN LATERAL (
        SELECT account_id, outbox_id, status FROM outbox o
        WHERE (o.account_id, o.outbox_id) = ($1, n.outbox_id) AND (o.status <> 'sent' OR o.mid = $3) FOR UPDATE) o
)
UPDATE outbox o SET body = CASE WHEN in_flight THEN o.body ELSE $4::jsonb END,
    expires_at = CASE held.status WHEN 'sent' THEN o.expires_at ELSE '-infinity' END,
    status = CASE held.status WHEN 'queued' THEN 'cancelled' ELSE held.status END,
    reason = CASE held.status WHEN 'queued' THEN $5 ELSE o.reason END,
    finished_at = CASE held.status WHEN 'queued' THEN $6::timestamptz ELSE o.finished_at END
FROM held WHERE (o.account_id, o.outbox_id) = (held.account_id, held.outbox_id)
RETURNING o.account_id, o.igsid, o.outbox_id, o.decided_at, in_flight, held.status = 'queued' AS cancelled,
    CASE held.status WHEN 'sent' THEN $7::timestamptz END AS deleted_at
"""

WIPE_CALLS = """
UPDATE service_call SET body = '{}', answer = NULL, finished_at = coalesce(finished_at, $3), ok = coalesce(ok, false),
    why = CASE WHEN finished_at IS NULL THEN $4 ELSE why END, lease_by = NULL, lease_until = NULL
WHERE account_id = $1 AND for_key = ANY ($2) AND kind = 'service'
"""

FORGET_FACTS = """
UPDATE conversation SET memory = jsonb_set(memory, '{facts}', (memory -> 'facts') - $3::text[])
WHERE account_id = $1 AND igsid = ANY ($2) AND memory ? 'facts'
"""

# The next reply, if any, need not wait for when the cancelled one was due.
PASS_ON = """
UPDATE outbox_lane l SET arrivals = l.arrivals + 1, due_at = greatest(least(l.due_at, $3), l.free_at)
WHERE l.account_id = $1 AND l.igsid = ANY ($2) AND l.due_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Wiped:
    """How many replies were cancelled, and which facts about the customer quoted the message."""

    cancelled: int
    facts: frozenset[str]


async def wipe(
    conn: "asyncpg.Connection[Any]",
    account_id: AccountId,
    mid: Mid,
    *,
    at: datetime,
    facts: Mapping[str, str],
    now: datetime,
) -> Wiped:
    """Wipe the message `mid`, taken back at `at`, whoever wrote it; live or archived, or never seen.

    `facts` are those remembered of the customer: what quotes the message is forgotten. In one transaction, which locks
    in the order of all others: events, the conversation, replies, lanes.
    """
    async with conn.transaction():
        found = await conn.fetch(FIND, account_id, mid)
        joined = [row["answered_with"] for row in found if row["answered_with"]]
        keys = list(_keys(account_id, [mid]))
        igsids = sorted({row["igsid"] for row in found})
        await conn.execute(WIPE_EVENTS, account_id, keys)
        await conn.execute(WIPE_EDITS, account_id, mid)
        await conn.execute(HOLD, account_id, igsids)
        await conn.execute(WIPE_MESSAGE, account_id, mid, at)
        if joined:
            await conn.execute(WIPE_DECISION, account_id, joined)
        answered = [*keys, *_keys(account_id, joined)]
        replies = await conn.fetch(WIPE_REPLIES, account_id, answered, mid, NOTHING, REASON, now, at)
        await wipe_said(conn, [row for row in replies if not row["in_flight"]])
        await conn.execute(WIPE_CALLS, account_id, answered, now, REASON)
        asked = [row["text"] for row in found if row["asked"]]
        quoting = frozenset(name for name, fact in facts.items() if any(_quotes(fact, text) for text in asked))
        if quoting:
            await conn.execute(FORGET_FACTS, account_id, igsids, list(quoting))
        cancelled = [row["igsid"] for row in replies if row["cancelled"]]
        if cancelled:
            await conn.execute(PASS_ON, account_id, sorted(set(cancelled)), now)
    return Wiped(len(cancelled), quoting)


def _keys(account_id: AccountId, names: Iterable[str]) -> Iterable[uuid.UUID]:
    """The keys of the events of messages, which are named by their mids; one without a mid is named by its key."""
    for name in names:
        yield from (uuid.UUID(bytes=key) for key in message_keys(account_id, name))
        try:
            yield uuid.UUID(name)
        except ValueError:
            continue


def _quotes(fact: str, said: str) -> bool:
    """Whether one of the two is said in the other, word by word."""
    ours, theirs = (f" {plain_words(text).casefold()} " for text in (fact, said))
    return bool(ours.strip() and theirs.strip()) and (ours in theirs or theirs in ours)
