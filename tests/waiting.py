"""Waits for real processes without sleeping for fixed times."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast, overload

_Value = TypeVar("_Value")

PATIENCE = 60.0
"""Seconds after which something will not come any more, on the slowest machine: only a failure waits for so long."""


@overload
async def eventually(check: Callable[[], Awaitable[_Value]], *, within: float = PATIENCE) -> _Value: ...


@overload
async def eventually(check: Callable[[], _Value], *, within: float = PATIENCE) -> _Value: ...


async def eventually(check: Callable[[], object], *, within: float = PATIENCE) -> object:
    """The first truthy answer of `check`, asked again and again for `within` seconds.

    Raises AssertionError with the last answer where none came.
    """
    deadline = asyncio.get_running_loop().time() + within
    while True:
        answer = check()
        if inspect.isawaitable(answer):
            answer = await cast("Awaitable[object]", answer)
        if answer:
            return answer
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"it did not come about within {within} seconds; the last answer was {answer!r}")
        await asyncio.sleep(0.02)
