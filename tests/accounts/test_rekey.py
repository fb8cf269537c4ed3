"""A change of the encryption key: everything is sealed again where it lies, and the old key can go."""

from datetime import UTC, datetime

from cryptography.fernet import Fernet

from igbot.accounts.rekey import Rekeyed, rekey
from igbot.accounts.tokens import current_token, give_token
from igbot.accounts.vault import TokenVault
from igbot.meta.events import AccountId
from igbot.store.pool import Database

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
NOW = datetime(2026, 9, 1, tzinfo=UTC)
OURS, OTHER = AccountId("ig"), AccountId("other")


async def token_of(database: Database, vault: TokenVault, environment: str | None) -> tuple[str, bool]:
    """The account's token now, and whether it is new."""
    async with database.connection() as conn:
        return await current_token(conn, vault, OURS, from_environment=environment, now=NOW)


async def rekeyed(database: Database, *keys: str) -> Rekeyed:
    """`igbot token rekey`."""
    async with database.connection() as conn:
        return await rekey(conn, TokenVault(keys))


async def held(database: Database) -> list[tuple[str, ...]]:
    """What lies sealed in the database."""
    query = "SELECT sealed, previous, source_digest FROM access_token ORDER BY account_id"
    async with database.connection() as conn:
        return [tuple(row.values()) for row in await conn.fetch(query)]


async def test_after_a_change_of_the_key_the_old_one_can_go(database: Database) -> None:
    """The token opens, the one before it too, and an unchanged variable still does not replace a refreshed token."""
    old = TokenVault([OLD])
    await token_of(database, old, "EAAvariable")
    async with database.connection() as conn:
        query = "UPDATE access_token SET sealed = $1, previous = $2"
        await conn.execute(query, old.seal("EAArefreshed"), old.seal("EAAbefore"))
        await give_token(conn, old, OTHER, "EAAother", variable=None, now=NOW)
    done = await rekeyed(database, NEW, OLD)
    assert (done.accounts, done.values, done.left, done.old_marks) == (2, 4, [], [])
    new = TokenVault([NEW])
    assert await token_of(database, new, "EAAvariable") == ("EAArefreshed", False)
    [ours, other] = await held(database)
    assert (new.open(ours[1]), new.open(other[0])) == ("EAAbefore", "EAAother")
    assert await token_of(database, new, "EAAchanged") == ("EAAchanged", True)


async def test_what_no_key_opens_is_named_and_left(database: Database) -> None:
    """And all the rest is sealed again: one broken value must not hold up the change of a key."""
    old, lost = TokenVault([OLD]), TokenVault([Fernet.generate_key().decode()])
    async with database.connection() as conn:
        await give_token(conn, lost, OTHER, "EAAother", variable=None, now=NOW)
        await give_token(conn, old, OURS, "EAAours", variable="EAAours", now=NOW)
        query = "UPDATE access_token SET previous = $2 WHERE account_id = $1"
        await conn.execute(query, OURS, lost.seal("EAAbefore"))
        await give_token(conn, old, AccountId("empty"), "EAAx", variable=None, now=NOW)
        await conn.execute("UPDATE access_token SET sealed = '' WHERE account_id = 'empty'")
    before = await held(database)
    done = await rekeyed(database, NEW, OLD)
    assert done.left == [("empty", "the token"), (OURS, "the token before it"), (OTHER, "the token")]
    assert (done.accounts, done.values) == (3, 2)
    after = await held(database)
    assert (after[0], after[1][1], after[2]) == (before[0], before[1][1], before[2])
    assert await token_of(database, TokenVault([NEW]), None) == ("EAAours", False)


async def test_an_older_igbots_mark_is_told_of(database: Database) -> None:
    """Nobody can seal it again; the next start makes it anew, as long as the old key is there."""
    async with database.connection() as conn:
        await give_token(conn, TokenVault([OLD]), OURS, "EAAours", variable="EAAours", now=NOW)
        await conn.execute("UPDATE access_token SET source_digest = $1", "0" * 64)
    done = await rekeyed(database, NEW, OLD)
    assert (done.values, done.left, done.old_marks) == (1, [], [OURS])


async def test_an_empty_database_has_nothing_to_seal(database: Database) -> None:
    """No account, no value, no complaint."""
    done = await rekeyed(database, NEW, OLD)
    assert (done.accounts, done.values, done.left, done.old_marks) == (0, 0, [], [])
