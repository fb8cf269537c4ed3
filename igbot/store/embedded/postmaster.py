"""Starts and stops one PostgreSQL server, and deals with one whose keeper was killed."""

import contextlib
import ctypes
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from igbot.store.embedded.binaries import Binaries
from igbot.store.embedded.layout import Layout
from igbot.store.embedded.privileges import RunAs

_SYSTEM = platform.system()
_STOP_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_PID_LINE, _STATUS_LINE = 0, 7


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The means to run the server of one cluster; the running one is told by its process, or by its pid file."""

    layout: Layout
    binaries: Binaries
    run_as: RunAs

    def start(self, settings: Sequence[str]) -> "subprocess.Popen[bytes] | None":
        """Starts the server with `settings` (name=value) and returns at once; None where pg_ctl started it.

        Raises OSError, subprocess.SubprocessError.
        """
        options = [word for setting in settings for word in ("-c", setting)]
        with self.layout.server_log.open("ab") as log:
            if sys.platform == "win32":
                # postgres itself refuses an administrator; pg_ctl takes the rights away first.
                self._pg_ctl("start", "-l", str(self.layout.server_log), "-o", subprocess.list2cmdline(options))
                return None
            return subprocess.Popen(
                [
                    *self.run_as.prefix,
                    self.binaries.program("postgres"),
                    "-D",
                    str(self.layout.cluster),
                    *options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                user=self.run_as.uid,
                group=self.run_as.gid,
                extra_groups=[] if self.run_as.uid is not None else None,
                # The keeper has one thread, and nothing else ends the server of a keeper killed with SIGKILL.
                preexec_fn=_end_with_parent(),
            )

    def is_ready(self) -> bool:
        """Whether the running server takes connections."""
        lines = self._pid_file()
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"

    def pid(self) -> int | None:
        """The process of a live server on this cluster, ours or left by another keeper; None where there is none."""
        lines = self._pid_file()
        if not lines or not lines[_PID_LINE].strip().isdigit():
            return None
        pid = int(lines[_PID_LINE])
        return pid if _is_server(pid, self.layout.cluster) else None

    def stop(self, process: "subprocess.Popen[bytes] | None" = None) -> None:
        """Stops the server cleanly, cutting its connections, and waits for its end; harder if it will not."""
        if process is None or sys.platform == "win32":
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                self._pg_ctl("stop", "-m", "fast")
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_STOP_SECONDS / 2)
                return

    def clear_stale(self) -> None:
        """Removes the pid file of a server that is gone, whose pid something else has now. Raises OSError.

        The caller holds the keeper's lock and has seen `pid()` be None.
        """
        (self.layout.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _pg_ctl(self, action: str, *options: str) -> None:
        program = self.binaries.program("pg_ctl")
        seconds = str(int(_STOP_SECONDS))
        self.run_as.run(
            [program, action, "-D", str(self.layout.cluster), "-s", "-w", "-t", seconds, *options],
            timeout=_STOP_SECONDS + 10,
        )

    def _pid_file(self) -> list[str]:
        try:
            return (self.layout.cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Whether `condition` came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _is_server(pid: int, cluster: Path) -> bool:
    try:
        if _SYSTEM == "Windows":
            answer = subprocess.run(["tasklist", "/FI", f"PID eq {pid}", "/NH"], capture_output=True, text=True)
            return "postgres" in answer.stdout
        if _SYSTEM == "Linux":
            # PostgreSQL changes into its data directory, which tells it from whatever else got the pid since.
            return os.path.samefile(f"/proc/{pid}/cwd", cluster)
        answer = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True)
    except OSError:
        return False
    return str(cluster) in answer.stdout


def _end_with_parent() -> Callable[[], None] | None:
    if _SYSTEM != "Linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask_for_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask_for_signal
