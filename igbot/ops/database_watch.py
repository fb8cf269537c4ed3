"""Alerts a person when the database has been away for half a minute, and again when it is back."""

import asyncio
from datetime import datetime, timedelta

from igbot.ops.alerts import Alerts
from igbot.store.loops import wait_for_wake
from igbot.telemetry.clock import Clock

PATIENCE = timedelta(seconds=30)
TURN_SECONDS = 5.0


class DatabaseWatch:
    """Told of each change by the database itself (`changed`)."""

    def __init__(self, alerts: Alerts, *, clock: Clock) -> None:
        self._alerts = alerts
        self._clock = clock
        self._away_since: datetime | None = None
        self._told = False

    def changed(self, available: bool) -> None:
        """The database has gone, or is back."""
        self._away_since = None if available else self._away_since or self._clock()
        if available:
            self._told = False
            self._alerts.clear("database")

    def turn(self) -> None:
        """Raise the alert if it is time."""
        if self._away_since is not None and not self._told and self._clock() - self._away_since > PATIENCE:
            detail = f"PostgreSQL has not been reachable since {self._away_since.isoformat(timespec='seconds')}"
            self._told = True
            self._alerts.raise_alert("database", "igbot: the database is away", detail, "critical")

    async def run(self, stopping: asyncio.Event) -> None:
        """Turns until `stopping`."""
        while not stopping.is_set():
            self.turn()
            await wait_for_wake(stopping, TURN_SECONDS)
