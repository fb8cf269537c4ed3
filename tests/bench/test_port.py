"""The stand-in's port: closed it refuses connections, and nobody else gets it."""

import aiohttp
import pytest
from aiohttp import web

from bench.campaign.port import Port


async def _hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


async def _answer(http: aiohttp.ClientSession, url: str) -> str:
    async with http.get(url) as answer:
        return await answer.text()


async def test_a_closed_port_refuses_and_an_opened_one_answers_at_the_same_address() -> None:
    """As often as it is closed; connections that were kept are gone."""
    app = web.Application()
    app.router.add_get("/", _hello)
    runner = web.AppRunner(app)
    await runner.setup()
    async with aiohttp.ClientSession() as http, Port(runner) as port:
        for _ in range(2):
            assert await _answer(http, port.url) == "hello"
            await port.close()
            with pytest.raises(aiohttp.ClientConnectorError):
                await _answer(http, port.url)
            await port.open()
        assert await _answer(http, port.url) == "hello"
    await runner.cleanup()
