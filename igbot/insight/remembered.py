"""A message and its customer as they were when it was decided, as far as the history still tells."""

import json
from datetime import datetime
from typing import Any

import asyncpg

from igbot.answering.profiles import profile_of
from igbot.insight.explanation import Message
from igbot.rules.deciding import memory
from igbot.rules.deciding.choice import Customer, Incoming

PAST = """
SELECT c.memory, c.profile, c.profile_at, before.messages, before.last_at, said.rule, said.at
FROM conversation c
CROSS JOIN LATERAL (
    SELECT count(*) AS messages, max(m.at) AS last_at FROM message m
    WHERE (m.account_id, m.igsid) = (c.account_id, c.igsid) AND m.author = 'customer' AND m.answered_with IS NULL
        AND m.at < $3) before
LEFT JOIN LATERAL (
    SELECT m.rule, m.at FROM message m
    WHERE (m.account_id, m.igsid) = (c.account_id, c.igsid) AND m.author = 'bot' AND m.rule IS NOT NULL
        AND m.at < $4
    ORDER BY m.at DESC LIMIT 1) said ON true
WHERE (c.account_id, c.igsid) = ($1, $2)
"""

LINES = """
SELECT text FROM message
WHERE (account_id, igsid, answered_with) = ($1, $2, $3) AND at BETWEEN $4::timestamptz - interval '1 hour' AND $4
ORDER BY at, message_id
"""


async def customer_then(
    conn: "asyncpg.Connection[Any]", message: Message, *, account: str, decided_at: datetime
) -> Customer:
    """The customer as far as it is known: tags, facts, language and profile are those of now, limits are left out.

    `account` is the account's name in the rules.
    """
    row = await conn.fetchrow(PAST, message.account, message.igsid, message.at, decided_at)
    if row is None:
        return Customer(message.igsid, account)
    now = memory.from_stored(json.loads(row["memory"]) if row["memory"] else None)
    then = memory.Memory(
        messages=row["messages"],
        last_message_at=row["last_at"],
        answered_by=row["rule"],
        answered_at=row["at"],
        tags=now.tags,
        facts=now.facts,
        language=now.language,
    )
    return Customer(message.igsid, account, then, profile_of(row["profile"], row["profile_at"]))


async def incoming_then(conn: "asyncpg.Connection[Any]", message: Message) -> Incoming:
    """The message as the rules saw it, with the lines before it that were answered together with it."""
    before = await conn.fetch(LINES, message.account, message.igsid, message.mid, message.at)
    text = "\n".join([*(row["text"] for row in before), message.text])
    kind: Any = message.kind
    return Incoming(kind, text, message.payload, test=message.test)
