"""What the tests of alerts use: a clock to turn, a channel that keeps what it gets, the log read back."""

import io
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from igbot.ops.alerts import Notice

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class Time:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time


class Channel:
    """A channel that keeps what it gets, or fails as told."""

    def __init__(self) -> None:
        self.got: list[Notice] = []
        self.dead: set[str] = set()

    async def __call__(self, url: str, notice: Notice) -> None:
        if url in self.dead:
            raise ConnectionError(f"no way to {url}")
        self.got.append(notice)


def events(stream: io.StringIO) -> list[dict[str, Any]]:
    """What the log says; lines may wait for the turn of the event loop to end."""
    for handler in logging.getLogger().handlers:
        handler.flush()
    return [json.loads(line) for line in stream.getvalue().splitlines()]
