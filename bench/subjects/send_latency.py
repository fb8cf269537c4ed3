"""How long igbot itself takes from webhook to Send API call at 500 messages a second, while Meta takes 200 ms."""

from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import quantiles

from bench.customers import write_rules
from bench.graph_endpoint import GraphEndpoint, open_graph_endpoint
from bench.scene import CUSTOMERS, open_scene
from bench.subject import Contender, Figure, Goal, Ground, Opening, Sample, Subject
from bench.whole_bot import PLAYED_OUT

RATE = 500
SECONDS, QUICK_SECONDS = 10, 2
META_SECONDS = 0.2
WARM_UP = 500
SLOW, AT_ONCE = "Meta takes 200 ms", "Meta answers at once"


async def _round(ground: Ground, graph: GraphEndpoint, rules: Path) -> Sample:
    async with open_scene(ground, graph, rules=rules) as scene:
        await scene.load(WARM_UP, rate=RATE)
        load = await scene.load(RATE * (QUICK_SECONDS if ground.quick else SECONDS), rate=RATE)
    waits = [(answered - due) * 1000 for due, answered in zip(load.due, load.answered, strict=True)]
    cuts = quantiles(waits, n=100, method="inclusive")
    flow = len(waits) / (max(load.answered) - min(load.due))
    return {"p50": cuts[49], "p99": cuts[98], "most": max(waits), "flow": flow}


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    rules = write_rules(ground.directory / "send-latency-rules", count=3)
    async with open_graph_endpoint(latency=META_SECONDS) as slow, open_graph_endpoint() as quick:
        yield (
            Contender(SLOW, partial(_round, ground, slow, rules)),
            Contender(AT_ONCE, partial(_round, ground, quick, rules)),
        )


SUBJECT = Subject(
    name="send_latency",
    title=f"igbot's own time from webhook to Send API call at {RATE} messages/s",
    notes=(
        "Open loop through the whole bot, one process: from when a message was due to be posted until the call with "
        f"its answer was whole at the Send API; what that takes to answer is not igbot's time. {RATE * SECONDS:,} "
        f"messages a round of {CUSTOMERS:,} customers in turn, after {WARM_UP} that do not count; every answer arrived "
        f"exactly once. {PLAYED_OUT}."
    ),
    figures=(
        Figure("p50", "p50 ms", 1, more_is_better=False),
        Figure("p99", "p99 ms", 1, more_is_better=False),
        Figure("most", "longest ms", 1, more_is_better=False),
        Figure("flow", "messages/s", 0),
    ),
    open=_open,
    goals=(Goal("p99", SLOW, at_most=50, fast_disk=True), Goal("flow", SLOW, at_least=0.97 * RATE)),
    chart=("p50", "p99"),
    baseline=AT_ONCE,
)
