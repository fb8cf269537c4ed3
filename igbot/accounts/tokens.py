"""Access tokens: sealed with Fernet before they touch the database, opened only in memory (requirement 4.4)."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from igbot.errors import IgbotError, UsageError
from igbot.meta.events import AccountId

LOAD = "SELECT sealed, source_digest FROM access_token WHERE account_id = $1"
HOLDS = "SELECT EXISTS (SELECT FROM access_token JOIN account USING (account_id) WHERE ids && $1::text[])"
STORE = """
INSERT INTO access_token (account_id, sealed, source_digest, stored_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id) DO UPDATE SET sealed = EXCLUDED.sealed, source_digest = EXCLUDED.source_digest,
    stored_at = EXCLUDED.stored_at
"""


class TokenSealed(IgbotError):
    """The stored token cannot be opened with any of the keys."""


class NoToken(IgbotError):
    """Neither the environment nor the database has a token."""


class TokenVault:
    """Seals and opens tokens. The first key seals, every key opens.

    Raises UsageError for a key that is none.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise UsageError(
                "IGBOT_ENCRYPTION_KEY holds something that is no Fernet key",
                hint="a key is 32 random bytes in URL-safe base64 (44 characters); several are separated by commas",
            ) from error

    def seal(self, token: str) -> str:
        """The token as it may be stored."""
        return self._fernet.encrypt(token.encode()).decode()

    def open(self, sealed: str) -> str:
        """The token in clear. Raises TokenSealed."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise TokenSealed(
                "the stored access token cannot be opened with any key of IGBOT_ENCRYPTION_KEY",
                hint="add the key it was sealed with to IGBOT_ENCRYPTION_KEY, or give a new IGBOT_ACCESS_TOKEN",
            ) from None

    def digest(self, token: str) -> str:
        """Keyed digest of a token, by the first key: tells whether the environment's value has changed."""
        return self._digest(self._keys[0], token)

    def came_from(self, digest: str, token: str) -> bool:
        """Whether a stored digest is this token's, under any key."""
        return any(hmac.compare_digest(digest, self._digest(key, token)) for key in self._keys)

    @staticmethod
    def _digest(key: str, token: str) -> str:
        return hmac.new(key.encode(), token.encode(), hashlib.sha256).hexdigest()


async def current_token(
    conn: "asyncpg.Connection[Any]",
    vault: TokenVault,
    account_id: AccountId,
    *,
    from_environment: str | None,
    now: datetime,
) -> tuple[str, bool]:
    """The account's token, and whether it is new: the environment's where that has changed since it was last taken
    over, else the stored one.

    Raises TokenSealed, NoToken.
    """
    row = await conn.fetchrow(LOAD, account_id)
    if from_environment and (row is None or not vault.came_from(row["source_digest"], from_environment)):
        await conn.execute(STORE, account_id, vault.seal(from_environment), vault.digest(from_environment), now)
        return from_environment, True
    if row is None:
        raise NoToken("there is no access token", hint="set IGBOT_ACCESS_TOKEN; it is sealed into the database")
    return vault.open(row["sealed"]), False


async def holds_token(conn: "asyncpg.Connection[Any]", ids: Sequence[str]) -> bool:
    """Whether a token is stored for the account that has one of these ids."""
    return bool(await conn.fetchval(HOLDS, list(ids)))
