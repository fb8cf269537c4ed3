"""What comes back over the wire need not even be HTTP: it is an outcome, and the client is none the worse."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import aiohttp
import pytest

from igbot.meta.events import Igsid
from igbot.meta.outcomes import Outcome, Retry, Sent, Unknown
from igbot.meta.outgoing import Outgoing
from igbot.outbox.graph import GraphClient

Answered = Callable[[bytes], Awaitable[Outcome | None]]


def http(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """An answer with these header lines."""
    length = b"Content-Length: %d" % len(body)
    return b"\r\n".join([b"HTTP/1.1 " + status, length, *headers, b"", body])


@pytest.fixture
async def answered() -> AsyncIterator[Answered]:
    """What becomes of a send that is answered with these bytes, after which the connection ends."""
    content = b""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(content)
        with contextlib.suppress(ConnectionError):  # the client may have had enough
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as session:
        graph = GraphClient(session, url=f"http://127.0.0.1:{port}", version="v25.0", clock=lambda: datetime.now(UTC))

        async def send(these: bytes) -> Outcome | None:
            nonlocal content
            content = these
            return (await graph.send(Igsid("9000000000000001"), Outgoing("hi"), token="a-token-of-some-length")).outcome

        yield send
    server.close()


NO_ANSWER: dict[str, bytes] = {
    "nothing": b"",
    "garbage": b"\0\1garbage\r\n\r\n",
    "a page without a head": b"<html>hello",
    "half a status line": b"HTTP/1.1 20",
    "a status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "a status of five digits": http(b"{}", status=b"99999 X"),
    "only a promise": b"HTTP/1.1 100 Continue\r\n\r\n",
    "a header too long": http(b"{}", b"X-App-Usage: " + b"a" * 20_000),
    "a header without a name": http(b"{}", b"no colon here"),
    "a header of controls": http(b"{}", b"Retry-After: \0\1"),
    "a length below nothing": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    "two lengths": http(b"{}", b"Content-Length: 7"),
    "a length of forty digits": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n{}",
    "a chunk of no size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{}",
    "less than it said": b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"message_id":"m"}',
    "what is not compressed": http(b"not compressed", b"Content-Encoding: gzip"),
    "a bomb": http(gzip.compress(b"x" * 20_000_000), b"Content-Encoding: gzip"),
    "ten megabytes": http(b"x" * 10_000_000),
    "another encoding": http(b'{"message_id":"m"', b"Content-Encoding: foo"),
    "nothing by rule": b"HTTP/1.1 204 No Content\r\n\r\n",
    "cookies of no kind": http(b"{}", b"Set-Cookie: \x7f=;;;===; a,b", b"Set-Cookie: a=b; Max-Age=" + b"9" * 40),
}


@pytest.mark.parametrize("content", NO_ANSWER.values(), ids=NO_ANSWER)
async def test_what_is_no_answer_leaves_it_unknown(answered: Answered, content: bytes) -> None:
    """It may have been sent, and the echo or a look-up will tell."""
    outcome = await answered(content)
    assert isinstance(outcome, Unknown)
    assert not outcome.answered


@pytest.mark.parametrize("place", [b"http://127.0.0.1:1/elsewhere", b"http://[", b""])
async def test_a_redirect_is_not_followed(answered: Answered, place: bytes) -> None:
    """The token goes to Meta's host and nowhere else."""
    outcome = await answered(http(b"", b"Location: " + place, status=b"302 Found"))
    assert isinstance(outcome, Retry)
    assert outcome.outage


@pytest.mark.parametrize("kind", [b"text/html; charset=utf-99", b";;;=\xff/", b"application/octet-stream"])
async def test_the_kind_of_content_decides_nothing(answered: Answered, kind: bytes) -> None:
    """A mid is a mid."""
    assert await answered(http(b'{"message_id":"m1"}', b"Content-Type: " + kind)) == Sent("m1")  # type: ignore[arg-type]
