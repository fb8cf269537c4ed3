"""Posts the webhooks of an end-to-end bench from a process of its own, and tells of each when it was due and taken.

`bench.load` makes as many webhooks as the time lasts; here each one is known by name, so that its answer can be found.
"""

import asyncio
import json
import selectors
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bench.child import environment
from bench.customers import Delivery
from bench.load.connection import Connection
from bench.subject import NotMeasurable
from igbot.cli.event_loop import run

LEAD_SECONDS = 0.2
"""Between the plan and the first post of a rate, so that all connections are open."""
LONGEST_SECONDS, LOOK_SECONDS = 300.0, 0.02


@dataclass(frozen=True, slots=True)
class Posted:
    """When each webhook was due and when it was taken, by `time.monotonic()`, in the plan's order."""

    due: list[float]
    taken: list[float]


class Posting:
    """A plan under way: the requests in their order, over connections that have one request in flight each."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        count = len(requests)
        self.due = [0.0] * count
        self.taken = [0.0] * count
        self.refused: Counter[int] = Counter()
        self._requests = requests
        self._waiting: deque[int] = deque()
        self._idle: list[Connection] = []
        self._under_way: dict[Connection, int] = {}
        self._left = count
        self._done = asyncio.Event()

    async def run(self, host: str, port: int, *, connections: int, rate: float) -> None:
        """Post all; `rate` a second, 0: as soon as a connection is free. What has no answer keeps `taken` 0."""
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, line = await loop.create_connection(lambda: Connection(self._answered), host, port)
            self._idle.append(line)
        if rate:
            await self._at_a_rate(rate)
        else:
            self._waiting.extend(range(len(self._requests)))
            self._post_waiting()
        async with asyncio.timeout(LONGEST_SECONDS):
            while not self._done.is_set() and not self._is_broken():  # noqa: ASYNC110 - a connection's end has no event
                await asyncio.sleep(LOOK_SECONDS)
        for line in (*self._idle, *self._under_way):
            line.close()

    async def _at_a_rate(self, rate: float) -> None:
        begin = time.monotonic() + LEAD_SECONDS
        for number in range(len(self._requests)):
            self.due[number] = begin + number / rate
            if (pause := self.due[number] - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            self._waiting.append(number)
            self._post_waiting()

    def _is_broken(self) -> bool:
        return any(line.broken for line in (*self._idle, *self._under_way))

    def _post_waiting(self) -> None:
        while self._waiting and self._idle:
            self._post(self._idle.pop(), self._waiting.popleft())

    def _post(self, line: Connection, number: int) -> None:
        self._under_way[line] = number
        now = time.monotonic()
        self.due[number] = self.due[number] or now
        line.send(self._requests[number], now)

    def _answered(self, line: Connection, status: int, _: float) -> None:
        number = self._under_way.pop(line)
        self.taken[number] = time.monotonic()
        if status != 200:
            self.refused[status] += 1
        self._left -= 1
        if not self._left:
            self._done.set()
        self._idle.append(line)
        self._post_waiting()


def request(body: str, signature: str, *, url: str) -> bytes:
    """A webhook as a proxy that does HTTPS passes it on."""
    parts = urlsplit(url)
    return (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nX-Forwarded-Proto: https\r\n"
        f"Content-Type: application/json\r\nX-Hub-Signature-256: {signature}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode("ascii")


async def _post(plan: dict[str, Any]) -> None:
    parts = urlsplit(plan["url"])
    posting = Posting([request(body, signature, url=plan["url"]) for body, signature in plan["deliveries"]])
    await posting.run(
        parts.hostname or "127.0.0.1", parts.port or 80, connections=plan["connections"], rate=plan["rate"]
    )
    print(json.dumps({"due": posting.due, "taken": posting.taken, "refused": posting.refused}))


async def post(deliveries: Sequence[Delivery], url: str, *, connections: int, rate: float = 0.0) -> Posted:
    """Post them all in order over that many connections, at `rate` a second (0: each as soon as a connection is free).

    Raises NotMeasurable unless every one was answered with 200.
    """
    plan = {
        "url": url,
        "rate": rate,
        "connections": connections,
        "deliveries": [(each.body.decode("ascii"), each.signature) for each in deliveries],
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.posting", stdin=pipe, stdout=pipe, env=environment()
    )
    said, _ = await process.communicate(json.dumps(plan).encode())
    if process.returncode:
        raise NotMeasurable(f"the load could not be made: its process ended with {process.returncode}")
    told = json.loads(said)
    if told["refused"]:
        raise NotMeasurable(f"webhooks were not taken, by HTTP status: {told['refused']}")
    if not all(told["taken"]):
        raise NotMeasurable(f"{told['taken'].count(0.0)} of {len(deliveries)} webhooks had no answer: cut off")
    return Posted(told["due"], told["taken"])


def main() -> None:
    """Do the plan of standard input."""
    plan = json.load(sys.stdin)
    if plan["rate"]:
        # epoll and libuv wait whole milliseconds; select does not.
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
            runner.run(_post(plan))
    else:
        run(_post(plan))


if __name__ == "__main__":
    main()
