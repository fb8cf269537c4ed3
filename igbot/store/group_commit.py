"""Group commit without a timer: what arrives while one flush is in flight goes into the next."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, NoReturn, TypeVar

from igbot.errors import DatabaseUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """Hands items to `flush` in batches of at most `limit`, one batch at a time, in order of their arrival.

    `flush` returns one result an item, in the same order. With `patience` (seconds) nobody waits for a flush that
    hangs longer than that, nor twice as long in all.
    """

    def __init__(
        self, flush: Callable[[list[Item]], Awaitable[list[Result]]], *, limit: int, patience: float | None = None
    ) -> None:
        self._flush = flush
        self._limit = limit
        self._patience = patience
        self._queue: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def submit(self, item: Item) -> Result:
        """The result of the item's flush, or its error.

        Raises DatabaseUnavailable after `close`, TimeoutError when patience is at an end. An item stays in the queue
        when its waiter has gone.
        """
        if self._closing:
            raise _closed()
        waiter: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append((item, waiter))
        self._idle.clear()
        self._wake.set()
        return await waiter

    async def run(self) -> NoReturn:
        """The loop that flushes, until cancelled; whoever still waits then gets DatabaseUnavailable."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._queue:
                    await self._flush_next()
                self._idle.set()
        finally:
            self._closing = True
            while self._queue:
                _refuse([self._queue.popleft()[1]], _closed())
            self._idle.set()

    async def close(self) -> None:
        """Takes no more, and returns once all that was taken is flushed; `run` goes on meanwhile."""
        self._closing = True
        await self._idle.wait()

    async def _flush_next(self) -> None:
        batch = [self._queue.popleft() for _ in range(min(self._limit, len(self._queue)))]
        waiters = [waiter for _, waiter in batch]
        impatience = self._grow_impatient(waiters)
        try:
            results = await self._flush([item for item, _ in batch])
            if len(results) != len(batch):
                raise RuntimeError(f"{len(results)} results for {len(batch)} items")
        except asyncio.CancelledError:
            _refuse(waiters, _closed())
            raise
        except Exception as error:
            # Not lost: every waiter's caller handles and logs it.
            _refuse(waiters, error)
            return
        finally:
            impatience.stop()
        for waiter, result in zip(waiters, results, strict=True):
            if not waiter.done():
                waiter.set_result(result)

    def _grow_impatient(self, waiters: "list[asyncio.Future[Result]]") -> "_Impatience":
        # One timer a flush: one an item would cost more than all else that is done for it here.
        def give_up() -> None:
            _refuse([*waiters, *(waiter for _, waiter in self._queue)], TimeoutError("the flush hangs"))

        return _Impatience(self._patience, give_up)


class _Impatience:
    """Calls `give_up` every `seconds` until stopped; never without seconds."""

    def __init__(self, seconds: float | None, give_up: Callable[[], None]) -> None:
        self._seconds = seconds
        self._give_up = give_up
        self._timer: asyncio.TimerHandle | None = None
        self._wait()

    def _wait(self) -> None:
        if self._seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._ring)

    def _ring(self) -> None:
        self._give_up()
        self._wait()

    def stop(self) -> None:
        """Wait no longer."""
        if self._timer is not None:
            self._timer.cancel()


def _refuse(waiters: "list[asyncio.Future[Result]]", error: Exception) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_exception(error)


def _closed() -> DatabaseUnavailable:
    return DatabaseUnavailable("igbot is shutting down", hint="try again when it is back")
