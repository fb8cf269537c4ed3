"""Several processes on one port: the first one starts the others, starts them again when they die, and ends them."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from igbot.telemetry.log import EventLog

RESTART_SECONDS = 1.0
LOOK_SECONDS = 1.0


@asynccontextmanager
async def more_workers(
    count: int, *, command: Sequence[str], environ: Mapping[str, str], stopping: asyncio.Event, log: EventLog
) -> AsyncIterator[None]:
    """`count` further processes of `igbot` with these arguments, for the block; leaving it ends them and waits."""
    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            tasks.create_task(_keep_one(number + 2, command, environ, stopping, log))
        try:
            yield
        finally:
            stopping.set()


async def _keep_one(
    number: int, command: Sequence[str], environ: Mapping[str, str], stopping: asyncio.Event, log: EventLog
) -> None:
    while not stopping.is_set():
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "igbot", *command, env=dict(environ))
        ended = asyncio.create_task(process.wait())
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not ended.done():
            process.terminate()
            await ended
        elif not stopping.is_set():
            log.error("worker_lost", worker=number, exit_code=process.returncode)
            await asyncio.sleep(RESTART_SECONDS)


async def end_with(parent: int, stopping: asyncio.Event) -> None:
    """Set `stopping` once the process that started us has gone: nobody else would end us."""
    while not stopping.is_set():
        if os.getppid() != parent:
            stopping.set()
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await stopping.wait()
        except TimeoutError:
            continue
