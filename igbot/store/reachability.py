"""Which errors of asyncpg mean that PostgreSQL is away, which that it said no, and which are ours."""

import ssl
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from igbot.errors import DatabaseRefused, DatabaseUnavailable, IgbotError

# Whatever the connection, these say that the server is going, coming, cut off, full, or a standby.
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
# These can also be ours (a wrong argument, a file): they count once the connection is gone.
_AWAY_WHEN_CLOSED = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)
UNREACHABLE = (*_AWAY, *_AWAY_WHEN_CLOSED)
"""What connecting to a server that is away raises."""

_NO = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    ssl.SSLCertVerificationError,
)
_SETTING = "IGBOT_DATABASE_URL"


def connecting_failed(error: Exception, *, place: str) -> IgbotError | None:
    """What an error while connecting to the server at `place` means; None for one that is a bug of ours."""
    if isinstance(error, ValueError):
        # Its text may hold a piece of a password with a character that ends it early.
        return DatabaseRefused(
            f"{_SETTING} cannot be read as a database URL",
            hint="write postgresql://user:password@host:port/name, special characters in the password as %XX",
        )
    if isinstance(error, _NO):
        return DatabaseRefused(
            f"PostgreSQL {place} refused us: {error}", hint=f"mend {_SETTING} or the server's roles and databases"
        )
    if isinstance(error, UNREACHABLE):
        return unavailable(error, place=place)
    return None


def connection_lost(error: Exception, connection: "asyncpg.Connection[Any]") -> bool:
    """Whether an error raised by the use of `connection` says that the server is away."""
    return isinstance(error, _AWAY) or (isinstance(error, _AWAY_WHEN_CLOSED) and _is_closed(connection))


def _is_closed(connection: "asyncpg.Connection[Any]") -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        # The pool has taken a broken connection away from its user already.
        return True


def unavailable(error: BaseException | None = None, *, place: str) -> DatabaseUnavailable:
    """The error for a server at `place` that cannot be reached."""
    reason = f": {str(error) or type(error).__name__}" if error is not None else ""
    return DatabaseUnavailable(
        f"PostgreSQL {place} cannot be reached{reason}", hint=f"see that it runs, and that {_SETTING} is right"
    )


def place_of(url: str) -> str:
    """Where a database URL leads, without its user and password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "localhost", parts.port or 5432
    except ValueError:
        return f"of {_SETTING}"
    if "@" in parts.path:
        # A password with a bare slash in it ends up here.
        return f"of {_SETTING}"
    return f"at {host}:{port}{parts.path}"
