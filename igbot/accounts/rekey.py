"""A change of the encryption key: everything sealed is sealed again, with the first key, where it lies."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from igbot.accounts.vault import TokenSealed, TokenVault, is_old_mark

SEALED = "SELECT account_id, sealed, previous, source_digest FROM access_token ORDER BY account_id FOR UPDATE"
SEAL = """
UPDATE access_token SET sealed = $2, previous = $3, source_digest = $4 WHERE account_id = $1
"""
_TOKEN = "the token"
_NAMES = (_TOKEN, "the token before it", "the mark of the variable it came from")


@dataclass(slots=True)
class Rekeyed:
    """What was sealed again (`values` of so many `accounts`), and what no key opens and was left: whose and what.

    `old_marks` are accounts whose variable's mark has an older igbot's form, which nobody can seal again.
    """

    accounts: int = 0
    values: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    old_marks: list[str] = field(default_factory=list)


async def rekey(conn: "asyncpg.Connection[Any]", vault: TokenVault) -> Rekeyed:
    """Seal every sealed value of the database with the vault's first key, in one transaction."""
    done = Rekeyed()
    async with conn.transaction():
        for row in await conn.fetch(SEALED):
            await conn.execute(SEAL, row["account_id"], *_again(row, vault, done))
            done.accounts += 1
    return done


def _again(row: "asyncpg.Record", vault: TokenVault, done: Rekeyed) -> Iterator[str | None]:
    account_id, *values = row.values()
    for what, value in zip(_NAMES, values, strict=True):
        if value and is_old_mark(value):
            done.old_marks.append(account_id)
            yield value
        elif value or what == _TOKEN:
            try:
                again = vault.seal_again(value)
            except TokenSealed:
                done.left.append((account_id, what))
                yield value
            else:
                done.values += 1
                yield again
        else:
            yield value
