"""Tells when nothing of a customer's conversation is undecided or unsent any more."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import asyncpg

LOOK_SECONDS = 0.15

# Both by the indexes of what is open: a long campaign has a hundred thousand messages that are not.
BUSY = """
SELECT igsid FROM unnest($1::text[]) AS asked (igsid)
WHERE EXISTS (SELECT FROM inbox i WHERE i.igsid = asked.igsid AND i.status = 'pending')
    OR EXISTS (SELECT FROM outbox o WHERE o.igsid = asked.igsid AND o.status IN ('queued', 'sending', 'unknown'))
"""


@dataclass
class QuietWatch:
    """Asks for all who wait together. `most` is how many seconds anybody waits; `in_vain`: how many have."""

    conn: "asyncpg.Connection[Any]"
    most: float
    in_vain: int = 0
    _waiting: dict[str, asyncio.Event] = field(default_factory=dict)

    async def wait(self, igsid: str) -> None:
        """Returns once the conversation is quiet, or when that takes too long."""
        try:
            async with asyncio.timeout(self.most):
                await self._waiting.setdefault(igsid, asyncio.Event()).wait()
        except TimeoutError:
            self.in_vain += 1
        finally:
            self._waiting.pop(igsid, None)

    async def watch(self) -> None:
        """Looks as long as it is let."""
        while True:
            began, asked = time.monotonic(), list(self._waiting)
            if asked:
                busy = {row["igsid"] for row in await self.conn.fetch(BUSY, asked)}
                for igsid in set(asked) - busy:
                    if event := self._waiting.get(igsid):
                        event.set()
            await asyncio.sleep(max(LOOK_SECONDS, time.monotonic() - began))
