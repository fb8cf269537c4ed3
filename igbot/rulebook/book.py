"""The rules in force: loads `rules.d` as a whole, keeps the old set when the new one is broken, follows every edit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Never

from igbot.rulebook.detection import detector
from igbot.rulebook.folder import Fingerprint, FolderContents, fingerprint, read_folder
from igbot.rulebook.retiring import Retired
from igbot.rulebook.verdict import judge
from igbot.rulebook.watching import occasions
from igbot.rules.deciding.choice import Detect
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.loading import Loaded
from igbot.rules.model import Finding, RuleFile
from igbot.rules.surroundings import Surroundings
from igbot.telemetry.log import EventLog

OnLoaded = Callable[[RuleSet, tuple[RuleFile, ...]], Awaitable[None]]
OnRejected = Callable[[tuple[Finding, ...]], Awaitable[None]]

QUIET_SECONDS = 0.3
POLL_SECONDS = 1.0
TICK_SECONDS = 3.0
"""Within which the clock of any drive goes on: two seconds on FAT, one on many a network drive."""
_MOST_LOOKS = 4
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
        self._read: FolderContents | None = None
        self._read_at = 0.0
        self._rejected: tuple[Finding, ...] = ()
        self._retired = Retired()
        self._loading = asyncio.Lock()

    @property
    def current(self) -> RuleSet | None:
        """The set in force; a message keeps the one it started with. None: nothing has loaded yet."""
        return self._current

    async def use(self, files: Sequence[RuleFile]) -> bool:
        """Puts files into force that did not come from the folder: the last good ones, at a start with a broken one.

        False, and nothing changes, where a set is in force already or these files have errors too.
        """
        async with self._loading:
            if self._current is not None:
                return False
            contents = FolderContents(tuple(files), ())
            found = (await asyncio.to_thread(judge, contents, surroundings=self._surroundings())).ruleset
            if found is None:
                return False
            detect = await asyncio.to_thread(detector, found.languages)
            self._current, self.detect = found, detect
            return True

    async def load(self) -> Loaded:
        """Reads the folder now; puts it into force if it has no errors, else keeps what is in force.

        The `rules` of what it gives are left out; the set has them.
        """
        async with self._loading:
            return await self._take(await self._look())

    async def turn(self) -> Loaded | None:
        """Loads the folder if it does not hold what was read last; else None."""
        async with self._loading:
            before = self._read
            contents = await self._look()
            return None if contents == before else await self._take(contents)

    async def _look(self) -> FolderContents:
        """The folder as it was at one moment: read again where it changed meanwhile, or where a file was blocked."""
        for attempt in range(_MOST_LOOKS):
            if attempt:
                await asyncio.sleep(self._quiet)
            self._read_at = _now()
            self._seen = await asyncio.to_thread(fingerprint, self._root)
            self._read = contents = await asyncio.to_thread(read_folder, self._root)
            if not contents.has_blocked and await asyncio.to_thread(fingerprint, self._root) == self._seen:
                break
        return contents

    async def _take(self, contents: FolderContents) -> Loaded:
        await self._free_retired()
        loaded = await asyncio.to_thread(judge, contents, surroundings=self._surroundings())
        await self._free_retired()
        if loaded.ruleset is None:
            await self._reject(loaded.findings)
        else:
            await self._swap(loaded.ruleset, contents.files)
        return loaded

    async def _swap(self, ruleset: RuleSet, files: tuple[RuleFile, ...]) -> None:
        detect = await asyncio.to_thread(detector, ruleset.languages)
        old = self._current
        news = self._rejected or old is None or old.digest != ruleset.digest
        self._current, self.detect = ruleset, detect
        self._rejected = ()
        if old is not None:
            self._retired.add(old, _now())
        if news:
            await self._on_loaded(ruleset, files)

    async def _free_retired(self) -> None:
        if self._retired.due(_now()):
            await asyncio.to_thread(self._retired.free, _now())

    async def _reject(self, findings: tuple[Finding, ...]) -> None:
        news = self._rejected != findings
        self._rejected = findings
        if news:
            await self._on_rejected(findings)

    async def watch(self) -> Never:
        """Follows the folder for ever, also while it is missing or replaced."""
        async with aclosing(occasions(self._root, poll=self._poll)) as looks:
            async for reported in looks:
                try:
                    if reported or await self._may_differ():
                        await self._settle()
                        await self.turn()
                    await self._free_retired()
                except Exception as error:
                    self._log.error("rules_watch_failed", exc=error)
        raise AssertionError("the watch on the rules ended")

    async def _may_differ(self) -> bool:
        # An edit within the same tick of the drive's clock as the one before it leaves no trace but its contents.
        return _now() - self._read_at < TICK_SECONDS or await asyncio.to_thread(fingerprint, self._root) != self._seen

    async def _settle(self) -> None:
        """Returns once the folder stays as it is; one that is away or empty for a moment will be filled again."""
        before = await asyncio.to_thread(fingerprint, self._root)
        for _ in range(_MOST_WAITS):
            await asyncio.sleep(self._quiet)
            after = await asyncio.to_thread(fingerprint, self._root)
            if after == before and (after or after == self._seen):
                return
            before = after


def _now() -> float:
    return asyncio.get_running_loop().time()
