"""How long PostgreSQL takes to answer, as a client sees it."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import asyncpg


@dataclass(eq=False)
class Clocked:
    """A connection that keeps how long PostgreSQL took to answer, in milliseconds, by what it was asked for."""

    connection: "asyncpg.Connection[Any]"
    asked: str = ""
    took: dict[str, list[float]] = field(default_factory=dict)

    async def fetch(self, query: str, *arguments: object) -> Any:
        """The rows."""
        return await self._timed(partial(self.connection.fetch, query, *arguments))

    async def execute(self, query: str, *arguments: object) -> Any:
        """The status."""
        return await self._timed(partial(self.connection.execute, query, *arguments))

    async def _timed(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        start = time.perf_counter()
        answer = await ask()
        self.took.setdefault(self.asked, []).append((time.perf_counter() - start) * 1000)
        return answer
