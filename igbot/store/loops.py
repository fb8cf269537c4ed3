"""How a loop over the database waits, and how it outlives an outage."""

import asyncio
from collections.abc import Awaitable, Callable

from igbot.errors import DatabaseUnavailable
from igbot.telemetry.log import EventLog


async def wait_for_wake(woken: asyncio.Event, seconds: float) -> None:
    """Return when `woken` is set, at the latest after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        return


async def keep_going(rounds: Callable[[], Awaitable[None]], *, stopping: asyncio.Event, log: EventLog) -> None:
    """Run `rounds` again after a database outage, and after a bug (logged), until `stopping`."""
    while not stopping.is_set():
        try:
            await rounds()
        except DatabaseUnavailable:
            pause = 0.5
        except Exception as error:
            log.error("loop_failed", exc=error)
            pause = 2.0
        else:
            return
        await wait_for_wake(stopping, pause)
