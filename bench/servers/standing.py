"""Starts a server of the bench as a process, learns its port, and ends it by closing its standard input."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.child import environment
from bench.subject import NotMeasurable

DATABASE_URL = "BENCH_DATABASE_URL"
_START_SECONDS = 60.0
_END_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens on 127.0.0.1:`port`."""

    pid: int
    port: int


@asynccontextmanager
async def standing(module: str, *arguments: str, database_url: str, log: Path) -> AsyncIterator[Server]:
    """`python -m module arguments` for the block; its standard error goes to `log`.

    Raises NotMeasurable with the last thing it said where it does not start.
    """
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=environment(**{DATABASE_URL: database_url}),
        )
    try:
        yield Server(process.pid, await _port(process, module, log))
    finally:
        await _end(process)


async def _port(process: asyncio.subprocess.Process, module: str, log: Path) -> int:
    assert process.stdout is not None
    line = b""
    try:
        async with asyncio.timeout(_START_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError:
        pass
    if not line:
        raise NotMeasurable(f"{module} does not start: {_last_line(log)}")
    return int(json.loads(line)["port"])


def _last_line(log: Path) -> str:
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return said[-1] if said else "it left no word"


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
