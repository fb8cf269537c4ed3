"""One keep-alive connection that has one request in flight, and reads of its answer as little as it can."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

Answered = Callable[["Connection", int, float], None]


class Connection(asyncio.Protocol):
    """Calls `answered(self, status, latency in seconds)` for each answer; `broken` says that it ended early."""

    __slots__ = ("_answered", "_buffer", "_known", "_since", "_transport", "broken")

    def __init__(self, answered: Answered) -> None:
        self._answered = answered
        self._buffer = b""
        self._known: dict[int, bytes] = {}
        self._since = 0.0
        self._transport: asyncio.Transport | None = None
        self.broken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self.broken = True

    def send(self, request: bytes, since: float) -> None:
        """Write a request; its latency counts from `since` (of time.perf_counter)."""
        self._since = since
        if self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        if self._buffer:
            data = self._buffer + data
        size = len(data)
        # An answer with the same status line and length as one that was read whole is whole.
        if self._known.get(size) != data[:15]:
            if not _is_whole(data):
                self._buffer = data
                return
            self._known[size] = data[:15]
        self._buffer = b""
        self._answered(self, int(data[9:12]), time.perf_counter() - self._since)

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()


def _is_whole(data: bytes) -> bool:
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return False
    length = _LENGTH.search(data, 0, head)
    if length is None:
        raise ValueError("an answer without Content-Length")
    return len(data) >= head + 4 + int(length[1])
