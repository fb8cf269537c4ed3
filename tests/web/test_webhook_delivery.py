"""POST /webhook over real listeners: what is kept, what is refused, and when 200 is said."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from igbot.errors import DatabaseUnavailable
from igbot.meta.signature import sign
from igbot.web.body import MAX_BODY_BYTES
from tests.waiting import PATIENCE, eventually
from tests.web.conftest import Https
from tests.web.serving import NOW, SECRET, Kept, RawAnswer, events, parse, post_head, public_app, send_raw, serving

BODY = b'{"object":"instagram","entry":[{"text":"\\u00e4 https:\\/\\/example.com"}]}'


def signed_head(body: bytes, *, secret: str = SECRET) -> bytes:
    """The head of a delivery signed as Meta does."""
    return post_head(f"Content-Length: {len(body)}", f"X-Hub-Signature-256: {sign(secret, body)}")


async def deliver(port: int, body: bytes, *, secret: str = SECRET) -> RawAnswer:
    """One signed delivery."""
    return await send_raw(port, signed_head(body, secret=secret), body)


async def test_a_signed_body_is_kept_as_it_came_and_answered_over_https(https: Https) -> None:
    """The raw bytes, escapes and all, reach `accept`; then 200."""
    kept = Kept()
    async with serving(public_app(kept, trusted=False), tls=https.server) as listeners, https.client() as client:
        url = f"https://localhost:{listeners.public_port}/webhook"
        async with client.post(url, data=BODY, headers={"X-Hub-Signature-256": sign(SECRET, BODY)}) as answer:
            assert answer.status == 200
    assert kept.bodies == [BODY]


async def test_every_secret_of_a_rotation_is_accepted() -> None:
    """A body signed with any of the configured secrets is kept."""
    kept = Kept()
    async with serving(public_app(kept, secrets=("new", "old"))) as listeners:
        statuses = [
            (await deliver(listeners.public_port, BODY, secret=secret)).status for secret in ("new", "old", "x")
        ]
    assert statuses == [200, 200, 401]
    assert len(kept.bodies) == 2


@pytest.mark.parametrize("body", [b"", b"null", b"[" * 100_000, b"\x00\xff", b'{"a":NaN}', b"x" * MAX_BODY_BYTES])
async def test_any_signed_body_is_kept(body: bytes) -> None:
    """What a body says is for others to judge: if it is signed and within 4 MiB it is kept and answered 200."""
    kept = Kept()
    async with serving(public_app(kept)) as listeners:
        assert (await deliver(listeners.public_port, body)).status == 200
    assert kept.bodies == [body]


async def test_a_chunked_body_is_put_together() -> None:
    """Chunked transfer, one byte a chunk, is the same body."""
    kept = Kept()
    head = post_head("Transfer-Encoding: chunked", f"X-Hub-Signature-256: {sign(SECRET, BODY)}")
    chunks = [b"1\r\n" + BODY[i : i + 1] + b"\r\n" for i in range(len(BODY))]
    async with serving(public_app(kept)) as listeners:
        answer = await send_raw(listeners.public_port, head, *chunks, b"0\r\n\r\n")
    assert answer.status == 200
    assert kept.bodies == [BODY]


async def test_200_is_not_said_before_the_body_is_durable() -> None:
    """The answer waits for `accept` to return."""
    durable, asked = asyncio.Event(), asyncio.Event()

    async def accept(_body: bytes, _received_at: datetime) -> None:
        asked.set()
        await durable.wait()

    async with serving(public_app(accept)) as listeners:
        answer = asyncio.create_task(deliver(listeners.public_port, BODY))
        await asked.wait()
        assert not answer.done()
        durable.set()
        assert (await answer).status == 200


async def test_a_body_is_kept_although_its_sender_has_gone() -> None:
    """A connection cut while the body is being stored cancels nothing."""
    durable, asked, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def accept(_body: bytes, _received_at: datetime) -> None:
        asked.set()
        await durable.wait()
        done.set()

    async with serving(public_app(accept)) as listeners:
        _, writer = await asyncio.open_connection("127.0.0.1", listeners.public_port)
        writer.write(signed_head(BODY) + BODY)
        await asked.wait()
        writer.transport.abort()
        durable.set()
        await eventually(done.is_set)


SIGNATURES = [
    None,
    "",
    "sha256=",
    "sha256=" + "0" * 64,
    "sha1=a443dadd87c6be6c6a2eff4f434e2c5fd715d2a2",
    "sha256=" + "é" * 64,
    "\xff\xfe\xfd",
    "sha256=" + "0" * 8000,
    "sha256=\x7f",
]


@pytest.mark.parametrize("signature", SIGNATURES)
async def test_an_unsigned_body_is_refused_and_not_kept(
    signature: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """No signature, a wrong one, the legacy one, bytes that are no text: 401, never a 500, nothing kept."""
    kept = Kept()
    headers = [] if signature is None else [f"X-Hub-Signature-256: {signature}"]
    async with serving(public_app(kept)) as listeners:
        answer = await send_raw(listeners.public_port, post_head(f"Content-Length: {len(BODY)}", *headers), BODY)
    assert (answer.status, kept.bodies) in [(401, []), (400, [])]
    assert answer.status == 401 or signature == SIGNATURES[-1]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_rejected_signature_is_logged_without_body_or_signature(caplog: pytest.LogCaptureFixture) -> None:
    """The line names the source, the length and a digest to compare with, nothing that came in."""
    async with serving(public_app(Kept())) as listeners:
        head = post_head(
            f"Content-Length: {len(BODY)}", "X-Hub-Signature-256: sha256=abcdef", "X-Forwarded-For: 203.0.113.9"
        )
        await send_raw(listeners.public_port, head, BODY)
    assert events(caplog)["signature_rejected"] == {
        "source": "203.0.113.9",
        "length": len(BODY),
        "digest": hashlib.sha256(BODY).hexdigest()[:16],
    }


async def test_503_tells_meta_to_come_again_when_nothing_can_be_kept() -> None:
    """DatabaseUnavailable becomes 503 storage_unavailable with Retry-After."""

    async def accept(_body: bytes, _received_at: datetime) -> None:
        raise DatabaseUnavailable("no database")

    async with serving(public_app(accept)) as listeners:
        answer = await deliver(listeners.public_port, BODY)
    assert (answer.status, answer.json()) == (503, {"error": "storage_unavailable"})
    assert "Retry-After: " in answer.headers


async def test_a_bug_in_keeping_is_a_503_with_its_trace_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """What is not known to be kept must come again; the answer says nothing about the error."""

    async def accept(_body: bytes, _received_at: datetime) -> None:
        raise RuntimeError("a secret detail")

    async with serving(public_app(accept)) as listeners:
        answer = await deliver(listeners.public_port, BODY)
    assert (answer.status, answer.json()) == (503, {"error": "unavailable"})
    record = next(record for record in caplog.records if record.getMessage() == "request_failed")
    assert record.exc_info is not None


def clock_that_takes(seconds: float) -> Callable[[], datetime]:
    """A clock that goes on by `seconds` from one look to the next."""
    times = iter(range(1000))
    return lambda: NOW + timedelta(seconds=seconds * next(times))


@pytest.mark.parametrize(("seconds", "logged"), [(14.0, False), (16.5, True)])
async def test_an_answer_that_took_over_15_seconds_is_logged(
    seconds: float, logged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """slow_processing carries how long the delivery took."""
    async with serving(public_app(Kept(), clock=clock_that_takes(seconds))) as listeners:
        await deliver(listeners.public_port, BODY)
    assert ("slow_processing" in events(caplog)) is logged
    assert not logged or events(caplog)["slow_processing"]["seconds"] == seconds


async def test_deliveries_share_one_kept_alive_connection() -> None:
    """Meta's proxies reuse connections: many deliveries, pipelined, on one."""
    kept = Kept()
    async with serving(public_app(kept)) as listeners:
        reader, writer = await asyncio.open_connection("127.0.0.1", listeners.public_port)
        writer.write((signed_head(BODY).replace(b"Connection: close\r\n", b"") + BODY) * 40)
        writer.write(signed_head(BODY) + BODY)
        answers = await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()
    assert answers.count(b"HTTP/1.1 200 OK") == len(kept.bodies) == 41


async def test_a_delivery_that_waits_for_100_continue_gets_it() -> None:
    """curl asks before it sends a large body."""
    kept = Kept()
    async with serving(public_app(kept)) as listeners:
        reader, writer = await asyncio.open_connection("127.0.0.1", listeners.public_port)
        writer.write(signed_head(BODY).replace(b"Host: bot", b"Host: bot\r\nExpect: 100-continue"))
        assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
        writer.write(BODY)
        assert parse(await asyncio.wait_for(reader.read(), PATIENCE)).status == 200
        writer.close()
    assert kept.bodies == [BODY]
