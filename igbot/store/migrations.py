"""Brings the schema up to date: numbered SQL files, each in one transaction, once however many processes start."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import asyncpg

from igbot.errors import DatabaseRefused

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_LOCK_KEY = 0x1680_7005_CE3A

_AS_LONG_AS_IT_TAKES = 24 * 3600.0
"""Seconds; millions of rows take minutes, and to give up would be to begin again."""
_MOST_DEADLOCKS = 10

_ELSEWHERE = "use another database: IGBOT_DATABASE_URL, or for an embedded one another IGBOT_DATA_DIR"
_EXISTS = "SELECT to_regclass('schema_migration') IS NOT NULL"
_LOCK = "SELECT pg_advisory_xact_lock($1)"
_CREATE = """
CREATE TABLE IF NOT EXISTS schema_migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
_APPLIED = "SELECT number, name, sha256 FROM schema_migration ORDER BY number"
_RECORD = "INSERT INTO schema_migration (number, name, sha256) VALUES ($1, $2, $3)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hex digest of the text, the same whatever line ends the checkout has."""
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()


def read_migrations() -> tuple[Migration, ...]:
    """The migrations of this version of igbot, in order. Raises ValueError where their numbers leave a gap."""
    found = []
    for file in files("igbot.store").joinpath("migrations").iterdir():
        name = _NAME.fullmatch(file.name)
        if name:
            found.append(Migration(int(name[1]), file.name, file.read_text(encoding="utf-8")))
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations are not numbered 0001, 0002, …: {[migration.name for migration in found]}")
    return tuple(found)


async def migrate(connection: "asyncpg.Connection[Any]", migrations: Sequence[Migration]) -> int:
    """Applies what is missing and returns how many that were; processes doing so at once wait for each other.

    Raises DatabaseRefused where the database has a changed migration or one that this igbot does not know.
    """
    if await connection.fetchval(_EXISTS) and await _missing(connection, migrations) == ():
        return 0
    applied, deadlocks = 0, 0
    while True:
        try:
            if not await _apply_next(connection, migrations):
                return applied
            applied += 1
        except asyncpg.DeadlockDetectedError:
            # An igbot of the version before still works on the tables that are to be changed.
            deadlocks += 1
            if deadlocks > _MOST_DEADLOCKS:
                raise


async def _apply_next(connection: "asyncpg.Connection[Any]", migrations: Sequence[Migration]) -> bool:
    """The next migration that is missing, in a transaction; False where none is."""
    async with connection.transaction():
        await connection.execute(_LOCK, _LOCK_KEY, timeout=_AS_LONG_AS_IT_TAKES)
        await connection.execute(_CREATE)
        missing = await _missing(connection, migrations)
        if not missing:
            return False
        step = missing[0]
        # Our sessions plan for small pieces of large tables (`store.pool`); a migration reads whole ones.
        await connection.execute("SET LOCAL enable_seqscan = on")
        await connection.execute(step.sql, timeout=_AS_LONG_AS_IT_TAKES)
        await connection.execute(_RECORD, step.number, step.name, step.sha256)
        return True


async def _missing(connection: "asyncpg.Connection[Any]", migrations: Sequence[Migration]) -> tuple[Migration, ...]:
    rows = await connection.fetch(_APPLIED)
    known = {migration.number: migration for migration in migrations}
    for row in rows:
        migration = known.get(row["number"])
        if migration is None:
            raise DatabaseRefused(
                f"the database's schema is newer than this igbot: it has {row['name']}",
                hint=f"start the newer igbot, or {_ELSEWHERE}",
            )
        if migration.sha256 != row["sha256"]:
            raise DatabaseRefused(
                f"the database was made with another {row['name']} than this igbot's",
                hint=f"start the igbot that made it, or {_ELSEWHERE}",
            )
    done = {row["number"] for row in rows}
    return tuple(migration for migration in migrations if migration.number not in done)
