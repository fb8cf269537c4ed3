"""Which account an id belongs to: an account has several ids at Meta, and its rows stay under one of them."""

import asyncio

import pytest

from igbot.accounts.identity import enter, from_settings, resume
from igbot.errors import UsageError
from igbot.store.pool import Database

IDS = "SELECT account_id, ids FROM account ORDER BY account_id"


async def known(database: Database) -> dict[str, list[str]]:
    """The accounts with their ids."""
    async with database.connection() as conn:
        return {row["account_id"]: sorted(row["ids"]) for row in await conn.fetch(IDS)}


async def entered(database: Database, *ids: str) -> str:
    """The id under which an account's rows are kept."""
    async with database.connection() as conn:
        return await enter(conn, ids, production=True)


async def test_an_account_is_kept_under_the_first_id_it_was_named_by(database: Database) -> None:
    """With all ids it has."""
    assert await entered(database, "ig", "page") == "ig"
    assert await known(database) == {"ig": ["ig", "page"]}


async def test_ids_that_overlap_keep_the_account(database: Database) -> None:
    """Another order, a new id, one left out: its rows stay where they are, and no id is forgotten."""
    await entered(database, "ig", "page")
    assert await entered(database, "page", "ig") == "ig"
    assert await entered(database, "app-scoped", "page") == "ig"
    assert await entered(database, "app-scoped") == "ig"
    assert await known(database) == {"ig": ["app-scoped", "ig", "page"]}


async def test_other_ids_are_another_account(database: Database) -> None:
    """Nothing in common."""
    await entered(database, "ig", "page")
    assert await entered(database, "other") == "other"
    assert set(await known(database)) == {"ig", "other"}


async def test_several_processes_enter_one_account(database: Database) -> None:
    """At the same moment."""
    assert set(await asyncio.gather(*(entered(database, "ig", "page") for _ in range(8)))) == {"ig"}
    assert await known(database) == {"ig": ["ig", "page"]}


def test_all_ids_of_the_settings_are_us() -> None:
    """Before the database has said under which of them the rows are kept."""
    assert from_settings([["ig", "page"], ["other"]]) == {"ig": "ig", "page": "ig", "other": "other"}


async def test_a_development_bot_keeps_off_an_account_that_is_served_in_production(database: Database) -> None:
    """It would answer real customers into the sandbox; another account of the same database is its own business."""
    async with database.connection() as conn:
        await enter(conn, ["ig", "page"], production=True)
        with pytest.raises(UsageError, match="served in production"):
            await enter(conn, ["page"], production=False)
        assert await enter(conn, ["sandbox"], production=False) == "sandbox"


async def test_production_takes_over_an_account_that_was_tried_in_development(database: Database) -> None:
    """A laptop's trial is no reason to refuse the real start; afterwards it is production's."""
    async with database.connection() as conn:
        await enter(conn, ["ig"], production=False)
        await enter(conn, ["ig"], production=True)
        with pytest.raises(UsageError):
            await enter(conn, ["ig"], production=False)


@pytest.mark.parametrize(("until", "left"), [(None, None), ("2026-09-01 14:00+00", "policy")])
async def test_who_starts_igbot_ends_a_stop_and_not_a_block_that_passes(
    database: Database, until: str | None, left: str | None
) -> None:
    """Calls while Meta blocks an account make it longer; `igbot resume` may insist."""
    halt = "UPDATE account SET halted_at = now(), halted_reason = 'policy', halted_until = $1::text::timestamptz"
    async with database.connection() as conn:
        account = await enter(conn, ["ig"], production=True)
        await conn.execute(halt, until)
        await resume(conn, account)
        assert await conn.fetchval("SELECT halted_reason FROM account") == left
