"""File locks that the system drops when their holder ends, however it ends."""

import os
import random
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

# Windows locks bytes, and a byte has one holder: a shared lock is one byte of this range, an exclusive one all of it.
_RANGE = 1 << 30


class FileLock:
    """A lock on `path`, which is created when missing. Not reentrant; one holder an object."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._fd is not None

    def try_exclusive(self) -> bool:
        """Takes the lock alone. False at once where anybody else holds it. OSError where the file cannot be opened."""
        return self._take(shared=False)

    def try_shared(self) -> bool:
        """Takes the lock beside other sharers. False at once where somebody holds it alone. OSError as above."""
        return self._take(shared=True)

    def release(self) -> None:
        """Gives the lock back; nothing happens where it is not held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _take(self, *, shared: bool) -> bool:
        if self._fd is not None:
            raise RuntimeError(f"the lock on {self._path} is held already")
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(fd, shared=shared)
        except (BlockingIOError, PermissionError):
            os.close(fd)
            return False
        except OSError:
            os.close(fd)
            raise
        self._fd = fd
        return True


if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int, *, shared: bool) -> None:
        offset = random.randrange(_RANGE) if shared else 0
        os.lseek(fd, offset, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1 if shared else _RANGE)

else:
    import fcntl

    def _lock(fd: int, *, shared: bool) -> None:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
