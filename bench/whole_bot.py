"""Real `igbot serve` processes for a bench, as an operator would run them: in production, behind a proxy for HTTPS."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.child import environment
from bench.graph_endpoint import ACCOUNT_IDS
from bench.subject import NotMeasurable
from igbot import runfile

APP_SECRET = "bench-app-secret"
PROXIED = {"X-Forwarded-Proto": "https"}
"""Said by the proxy in front, which the load stands for."""
READY_SECONDS = 30.0
END_SECONDS = 60.0
LOOK_SECONDS = 0.01
LOG_LINES = 8
PLAYED_OUT = "IGBOT_LOOP_GUARD=0, IGBOT_RATE_TEXT, _MEDIA, _CUSTOMER and _LOOKUPS=1000000"
"""What the environment of every bot says so that nothing holds a load back."""


@dataclass(frozen=True, slots=True)
class WholeBot:
    """A running `igbot serve`; `log` is its standard error, one JSON object a line."""

    pid: int
    public_url: str
    log: Path
    ready_after: float
    """Seconds from its start until `/readyz` said ok."""

    @property
    def webhook_url(self) -> str:
        """Where customers' messages are posted."""
        return f"{self.public_url}/webhook"

    def pids(self) -> list[int]:
        """Its processes: the first one, and its further workers; an embedded database is none of them."""
        import psutil

        first = psutil.Process(self.pid)
        workers = [each.pid for each in first.children() if "--join" in each.cmdline()]
        return [first.pid, *workers]

    def rss(self) -> int:
        """Resident memory in bytes of all its processes together."""
        import psutil

        return sum(int(psutil.Process(pid).memory_info().rss) for pid in self.pids())

    def logged(self, event: str) -> int:
        """How often an event stands in the log."""
        return sum(f'"event":"{event}"' in line.replace('": "', '":"') for line in _lines(self.log))

    async def settled_rss(self, *, most: float = 20.0) -> int:
        """Resident memory once it has stood still (within 0.2 MB) for two seconds, or after `most` seconds."""
        seen = [self.rss()]
        deadline = time.monotonic() + most
        while time.monotonic() < deadline:
            await asyncio.sleep(0.5)
            seen.append(self.rss())
            if len(seen) >= 5 and max(seen[-5:]) - min(seen[-5:]) < 200_000:
                break
        return seen[-1]


def production(*, graph_url: str, data: Path, rules: Path, database_url: str | None) -> dict[str, str]:
    """The environment of a bot in production; without `database_url` it has its embedded database in `data`."""
    own = {name: value for name, value in environment().items() if name not in ("DATABASE_URL", "PORT")}
    database = {"IGBOT_DATABASE_URL": database_url} if database_url is not None else {}
    rates = {f"IGBOT_RATE_{each}": "1000000" for each in ("TEXT", "MEDIA", "CUSTOMER", "LOOKUPS")}
    return {
        **own,
        **database,
        **rates,
        "IGBOT_LOOP_GUARD": "0",
        "IGBOT_ENV": "production",
        "IGBOT_APP_SECRET": APP_SECRET,
        "IGBOT_VERIFY_TOKEN": "bench-verify-token",
        "IGBOT_ACCESS_TOKEN": "EAAbench",
        "IGBOT_ACCOUNT_ID": ",".join(ACCOUNT_IDS),
        "IGBOT_ENCRYPTION_KEY": "A" * 43 + "=",
        "IGBOT_GRAPH_URL": graph_url,
        "IGBOT_DATA_DIR": str(data),
        "IGBOT_RULES_DIR": str(rules),
        "IGBOT_HOST": "127.0.0.1",
        "IGBOT_PORT": "0",
        "IGBOT_MANAGEMENT_PORT": "0",
        "IGBOT_TLS": "proxy",
        "IGBOT_TRUSTED_PROXIES": "127.0.0.0/8",
    }


@asynccontextmanager
async def open_bot(
    environ: Mapping[str, str], directory: Path, *, arguments: Sequence[str] = (), workers: int = 1
) -> AsyncIterator[WholeBot]:
    """A bot that is ready, with all its workers, for the block.

    `environ` is from `production`; `directory` is made, for its log. Raises NotMeasurable with the end of its log
    where it does not become ready.
    """
    data = Path(environ["IGBOT_DATA_DIR"])
    log = _cleared(directory, data)
    started = time.monotonic()
    several = ("--workers", str(workers)) if workers > 1 else ()
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "igbot",
            "serve",
            *several,
            *arguments,
            cwd=directory,
            env=dict(environ),
            stderr=errors,
        )
    try:
        run = await _found(process, data, log)
        await _ready(process, run.management_url, log, workers=workers)
        yield WholeBot(run.pid, run.public_url, log, time.monotonic() - started)
    finally:
        await _end(process)


def _cleared(directory: Path, data: Path) -> Path:
    """A place for a log, once nothing is left of a run before."""
    # The embedded server's unprivileged user has to get through to its files.
    directory.mkdir(mode=0o711, parents=True, exist_ok=True)
    (data / runfile.NAME).unlink(missing_ok=True)
    return directory / "log"


async def _found(process: asyncio.subprocess.Process, data: Path, log: Path) -> runfile.RunFile:
    """The addresses, once the process has written them down."""
    deadline = time.monotonic() + READY_SECONDS
    while (run := runfile.read(data)) is None:
        _check(process, log, deadline)
        await asyncio.sleep(LOOK_SECONDS)
    return run


async def _ready(process: asyncio.subprocess.Process, management_url: str, log: Path, *, workers: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    async with aiohttp.ClientSession() as http:
        while True:
            _check(process, log, deadline)
            figures = "?figures=1" if workers > 1 else ""
            async with http.get(f"{management_url}/readyz{figures}") as answer:
                report = await answer.json()
            if report["status"] == "ok" and (workers == 1 or report["figures"]["processes"] >= workers):
                return
            await asyncio.sleep(LOOK_SECONDS)


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, and wait; what hangs is killed."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), END_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _check(process: asyncio.subprocess.Process, log: Path, deadline: float) -> None:
    if process.returncode is not None:
        raise NotMeasurable(f"igbot serve ended with {process.returncode}: {_end_of(log)}")
    if time.monotonic() > deadline:
        raise NotMeasurable(f"igbot serve was not ready within {READY_SECONDS:.0f} s: {_end_of(log)}")


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8", errors="replace").splitlines()


def _end_of(log: Path) -> str:
    """What the end of a log says, in one line; the settings of later igbots are no news."""
    said: list[str] = []
    for line in _lines(log):
        try:
            told = json.loads(line)
            if told["event"] != "setting_ignored":
                said.append(" ".join(str(told[key]) for key in ("event", "reason", "checks") if told.get(key)))
        except (ValueError, TypeError, KeyError):
            said.append(line.strip())
    return "; ".join(filter(None, said[-LOG_LINES:])) or "its log is empty"
