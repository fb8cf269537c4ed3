"""A Send API that costs next to nothing, in a process of its own: answers every message and keeps when it came.

`python -m bench.graph_endpoint` prints its port and listens on loopback until its standard input ends.
"""

import argparse
import asyncio
import contextlib
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import aiohttp

from bench.child import environment
from bench.subject import NotMeasurable
from igbot.cli.event_loop import run

ACCOUNT_IDS = ("17841400000000777", "100200300400500")
START_SECONDS = 15.0
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """One call of the Send API: `at` is `time.monotonic()` (all processes of a machine share it) when it was whole."""

    at: float
    igsid: str
    text: str


class Ledger:
    """What was received, in order; a mid for each that no other ledger has given."""

    def __init__(self) -> None:
        self.answers: list[tuple[float, str, str]] = []
        self._series = secrets.token_hex(8)
        self._count = 0

    def take(self, body: bytes, at: float) -> bytes:
        """Keep one message and give Meta's answer for it; the JSON of an error where the body is no message."""
        try:
            message = json.loads(body)
            igsid, text = message["recipient"]["id"], message["message"]["text"]
        except (ValueError, KeyError, TypeError):
            return b'{"error":{"message":"(#100) no text message","type":"OAuthException","code":100}}'
        self.answers.append((at, igsid, text))
        self._count += 1
        return b'{"recipient_id":"%b","message_id":"bench_%b_%d"}' % (
            igsid.encode(),
            self._series.encode(),
            self._count,
        )


def route(ledger: Ledger, method: bytes, path: bytes, body: bytes) -> tuple[int, bytes]:
    """The status and the JSON for one request, by the end of its path."""
    place = path.partition(b"?")[0].rstrip(b"/")
    if method == b"POST" and place.endswith(b"/messages"):
        said = ledger.take(body, time.monotonic())
        return (400 if said.startswith(b'{"error"') else 200), said
    if place == b"/bench/count":
        return 200, b"%d" % len(ledger.answers)
    if place == b"/bench/answers":
        return 200, json.dumps(ledger.answers).encode()
    if method == b"POST" and place == b"/bench/forget":
        ledger.answers.clear()
        return 200, b"{}"
    if place.endswith(b"/me"):
        return 200, json.dumps({"id": ACCOUNT_IDS[-1], "user_id": ACCOUNT_IDS[0], "username": "bench"}).encode()
    return 200, b'{"data":[]}'


class GraphProtocol(asyncio.Protocol):
    """One connection: HTTP/1.1 with a length, kept alive; `latency` seconds pass before an answer of the Graph API."""

    def __init__(self, ledger: Ledger, latency: float) -> None:
        self._ledger = ledger
        self._latency = latency
        self._waiting = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole by now."""
        waiting = self._waiting
        waiting += data
        while (end := waiting.find(END_OF_HEAD)) >= 0:
            head = bytes(waiting[:end])
            size = content_length(head)
            if size is None:
                self._transport.write(_response(411, b"{}"))
                self._transport.close()
                return
            start = end + len(END_OF_HEAD)
            if len(waiting) < start + size:
                return
            body = bytes(waiting[start : start + size])
            del waiting[: start + size]
            method, path, _ = head.split(b" ", 2)
            response = _response(*route(self._ledger, method, path, body))
            if self._latency and not path.startswith(b"/bench/"):
                asyncio.get_running_loop().call_later(self._latency, self._transport.write, response)
            else:
                self._transport.write(response)


def content_length(head: bytes) -> int | None:
    """The length of the body that a request's head announces, in bytes; None where it comes in chunks."""
    lowered = head.lower()
    place = lowered.find(b"\r\ncontent-length:")
    if place < 0:
        return None if b"\r\ntransfer-encoding:" in lowered else 0
    return int(lowered[place + 17 :].partition(b"\r\n")[0])


def _response(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


async def _serve(latency: float) -> None:
    loop = asyncio.get_running_loop()
    ledger = Ledger()
    server = await loop.create_server(lambda: GraphProtocol(ledger, latency), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


@dataclass(frozen=True, slots=True)
class GraphEndpoint:
    """A running endpoint: its address, and what it has received."""

    url: str
    pid: int
    http: aiohttp.ClientSession

    async def count(self) -> int:
        """How many messages have come."""
        return int(await self._ask("GET", "count"))

    async def answers(self) -> list[Answer]:
        """All messages that have come, in order."""
        return [Answer(*each) for each in await self._ask("GET", "answers")]

    async def forget(self) -> None:
        """Start over with an empty record."""
        await self._ask("POST", "forget")

    async def _ask(self, method: str, name: str) -> Any:
        async with self.http.request(method, f"{self.url}/bench/{name}") as response:
            return await response.json()


@asynccontextmanager
async def open_graph_endpoint(*, latency: float = 0.0) -> AsyncIterator[GraphEndpoint]:
    """An endpoint of its own for the block; `latency` seconds pass before each answer. Raises NotMeasurable."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.graph_endpoint", "--latency", str(latency), stdin=pipe, stdout=pipe,
        env=environment(),
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        try:
            line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        except TimeoutError:
            line = b""
        if not line.strip():
            raise NotMeasurable("the Send API endpoint of the bench did not start: run python -m bench.graph_endpoint")
        async with aiohttp.ClientSession() as http:
            yield GraphEndpoint(f"http://127.0.0.1:{int(line)}", process.pid, http)
    finally:
        process.stdin.close()
        await process.wait()


def main() -> None:
    """Listen until standard input ends."""
    parser = argparse.ArgumentParser(description="A Send API for benches.")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    with contextlib.suppress(KeyboardInterrupt):
        run(_serve(parser.parse_args().latency))


if __name__ == "__main__":
    main()
