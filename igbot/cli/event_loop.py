"""How a long-running command runs: on uvloop where extra `speed` has brought it, and with a collector that rests."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

Result = TypeVar("Result")


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Like `asyncio.run`, on the fastest loop that is installed."""
    with asyncio.Runner(loop_factory=_fastest()) as runner:
        return runner.run(main)


def spare_the_collector() -> None:
    """To be called once a server stands: what is there then, stays.

    To go through it again and again is a tenth of a message's cost, and holds up whoever waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20)


def _fastest() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return cast("Callable[[], asyncio.AbstractEventLoop]", uvloop.new_event_loop)
