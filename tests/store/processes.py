"""Looks at the embedded server's processes from outside, and makes others that use it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import igbot
from igbot.store.embedded.filelock import FileLock
from igbot.store.embedded.layout import Layout
from tests.waiting import PATIENCE

_USER = """
import asyncio, sys
from pathlib import Path
from igbot.store.embedded.attach import EmbeddedServer
asyncio.run(EmbeddedServer(Path(sys.argv[1]), settings=sys.argv[2:]).attach())
print("attached", flush=True)
sys.stdin.read()
"""


def is_kept(data_dir: Path) -> bool:
    """Whether the embedded server of a data directory has a keeper."""
    layout = Layout.of(data_dir)
    if not layout.home.exists():
        return False
    with FileLock(layout.keeper_lock) as lock:
        return not lock.try_shared()


def wait_for(condition: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Returns once `condition` is true. Raises AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not come about within {seconds} seconds"
        time.sleep(0.02)


def wait_for_end(data_dir: Path) -> None:
    """Returns once the embedded server and its keeper are gone."""
    wait_for(lambda: not is_kept(data_dir))


def stop_keeper(data_dir: Path) -> None:
    """Has the server stopped at once, used or not, and waits for its end."""
    report = Layout.of(data_dir).read_report()
    if report is not None and is_kept(data_dir):
        with contextlib.suppress(ProcessLookupError):
            os.kill(report.keeper, signal.SIGTERM)
    wait_for_end(data_dir)


def postmaster_pid(data_dir: Path) -> int:
    """The server's process."""
    return int((Layout.of(data_dir).cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])


def is_alive(pid: int) -> bool:
    """Whether there is such a process, other than one that has ended and waits to be counted."""
    state = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip() not in ("", "Z")


@contextlib.contextmanager
def server_user(data_dir: Path, *settings: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process on its way to use the embedded server; killed at the end of the block."""
    source = str(Path(igbot.__file__).resolve().parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-c", _USER, str(data_dir), *settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": source, "IGBOT_APP_SECRET": "not-for-the-keeper"},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def bystander() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that has nothing to do with any of this; ended with the block."""
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def wait_until_attached(process: "subprocess.Popen[str]") -> None:
    """Returns once the other process uses the server."""
    assert process.stdout is not None
    assert process.stdout.readline() == "attached\n"
