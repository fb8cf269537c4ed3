"""A filled database is what a bot would have left behind: igbot's own schema, everything settled."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from bench.filling import A_CONVERSATION, fill, igsid_of, require_room
from bench.subject import NotMeasurable

UNTIL = datetime(2026, 9, 1, tzinfo=UTC)
MESSAGES = 400
SCHEMA = """
SELECT conrelid::regclass::text AS place, conname AS name, pg_get_constraintdef(oid) AS said FROM pg_constraint
WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2, 3
"""


@pytest.fixture
async def filled(empty_database_url: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """A database with a few conversations."""
    await fill(empty_database_url, messages=MESSAGES, until=UNTIL)
    connection = await asyncpg.connect(empty_database_url)
    yield connection
    await connection.close()


async def test_the_schema_is_igbots_own(filled: "asyncpg.Connection[Any]", database_url: str) -> None:
    """Indexes that were dropped for speed are back, with their names, and so are all constraints."""
    migrated = await asyncpg.connect(database_url)
    try:
        assert await filled.fetch(SCHEMA) == await migrated.fetch(SCHEMA)
    finally:
        await migrated.close()


async def test_every_conversation_alternates_and_is_settled(filled: "asyncpg.Connection[Any]") -> None:
    """Twenty messages each, question and answer in turn; no work is left, and the newest is from just before."""
    conversations = MESSAGES // A_CONVERSATION
    talks = await filled.fetch(
        "SELECT igsid, string_agg(left(direction, 1), '' ORDER BY at, message_id) AS said FROM message GROUP BY igsid"
    )
    assert {talk["igsid"] for talk in talks} == {igsid_of(number) for number in range(conversations)}
    assert {talk["said"] for talk in talks} == {"io" * 10}
    assert await filled.fetchval("SELECT count(*) FROM inbox WHERE status = 'done'") == MESSAGES
    assert await filled.fetchval("SELECT count(*) FROM outbox WHERE status = 'sent'") == MESSAGES // 2
    for table in ("conversation", "inbox_lane", "outbox_lane"):
        assert await filled.fetchval(f"SELECT count(*) FROM {table}") == conversations
    assert await filled.fetchval("SELECT max(at) < $1 FROM message", UNTIL)


async def test_what_a_reply_and_its_message_say_of_each_other_holds(filled: "asyncpg.Connection[Any]") -> None:
    """Each reply in the history is an outbox row, which answers a message and an event that are there."""
    assert (
        await filled.fetchval("""
        SELECT count(*) FROM message m JOIN outbox o USING (account_id, outbox_id, igsid)
        JOIN message asked ON (asked.account_id, asked.igsid, asked.mid) = (o.account_id, o.igsid, o.for_mid)
        JOIN inbox i ON (i.account_id, i.event_key, i.mid) = (o.account_id, o.for_key, o.for_mid)
        WHERE m.direction = 'out' AND asked.direction = 'in' AND m.text = o.body ->> 'text'
    """)
        == MESSAGES // 2
    )


async def test_the_next_reply_gets_a_number_of_its_own(filled: "asyncpg.Connection[Any]") -> None:
    """The bot goes on where the filling ended."""
    last = await filled.fetchval("SELECT max(outbox_id) FROM outbox")
    assert await filled.fetchval("SELECT nextval(pg_get_serial_sequence('outbox', 'outbox_id'))") == last + 1


@pytest.mark.parametrize("messages", [0, 19, 30, 10_020])
async def test_half_a_conversation_is_refused(empty_database_url: str, messages: int) -> None:
    """Before anything is made."""
    with pytest.raises(ValueError, match="whole conversations"):
        await fill(empty_database_url, messages=messages, until=UNTIL)


def test_a_disk_without_room_is_told_in_one_line() -> None:
    """How much is needed and how much is there."""
    with pytest.raises(NotMeasurable, match=r"need 2,300,000,000,000 GB .* GB free") as refused:
        require_room("/", messages=10**18)
    assert "\n" not in str(refused.value)


def test_a_server_elsewhere_is_taken_at_its_word() -> None:
    """Its disk cannot be looked at from here."""
    require_room(None, messages=10**18)
    require_room("/no/such/place", messages=10**18)
