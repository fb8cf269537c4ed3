"""The load of end-to-end benches: each webhook posted once, and none forgotten that was not taken."""

from itertools import pairwise

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bench.customers import deliveries
from bench.posting import post, request
from bench.subject import NotMeasurable
from igbot.meta.signature import is_signed

SENT = deliveries(30, customers=3, secret="secret", series="a")


class Taker:
    """A webhook that answers as it is told, from the `after`th request on."""

    def __init__(self, status: int = 200, after: int = 0, *, cut: bool = False) -> None:
        self.status, self.after, self.cut = status, after, cut
        self.bodies: list[bytes] = []

    async def take(self, web_request: web.Request) -> web.Response:
        """One webhook."""
        body = await web_request.read()
        assert is_signed(web_request.headers["X-Hub-Signature-256"], body, secrets=["secret"])
        assert web_request.headers["X-Forwarded-Proto"] == "https"
        self.bodies.append(body)
        strange = len(self.bodies) > self.after
        if self.cut and strange and web_request.transport is not None:
            web_request.transport.abort()
        return web.Response(status=self.status if strange else 200, text="{}")

    def server(self) -> TestServer:
        """It, listening."""
        app = web.Application()
        app.router.add_post("/webhook", self.take)
        return TestServer(app)


async def test_all_are_posted_once_as_fast_as_they_are_taken() -> None:
    """Every body arrives once; each was taken after it was due."""
    taker = Taker()
    async with taker.server() as server:
        posted = await post(SENT, str(server.make_url("/webhook")), connections=4)
    assert sorted(taker.bodies) == sorted(each.body for each in SENT)
    assert all(due < taken for due, taken in zip(posted.due, posted.taken, strict=True))


async def test_a_rate_is_kept_whatever_the_answers_do() -> None:
    """Due at even distances, in order."""
    taker = Taker()
    async with taker.server() as server:
        posted = await post(SENT, str(server.make_url("/webhook")), connections=2, rate=300)
    assert len(taker.bodies) == len(SENT)
    assert [later - due for due, later in pairwise(posted.due)] == pytest.approx([1 / 300] * 29)


async def test_a_refused_webhook_is_no_measurement() -> None:
    """The status is told, with how many had it."""
    async with Taker(503, after=10).server() as server:
        with pytest.raises(NotMeasurable, match=r"not taken, by HTTP status: \{'503': 20\}"):
            await post(SENT, str(server.make_url("/webhook")), connections=3)


async def test_a_cut_connection_is_no_measurement() -> None:
    """It does not wait for ever."""
    async with Taker(after=10, cut=True).server() as server:
        with pytest.raises(NotMeasurable, match="had no answer"):
            await post(SENT, str(server.make_url("/webhook")), connections=3)


def test_a_request_is_whole() -> None:
    """Path, host, signature and length."""
    [one] = deliveries(1, customers=1, secret="secret", series="a")
    made = request(one.body.decode(), one.signature, url="http://127.0.0.1:99/webhook")
    head, _, body = made.partition(b"\r\n\r\n")
    assert body == one.body
    assert head.startswith(b"POST /webhook HTTP/1.1\r\nHost: 127.0.0.1:99\r\n")
    assert b"\r\nContent-Length: %d" % len(body) in head
