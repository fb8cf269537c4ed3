"""Group commit: batches form by themselves, nothing waits for a timer, and an error reaches all it concerns."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from igbot.errors import DatabaseUnavailable
from igbot.store.group_commit import GroupCommit
from tests.waiting import eventually


@contextlib.asynccontextmanager
async def running(
    flush: Callable[[list[int]], Awaitable[list[int]]], *, limit: int = 100, patience: float | None = None
) -> AsyncIterator[GroupCommit[int, int]]:
    """A group commit whose loop runs during the block."""
    commit: GroupCommit[int, int] = GroupCommit(flush, limit=limit, patience=patience)
    loop = asyncio.create_task(commit.run())
    # The loop has to wait before anything is submitted, as it does in a running bot.
    await asyncio.sleep(0)
    try:
        yield commit
    finally:
        loop.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await loop


class _Slow:
    """Doubles numbers, each batch when told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()

    async def __call__(self, items: list[int]) -> list[int]:
        self.batches.append(items)
        await self.gate.wait()
        return [item * 2 for item in items]


async def test_what_arrives_during_a_flush_goes_into_the_next_one() -> None:
    """The first item goes at once, all that came meanwhile go together, in order, each with its own result."""
    slow = _Slow()
    async with running(slow) as commit:
        first = asyncio.create_task(commit.submit(0))
        await eventually(lambda: slow.batches)
        others = [asyncio.create_task(commit.submit(number)) for number in range(1, 6)]
        await asyncio.sleep(0)
        slow.gate.set()
        assert await first == 0
        assert await asyncio.gather(*others) == [2, 4, 6, 8, 10]
    assert slow.batches == [[0], [1, 2, 3, 4, 5]]


async def test_a_batch_is_never_larger_than_the_limit() -> None:
    """A flood is cut into batches."""
    slow = _Slow()
    slow.gate.set()
    async with running(slow, limit=2) as commit:
        assert await asyncio.gather(*(commit.submit(number) for number in range(5))) == [0, 2, 4, 6, 8]
    assert slow.batches == [[0, 1], [2, 3], [4]]


async def test_an_error_reaches_every_waiter_of_its_batch_and_no_other() -> None:
    """The loop goes on after a failed flush."""

    async def flush(items: list[int]) -> list[int]:
        if -1 in items:
            raise DatabaseUnavailable("away")
        return items

    async with running(flush) as commit:
        answers = await asyncio.gather(commit.submit(-1), commit.submit(1), return_exceptions=True)
        assert [type(answer) for answer in answers] == [DatabaseUnavailable] * 2
        assert await commit.submit(2) == 2


async def test_a_flush_that_loses_results_is_an_error_for_all() -> None:
    """Nobody is given another's result."""

    async def flush(items: list[int]) -> list[int]:
        return items[1:]

    async with running(flush) as commit:
        with pytest.raises(RuntimeError, match="0 results for 1 items"):
            await commit.submit(1)


async def test_a_cancelled_waiter_hurts_nobody() -> None:
    """Its item is flushed all the same, and the others get theirs."""
    slow = _Slow()
    async with running(slow) as commit:
        gone, stays = asyncio.create_task(commit.submit(1)), asyncio.create_task(commit.submit(2))
        await eventually(lambda: slow.batches)
        gone.cancel()
        await asyncio.sleep(0)
        slow.gate.set()
        assert await stays == 4
    assert slow.batches == [[1, 2]]


async def test_nobody_waits_for_a_flush_that_hangs_and_nothing_of_it_is_dropped() -> None:
    """Who is in the flush and who queues behind it are told that it takes too long; their items are flushed all the
    same once it goes on."""
    slow = _Slow()
    async with running(slow, limit=1, patience=0.01) as commit:
        waiters = [asyncio.create_task(commit.submit(number)) for number in (1, 2)]
        answers = await asyncio.gather(*waiters, return_exceptions=True)
        assert [type(answer) for answer in answers] == [TimeoutError] * 2
        slow.gate.set()
        assert await commit.submit(3) == 6
    assert slow.batches == [[1], [2], [3]]


async def test_closing_flushes_what_was_taken_and_takes_no_more() -> None:
    """Whoever was let in gets a result, whoever comes later is refused."""
    slow = _Slow()
    async with running(slow) as commit:
        taken = asyncio.create_task(commit.submit(1))
        await asyncio.sleep(0)
        closing = asyncio.create_task(commit.close())
        await asyncio.sleep(0)
        with pytest.raises(DatabaseUnavailable):
            await commit.submit(2)
        slow.gate.set()
        await closing
        assert await taken == 2


async def test_a_cancelled_loop_leaves_no_waiter_hanging() -> None:
    """Who is in the flush and who queues behind it both get an error."""
    slow = _Slow()
    async with running(slow, limit=1) as commit:
        waiters = [asyncio.create_task(commit.submit(number)) for number in range(2)]
        await eventually(lambda: slow.batches)
    answers = await asyncio.gather(*waiters, return_exceptions=True)
    assert [type(answer) for answer in answers] == [DatabaseUnavailable] * 2
