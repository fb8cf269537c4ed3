"""Where time comes from: services take a `Clock`, so that tests decide what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment, aware, in UTC."""


def system_clock() -> datetime:
    """The machine's own time, aware, in UTC."""
    return datetime.now(UTC)
