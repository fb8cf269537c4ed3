"""Conversations as people read them: the list, one with its messages, the decision on one message."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import asyncpg

from igbot.rules.deciding.asking_back import RULE_PAYLOAD

Which = Literal["live", "archived", "all"]

LIST = """
SELECT c.account_id AS account, c.igsid, c.profile ->> 'username' AS username,
    CASE WHEN c.opted_out_at IS NOT NULL THEN 'opted_out'
        WHEN c.paused_until > $4 THEN 'paused' ELSE 'open' END AS state,
    CASE WHEN c.paused_until > $4 THEN c.paused_until END AS paused_until,
    c.last_at, c.archived_at,
    (SELECT count(*) FROM message m WHERE (m.account_id, m.igsid) = (c.account_id, c.igsid)) AS messages,
    c.test
FROM conversation c
WHERE ($1 = 'all' OR ($1 = 'archived') = (c.archived_at IS NOT NULL)) AND ($2::text IS NULL OR c.igsid = $2)
ORDER BY c.last_at DESC
LIMIT $3
"""

# A message before the customer's latest archiving lies in the other partition; the same query reaches both.
MESSAGES = """
SELECT m.direction, m.mid AS in_mid, o.mid AS out_mid, m.kind, m.text, m.at, m.author, m.rule, m.reason, m.test,
    m.deleted_at, CASE WHEN m.direction = 'in' THEN 'received' ELSE coalesce(o.status, 'sent') END AS status,
    o.echoed_at, o.seen_at
FROM message m LEFT JOIN outbox o ON (o.account_id, o.outbox_id) = (m.account_id, m.outbox_id)
WHERE m.account_id = $1 AND m.igsid = $2
ORDER BY m.at, m.message_id
"""

DECISION = """
SELECT m.account_id, m.igsid, m.mid, m.kind, m.text, m.at, m.reason, m.rule, m.digest, m.considered, m.decided_at,
    m.test, m.matched, m.rank, m.variant, m.withheld, m.observers, m.answered_with,
    m.rule IS NOT NULL AND EXISTS (SELECT FROM conversation c WHERE (c.account_id, c.igsid) = (m.account_id, m.igsid)
        AND c.paused_reason = 'handoff' -- it begins when the turn is taken, and that is written a moment later
        AND c.paused_at BETWEEN m.decided_at - interval '1 minute' AND m.decided_at)
        AND NOT EXISTS ( -- of messages that were decided together, no rule answers after the one that hands off
            SELECT FROM message n WHERE (n.account_id, n.igsid) = (m.account_id, m.igsid)
            AND n.decided_at = m.decided_at AND n.rule IS NOT NULL AND n.direction = 'in'
            AND n.message_id > m.message_id) AS handed_off,
    (SELECT coalesce(json_agg(r ORDER BY r.outbox_id), '[]') FROM (
        SELECT o.outbox_id, o.body, o.status, o.mid FROM outbox o
        WHERE (o.account_id, o.igsid) = (m.account_id, m.igsid)
            AND o.for_mid = coalesce(m.answered_with, m.mid)) r) AS replies
FROM message m
WHERE m.account_id = ANY ($1) AND m.mid = $2 AND m.direction = 'in'
ORDER BY m.reason IS NOT DISTINCT FROM 'standby' -- the copy of another app's side says least
LIMIT 1
"""


async def list_conversations(
    conn: "asyncpg.Connection[Any]", *, which: Which, limit: int, now: datetime, igsid: str | None = None
) -> list[dict[str, Any]]:
    """Conversations in the contract's shape (§8), the newest first."""
    return [dict(row) for row in await conn.fetch(LIST, which, igsid, limit, now)]


async def show_conversations(conn: "asyncpg.Connection[Any]", igsid: str, *, now: datetime) -> list[dict[str, Any]]:
    """The conversations with a customer (one an account), archived ones too, each with its `messages`, oldest first."""
    found = await list_conversations(conn, which="all", limit=100, now=now, igsid=igsid)
    for talk in found:
        talk["messages"] = [_shown(row) for row in await conn.fetch(MESSAGES, talk["account"], igsid)]
    return found


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "direction": row["direction"],
        "mid": row["in_mid"] or row["out_mid"],
        "kind": row["kind"],
        "text": row["text"],
        "at": row["at"],
        "status": row["status"],
        "echoed_at": row["echoed_at"],
        "seen_at": row["seen_at"],
        "rule": row["rule"],
        "author": row["author"],
        "test": row["test"],
        "deleted_at": row["deleted_at"],
    }


async def decision_on(conn: "asyncpg.Connection[Any]", mid: str, *, accounts: Sequence[str]) -> dict[str, Any] | None:
    """The decision on one customer message of `accounts` and what was sent; None while there is none.

    `decision` and `replies` have the contract's shapes. Further keys are there only where there is something to tell:
    `buttons` and `attachment` of a reply; `asked` of a decision (the rules between which the customer is to choose),
    `withheld` (why the rule that won says nothing) and `handed_off`. `how` is what stands beside the decision: what
    hit, how it was ranked, which variant was said.
    """
    row = await conn.fetchrow(DECISION, list(accounts), mid)
    if row is None:
        return None
    replies = [
        {
            "text": r["body"]["text"],
            "quick_replies": r["body"]["quick_replies"],
            "status": r["status"],
            "mid": r["mid"],
        }
        | {name: r["body"][name] for name in ("buttons", "attachment") if name in r["body"]}
        for r in json.loads(row["replies"])
    ]
    return {
        "mid": row["mid"],
        "igsid": row["igsid"],
        "decision": _decided(row, replies),
        "how": {name: row[name] for name in ("matched", "rank", "variant", "withheld", "observers", "answered_with")},
        "considered": json.loads(row["considered"]) if row["considered"] else [],
        "replies": replies,
    }


def _decided(row: asyncpg.Record, replies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    decided: dict[str, Any] = {"reason": row["reason"], "rule": row["rule"], "digest": row["digest"]}
    if row["reason"] == "rule" and row["rule"] is None:
        payloads = [button["payload"] for reply in replies for button in reply["quick_replies"]]
        decided["asked"] = [name for payload in payloads if (name := payload.removeprefix(RULE_PAYLOAD)) != payload]
    if row["withheld"] is not None:
        decided["withheld"] = row["withheld"]
    if row["handed_off"]:
        decided["handed_off"] = True
    return decided
