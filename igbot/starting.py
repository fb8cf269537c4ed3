"""Start the app as the settings say: its data directory, the sandbox where no Graph API is named, and all the rest."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from igbot.errors import UsageError
from igbot.runtime import Running, running
from igbot.settings.model import Settings
from igbot.telemetry.clock import Clock
from igbot.telemetry.redaction import Redactor
from igbot.wiring import open_app


@asynccontextmanager
async def opened(
    settings: Settings, *, stopping: asyncio.Event, clock: Clock, redactor: Redactor, shared: bool = False
) -> AsyncIterator[tuple[Running, str | None]]:
    """The app, running, and the address of the built-in sandbox if it has one, for the block.

    Raises UsageError for settings that turn out wrong, DatabaseRefused; an unreachable database is a degraded start.
    """
    make_data_dir(settings.data_dir)
    async with AsyncExitStack() as stack:
        sandbox, sandbox_url = None, None
        if settings.sandboxed:
            from igbot.development import built_in_sandbox  # a production server need not hold it in memory

            sandbox, sandbox_url = await stack.enter_async_context(built_in_sandbox(settings, clock=clock))
        app = await stack.enter_async_context(
            open_app(settings, sandbox_url=sandbox_url, clock=clock, redactor=redactor)
        )
        run = await stack.enter_async_context(running(app, stopping=stopping, shared=shared))
        if sandbox is not None:
            sandbox.configure(webhook_url=f"{run.public_url}/webhook")
        yield run, sandbox_url


def make_data_dir(path: Path) -> None:
    """Make the data directory, for its owner only, unless it is there. Raises UsageError if it cannot be used."""
    hint = "set IGBOT_DATA_DIR to a directory that igbot may write"
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    try:
        # As root, the embedded database's own user has to get through to its files.
        path.mkdir(parents=True, exist_ok=True, mode=0o711 if is_root else 0o700)
    except OSError as error:
        raise UsageError(f"IGBOT_DATA_DIR: {path} cannot be made: {error.strerror}", hint=hint) from None
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise UsageError(f"IGBOT_DATA_DIR: {path} cannot be read and written", hint=hint)
