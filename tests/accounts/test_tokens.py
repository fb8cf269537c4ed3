"""Tokens are sealed before they touch the database; the environment replaces the stored one only if it has changed."""

from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from igbot.accounts.identity import enter
from igbot.accounts.tokens import NoToken, TokenSealed, TokenVault, current_token, holds_token
from igbot.errors import UsageError
from igbot.meta.events import AccountId
from igbot.store.pool import Database

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
NOW = datetime(2026, 9, 1, tzinfo=UTC)
ACCOUNT = AccountId("ig")


async def token_of(database: Database, vault: TokenVault, environment: str | None) -> tuple[str, bool]:
    """The account's token now, and whether it is new."""
    async with database.connection() as conn:
        return await current_token(conn, vault, ACCOUNT, from_environment=environment, now=NOW)


async def stored(database: Database) -> str:
    """Everything the database holds of the token."""
    async with database.connection() as conn:
        return str(await conn.fetchrow("SELECT * FROM access_token"))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_what_is_sealed_is_opened_again(token: str) -> None:
    """Any token, and the sealed form does not show it."""
    vault = TokenVault([OLD])
    sealed = vault.seal(token)
    assert vault.open(sealed) == token
    assert len(token) < 8 or token not in sealed


async def test_the_environments_token_is_sealed_at_the_first_start(database: Database) -> None:
    """Neither the token nor a plain digest of it is in the database."""
    vault = TokenVault([OLD])
    assert await token_of(database, vault, "EAAfirst") == ("EAAfirst", True)
    assert "EAAfirst" not in await stored(database)
    assert await token_of(database, vault, "EAAfirst") == ("EAAfirst", False)
    assert await token_of(database, vault, None) == ("EAAfirst", False)


async def test_a_refreshed_token_outlives_a_restart(database: Database) -> None:
    """The variable still has the old value: it has not changed, so it replaces nothing. Once it changes, it does."""
    vault = TokenVault([OLD])
    await token_of(database, vault, "EAAfirst")
    async with database.connection() as conn:
        await conn.execute("UPDATE access_token SET sealed = $1", vault.seal("EAArefreshed"))
    assert await token_of(database, vault, "EAAfirst") == ("EAArefreshed", False)
    assert await token_of(database, vault, "EAAsecond") == ("EAAsecond", True)
    assert await token_of(database, vault, None) == ("EAAsecond", False)


async def test_with_a_new_first_key_the_old_one_still_opens(database: Database) -> None:
    """And the environment's unchanged value is still known for the same."""
    await token_of(database, TokenVault([OLD]), "EAAfirst")
    rotated = TokenVault([NEW, OLD])
    assert await token_of(database, rotated, "EAAfirst") == ("EAAfirst", False)
    assert await token_of(database, rotated, "EAAsecond") == ("EAAsecond", True)
    assert await token_of(database, TokenVault([NEW]), "EAAsecond") == ("EAAsecond", False)


async def test_a_token_that_no_key_opens_is_a_clear_error(database: Database) -> None:
    """It names the setting and the way out, and never the token."""
    await token_of(database, TokenVault([OLD]), "EAAfirst")
    with pytest.raises(TokenSealed) as caught:
        await token_of(database, TokenVault([NEW]), None)
    assert "IGBOT_ENCRYPTION_KEY" in caught.value.message
    assert "IGBOT_ACCESS_TOKEN" in caught.value.hint
    assert "EAAfirst" not in f"{caught.value} {caught.value.hint}"


async def test_no_token_anywhere_is_a_clear_error(database: Database) -> None:
    """It names the variable."""
    with pytest.raises(NoToken) as caught:
        await token_of(database, TokenVault([OLD]), None)
    assert "IGBOT_ACCESS_TOKEN" in caught.value.hint


@pytest.mark.parametrize("key", ["", "short", "ä" * 44, "A" * 43])
def test_something_that_is_no_key_is_refused(key: str) -> None:
    """Without saying what it was."""
    with pytest.raises(UsageError) as caught:
        TokenVault([key])
    assert "IGBOT_ENCRYPTION_KEY" in caught.value.message
    assert not key or key not in f"{caught.value} {caught.value.hint}"


async def test_whether_a_token_is_there_is_known_by_any_id(database: Database) -> None:
    """Whichever of the account's ids is set now."""
    async with database.connection() as conn:
        await enter(conn, ["ig", "page"], production=True)
        assert not await holds_token(conn, ["page"])
    await token_of(database, TokenVault([OLD]), "EAAfirst")
    async with database.connection() as conn:
        assert await holds_token(conn, ["page"])
        assert not await holds_token(conn, ["other"])
