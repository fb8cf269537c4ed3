"""The built-in sandbox of development and test: Meta's stand-in on a free port of this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from igbot.sandbox.app import make_app
from igbot.sandbox.graph import Sandbox
from igbot.sandbox.options import SandboxAccount, SandboxSettings
from igbot.settings.model import Settings
from igbot.telemetry.clock import Clock

REMEMBERED = 10_000
"""How many messages a development server's sandbox keeps; it may run for weeks."""


@asynccontextmanager
async def built_in_sandbox(settings: Settings, *, clock: Clock) -> AsyncIterator[tuple[Sandbox, str]]:
    """A sandbox for the accounts and tokens of the settings, and its base address, for the block.

    Nothing is posted back until its `webhook_url` is configured.
    """
    first, *others = settings.accounts
    sandbox = Sandbox(
        SandboxSettings(
            account_ids=first.ids,
            access_token=first.token or "",
            app_secret=settings.app_secrets[0],
            more_accounts=tuple(SandboxAccount(each.ids, each.token or "", each.name) for each in others),
            keep=REMEMBERED,
        ),
        clock=clock,
    )
    runner = web.AppRunner(make_app(sandbox), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield sandbox, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
