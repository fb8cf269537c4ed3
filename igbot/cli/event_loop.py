"""The event loop of a long-running command: uvloop where extra `speed` has brought it, else the standard one."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast


def run(main: Coroutine[Any, Any, None]) -> None:
    """Like `asyncio.run`, on the fastest loop that is installed."""
    with asyncio.Runner(loop_factory=_fastest()) as runner:
        runner.run(main)


def _fastest() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return cast("Callable[[], asyncio.AbstractEventLoop]", uvloop.new_event_loop)
