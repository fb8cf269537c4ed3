"""Loads one edition of a rule folder after the other while the event loop's pulse is taken; the figures as JSON.

Arguments: the folder of the editions (1, 2, …). The first is loaded, all others but the last are reloads by hand, the
last is saved while the folder is watched.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil

from bench.reloading.editions import save
from igbot.cli.event_loop import run, spare_the_collector
from igbot.rulebook.book import Rulebook
from igbot.rulebook.retiring import LINGER_SECONDS
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.model import Finding, RuleFile
from igbot.rules.surroundings import Surroundings
from igbot.telemetry.log import event_log

BEAT = 0.001
REST_SECONDS = LINGER_SECONDS + 1.0
"""In which the set before is freed."""
MB = 1e6


@dataclass(slots=True)
class Bench:
    """What is measured: reload by reload in seconds, and how long the loop was held while one was under way."""

    folder: Path
    loaded: asyncio.Event = field(default_factory=asyncio.Event)
    longest: float = 0.0
    reloads: list[float] = field(default_factory=list)
    holds: list[float] = field(default_factory=list)

    def rulebook(self) -> Rulebook:
        """The one that `serve` has."""
        return Rulebook(
            self.folder,
            surroundings=Surroundings,
            on_loaded=self._on_loaded,
            on_rejected=self._on_rejected,
            log=event_log("rules"),
        )

    async def _on_loaded(self, _: RuleSet, __: tuple[RuleFile, ...]) -> None:
        self.loaded.set()

    async def _on_rejected(self, findings: tuple[Finding, ...]) -> None:
        raise AssertionError(findings[0])

    async def beat(self) -> None:
        """Keeps in `longest` how late the loop came to a task that waits for `BEAT`. Never ends."""
        before = time.perf_counter()
        while True:
            await asyncio.sleep(BEAT)
            now = time.perf_counter()
            self.longest = max(self.longest, now - before - BEAT)
            before = now

    async def reload(self, book: Rulebook, edition: Path) -> None:
        """One by hand, and the end of the set before."""
        await asyncio.to_thread(save, edition, self.folder)
        self.longest, start = 0.0, time.perf_counter()
        await book.load()
        self.reloads.append(time.perf_counter() - start)
        await asyncio.sleep(REST_SECONDS)
        self.holds.append(self.longest)

    async def watched(self, book: Rulebook, edition: Path) -> float:
        """Seconds from a save to the set in force."""
        watch = asyncio.create_task(book.watch())
        # By then an edit cannot be told any more by its contents alone.
        await asyncio.sleep(REST_SECONDS + 2)
        self.longest = 0.0
        self.loaded.clear()
        await asyncio.to_thread(save, edition, self.folder)
        start = time.perf_counter()
        await self.loaded.wait()
        spent = time.perf_counter() - start
        await asyncio.sleep(REST_SECONDS)
        self.holds.append(self.longest)
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        return spent


def in_order(folder: Path) -> list[Path]:
    """The editions in a folder."""
    return sorted(folder.iterdir(), key=lambda each: int(each.name))


async def measure(editions: Sequence[Path], folder: Path) -> dict[str, float]:
    """The figures of `bench/subjects/reload.py`, of at least three editions."""
    first, *others, last = editions
    bench = Bench(folder)
    book = bench.rulebook()
    save(first, bench.folder)
    before = _rss()
    await book.load()
    grown = _rss() - before
    spare_the_collector()
    beating = asyncio.create_task(bench.beat())
    await asyncio.sleep(REST_SECONDS)
    idle = bench.longest
    for edition in others:
        await bench.reload(book, edition)
    in_force = await bench.watched(book, last)
    beating.cancel()
    return {
        "reload": median(bench.reloads),
        "hold_ms": max(bench.holds) * 1e3,
        "idle_ms": idle * 1e3,
        "in_force": in_force,
        "first_mb": grown / MB,
        "later_mb": (_rss() - before) / MB,
    }


def _rss() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    given = Path(sys.argv[1])
    json.dump(run(measure(in_order(given), given.with_name(f"{given.name}-rules.d"))), sys.stdout)
