"""Two processes over one database meet the same trouble, and a person is told of it once."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from igbot.runtime import Running
from igbot.sandbox.customer import customer_message, delivery_body
from igbot.starting import opened
from igbot.telemetry.redaction import Redactor
from tests.journeys.shop import ACCOUNT, REPEATING, Shop, open_shop
from tests.waiting import eventually

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise's import, on Python 3.11 and 3.12

STOPPED = "igbot: sends are stopped"
LAST = "the last of all"


@dataclass
class Wall:
    """Meta, whose answers to sends come when both processes have called; `dead`: it takes the token no more."""

    dead: bool = True
    held: Counter[str] = field(default_factory=Counter)
    """How many sends each process has made, by the path of its Graph API."""
    received: Counter[str] = field(default_factory=Counter)
    both: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> web.Application:
        """Its edges."""
        app = web.Application()
        app.router.add_get("/{process}/{version}/me", self.owner)
        app.router.add_post("/{process}/{version}/me/messages", self.send)
        return app

    async def owner(self, request: web.Request) -> web.Response:
        """The token is the shop's."""
        return web.json_response({"id": ACCOUNT, "user_id": ACCOUNT})

    async def send(self, request: web.Request) -> web.Response:
        """Takes the message, or refuses the token."""
        igsid = (await request.json())["recipient"]["id"]
        self.held[request.match_info["process"]] += 1
        if len(self.held) == 2:
            self.both.set()
        await self.both.wait()
        if self.dead:
            error = {"message": "Session has expired", "type": "OAuthException", "code": 190, "error_subcode": 463}
            return web.json_response({"error": error}, status=401)
        self.received[igsid] += 1
        return web.json_response({"recipient_id": igsid, "message_id": f"m_{igsid}"})


async def write(shop: Shop, to: Running, customer: str) -> None:
    """A customer's message reaches one of the processes."""
    shop.run = to
    item = customer_message(customer, ACCOUNT, at=shop.clock(), mid=f"in-{customer}", text="hello")
    assert await shop.post(delivery_body([item], ACCOUNT, shop.clock())) == 200


async def test_a_token_that_dies_under_two_busy_processes_is_one_alert(database_url: str, tmp_path: Path) -> None:
    """A burst of 190s for both: the account stops, every reply waits, one alert and, once it is mended, one all-clear
    go out; each customer gets one answer."""
    wall = Wall()
    async with TestServer(wall.app()) as meta:
        environ = [("IGBOT_GRAPH_URL", str(meta.make_url("/one")))]
        async with open_shop(database_url, tmp_path, rules=REPEATING, environ=environ) as shop:
            one = shop.run
            shop.environ = {**shop.environ, "IGBOT_GRAPH_URL": str(meta.make_url("/two"))}
            shop.is_configured()
            second = opened(shop.settings, stopping=asyncio.Event(), clock=shop.clock, redactor=Redactor())
            async with second as (two, _):
                await eventually(two.app.membership.token_looked_at.is_set)
                customers = [f"91{number:014d}" for number in range(200)]
                wrote = []
                for number, customer in enumerate(customers):
                    if number >= 20 and wall.both.is_set():
                        break
                    await write(shop, (one, two)[number % 2], customer)
                    wrote.append(customer)
                await eventually(wall.both.is_set)

                async def all_wait() -> bool:
                    states = await shop.rows("SELECT status FROM outbox")
                    return [row["status"] for row in states] == ["queued"] * len(wrote)

                await eventually(all_wait)
                [halted] = await shop.rows("SELECT halted_reason FROM account WHERE halted_at IS NOT NULL")
                assert "log in again" in halted["halted_reason"]
                await eventually(lambda: shop.alarm.titles)
                assert await told(shop, one, two) == [STOPPED]

                wall.dead = False
                await shop.rows("UPDATE account SET halted_at = NULL, halted_reason = NULL")
                shop.forward(seconds=31)
                await eventually(lambda: f"All clear: {STOPPED}" in shop.alarm.titles)
                await eventually(lambda: wall.received == Counter(wrote))
                assert await told(shop, one, two) == [STOPPED, f"All clear: {STOPPED}"]


async def told(shop: Shop, *runs: Running) -> list[str]:
    """The alerts so far, once each process has told what it has to tell: it tells in order."""
    before = shop.alarm.titles.count(LAST)
    for run in runs:
        run.app.alerts.raise_alert(f"last-{before}", LAST, "", "info")
    await eventually(lambda: shop.alarm.titles.count(LAST) == before + len(runs))
    return [title for title in shop.alarm.titles if title != LAST]
