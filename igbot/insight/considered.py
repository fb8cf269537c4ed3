"""The rules that a decision passed over: asked again, where they are still the rules that decided."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import asyncpg

from igbot.insight.explanation import Message, RuleConsidered
from igbot.insight.remembered import customer_then, incoming_then
from igbot.rulebook import last_good
from igbot.rulebook.folder import read_folder
from igbot.rules.deciding.choice import Options
from igbot.rules.deciding.decision import consider_all
from igbot.rules.loading import digest_of, load_rules
from igbot.rules.model import RuleFile
from igbot.rules.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Ground:
    """What rules are asked again on. `account_name` is what rules call an account."""

    rules_dir: Path
    surroundings: Surroundings = field(default_factory=Surroundings)
    options: Options = field(default_factory=Options)
    account_name: Callable[[str], str] = str


async def all_considered(
    conn: "asyncpg.Connection[Any]",
    kept: Sequence[RuleConsidered],
    message: Message,
    ground: Ground,
    *,
    digest: str,
    decided_at: datetime,
) -> tuple[Literal["same", "changed"], tuple[RuleConsidered, ...]]:
    """`kept` with the decision, and every other rule of the set `digest` if it is still in force or in the folder.

    A decision keeps the rules that fitted only, as most rules fit hardly any message.
    """
    async for files in _in_force(conn, ground.rules_dir):
        if digest_of(files) != digest:
            continue
        ruleset = load_rules(files, surroundings=ground.surroundings).ruleset
        if ruleset is None:
            continue
        name = ground.account_name(message.account)
        asked = consider_all(
            ruleset,
            await incoming_then(conn, message),
            await customer_then(conn, message, account=name, decided_at=decided_at),
            sent_at=message.at,
            now=decided_at,
            options=ground.options,
        )
        known = {each.rule for each in kept}
        others = (RuleConsidered(o.rule, o.fits, o.because, o.order) for o in asked if o.rule not in known)
        return "same", (*kept, *others)
    return "changed", tuple(kept)


async def _in_force(conn: "asyncpg.Connection[Any]", rules_dir: Path) -> AsyncIterator[Sequence[RuleFile]]:
    """The set that a server loaded last, then the folder, which is another one where several bots share a database."""
    yield await last_good.load(conn) or ()
    yield (await asyncio.to_thread(read_folder, rules_dir)).files
