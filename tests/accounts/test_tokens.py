"""Whose word counts: the environment replaces the stored token only if it has changed since it was last taken over."""

import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet

from igbot.accounts.identity import enter
from igbot.accounts.tokens import NoToken, current_token, give_token, holds_token, stored_token
from igbot.accounts.vault import TokenSealed, TokenVault
from igbot.meta.events import AccountId
from igbot.store.pool import Database

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
NOW = datetime(2026, 9, 1, tzinfo=UTC)
ACCOUNT = AccountId("ig")


async def token_of(database: Database, vault: TokenVault, environment: str | None) -> tuple[str, bool]:
    """The account's token now, and whether it is new."""
    async with database.connection() as conn:
        return await current_token(conn, vault, ACCOUNT, from_environment=environment, now=NOW)


async def given_by_a_person(database: Database, vault: TokenVault, token: str, beside: str | None = None) -> None:
    """`igbot token set`."""
    async with database.connection() as conn:
        await give_token(conn, vault, ACCOUNT, token, variable=None, now=NOW, beside=beside)


async def write(database: Database, query: str, *arguments: object) -> None:
    """A hand in the database."""
    async with database.connection() as conn:
        await conn.execute(query, *arguments)


async def stored(database: Database) -> str:
    """Everything the database holds of the token."""
    async with database.connection() as conn:
        return str(await conn.fetchrow("SELECT * FROM access_token"))


async def test_the_environments_token_is_sealed_at_the_first_start(database: Database) -> None:
    """Neither the token nor a plain digest of it is in the database."""
    vault = TokenVault([OLD])
    assert await token_of(database, vault, "EAAfirst") == ("EAAfirst", True)
    held = await stored(database)
    assert "EAAfirst" not in held
    assert hashlib.sha256(b"EAAfirst").hexdigest() not in held
    assert await token_of(database, vault, "EAAfirst") == ("EAAfirst", False)
    assert await token_of(database, vault, None) == ("EAAfirst", False)


async def test_a_refreshed_token_outlives_a_restart(database: Database) -> None:
    """The variable still has the old value: it has not changed, so it replaces nothing. Once it changes, it does."""
    vault = TokenVault([OLD])
    await token_of(database, vault, "EAAfirst")
    await write(database, "UPDATE access_token SET sealed = $1", vault.seal("EAArefreshed"))
    assert await token_of(database, vault, "EAAfirst") == ("EAArefreshed", False)
    assert await token_of(database, vault, "EAAsecond") == ("EAAsecond", True)
    assert await token_of(database, vault, None) == ("EAAsecond", False)


async def test_a_token_that_a_person_gave_outlives_a_restart(database: Database) -> None:
    """The variable counts again once it changes; what was known of the token before holds for this one no more."""
    vault = TokenVault([OLD])
    await token_of(database, vault, "EAAfirst")
    await write(database, "UPDATE access_token SET expires_at = now(), previous = 'x', warned_days = 3, trouble = 'x'")
    await given_by_a_person(database, vault, "EAAgiven")
    assert await token_of(database, vault, "EAAfirst") == ("EAAgiven", False)
    async with database.connection() as conn:
        found = await stored_token(conn, vault, ACCOUNT)
    assert found is not None
    assert (found.token, found.origin, found.stored_at, found.previous, found.expires_at, found.warned_days) == (
        *("EAAgiven", "command", NOW),
        *(None, None, None),
    )
    assert "EAAgiven" not in repr(found)
    assert await token_of(database, vault, "EAAsecond") == ("EAAsecond", True)


async def test_a_token_given_before_the_first_start_is_not_replaced_by_the_variable_beside_it(
    database: Database,
) -> None:
    """A variable that was there when the token was given has not changed since; one that comes later has."""
    vault = TokenVault([OLD])
    await given_by_a_person(database, vault, "EAAgiven", beside="EAAvariable")
    assert await token_of(database, vault, "EAAvariable") == ("EAAgiven", False)
    await write(database, "DELETE FROM access_token")
    await given_by_a_person(database, vault, "EAAgiven")
    assert await token_of(database, vault, "EAAvariable") == ("EAAvariable", True)


async def test_with_a_new_first_key_the_old_one_still_opens(database: Database) -> None:
    """And the environment's unchanged value is still known for the same."""
    await token_of(database, TokenVault([OLD]), "EAAfirst")
    rotated = TokenVault([NEW, OLD])
    assert await token_of(database, rotated, "EAAfirst") == ("EAAfirst", False)
    assert await token_of(database, rotated, "EAAsecond") == ("EAAsecond", True)
    assert await token_of(database, TokenVault([NEW]), "EAAsecond") == ("EAAsecond", False)


async def test_an_older_igbots_mark_is_made_anew_at_the_first_start(database: Database) -> None:
    """So that it outlives its key from then on."""
    vault = TokenVault([OLD])
    await token_of(database, vault, "EAAfirst")
    old_mark = hmac.new(OLD.encode(), b"EAAfirst", hashlib.sha256).hexdigest()
    await write(database, "UPDATE access_token SET source_digest = $1, sealed = $2", old_mark, vault.seal("EAAnewer"))
    assert await token_of(database, vault, "EAAfirst") == ("EAAnewer", False)
    assert old_mark not in await stored(database)
    assert await token_of(database, vault, "EAAfirst") == ("EAAnewer", False)
    assert await token_of(database, vault, "EAAsecond") == ("EAAsecond", True)


async def test_a_token_that_no_key_opens_is_a_clear_error(database: Database) -> None:
    """It names the setting and the way out, and never the token."""
    await token_of(database, TokenVault([OLD]), "EAAfirst")
    with pytest.raises(TokenSealed) as caught:
        await token_of(database, TokenVault([NEW]), None)
    assert "IGBOT_ENCRYPTION_KEY" in caught.value.message
    assert "igbot token set" in caught.value.hint
    assert "EAAfirst" not in f"{caught.value} {caught.value.hint}"


async def test_a_token_that_no_key_opens_is_not_overwritten(database: Database) -> None:
    """With the wrong key nobody knows whether the variable has changed, and the right key may come back."""
    vault = TokenVault([OLD])
    await token_of(database, vault, "EAAfirst")
    await write(database, "UPDATE access_token SET sealed = $1", vault.seal("EAArefreshed"))
    for environment in ("EAAfirst", "EAAsecond"):
        with pytest.raises(TokenSealed):
            await token_of(database, TokenVault([NEW]), environment)
    assert await token_of(database, vault, "EAAfirst") == ("EAArefreshed", False)


async def test_a_key_that_was_made_here_and_lost_costs_nothing(database: Database) -> None:
    """Of development the directory goes and the database stays: the variable's token is sealed anew."""
    await token_of(database, TokenVault([OLD]), "EAAfirst")
    lost = TokenVault([NEW], keys_made_here=True)
    assert await token_of(database, lost, "EAAfirst") == ("EAAfirst", True)


async def test_a_broken_token_is_mended_by_a_changed_variable(database: Database) -> None:
    """One flipped bit costs the token, not the mark beside it; a broken mark costs nothing."""
    vault = TokenVault([OLD])
    await token_of(database, vault, "EAAfirst")
    await write(database, "UPDATE access_token SET sealed = overlay(sealed PLACING 'AAAA' FROM 40)")
    with pytest.raises(TokenSealed):
        await token_of(database, vault, "EAAfirst")
    assert await token_of(database, vault, "EAAsecond") == ("EAAsecond", True)
    await write(database, "UPDATE access_token SET source_digest = overlay(source_digest PLACING 'AAAA' FROM 40)")
    assert await token_of(database, vault, "EAAthird") == ("EAAsecond", False)
    assert await token_of(database, vault, "EAAfourth") == ("EAAfourth", True)


@pytest.mark.parametrize("token", ["", "EAAline\nbreak", "EAAend\n", "EAA blank", "EAA\u00e9", "E" * 5000])
async def test_a_sealed_text_that_is_no_token_is_a_clear_error(database: Database, token: str) -> None:
    """It is never put into a header."""
    vault = TokenVault([OLD])
    await token_of(database, vault, "EAAfirst")
    await write(database, "UPDATE access_token SET sealed = $1", vault.seal(token))
    with pytest.raises(TokenSealed) as caught:
        await token_of(database, vault, "EAAfirst")
    assert "cannot be used" in caught.value.message
    assert not token or token not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("sealed", [None, "", "garbage", "gAAAA"])
async def test_nothing_or_garbage_in_the_place_of_a_token_is_a_clear_error(
    database: Database, sealed: str | None
) -> None:
    """Also NULL, which the schema forbids and a hand can bring about."""
    vault = TokenVault([OLD])
    await token_of(database, vault, "EAAfirst")
    await write(database, "ALTER TABLE access_token ALTER sealed DROP NOT NULL, ALTER source_digest DROP NOT NULL")
    await write(database, "UPDATE access_token SET sealed = $1", sealed)
    with pytest.raises(TokenSealed):
        await token_of(database, vault, "EAAfirst")
    await write(database, "UPDATE access_token SET sealed = $1, source_digest = NULL", vault.seal("EAAthere"))
    assert await token_of(database, vault, None) == ("EAAthere", False)
    assert await token_of(database, vault, "EAAfirst") == ("EAAfirst", True)


async def test_no_token_anywhere_is_a_clear_error(database: Database) -> None:
    """It names the variable and the command."""
    with pytest.raises(NoToken) as caught:
        await token_of(database, TokenVault([OLD]), None)
    assert "IGBOT_ACCESS_TOKEN" in caught.value.hint
    assert "igbot token set" in caught.value.hint


async def test_whether_a_token_is_there_is_known_by_any_id(database: Database) -> None:
    """Whichever of the account's ids is set now."""
    async with database.connection() as conn:
        await enter(conn, ["ig", "page"], name="main", production=True)
        assert not await holds_token(conn, ["page"])
        assert await stored_token(conn, TokenVault([OLD]), ACCOUNT) is None
    await token_of(database, TokenVault([OLD]), "EAAfirst")
    async with database.connection() as conn:
        assert await holds_token(conn, ["page"])
        assert not await holds_token(conn, ["other"])
