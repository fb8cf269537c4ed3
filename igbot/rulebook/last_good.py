"""The last rule files that loaded, kept in PostgreSQL for a start with a broken folder."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from igbot.rules.model import RuleFile

if TYPE_CHECKING:
    import asyncpg

SAVE = """
INSERT INTO rule_set (digest, files, saved_at) VALUES ($1, $2::text::jsonb, $3)
ON CONFLICT (only_row) DO UPDATE SET digest = excluded.digest, files = excluded.files, saved_at = excluded.saved_at
WHERE rule_set.digest IS DISTINCT FROM excluded.digest
"""
LOAD = "SELECT files::text FROM rule_set"


async def save(conn: "asyncpg.Connection[Any]", files: Sequence[RuleFile], digest: str, now: datetime) -> None:
    """Keeps the files of a set that loaded (so they are UTF-8 without NUL) in place of the ones before."""
    stored = [{"path": file.path, "text": file.data.decode("utf-8")} for file in files]
    await conn.execute(SAVE, digest, json.dumps(stored), now)


async def load(conn: "asyncpg.Connection[Any]") -> tuple[RuleFile, ...] | None:
    """The files kept last; None where none ever loaded."""
    stored = await conn.fetchval(LOAD)
    if stored is None:
        return None
    return tuple(RuleFile(file["path"], file["text"].encode("utf-8")) for file in json.loads(stored))
