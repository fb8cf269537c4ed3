"""Fills the outbox with replies that wait to be sent, as an outage would have left them."""

from datetime import datetime

import asyncpg

from bench.filling import ACCOUNT
from igbot.store.migrations import migrate, read_migrations

TEXT = "Shipping within Spain is 4.90, and free from 50 on. It takes two to three working days. ("

ENTER = """
INSERT INTO account (account_id, ids, production, halted_at, halted_reason)
VALUES ($1, ARRAY[$1], true, $2, CASE WHEN $2::timestamptz IS NOT NULL THEN 'the token is not valid' END)
ON CONFLICT (account_id) DO NOTHING
"""
# Replies follow each other by customer in turn, the first ones have waited the longest.
CONVERSATIONS = """
INSERT INTO conversation (account_id, igsid, started_at, last_at, customer_at, test)
SELECT $1, $2 || lpad(c::text, 14, '0'), $4, $4, $4, false FROM generate_series(0, $3::int - 1) AS c
"""
REPLIES = """
INSERT INTO outbox (account_id, igsid, for_mid, for_key, part, body, rule, digest, despite_pause, decided_at,
    expires_at, test, due_at)
SELECT $1, $2 || lpad((n % $4::int)::text, 14, '0'), 'mid-' || $2 || n, md5($1 || $2 || n)::uuid, 1,
    jsonb_build_object('version', 1, 'text', $6 || n || ')', 'quick_replies', '[]'::jsonb), 'shipping',
    '1f3a5c7e9b2d4f60', false, at, at + interval '24 h', false, at
FROM generate_series(0, $3::int - 1) AS n, LATERAL (SELECT $5::timestamptz + n * interval '1 ms' AS at) AS t
"""
LANES = """
INSERT INTO outbox_lane (account_id, igsid, due_at, arrivals)
SELECT account_id, igsid, min(due_at), count(*) FROM outbox WHERE account_id = $1 AND starts_with(igsid, $2)
GROUP BY account_id, igsid
"""
TIDY = "VACUUM (ANALYZE) account, conversation, outbox, outbox_lane"


async def prepare(url: str) -> None:
    """Migrate an empty database."""
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        await migrate(connection, read_migrations())
    finally:
        await connection.close()


async def queue(
    url: str,
    replies: int,
    *,
    customers: int,
    since: datetime,
    account: str = ACCOUNT,
    halted_at: datetime | None = None,
    series: str = "95",
) -> None:
    """Replies to `customers` of an account in turn, due one after the other from `since` on, a millisecond apart.

    `halted_at`: the account is stopped since then. `series` begins the ids of these customers.
    """
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        await connection.execute(ENTER, account, halted_at)
        if replies:
            await connection.execute(CONVERSATIONS, account, series, customers, since)
            await connection.execute(REPLIES, account, series, replies, customers, since, TEXT)
            await connection.execute(LANES, account, series)
        await connection.execute(TIDY)
    finally:
        await connection.close()
