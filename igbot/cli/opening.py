"""What commands that look into the database share: settings, a log on stderr, and the database itself."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from igbot.errors import IgbotError

if TYPE_CHECKING:
    from igbot.settings.model import Settings
    from igbot.store.pool import Database
    from igbot.telemetry.redaction import Redactor

Result = TypeVar("Result")


def settings_for(env: str | None) -> "Settings":
    """The settings as the environment has them. Raises SettingsError."""
    from igbot.settings.reading import read_settings

    return read_settings(environ=os.environ, options={"env": env} if env else {}, cwd=Path.cwd())


def quiet_log(settings: "Settings") -> "Redactor":
    """Warnings and worse on stderr, for a person; what is returned hides secrets in them."""
    import sys

    from igbot.telemetry.setup import configure_logging

    return configure_logging(level="WARNING", format="console", secrets=settings.secrets(), marks={}, stream=sys.stderr)


@asynccontextmanager
async def open_database(settings: "Settings") -> "AsyncIterator[Database]":
    """The database of the settings, embedded or by URL, for the block. Raises DatabaseUnavailable, DatabaseRefused."""
    from igbot.store.embedded.attach import EmbeddedServer
    from igbot.store.pool import Database
    from igbot.telemetry.log import event_log

    embedded = None if settings.database_url else EmbeddedServer(settings.data_dir)
    if embedded is not None and settings.production_like and not embedded.is_made():
        raise IgbotError(
            f"there is no database yet in {settings.data_dir}",
            hint="`igbot serve` makes it; set IGBOT_DATA_DIR or IGBOT_DATABASE_URL as they are set for the server",
        )
    database = Database(settings.database_url, embedded=embedded, size=4, log=event_log("store"))
    try:
        await database.open()
        yield database
    finally:
        await database.close()


def with_database(settings: "Settings", work: "Callable[[Database], Awaitable[Result]]") -> Result:
    """Run one piece of work on the database of the settings."""

    async def run() -> Result:
        async with open_database(settings) as database:
            return await work(database)

    return asyncio.run(run())
