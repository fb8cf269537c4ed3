"""Interleaves contenders: in each round every one has its turn, so that a slow minute is slow for all of them."""

import asyncio
import sys
import time
import traceback
from collections.abc import Callable, Sequence

from bench.outcome import Entry, Table
from bench.subject import Contender, NotMeasurable

Say = Callable[[str], None]


async def play(
    contenders: Sequence[Contender],
    table: Table,
    *,
    rounds: int,
    disk: Callable[[], float],
    busy_seconds: Callable[[], float],
    say: Say,
    look_seconds: float = 0.5,
) -> None:
    """Fill `table`. `disk` measures fdatasync/s, `busy_seconds` tells the CPU seconds of the whole machine so far.

    Before each round nothing of ours runs for `look_seconds`, which shows how busy other programs are.
    A contender that cannot be measured once is left out from then on, and its table says why.
    """
    table.entries = [Entry(contender.name) for contender in contenders]
    for number in range(1, rounds + 1):
        busy, start = busy_seconds(), time.perf_counter()
        await asyncio.sleep(look_seconds)
        table.others.append(_percent(busy_seconds() - busy, time.perf_counter() - start))
        table.fdatasync.append(disk())
        beside: dict[str, float] = {}
        table.cpu.append(beside)
        for contender, entry in zip(contenders, table.entries, strict=True):
            if entry.reason:
                entry.samples.append(None)
                continue
            say(f"{table.name}: round {number} of {rounds}, {contender.name}")
            busy, start = busy_seconds(), time.perf_counter()
            await _turn(contender, entry)
            beside[contender.name] = _percent(busy_seconds() - busy, time.perf_counter() - start)


def _percent(busy: float, seconds: float) -> float:
    return 100 * busy / seconds if seconds else 0.0


async def _turn(contender: Contender, entry: Entry) -> None:
    try:
        entry.samples.append(dict(await contender.round()))
    except NotMeasurable as error:
        entry.samples.append(None)
        entry.reason = str(error)
    except Exception as error:
        # A bug of one contender must not cost the others their turn.
        traceback.print_exc(file=sys.stderr)
        entry.samples.append(None)
        entry.reason = f"it failed: {type(error).__name__}: {error}"
