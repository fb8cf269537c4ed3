"""Opens everything a campaign needs: PostgreSQL, Meta's stand-in, the bot's processes, and those who watch."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from aiohttp import web

from bench.campaign.door import Door
from bench.campaign.fleet import open_fleet
from bench.campaign.owner import Owner
from bench.campaign.plan import Plan
from bench.campaign.port import Port
from bench.campaign.quiet import QuietWatch
from bench.campaign.running import Campaign
from bench.campaign.standin import PlannedMeta
from bench.campaign.strikes import Strikes
from bench.campaign.terms import RULES, Now, Terms
from bench.campaign.writing import Writing
from bench.graph_endpoint import ACCOUNT_IDS
from bench.ground import open_ground
from bench.whole_bot import APP_SECRET, production
from igbot.sandbox.app import make_app
from igbot.sandbox.options import SandboxSettings
from igbot.settings.model import Rates

TOKEN, NEXT_TOKEN = "EAAbench", "EAAbenchrenewed"
_POST_BACK_FOR = 24 * 3600.0
_DELIVERED_WITHIN = 15.0
_PATIENCE, _PATIENCE_LONG = 120.0, 900.0


@asynccontextmanager
async def open_campaign(plan: Plan, terms: Terms, now: Now) -> AsyncIterator[Campaign]:
    """A campaign that is ready to be run. Raises NotMeasurable."""
    async with AsyncExitStack() as stack:
        ground, postgres = await stack.enter_async_context(
            open_ground(url=terms.database_url, seconds=0, connections=0, quick=False)
        )
        database_url = await stack.enter_async_context(ground.database())
        written_at: dict[str, float] = {}
        door, meta = await _meta(stack, plan, written_at)
        runner = web.AppRunner(make_app(meta), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        port = await stack.enter_async_context(Port(runner))
        environ = _environ(port.url, ground.directory, database_url, terms.rates)
        door.fleet = await stack.enter_async_context(open_fleet(ground.directory, environ, places=terms.places))
        database, watching, owning = [await _connection(stack, database_url) for _ in range(3)]
        patience = _PATIENCE_LONG if plan.is_long else _PATIENCE
        quiet = QuietWatch(watching, patience)
        own = {**environ, "IGBOT_DATA_DIR": str(ground.directory / "owner")}
        owner = Owner(owning, meta, own, ground.directory, (TOKEN, NEXT_TOKEN), plan.seed)
        writing = Writing(plan, meta, door, written_at, patience, quiet.wait)
        strikes = Strikes(
            plan,
            door.fleet,
            port,
            meta.planned,
            steps=lambda: len(writing.taken) + meta.accepted.total,
            token_dies=owner.token_dies,
        )
        yield Campaign(
            plan,
            terms,
            meta,
            door,
            writing,
            door.fleet,
            strikes,
            owner,
            quiet,
            database,
            now,
            postgres.version,
        )


async def _meta(stack: AsyncExitStack, plan: Plan, written_at: Mapping[str, float]) -> tuple[Door, PlannedMeta]:
    http = await stack.enter_async_context(
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=_DELIVERED_WITHIN),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
    )
    door = Door(http, secret=APP_SECRET, account_id=ACCOUNT_IDS[0], seed=plan.seed)
    # The address is never used: the door knows where the bot is.
    settings = SandboxSettings(
        account_ids=tuple(ACCOUNT_IDS), access_token=TOKEN, app_secret=APP_SECRET, retry_for=_POST_BACK_FOR,
        webhook_url="http://127.0.0.1/webhook",
    )  # fmt: skip
    return door, PlannedMeta(settings, plan, written_at=written_at, post=door.post)


def _environ(graph_url: str, directory: Path, database_url: str, rates: Rates | None) -> dict[str, str]:
    environ = production(graph_url=graph_url, data=directory, rules=RULES, database_url=database_url)
    if rates is not None:
        said = {"TEXT": rates.text, "MEDIA": rates.media, "CUSTOMER": rates.customer, "LOOKUPS": rates.look_ups}
        environ |= {f"IGBOT_RATE_{name}": f"{rate:g}" for name, rate in said.items()}
    return environ


async def _connection(stack: AsyncExitStack, url: str) -> "asyncpg.Connection[Any]":
    connection = await asyncpg.connect(url, server_settings={"application_name": "igbot-campaign"})
    stack.push_async_callback(connection.close)
    return connection
