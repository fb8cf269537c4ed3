"""The process that runs the embedded server while anybody uses it: `python -m igbot.store.embedded.keeper DATA_DIR`.

It belongs to no command: whoever comes first starts it, and it ends within seconds of the last user.
"""

import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from igbot.store.embedded.address import Address, choose_address
from igbot.store.embedded.binaries import find_binaries
from igbot.store.embedded.cluster import create_cluster, made_by
from igbot.store.embedded.failure import OWN_SERVER, EmbeddedServerError
from igbot.store.embedded.filelock import FileLock
from igbot.store.embedded.layout import Layout, Report
from igbot.store.embedded.postmaster import Postmaster, wait_until
from igbot.store.embedded.privileges import choose_user

ANOTHER_KEEPS = 10
_LOOK_SECONDS = 0.5
# The turns in a row without a user after which the server stops: a next command often follows at once.
_IDLE_TURNS = 4
_READY_SECONDS = 60.0
_START_ATTEMPTS = 20
_LOG_LIMIT = 4_000_000
_SETTINGS = (
    # PostgreSQL's defaults, said here so that an edited postgresql.conf cannot take them away.
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "logging_collector=off",
    "TimeZone=UTC",
    # What customers write stays out of the log.
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
)


@dataclass(slots=True)
class Stop:
    """Whether the system asked the keeper to end."""

    asked: bool = False

    def ask(self, number: int, frame: object) -> None:
        """The signal handler."""
        self.asked = True


class Keeper:
    """Runs one server until nobody uses it. `settings` are PostgreSQL settings, name=value."""

    def __init__(self, layout: Layout, settings: Sequence[str], stop: Stop) -> None:
        self._layout = layout
        self._settings = settings
        self._stop = stop
        self._users = FileLock(layout.users_lock)
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Returns after the server's clean end, with the users' lock held. Raises EmbeddedServerError, OSError."""
        postmaster = self._prepare()
        address = choose_address(self._layout.sockets, postmaster.run_as)
        try:
            while True:
                self._start(postmaster, address)
                self._layout.publish(Report(os.getpid(), address.host, address.port, warning=postmaster.run_as.warning))
                if not self._server_ended(postmaster):
                    return
                self._layout.withdraw()
        finally:
            self._layout.withdraw()
            if postmaster.pid() is not None:
                postmaster.stop(self._process)
            address.clear()

    def _prepare(self) -> Postmaster:
        layout = self._layout
        binaries = find_binaries(major=made_by(layout.cluster))
        run_as = choose_user(layout.home, layout.cluster, binaries.program("postgres"))
        if not layout.cluster.exists():
            create_cluster(layout, binaries, run_as)
        return Postmaster(layout, binaries, run_as)

    def _start(self, postmaster: Postmaster, address: Address) -> None:
        for _ in range(_START_ATTEMPTS):
            if postmaster.pid() is not None:
                postmaster.stop()
            if postmaster.pid() is None:
                postmaster.clear_stale()
            self._process = postmaster.start([*_SETTINGS, *address.settings, *self._settings])
            wait_until(lambda: postmaster.is_ready() or self._ended(postmaster), seconds=_READY_SECONDS)
            if postmaster.is_ready() and not self._ended(postmaster):
                return
            if self._stop.asked:
                break
            # The processes of a server that was killed take a moment to go, and until then a new one will not start.
            time.sleep(_LOOK_SECONDS)
        raise EmbeddedServerError(
            f"the embedded database does not start: {_last_line(self._layout.server_log)}",
            hint=f"read {self._layout.server_log}, {OWN_SERVER}",
        )

    def _server_ended(self, postmaster: Postmaster) -> bool:
        idle = 0
        while not self._stop.asked:
            time.sleep(_LOOK_SECONDS)
            if self._ended(postmaster):
                return True
            if not self._users.try_exclusive():
                idle = 0
                continue
            idle += 1
            if idle >= _IDLE_TURNS:
                # Held on to, so that a newcomer waits for the end and then starts a keeper of its own.
                return False
            self._users.release()
        return False

    def _ended(self, postmaster: Postmaster) -> bool:
        return self._process.poll() is not None if self._process else postmaster.pid() is None


def keep(data_dir: Path, settings: Sequence[str]) -> int:
    """Keeps the server of a data directory; the process's exit code.

    On POSIX the call returns in the starting process once the lock is taken, and goes on in a child.
    """
    layout = Layout.of(data_dir)
    lock = FileLock(layout.keeper_lock)
    # A user who looks whether there is a keeper holds the lock for a moment.
    if not wait_until(lock.try_exclusive, seconds=0.5):
        return ANOTHER_KEEPS
    layout.withdraw()
    if sys.platform != "win32" and os.fork() != 0:
        os._exit(0)
    os.umask(0o077)
    for log in (layout.keeper_log, layout.server_log):
        _trim_log(log)
    stop = Stop()
    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), stop.ask)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        Keeper(layout, settings, stop).run()
    except EmbeddedServerError as error:
        layout.publish(Report(os.getpid(), error=error.message, hint=error.hint))
        return int(error.exit_code)
    except (OSError, subprocess.SubprocessError) as error:
        traceback.print_exc()
        hint = f"read {layout.keeper_log}, mend what it names (the disk, IGBOT_DATA_DIR), {OWN_SERVER}"
        layout.publish(Report(os.getpid(), error=f"the embedded database does not start: {error}", hint=hint))
        return int(EmbeddedServerError.exit_code)
    finally:
        # In this order: who gets the users' lock must find the keeper gone.
        lock.release()
    return 0


def _trim_log(path: Path) -> None:
    """Empties a log that has grown too long; a missing one is fine. Raises OSError."""
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        os.truncate(path, 0)


def _last_line(path: Path) -> str:
    try:
        lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    except OSError:
        lines = []
    telling = [line for line in lines[-20:] if "FATAL" in line or "error" in line]
    return (telling or lines or ["it left no word"])[-1]


if __name__ == "__main__":
    sys.exit(keep(Path(sys.argv[1]), sys.argv[2:]))
