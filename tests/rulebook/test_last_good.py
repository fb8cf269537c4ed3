"""The last good rules outlive a broken folder, in the database."""

from datetime import UTC, datetime, timedelta

from igbot.rulebook import last_good
from igbot.rules.model import RuleFile
from igbot.store.pool import Database

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
FILES = (RuleFile("10-a.yaml", b"\xef\xbb\xbfversion: 1\r\n"), RuleFile("tests/\u00e9.yaml", '# 💛 \\ "\n'.encode()))


async def test_before_the_first_set_there_is_none(database: Database) -> None:
    """A new database."""
    async with database.connection() as conn:
        assert await last_good.load(conn) is None


async def test_files_come_back_byte_for_byte(database: Database) -> None:
    """So that their digest and their findings are the same."""
    async with database.connection() as conn:
        await last_good.save(conn, FILES, "abc", NOW)
        assert await last_good.load(conn) == FILES
        assert await conn.fetchval("SELECT saved_at FROM rule_set") == NOW


async def test_only_the_last_set_is_kept(database: Database) -> None:
    """And the same set again changes nothing."""
    async with database.connection() as conn:
        await last_good.save(conn, FILES, "abc", NOW)
        await last_good.save(conn, FILES, "abc", NOW + timedelta(hours=1))
        assert await conn.fetchval("SELECT saved_at FROM rule_set") == NOW
        await last_good.save(conn, FILES[:1], "def", NOW + timedelta(hours=2))
        assert await last_good.load(conn) == FILES[:1]
        assert await conn.fetchval("SELECT count(*) FROM rule_set") == 1


async def test_an_empty_set_is_a_set(database: Database) -> None:
    """A folder without rules was meant so."""
    async with database.connection() as conn:
        await last_good.save(conn, (), "e", NOW)
        assert await last_good.load(conn) == ()
