"""How much memory the bot's process takes: when nobody writes, and after many have written."""

from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from bench.customers import write_rules
from bench.graph_endpoint import GraphEndpoint, open_graph_endpoint
from bench.scene import CUSTOMERS, open_scene
from bench.subject import Contender, Figure, Goal, Ground, Opening, Sample, Subject
from bench.whole_bot import PLAYED_OUT

MESSAGES, QUICK_MESSAGES = 20_000, 2_000
FEW, MANY = "3 rules", "10,000 rules"
RULES = {FEW: 3, MANY: 10_000}
MB = 1e6


async def _round(ground: Ground, graph: GraphEndpoint, rules: Path) -> Sample:
    async with open_scene(ground, graph, rules=rules) as scene:
        [bot] = scene.bots
        ready = bot.rss()
        idle = await bot.settled_rss()
        await scene.load(QUICK_MESSAGES if ground.quick else MESSAGES)
        return {"ready": ready / MB, "idle": idle / MB, "loaded": await bot.settled_rss() / MB}


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    async with open_graph_endpoint() as graph:
        yield [
            Contender(
                name, partial(_round, ground, graph, write_rules(ground.directory / f"rules-{count}", count=count))
            )
            for name, count in RULES.items()
        ]


SUBJECT = Subject(
    name="memory",
    title="Memory of one igbot serve",
    notes=(
        "Resident memory of the bot's one process, without PostgreSQL, in MB of 10^6 bytes: when /readyz says ok, once "
        f"it stands still, and again after {MESSAGES:,} messages of {CUSTOMERS:,} customers as fast as they are taken. "
        f"{PLAYED_OUT}."
    ),
    figures=(
        Figure("idle", "idle MB", more_is_better=False),
        Figure("loaded", "after the load MB", more_is_better=False),
        Figure("ready", "just ready MB", more_is_better=False),
    ),
    open=_open,
    goals=(Goal("idle", FEW, at_most=80),),
    chart=("idle", "loaded"),
    rounds=3,
)
