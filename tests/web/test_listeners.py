"""Opening both ports, or none, and closing them without losing what is in flight."""

import asyncio
import gzip
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

import pytest
from aiohttp import web

from igbot.errors import UsageError
from igbot.meta.signature import sign
from igbot.web.listeners import Endpoint, local_url, open_listeners
from tests.waiting import PATIENCE, eventually
from tests.web.conftest import Https
from tests.web.serving import SECRET, Kept, parse, post_head, public_app, send_raw, serving


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which somebody else listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        yield other.getsockname()[1]


def endpoint(port: int = 0, host: str = "127.0.0.1") -> Endpoint:
    """An application with no routes."""
    return Endpoint(web.Application(), host, port)


async def test_a_taken_port_names_its_setting(taken_port: int) -> None:
    """One line with the setting and the way out, as wrong usage (exit 2)."""
    with pytest.raises(UsageError, match=f"IGBOT_PORT: 127.0.0.1:{taken_port} is in use") as raised:
        await open_listeners(public=endpoint(taken_port), management=endpoint())
    assert raised.value.exit_code == 2


async def test_both_ports_are_opened_or_none(taken_port: int, unused_tcp_port: int) -> None:
    """A taken management port is named, and the public one is free again."""
    with pytest.raises(UsageError, match="IGBOT_MANAGEMENT_PORT"):
        await open_listeners(public=endpoint(unused_tcp_port), management=endpoint(taken_port))
    with socket.create_server(("127.0.0.1", unused_tcp_port)):
        pass


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "not a host"])
async def test_an_address_of_another_machine_names_its_setting(host: str) -> None:
    """IGBOT_HOST or IGBOT_MANAGEMENT_HOST, whichever it is."""
    with pytest.raises(UsageError, match="IGBOT_MANAGEMENT_HOST"):
        await open_listeners(public=endpoint(), management=endpoint(host=host))


async def test_a_number_that_is_no_port_names_its_setting() -> None:
    """No traceback for 70000."""
    with pytest.raises(UsageError, match="IGBOT_PORT: 70000"):
        await open_listeners(public=endpoint(70000), management=endpoint())


async def test_closing_lets_a_delivery_in_flight_finish() -> None:
    """What is being stored is answered 200; new connections are refused meanwhile."""
    durable, asked = asyncio.Event(), asyncio.Event()

    async def accept(_body: bytes, _received_at: datetime) -> None:
        asked.set()
        await durable.wait()

    listeners = await open_listeners(public=Endpoint(public_app(accept), "127.0.0.1", 0), management=endpoint())
    head = post_head("Content-Length: 2", f"X-Hub-Signature-256: {sign(SECRET, b'{}')}")
    answer = asyncio.create_task(send_raw(listeners.public_port, head, b"{}"))
    await asked.wait()
    closing_down = asyncio.create_task(listeners.close(10))
    await eventually(lambda: _refuses(listeners.public_port))
    assert not closing_down.done()
    durable.set()
    assert (await answer).status == 200
    await closing_down


def _refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


async def test_closing_does_not_wait_for_ever() -> None:
    """A delivery that never ends is cut after the grace time, and idle connections at once."""
    asked = asyncio.Event()

    async def accept(_body: bytes, _received_at: datetime) -> None:
        asked.set()
        await asyncio.Event().wait()

    listeners = await open_listeners(public=Endpoint(public_app(accept), "127.0.0.1", 0), management=endpoint())
    idle, idle_writer = await asyncio.open_connection("127.0.0.1", listeners.public_port)
    busy, busy_writer = await asyncio.open_connection("127.0.0.1", listeners.public_port)
    busy_writer.write(post_head("Content-Length: 2", f"X-Hub-Signature-256: {sign(SECRET, b'{}')}") + b"{}")
    await asked.wait()
    await asyncio.wait_for(listeners.close(0.05), PATIENCE)
    assert await idle.read() == b""
    assert await busy.read() == b""
    idle_writer.close()
    busy_writer.close()


async def test_a_tls_port_survives_plain_http_and_noise(https: Https) -> None:
    """Connections that fail in the handshake leave the listener as it was."""
    async with serving(public_app(Kept()), tls=https.server) as listeners:
        for noise in (b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 100):
            reader, writer = await asyncio.open_connection("127.0.0.1", listeners.public_port)
            writer.write(noise)
            await asyncio.wait_for(reader.read(), PATIENCE)
            writer.close()
        url = f"https://127.0.0.1:{listeners.public_port}/healthz"
        async with https.client() as client, client.get(url) as answer:
            assert answer.status == 200


async def test_a_listener_never_unpacks_a_body() -> None:
    """Even a handler that reads a compressed body gets what came over the wire."""
    packed = gzip.compress(b"{}")

    async def read(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = web.Application()
    app.router.add_post("/", read)
    head = post_head("Content-Encoding: gzip", f"Content-Length: {len(packed)}", path="/")
    async with serving(app) as listeners:
        assert (await send_raw(listeners.public_port, head, packed)).body == packed


async def test_an_upgrade_is_not_taken_up() -> None:
    """A request that wants a websocket is answered as the plain request it is."""
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    async with serving(public_app(Kept())) as listeners:
        reader, writer = await asyncio.open_connection("127.0.0.1", listeners.public_port)
        writer.write(head)
        assert parse(await asyncio.wait_for(reader.readuntil(b"}"), PATIENCE)).status == 200
        writer.close()


@pytest.mark.parametrize(
    ("host", "secure", "expected"),
    [
        ("0.0.0.0", True, "https://127.0.0.1:8443"),
        ("::", False, "http://127.0.0.1:8443"),
        ("127.0.0.2", False, "http://127.0.0.2:8443"),
        ("::1", True, "https://[::1]:8443"),
    ],
)
def test_the_local_address_of_a_listener_can_be_called(host: str, secure: bool, expected: str, https: Https) -> None:
    """A wildcard is reached over loopback."""
    assert local_url(Endpoint(web.Application(), host, 8443, https.server if secure else None), 8443) == expected
