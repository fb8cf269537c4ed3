"""Where the embedded server listens: a socket in a private directory, or a loopback port where there are no sockets."""

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from igbot.store.embedded.privileges import RunAs

# The shortest limit of the systems we know (macOS) is 104 bytes with the closing NUL.
MAX_SOCKET_PATH = 100
_PORT = 5432


@dataclass(frozen=True, slots=True)
class Address:
    """`host` is a socket directory or a loopback address; `temporary` one is removed after the server's end."""

    host: str
    port: int
    temporary: bool = False

    @property
    def settings(self) -> tuple[str, ...]:
        """PostgreSQL settings, name=value, that make the server listen here and nowhere else."""
        if os.path.isabs(self.host):
            sockets = f"unix_socket_directories={self.host}"
            return "listen_addresses=", sockets, "unix_socket_permissions=0700", f"port={self.port}"
        return f"listen_addresses={self.host}", "unix_socket_directories=", f"port={self.port}"

    def clear(self) -> None:
        """Removes a temporary directory."""
        if self.temporary:
            shutil.rmtree(self.host, ignore_errors=True)


def choose_address(sockets: Path, run_as: RunAs, *, short_places: Sequence[str] | None = None) -> Address:
    """A place for the server of `run_as`: `sockets` where that fits, a short private directory, a loopback port."""
    if _fits(sockets):
        # The server's owner may have changed since: nothing in there outlives a server.
        shutil.rmtree(sockets, ignore_errors=True)
        sockets.mkdir(mode=0o700)
        if _takes_sockets(sockets):
            run_as.give(sockets)
            return Address(str(sockets), _PORT)
    for place in ("/tmp", tempfile.gettempdir()) if short_places is None else short_places:
        with contextlib.suppress(OSError):
            short = Path(tempfile.mkdtemp(prefix="igbot-", dir=place))
            if _fits(short) and _takes_sockets(short):
                run_as.give(short)
                return Address(str(short), _PORT, temporary=True)
            short.rmdir()
    return Address("127.0.0.1", _free_port())


def _fits(directory: Path) -> bool:
    # PostgreSQL takes a comma as the end of one of several directories.
    return len(os.fsencode(directory / f".s.PGSQL.{_PORT}")) <= MAX_SOCKET_PATH and "," not in str(directory)


def _takes_sockets(directory: Path) -> bool:
    if os.name == "nt" or not hasattr(socket, "AF_UNIX"):
        return False
    probe = directory / ".probe"
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(probe))
        probe.unlink()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
