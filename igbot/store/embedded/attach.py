"""A process's use of the embedded server: starts its keeper where there is none, and tells it that we are there."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import igbot
from igbot.errors import DatabaseUnavailable
from igbot.store.embedded.cluster import DATABASE, ROLE, made_by
from igbot.store.embedded.failure import OWN_SERVER, EmbeddedServerError
from igbot.store.embedded.filelock import FileLock
from igbot.store.embedded.layout import Layout, Report

_ATTACH_SECONDS = 120.0
_LOOK_SECONDS = 0.03
# A keeper that goes without a word this often will not come.
_SILENT_STARTS = 5


class ConnectArguments(TypedDict):
    """Keyword arguments of `asyncpg.connect`."""

    host: str
    port: int
    user: str
    password: str
    database: str


class EmbeddedServer:
    """The private PostgreSQL in `data_dir`. `settings` (name=value) apply where this object starts the server."""

    def __init__(self, data_dir: Path, *, settings: Sequence[str] = ()) -> None:
        self._layout = Layout.of(data_dir)
        self._settings = tuple(settings)
        self._presence: FileLock | None = None
        self.warning = ""

    def is_made(self) -> bool:
        """Whether the data directory holds a database; looking makes none. Raises EmbeddedServerError."""
        return made_by(self._layout.cluster) is not None

    async def attach(self) -> ConnectArguments:
        """Makes the server run, and keeps it running until `detach` or our end; may be called again at any time.

        Raises EmbeddedServerError where it cannot run here, DatabaseUnavailable where it took too long.
        """
        try:
            async with asyncio.timeout(_ATTACH_SECONDS):
                await asyncio.to_thread(self._layout.create)
                await self._announce()
                report = await self._running()
            self.warning = report.warning
            password = self._layout.password.read_text(encoding="ascii")
        except TimeoutError as error:
            raise DatabaseUnavailable(
                f"the embedded database did not start within {_ATTACH_SECONDS:.0f} seconds",
                hint=f"read {self._layout.server_log}, {OWN_SERVER}",
            ) from error
        except OSError as error:
            raise EmbeddedServerError(
                f"the embedded database cannot use {self._layout.home}: {error.strerror or error}",
                hint=f"name a directory that igbot may write in IGBOT_DATA_DIR, {OWN_SERVER}",
            ) from error
        return ConnectArguments(host=report.host, port=report.port, user=ROLE, password=password, database=DATABASE)

    def detach(self) -> None:
        """Says that we are done: the server stops within seconds unless others use it."""
        if self._presence is not None:
            self._presence.release()
            self._presence = None

    async def wait_for_end(self, *, seconds: float) -> bool:
        """After `detach`: whether the server came to its end within `seconds`, which it does not while others use it.

        For a service manager that kills what is left of a service once its main process has gone.
        """
        try:
            async with asyncio.timeout(seconds):
                while _is_kept(self._layout):  # noqa: ASYNC110 - another process's end has no event
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            return False
        return True

    async def _announce(self) -> None:
        if self._presence is not None:
            return
        presence = FileLock(self._layout.users_lock)
        # Held alone only by a keeper on its way out.
        while not presence.try_shared():  # noqa: ASYNC110 - a file lock has no event
            await asyncio.sleep(_LOOK_SECONDS)
        self._presence = presence

    async def _running(self) -> Report:
        silent = 0
        while True:
            if not _is_kept(self._layout):
                failed = self._layout.read_report()
                if failed is not None and failed.error and silent:
                    raise EmbeddedServerError(failed.error, hint=failed.hint)
                silent += 1
                if silent > _SILENT_STARTS:
                    raise EmbeddedServerError(
                        "the embedded database's keeper does not start",
                        hint=f"read {self._layout.keeper_log}, {OWN_SERVER}",
                    )
                await asyncio.to_thread(_start_keeper, self._layout, self._settings)
            report = self._layout.read_report()
            if report is not None and not report.error and _is_kept(self._layout):
                return report
            await asyncio.sleep(_LOOK_SECONDS)


def _is_kept(layout: Layout) -> bool:
    with FileLock(layout.keeper_lock) as lock:
        return not lock.try_shared()


def _start_keeper(layout: Layout, settings: Sequence[str]) -> None:
    with open(layout.keeper_log, "ab", opener=_open_private) as log:
        command = [sys.executable, "-P", "-m", "igbot.store.embedded.keeper", str(layout.home.parent), *settings]
        if sys.platform == "win32":
            flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
            subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment(), creationflags=flags
            )
            time.sleep(1)
            return
        # Not in the terminal's process group: Ctrl-C must leave the server up while a command winds up.
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(),
            cwd="/",
            start_new_session=True,
            check=False,
        )


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _environment() -> dict[str, str]:
    """Ours without the secrets and PostgreSQL's own variables, which would change what is started."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("IGBOT_", "PG", "LC_")) and name != "DATABASE_URL"
    }
    source = str(Path(igbot.__file__).resolve().parent.parent)
    paths = [source, *filter(None, kept.get("PYTHONPATH", "").split(os.pathsep))]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths)}
