"""Runs `igbot` as a process of its own, as a person or a script would."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import igbot
from igbot import runfile
from igbot.cli import main

SOURCE = Path(igbot.__file__).resolve().parent.parent
SECONDS = 200.0
"""How long a command may take where a dozen others want the same two cores; usually it is one."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Place:
    """A directory to run commands in, with the sample rules, and a data directory that embedded servers can use."""

    here: Path
    data_dir: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def furnished(cls, here: Path, data_dir: Path, **settings: str) -> "Place":
        """A new place with a copy of the sample rules."""
        shutil.copytree(SOURCE / "rules.d", here / "rules.d")
        return cls(here, data_dir, settings)

    @property
    def rules(self) -> Path:
        """The one file of rules."""
        return self.here / "rules.d" / "10-shop.yaml"

    def environ(self, changes: Mapping[str, str]) -> dict[str, str]:
        """The environment of a command: nothing of the tester's own, but what the system needs to run a program."""
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "SYSTEMROOT", "TEMP", "TMP", "PYTHONPATH")}
        own = {"HOME": str(self.here), "IGBOT_DATA_DIR": str(self.data_dir), "PYTHONWARNINGS": "error"}
        paths = [str(SOURCE), *filter(None, [kept.get("PYTHONPATH")])]
        return {**kept, "PYTHONPATH": os.pathsep.join(paths), "LANG": "C.UTF-8", **own, **self.settings, **changes}

    def start(self, *arguments: str, **changes: str) -> "subprocess.Popen[str]":
        """A command that is left to run; its three streams are pipes."""
        return subprocess.Popen(
            [sys.executable, "-m", "igbot", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
            cwd=self.here,
            env=self.environ(changes),
        )

    def run(self, *arguments: str, typed: str = "", **changes: str) -> Ended:
        """A command with its end. `typed` is its standard input, `changes` are environment variables."""
        with self.start(*arguments, **changes) as process:
            try:
                out, err = process.communicate(typed, timeout=SECONDS)
            finally:
                process.kill()
        return Ended(process.returncode, out, err)

    def call(self, *arguments: str, patch: pytest.MonkeyPatch, **changes: str) -> int:
        """A command in this process, for what ends before it opens anything; its exit code. Output is captured."""
        patch.chdir(self.here)
        for name in [name for name in os.environ if name.startswith("IGBOT_")]:
            patch.delenv(name)
        for name, value in self.environ(changes).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["igbot", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return int(ended.value.code)

    @contextmanager
    def serving(self, *arguments: str, **changes: str) -> "Iterator[subprocess.Popen[str]]":
        """`igbot serve --env development` on free ports for the block, ready; its log goes to `serve.log`."""
        with (self.here / "serve.log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "igbot", "serve", "--env", "development", "--port", "0", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                encoding="utf-8",
                cwd=self.here,
                env=self.environ({"IGBOT_MANAGEMENT_PORT": "0", **changes}),
            )
        try:
            self._wait_until_serving(process)
            yield process
        finally:
            interrupt(process)

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        return (self.here / "serve.log").read_text(encoding="utf-8")

    def _wait_until_serving(self, process: "subprocess.Popen[str]") -> None:
        deadline = time.monotonic() + SECONDS
        while (run := runfile.read(self.data_dir)) is None or run.pid != process.pid:
            assert process.poll() is None, f"the server ended: {self.log}"
            assert time.monotonic() < deadline, f"the server does not come: {self.log}"
            time.sleep(0.02)


def interrupt(process: "subprocess.Popen[str]") -> int:
    """Ends a process as Ctrl-C does and gives its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        return process.wait(timeout=SECONDS)
    finally:
        process.kill()
        process.wait()
