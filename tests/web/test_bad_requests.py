"""What nobody well-behaved would send: refused quickly, in JSON, with flat memory and a quiet log."""

import asyncio
import gzip
import tracemalloc
import zlib

import pytest
from aiohttp import web

from igbot.meta.signature import sign
from igbot.web.body import MAX_BODY_BYTES, BodyRefused, read_body
from igbot.web.responses import refusal
from tests.waiting import PATIENCE
from tests.web.serving import (
    SECRET,
    Kept,
    RawAnswer,
    get_head,
    nothing_was_logged_as_an_error,
    parse,
    post_head,
    public_app,
    send_raw,
    serving,
)

MEBIBYTE = 1024 * 1024


async def test_a_declared_body_over_4_mib_is_refused_before_it_is_sent() -> None:
    """413 comes although only the head was sent, and the connection is closed."""
    async with serving(public_app(Kept())) as listeners:
        reader, writer = await asyncio.open_connection("127.0.0.1", listeners.public_port)
        writer.write(post_head(f"Content-Length: {MAX_BODY_BYTES + 1}"))
        answer = parse(await asyncio.wait_for(reader.readuntil(b"}"), PATIENCE))
        writer.close()
    assert (answer.status, answer.json()) == (413, {"error": "too_large"})
    assert "Connection: close" in answer.headers


async def test_an_endless_chunked_body_is_refused_with_flat_memory() -> None:
    """413 comes soon after 4 MiB, and what is sent on is not kept."""
    async with serving(public_app(Kept())) as listeners:
        tracemalloc.start()
        answer, sent = await _send_until_answered(listeners.public_port, b"10000\r\n" + b"x" * 65536 + b"\r\n")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (answer.status, answer.json()) == (413, {"error": "too_large"})
    assert sent < 64 * MEBIBYTE
    assert peak < 24 * MEBIBYTE


async def _send_until_answered(port: int, chunk: bytes) -> tuple[RawAnswer, int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reading = asyncio.create_task(reader.readuntil(b"}"))
    writer.write(post_head("Transfer-Encoding: chunked"))
    sent = 0
    while not reading.done() and sent < 64 * MEBIBYTE:
        writer.write(chunk)
        await writer.drain()
        await asyncio.sleep(0)
        sent += len(chunk)
    answer = parse(await asyncio.wait_for(reading, PATIENCE))
    writer.close()
    return answer, sent


async def test_a_body_that_does_not_come_is_given_up_on() -> None:
    """Whoever promises a body and sends nothing holds a connection for a limited time only."""

    async def read(request: web.Request) -> web.Response:
        try:
            await read_body(request, seconds=0.05)
        except BodyRefused as error:
            return refusal(error.status, error.error, close=True)
        return web.Response()

    app = web.Application()
    app.router.add_post("/", read)
    async with serving(app) as listeners:
        reader, writer = await asyncio.open_connection("127.0.0.1", listeners.public_port)
        writer.write(post_head("Content-Length: 10", path="/") + b"abc")
        answer = parse(await asyncio.wait_for(reader.readuntil(b"}"), PATIENCE))
        writer.close()
    assert (answer.status, answer.json()) == (408, {"error": "request_timeout"})


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity", "GZIP, gzip", "x", ""])
async def test_any_content_encoding_is_refused(encoding: str) -> None:
    """400 by the header alone, also where the signature over the bytes is right."""
    kept = Kept()
    body = gzip.compress(b"{}")
    head = post_head(
        f"Content-Encoding: {encoding}",
        f"Content-Length: {len(body)}",
        f"X-Hub-Signature-256: {sign(SECRET, body)}",
    )
    async with serving(public_app(kept)) as listeners:
        answer = await send_raw(listeners.public_port, head, body)
    assert (answer.status, answer.json(), kept.bodies) == (400, {"error": "content_encoding"}, [])


async def test_a_body_that_only_claims_to_be_compressed_is_not_unpacked() -> None:
    """Bytes that are no gzip are refused by the same 400: nobody has tried to read them."""
    head = post_head("Content-Encoding: gzip", "Content-Length: 9")
    async with serving(public_app(Kept())) as listeners:
        answer = await send_raw(listeners.public_port, head + b"not gzip!")
    assert (answer.status, answer.json()) == (400, {"error": "content_encoding"})


async def test_a_gzip_bomb_stays_flat() -> None:
    """Half a gigabyte of zeros, packed into half a megabyte, costs no more than what came over the wire."""
    packer = zlib.compressobj(wbits=31)
    body = b"".join(packer.compress(bytes(MEBIBYTE)) for _ in range(512)) + packer.flush()
    head = post_head("Content-Encoding: gzip", f"Content-Length: {len(body)}")
    async with serving(public_app(Kept())) as listeners:
        tracemalloc.start()
        answer = await send_raw(listeners.public_port, head, body)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert answer.status == 400
    assert peak < 8 * MEBIBYTE


@pytest.mark.parametrize(
    "chunks", [b"zz\r\nabc\r\n0\r\n\r\n", b"-1\r\n", b"3\r\nabcdef\r\n0\r\n\r\n", b"3;" + b"x" * 20_000, b"3\r\nab"]
)
async def test_a_broken_chunked_body_gets_a_short_400(chunks: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Bad chunk sizes, and bodies cut off in the middle, are the sender's fault and nothing to log as an error."""
    async with serving(public_app(Kept())) as listeners:
        reader, writer = await asyncio.open_connection("127.0.0.1", listeners.public_port)
        writer.write(post_head("Transfer-Encoding: chunked"))
        writer.write(chunks)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()
    assert not answer or parse(answer).json() == {"error": "bad_request"}
    assert nothing_was_logged_as_an_error(caplog)


MALFORMED = [
    b"nonsense\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /webhook HTTP/9.9\r\n\r\n",
    b"GET /webhook HTTP/1.1\r\n\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n",
]


@pytest.mark.parametrize("request_bytes", MALFORMED)
async def test_what_is_not_http_gets_a_short_400(request_bytes: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """The answer is JSON, quotes nothing of what came, and the log stays quiet."""
    async with serving(public_app(Kept())) as listeners:
        answer = await send_raw(listeners.public_port, request_bytes)
    assert (answer.status, answer.json()) == (400, {"error": "bad_request"})
    assert nothing_was_logged_as_an_error(caplog)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/webhook/", 404),
        ("GET", "/%2e%2e/%ff%00", 404),
        ("POST", "/healthz", 405),
        ("PUT", "/webhook", 405),
        ("HEAD", "/webhook", 405),
        ("OPTIONS", "/webhook", 405),
        ("HEAD", "/healthz", 200),
        ("CONNECT", "bot:443", 404),
        ("GET", "/readyz", 404),
        ("GET", "/dev/verify-test", 404),
    ],
)
async def test_anything_else_is_404_or_405_in_json(method: str, path: str, status: int) -> None:
    """Unknown paths, other methods, management routes on the public port: a short JSON answer."""
    request = f"{method} {path} HTTP/1.1\r\nHost: bot:443\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"
    async with serving(public_app(Kept())) as listeners:
        answer = await send_raw(listeners.public_port, request.encode())
    assert answer.status == status
    assert "Content-Type: application/json" in answer.headers
    assert ("Allow: " in answer.headers) == (status == 405)
    assert (answer.body == b"") == (method == "HEAD")


async def test_nothing_tells_which_software_answers() -> None:
    """Neither an answer nor a refusal carries the versions of Python and aiohttp."""
    async with serving(public_app(Kept())) as listeners:
        for request in (get_head("/healthz"), get_head("/nothing"), b"nonsense\r\n\r\n"):
            assert "Server: igbot\r\n" in (await send_raw(listeners.public_port, request)).headers
