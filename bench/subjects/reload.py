"""How long it takes until saved rules are in force, how long everybody else is held up meanwhile, and the memory."""

import asyncio
import secrets
import shutil
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from bench.child import answer_of
from bench.reloading.editions import A_RULE, write_edition
from bench.subject import Contender, Figure, Goal, Ground, Opening, Sample, Subject

FEW, MANY = "100 rules", "10,000 rules"
RULES, QUICK_RULES = {FEW: 100, MANY: 10_000}, {FEW: 10, MANY: 1_000}
RELOADS, QUICK_RELOADS = 3, 1
MOST_SECONDS = 300.0


async def _round(ground: Ground, editions: Path) -> Sample:
    place = ground.directory / f"reload-{secrets.token_hex(4)}"
    await asyncio.to_thread(shutil.copytree, editions, place)
    sample: dict[str, float] = await answer_of("bench.reloading", str(place), seconds=MOST_SECONDS, what="the reload")
    return sample


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    contenders = []
    for place, (name, rules) in enumerate((QUICK_RULES if ground.quick else RULES).items()):
        editions = ground.directory / f"editions-{place}"
        for number in range(1, (QUICK_RELOADS if ground.quick else RELOADS) + 3):
            await asyncio.to_thread(partial(write_edition, editions / str(number), number, rules=rules))
        contenders.append(Contender(name, partial(_round, ground, editions)))
    yield contenders


SUBJECT = Subject(
    name="reload",
    title="Reload of rules",
    notes=(
        f"Rules of {A_RULE} keywords in a process that holds the rulebook of `serve` and nothing else. A reload reads, "
        f"checks and puts into force an edition of which every rule is new ({RELOADS} a round, the median). Held: how "
        "much too late a task of the same event loop came at most that wants to run each millisecond, while rules were "
        "reloaded and the old ones freed; at rest: the same when nothing happens, which is the machine's own doing. In "
        "force: from the end of a save to the new set, the 0.3 s of quiet that are waited for included. Memory: what "
        "the process has grown by, in MB of 10^6 bytes, after the first set and after the last."
    ),
    figures=(
        Figure("reload", "reload s", 2, more_is_better=False),
        Figure("hold_ms", "loop held ms", 1, more_is_better=False),
        Figure("idle_ms", "at rest ms", 1, more_is_better=False),
        Figure("in_force", "save to in force s", 2, more_is_better=False),
        Figure("first_mb", "first set MB", 1, more_is_better=False),
        Figure("later_mb", "last set MB", 1, more_is_better=False),
    ),
    open=_open,
    goals=(
        Goal("reload", MANY, at_most=2.5),
        Goal("hold_ms", MANY, at_most=50),
        Goal("first_mb", MANY, at_most=150),
        Goal("in_force", FEW, at_most=2),
    ),
    rounds=3,
    chart=("reload", "hold_ms", "in_force", "first_mb"),
)
