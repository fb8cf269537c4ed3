"""The rules that a decision passed over: asked again, where they are still the rules that decided."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Literal

import asyncpg

from igbot.insight.explanation import RuleConsidered
from igbot.rulebook import last_good
from igbot.rulebook.folder import read_folder
from igbot.rules.deciding.decision import consider_all
from igbot.rules.loading import digest_of, load_rules
from igbot.rules.model import Incoming, RuleFile


async def all_considered(
    conn: "asyncpg.Connection[Any]",
    kept: Sequence[RuleConsidered],
    message: Incoming,
    *,
    digest: str,
    rules_dir: Path,
) -> tuple[Literal["same", "changed"], tuple[RuleConsidered, ...]]:
    """`kept` with the decision, and every other rule of the set `digest` if it is still in force or in `rules_dir`.

    A decision keeps the rules that fitted only, as most rules fit hardly any message.
    """
    async for files in _in_force(conn, rules_dir):
        if digest_of(files) != digest:
            continue
        ruleset = load_rules(files).ruleset
        if ruleset is not None:
            known = {each.rule for each in kept}
            others = (each for each in consider_all(ruleset, message) if each.rule not in known)
            return "same", (*kept, *(RuleConsidered(o.rule, o.fits, o.because, o.order) for o in others))
    return "changed", tuple(kept)


async def _in_force(conn: "asyncpg.Connection[Any]", rules_dir: Path) -> AsyncIterator[Sequence[RuleFile]]:
    """The set that a server loaded last, then the folder, which is another one where several bots share a database."""
    yield await last_good.load(conn) or ()
    yield (await asyncio.to_thread(read_folder, rules_dir)).files
