"""What the command line shows a person instead of a traceback.

Every error that somebody outside the code can act on derives from `IgbotError`; anything else is a bug.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script may rely on (`igbot --help` lists them)."""

    OK = 0
    BAD = 1
    USAGE = 2
    UNREACHABLE = 3


class IgbotError(Exception):
    """An error with a way out.

    `message` says what is wrong and where, `hint` what to do; neither ever holds a secret.
    """

    exit_code = ExitCode.UNREACHABLE

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(IgbotError):
    """The call or the settings are wrong: nothing was started."""

    exit_code = ExitCode.USAGE


class DatabaseUnavailable(IgbotError):
    """PostgreSQL cannot be reached now; the same call may succeed later."""


class DatabaseRefused(UsageError):
    """PostgreSQL was reached and said no (password, no such database, a newer schema)."""
