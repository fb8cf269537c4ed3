"""The load generator's process: a plan as JSON on standard input, its outcome as JSON on standard output."""

import asyncio
import gc
import json
import selectors
import sys
import time
from array import array
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from bench.load.bodies import requests
from bench.load.connection import Connection
from bench.load.plan import Outcome, Plan

_MOST_PER_SECOND = 40_000
_DRAIN_SECONDS = 15.0


class Load:
    """One run of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        measured = int((plan.rate or _MOST_PER_SECOND) * plan.seconds)
        self._requests = requests(plan.warm_up + measured, seed=plan.seed, account=plan.account, secret=plan.secret)
        self._next = 0
        self._acked = 0
        self._latencies = array("d")
        self._statuses: Counter[int] = Counter()
        self._connections: list[Connection] = []
        self._free: deque[Connection] = deque()
        self._waiting: deque[float] = deque()
        self._until = 0.0
        self._last = 0.0

    async def run(self) -> Outcome:
        """Warm up, measure, wait for what is still under way."""
        plan, loop = self._plan, asyncio.get_running_loop()
        for _ in range(plan.connections):
            _, connection = await loop.create_connection(lambda: Connection(self._answered), "127.0.0.1", plan.port)
            self._connections.append(connection)
        await self._warm_up()
        with _collector_at_rest():
            return await self._measured()

    async def _measured(self) -> Outcome:
        plan = self._plan
        cpu, start = time.process_time(), time.perf_counter()
        self._until = start + plan.seconds
        if plan.rate is None:
            await self._closed()
        else:
            await self._open(start, plan.rate)
        end = time.perf_counter()
        await self._drain()
        for connection in self._connections:
            connection.close()
        ran_out = self._next >= len(self._requests) and plan.rate is None
        return self._outcome((self._last if ran_out else end) - start, time.process_time() - cpu)

    async def _warm_up(self) -> None:
        self._free.extend(self._connections)
        for _ in range(self._plan.warm_up):
            self._waiting.append(time.perf_counter())
        self._send_waiting()
        await self._drain()
        self._latencies = array("d")
        self._last = 0.0

    async def _closed(self) -> None:
        while self._free and self._send(self._free.popleft(), time.perf_counter()):
            pass
        await asyncio.sleep(self._until - time.perf_counter())

    async def _open(self, start: float, rate: float) -> None:
        for number in range(int(rate * self._plan.seconds)):
            due = start + number / rate
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            self._waiting.append(due)
            self._send_waiting()

    def _send_waiting(self) -> None:
        while self._waiting and self._free:
            self._send(self._free.popleft(), self._waiting.popleft())

    def _send(self, connection: Connection, since: float) -> bool:
        if self._next >= len(self._requests):
            self._free.append(connection)
            return False
        connection.send(self._requests[self._next], since)
        self._next += 1
        return True

    def _answered(self, connection: Connection, status: int, latency: float) -> None:
        self._statuses[status] += 1
        self._acked += status == 200
        closed_loop = self._plan.rate is None and self._until
        now = time.perf_counter() if closed_loop else 0.0
        if closed_loop and now >= self._until:
            self._free.append(connection)
            return
        if status == 200:
            self._latencies.append(latency)
        if closed_loop:
            self._last = now
            self._send(connection, now)
        elif self._waiting:
            self._send(connection, self._waiting.popleft())
        else:
            self._free.append(connection)

    async def _drain(self) -> None:
        """Wait until every request has its answer; not for ever, and not for broken connections."""
        deadline = time.perf_counter() + _DRAIN_SECONDS
        while time.perf_counter() < deadline:
            broken = sum(connection.broken for connection in self._connections)
            if not self._waiting and len(self._free) + broken >= len(self._connections):
                return
            await asyncio.sleep(0.005)

    def _outcome(self, seconds: float, cpu: float) -> Outcome:
        found = sorted(self._latencies)
        return Outcome(
            seconds=seconds,
            sent=self._next,
            acked=self._acked,
            measured=len(found),
            p50=_at(found, 0.5),
            p90=_at(found, 0.9),
            p99=_at(found, 0.99),
            max=_at(found, 1.0),
            cpu=cpu,
            broken=sum(connection.broken for connection in self._connections),
            statuses={str(status): count for status, count in self._statuses.items()},
        )


def _at(found: list[float], share: float) -> float:
    return found[min(len(found) - 1, int(len(found) * share))] * 1000 if found else 0.0


def _loop(plan: Plan) -> asyncio.AbstractEventLoop:
    """epoll and libuv wait whole milliseconds; select does not, and is quick enough for a fixed rate."""
    if plan.rate is not None:
        return asyncio.SelectorEventLoop(selectors.SelectSelector())
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """No round of the collector meanwhile: it would be taken for the server's slowness."""
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def main() -> None:
    """Run the plan of standard input."""
    plan = Plan(**json.load(sys.stdin))
    with asyncio.Runner(loop_factory=lambda: _loop(plan)) as runner:
        json.dump(asdict(runner.run(_run(plan))), sys.stdout)


async def _run(plan: Plan) -> Outcome:
    return await Load(plan).run()


if __name__ == "__main__":
    main()
