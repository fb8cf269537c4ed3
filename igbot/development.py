"""The built-in sandbox of development and test: Meta's stand-in on a free port of this machine."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from igbot.sandbox.app import make_app
from igbot.sandbox.graph import Sandbox
from igbot.sandbox.options import SandboxAccount, SandboxSettings
from igbot.settings import sandbox_values
from igbot.settings.model import Account, Settings
from igbot.telemetry.clock import Clock

REMEMBERED = 10_000
"""How many messages a development server's sandbox keeps; it may run for weeks."""


def stand_in_for(
    accounts: Sequence[Account], *, app_secret: str, webhook_url: str | None = None, keep: int | None = None
) -> SandboxSettings:
    """A sandbox's settings for these accounts, or for the development one where there are none.

    Those beside the first go by their names; one without a token of its own takes the development token.
    """
    named = [SandboxAccount(each.ids, each.token or sandbox_values.ACCESS_TOKEN, each.name) for each in accounts]
    first, *others = named or [SandboxAccount((sandbox_values.ACCOUNT_ID,), sandbox_values.ACCESS_TOKEN)]
    return SandboxSettings(
        account_ids=first.ids,
        access_token=first.token,
        app_secret=app_secret,
        more_accounts=tuple(others),
        webhook_url=webhook_url,
        keep=keep,
    )


@asynccontextmanager
async def built_in_sandbox(settings: Settings, *, clock: Clock) -> AsyncIterator[tuple[Sandbox, str]]:
    """A sandbox for the accounts and tokens of the settings, and its base address, for the block.

    Nothing is posted back until its `webhook_url` is configured.
    """
    played = stand_in_for(settings.accounts, app_secret=settings.app_secrets[0], keep=REMEMBERED)
    sandbox = Sandbox(played, clock=clock)
    runner = web.AppRunner(make_app(sandbox), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield sandbox, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
