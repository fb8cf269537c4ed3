"""Tells when to look at `rules.d` again: by the system's events where there are any, and by the clock everywhere."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path, PurePath

from watchfiles import awatch

from igbot.rulebook.folder import is_rule_file

_EVENT_STEP_MS = 50


async def occasions(root: Path, *, poll: float) -> AsyncGenerator[bool, None]:
    """True when the system reports that a rule file changed, False at least every `poll` seconds.

    A folder that is missing, replaced, reached through a changed link, or on a drive without events is still looked
    at every `poll` seconds. Never ends.
    """
    while True:
        identity = await asyncio.to_thread(_identity, root)
        if identity is not None:
            try:
                batches = awatch(
                    root,
                    watch_filter=None,
                    step=_EVENT_STEP_MS,
                    rust_timeout=max(int(poll * 1000), 1),
                    yield_on_timeout=True,
                    ignore_permission_denied=True,
                )
                async with aclosing(batches):
                    async for batch in batches:
                        yield any(is_rule_file(PurePath(path).name) for _, path in batch)
                        if await asyncio.to_thread(_identity, root) != identity:
                            break
            except (OSError, RuntimeError):
                # No watches left, or a file system that has none: the clock below does it alone.
                identity = None
        if identity is None:
            await asyncio.sleep(poll)
        yield False


def _identity(root: Path) -> tuple[int, int] | None:
    try:
        found = root.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
