"""The rules in force: loads `rules.d` as a whole, keeps the old set when the new one is broken, follows every edit."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Never

from igbot.rulebook.detection import detector
from igbot.rulebook.folder import Fingerprint, fingerprint, load_folder
from igbot.rulebook.watching import occasions
from igbot.rules.deciding.choice import Detect
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.loading import Loaded, load_rules
from igbot.rules.model import Finding, RuleFile
from igbot.rules.surroundings import Surroundings
from igbot.telemetry.log import EventLog

OnLoaded = Callable[[RuleSet, tuple[RuleFile, ...]], Awaitable[None]]
OnRejected = Callable[[tuple[Finding, ...]], Awaitable[None]]

QUIET_SECONDS = 0.3
POLL_SECONDS = 1.0
_MOST_REREADS = 5
_MOST_WAITS = 20


class Rulebook:
    """Holds the current rule set of one folder.

    `surroundings` is what rule files may name beside each other. `on_loaded` is told of each set that comes into force
    (and of the old one being right again after a rejection), `on_rejected` of each new reason why a set does not.
    `quiet` is how long, in seconds, the folder must stay unchanged before it is read, `poll` how often it is looked at
    where the system reports no changes. `detect` tells the languages of the set in force apart, None: nothing can.
    """

    def __init__(
        self,
        root: Path,
        *,
        surroundings: Callable[[], Surroundings],
        on_loaded: OnLoaded,
        on_rejected: OnRejected,
        log: EventLog,
        quiet: float = QUIET_SECONDS,
        poll: float = POLL_SECONDS,
    ) -> None:
        self._root = root
        self._surroundings = surroundings
        self._on_loaded = on_loaded
        self._on_rejected = on_rejected
        self._log = log
        self._quiet = quiet
        self._poll = poll
        self._current: RuleSet | None = None
        self.detect: Detect | None = None
        self._seen: Fingerprint = None
        self._rejected: tuple[Finding, ...] = ()
        self._loading = asyncio.Lock()

    @property
    def current(self) -> RuleSet | None:
        """The set in force; a message keeps the one it started with. None: nothing has loaded yet."""
        return self._current

    def use(self, files: Sequence[RuleFile]) -> bool:
        """Puts files into force that did not come from the folder: the last good ones, at a start with a broken one.

        False, and nothing changes, where a set is in force already or these files have errors too.
        """
        if self._current is None:
            with _collector_paused():
                found = load_rules(files, surroundings=self._surroundings()).ruleset
            if found is not None:
                self.detect, self._current = detector(found.languages), found
            return self._current is not None
        return False

    async def load(self) -> Loaded:
        """Reads the folder now; puts it into force if it has no errors, else keeps what is in force."""
        async with self._loading:
            self._seen, (loaded, files) = await asyncio.to_thread(_read_whole, self._root, self._surroundings())
            if loaded.ruleset is None:
                await self._reject(loaded.findings)
            else:
                await self._swap(loaded.ruleset, files)
            return loaded

    async def _swap(self, ruleset: RuleSet, files: tuple[RuleFile, ...]) -> None:
        detect = await asyncio.to_thread(detector, ruleset.languages)
        old = [self._current]
        news = self._rejected or old[0] is None or old[0].digest != ruleset.digest
        self._current, self.detect = ruleset, detect
        self._rejected = ()
        # To free ten thousand rules takes a while: not on the event loop.
        await asyncio.to_thread(old.clear)
        if news:
            await self._on_loaded(ruleset, files)

    async def _reject(self, findings: tuple[Finding, ...]) -> None:
        news = self._rejected != findings
        self._rejected = findings
        if news:
            await self._on_rejected(findings)

    async def turn(self) -> Loaded | None:
        """Loads the folder if it is not as it was when last read; else None."""
        if await asyncio.to_thread(fingerprint, self._root) == self._seen:
            return None
        return await self.load()

    async def watch(self) -> Never:
        """Follows the folder for ever, also while it is missing or replaced."""
        async with aclosing(occasions(self._root, poll=self._poll)) as looks:
            async for reported in looks:
                try:
                    if reported:
                        # Two edits inside one tick of the file system's clock may have one fingerprint.
                        await self._settle()
                        await self.load()
                    elif await asyncio.to_thread(fingerprint, self._root) != self._seen:
                        await self._settle()
                        await self.turn()
                except Exception as error:
                    self._log.error("rules_watch_failed", exc=error)
        raise AssertionError("the watch on the rules ended")

    async def _settle(self) -> None:
        before = await asyncio.to_thread(fingerprint, self._root)
        for _ in range(_MOST_WAITS):
            await asyncio.sleep(self._quiet)
            after = await asyncio.to_thread(fingerprint, self._root)
            if after == before:
                return
            before = after


def _read_whole(root: Path, surroundings: Surroundings) -> tuple[Fingerprint, tuple[Loaded, tuple[RuleFile, ...]]]:
    """The folder as it was at one moment: read again where it changed meanwhile."""
    with _collector_paused():
        for _ in range(_MOST_REREADS):
            before = fingerprint(root)
            result = load_folder(root, surroundings=surroundings)
            if fingerprint(root) == before:
                break
        return before, result


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Thousands of new objects would make the collector stop the event loop for each generation.

    What is there afterwards stays for long: it is put out of the collector's sight, or its next full round would hold
    up everybody. Objects without cycles, as these are, are freed all the same when nobody has them any more.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.freeze()
            gc.enable()
