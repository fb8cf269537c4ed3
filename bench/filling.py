"""Fills igbot's own tables as a bot that has run for a year would have left them: everything answered and settled."""

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from bench.subject import NotMeasurable
from igbot.store.migrations import migrate, read_migrations

ACCOUNT = "17841400000000777"
A_CONVERSATION = 20
"""Messages: ten of the customer's, each with its answer."""
SIDE_BY_SIDE = 500
"""Conversations that go on at the same time, so that the messages of one lie between those of others."""
BYTES_A_MESSAGE = 2_300
"""On disk at the most: what it brings along (its event, its outbox row, its echo), indexes, and room to build them."""

# An exchange is a customer's message, its answer, and the echo of that. They follow each other evenly through a year.
# Multiplying by an odd number shuffles the numbers below 2^32: neighbours in time are no neighbours by id (`igsid_of`).
DEFINE = """
CREATE FUNCTION pg_temp.igsid(conversation bigint) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT (1000000000000000 + conversation * 2654435761 % 4294967296 * 1000)::text
$$;
CREATE FUNCTION pg_temp.at(exchange bigint, messages bigint, until timestamptz) RETURNS timestamptz
STABLE LANGUAGE sql AS $$ SELECT until - (messages / 2 - exchange) * (interval '365 days' / (messages / 2)) $$;
CREATE FUNCTION pg_temp.exchanges(messages bigint, side_by_side bigint, until timestamptz)
RETURNS TABLE (exchange bigint, igsid text, at timestamptz) STABLE LANGUAGE sql AS $$
    SELECT e, pg_temp.igsid(e / (side_by_side * 10) * side_by_side + e % side_by_side), pg_temp.at(e, messages, until)
    FROM generate_series(0, messages / 2 - 1) AS e
$$;
CREATE FUNCTION pg_temp.mid(what text, exchange bigint) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT 'aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQx' || md5(what || exchange) || md5(exchange || what)
        || md5(what || exchange || what)
$$;
CREATE FUNCTION pg_temp.said(direction text, exchange bigint) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT CASE direction
        WHEN 'in' THEN (ARRAY['Hello!', 'Hi, how much is shipping to Sevilla?', 'do you have the red one in M',
            'Is this still available? I saw it in your story yesterday, and do you ship abroad as well?', 'ok',
            'Gracias, ¿y cuándo llega? 🙏', 'Ich habe gestern bestellt, aber noch keine Bestätigung bekommen', '👍',
            'Thanks!', 'My order has not come yet, and it is a present for Saturday.'])[exchange * 7 % 10 + 1]
        ELSE (ARRAY['Hi! We are open Monday to Saturday from 10 to 19.', 'You are welcome! 💛',
            'Shipping within Spain is 4.90, and free from 50 on. It takes two to three working days.',
            'Which number has your order? You find it in the mail that we sent you when you ordered.',
            'Thank you for writing. Somebody of our team will answer you here soon.'])[exchange * 3 % 5 + 1]
    END
$$
"""

ENTER = "INSERT INTO account (account_id, ids, production) VALUES ($1, ARRAY[$1], true)"

# The raw bytes of the last week's events are still there (setting `keep.raw`).
EVENTS = """
INSERT INTO inbox (account_id, event_key, igsid, kind, mid, event_at, at_mended, received_at, known_account, test,
    status, settled_at, raw)
SELECT $1, md5(kind || exchange)::uuid, igsid, kind, pg_temp.mid(kind, exchange), at, false,
    at + interval '400 ms', true, false, 'done', at + interval '420 ms',
    CASE WHEN at > $4::timestamptz - interval '7 days' THEN convert_to(
        '{"sender":{"id":"' || igsid || '"},"recipient":{"id":"' || $1 || '"},"timestamp":'
        || floor(extract(epoch FROM at) * 1000) || ',"message":{"mid":"' || pg_temp.mid(kind, exchange) || '","text":"'
        || pg_temp.said(CASE kind WHEN 'message' THEN 'in' ELSE 'out' END, exchange) || '"}}', 'UTF8') END
FROM pg_temp.exchanges($2, $3, $4), (VALUES ('message'), ('echo')) AS kinds (kind)
"""

MESSAGES = """
INSERT INTO message (account_id, igsid, at, direction, author, kind, mid, text, outbox_id, test, reason, rule, digest,
    considered, decided_at)
SELECT $1, igsid, at + CASE WHEN asks THEN interval '0' ELSE interval '410 ms' END, direction,
    CASE WHEN asks THEN 'customer' ELSE 'bot' END, 'text', CASE WHEN asks THEN pg_temp.mid('message', exchange) END,
    pg_temp.said(direction, exchange), CASE WHEN asks THEN NULL ELSE exchange + 1 END, false,
    CASE WHEN asks THEN 'rule' END, 'opening-hours', CASE WHEN asks THEN '1f3a5c7e9b2d4f60' END,
    CASE WHEN asks THEN '[{"rule": "opening-hours", "fits": true, "because": "keyword", "order": [10, 1]}]'::jsonb END,
    CASE WHEN asks THEN at + interval '410 ms' END
FROM pg_temp.exchanges($2, $3, $4), (VALUES ('in', true), ('out', false)) AS both_ways (direction, asks)
"""

REPLIES = """
INSERT INTO outbox (account_id, outbox_id, igsid, for_mid, for_key, part, body, rule, digest, despite_pause,
    decided_at, expires_at, test, status, attempts, due_at, sending_at, finished_at, mid, echoed_at)
OVERRIDING SYSTEM VALUE
SELECT $1, exchange + 1, igsid, pg_temp.mid('message', exchange), md5('message' || exchange)::uuid, 1,
    jsonb_build_object('version', 1, 'text', pg_temp.said('out', exchange), 'quick_replies', '[]'::jsonb),
    'opening-hours', '1f3a5c7e9b2d4f60', false, at + interval '410 ms', at + interval '24 h', false, 'sent', 1,
    at + interval '410 ms', at + interval '415 ms', at + interval '600 ms', pg_temp.mid('echo', exchange),
    at + interval '700 ms'
FROM pg_temp.exchanges($2, $3, $4)
"""
NUMBER_ON = "SELECT setval(pg_get_serial_sequence('outbox', 'outbox_id'), $1)"

CONVERSATIONS = """
INSERT INTO conversation (account_id, igsid, started_at, last_at, customer_at, test)
SELECT $1, pg_temp.igsid(c), pg_temp.at(first, $2, $4), pg_temp.at(first + 9 * $3, $2, $4) + interval '410 ms',
    pg_temp.at(first + 9 * $3, $2, $4), false
FROM generate_series(0, $2::bigint / 20 - 1) AS c, LATERAL (SELECT c / $3::bigint * $3 * 10 + c % $3 AS first) AS e
"""
INBOX_LANES = "INSERT INTO inbox_lane (account_id, igsid, arrivals) SELECT account_id, igsid, 20 FROM conversation"
OUTBOX_LANES = "INSERT INTO outbox_lane (account_id, igsid, arrivals) SELECT account_id, igsid, 10 FROM conversation"

# Indexes are made again after the rows are in: the same ones, many times faster. A partitioned table's reach its parts.
INDEXES = """
SELECT CASE WHEN k.oid IS NULL THEN format('DROP INDEX %s', i.oid::regclass)
        ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', x.indrelid::regclass, k.conname) END AS undo,
    CASE WHEN k.oid IS NULL THEN replace(pg_get_indexdef(i.oid), ' ON ONLY ', ' ON ')
        ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', x.indrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
    END AS redo
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid LEFT JOIN pg_constraint k ON k.conindid = i.oid
WHERE x.indrelid = $1::text::regclass ORDER BY k.oid IS NULL, i.relname
"""

DATA_DIRECTORY = "SELECT current_setting('data_directory', true)"


def igsid_of(conversation: int) -> str:
    """The customer of a conversation, numbered from 0, the oldest first."""
    return str(1_000_000_000_000_000 + conversation * 2_654_435_761 % 2**32 * 1_000)


async def fill(url: str, *, messages: int, until: datetime) -> None:
    """Migrate an empty database and fill it with `messages` messages in conversations of 20, the last just before
    `until`; vacuumed, analysed, and written out.

    Raises NotMeasurable where the server's disk has no room for them, ValueError for a number that gives no whole
    conversations.
    """
    side_by_side = min(SIDE_BY_SIDE, messages // A_CONVERSATION)
    if not side_by_side or messages % (side_by_side * A_CONVERSATION):
        raise ValueError(
            f"{messages} messages are not whole conversations of {A_CONVERSATION}, {SIDE_BY_SIDE} at a time"
        )
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        require_room(await connection.fetchval(DATA_DIRECTORY), messages=messages)
        await migrate(connection, read_migrations())
        await connection.execute(ENTER, ACCOUNT)
    finally:
        await connection.close()
    of = (ACCOUNT, messages, side_by_side, until)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_fill_table(url, "inbox", [(EVENTS, of)]))
        tasks.create_task(_fill_table(url, "message", [(MESSAGES, of)]))
        small = [(CONVERSATIONS, of), (INBOX_LANES, ()), (OUTBOX_LANES, ()), (NUMBER_ON, (messages // 2,))]
        tasks.create_task(_fill_table(url, "outbox", [(REPLIES, of), *small]))
    await _tidy(url)


def require_room(data_directory: str | None, *, messages: int) -> None:
    """Raises NotMeasurable where the server's directory is on this machine and its disk has too little room."""
    if data_directory is None or not Path(data_directory).exists():
        return
    free, needed = shutil.disk_usage(data_directory).free, messages * BYTES_A_MESSAGE
    if free < needed:
        raise NotMeasurable(
            f"{messages:,} stored messages need {needed / 1e9:,.0f} GB while they are made, and the disk of"
            f" {data_directory} has {free / 1e9:,.0f} GB free"
        )


async def _fill_table(url: str, table: str, statements: Sequence[tuple[str, tuple[object, ...]]]) -> None:
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        await connection.execute("SET synchronous_commit = off")
        await connection.execute("SET maintenance_work_mem = '512MB'")
        await connection.execute("SET max_parallel_maintenance_workers = 0")
        await connection.execute(DEFINE)
        indexes = await connection.fetch(INDEXES, table)
        for index in indexes:
            await connection.execute(index["undo"])
        for statement, arguments in statements:
            await connection.execute(statement, *arguments)
        for index in indexes:
            await connection.execute(index["redo"])
    finally:
        await connection.close()


async def _tidy(url: str) -> None:
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url, command_timeout=None)
    try:
        await connection.execute("VACUUM (FREEZE, ANALYZE)")
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CHECKPOINT")  # or the writing out would go on beside what is measured
    finally:
        await connection.close()
