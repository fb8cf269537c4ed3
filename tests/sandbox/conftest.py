"""A sandbox on a real loopback server, with a bot beside it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from igbot.sandbox.app import make_app
from igbot.sandbox.graph import Sandbox
from tests.sandbox.playing import Bot, Client, settings

Open = Callable[..., Awaitable[Client]]


class Hands:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 9, 1, 10, 11, 12, 345000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        """Moves the clock on."""
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Hands:
    """A clock standing at 2026-09-01 10:11:12.345 UTC."""
    return Hands()


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    """A bot that takes webhooks at `bot.url`."""
    bot = Bot()
    app = web.Application()
    app.router.add_post("/webhook", bot.receive)
    server = TestServer(app)
    await server.start_server()
    bot.url = str(server.make_url("/webhook"))
    yield bot
    await server.close()


@pytest.fixture
async def open_sandbox(clock: Hands) -> AsyncIterator[Open]:
    """Opens a sandbox with some settings on a real server and gives a client of it."""
    opened: list[TestClient[web.Request, web.Application]] = []

    async def open_one(**changes: Any) -> Client:
        sandbox = Sandbox(settings(**changes), clock=clock)
        http = TestClient(TestServer(make_app(sandbox)))
        opened.append(http)
        await http.start_server()
        return Client(http, sandbox)

    yield open_one
    for http in opened:
        await http.close()


@pytest.fixture
async def client(open_sandbox: Open) -> Client:
    """A client of a sandbox with nothing special about it."""
    return await open_sandbox()
