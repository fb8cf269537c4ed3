"""The encryption key of development and test: made once, kept in the data directory."""

import os
import secrets
import sys
from pathlib import Path

from cryptography.fernet import Fernet

from igbot.errors import UsageError

NAME = "encryption.key"


def development_key(data_dir: Path) -> str:
    """The data directory's key, made at the first call in a file that only its owner can read.

    Raises UsageError if the directory cannot be used.
    """
    path = data_dir / NAME
    draft = data_dir / f".{NAME}.{secrets.token_hex(8)}"
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            return _read(path)
        # Whole before it has its name: a second process must not read half of it.
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(Fernet.generate_key().decode())
        try:
            _name(draft, path)
        except FileExistsError:
            return _read(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise _unusable(data_dir, error) from error
    return _read(path)


def _name(draft: Path, path: Path) -> None:
    """Give the draft its name. Raises FileExistsError where another process was quicker."""
    if sys.platform == "win32":
        draft.rename(path)
    else:
        path.hardlink_to(draft)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> UsageError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return UsageError(f"{path} cannot be used: {reason}", hint="IGBOT_DATA_DIR names a directory that igbot may write")
