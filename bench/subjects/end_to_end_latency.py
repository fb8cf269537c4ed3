"""How long it takes from a customer's webhook to the call of the Send API that answers it, at a steady trickle."""

from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import quantiles

from bench.customers import write_rules
from bench.graph_endpoint import GraphEndpoint, open_graph_endpoint
from bench.scene import CUSTOMERS, open_scene
from bench.subject import Contender, Figure, Goal, Ground, Opening, Sample, Subject
from bench.whole_bot import PLAYED_OUT

RATE = 50
SECONDS, QUICK_SECONDS = 12, 4
WARM_UP = 100
ONE, TWO = "one process", "two processes, webhooks to one"


async def _round(ground: Ground, graph: GraphEndpoint, rules: Path, processes: int) -> Sample:
    async with open_scene(ground, graph, rules=rules, processes=processes) as scene:
        await scene.load(WARM_UP, rate=RATE)
        load = await scene.load(RATE * (QUICK_SECONDS if ground.quick else SECONDS), rate=RATE)
        sent = [bot.logged("reply_sent") for bot in scene.bots]
    waits = [(answered - due) * 1000 for due, answered in zip(load.due, load.answered, strict=True)]
    cuts = quantiles(waits, n=100, method="inclusive")
    ack = quantiles(((taken - due) * 1000 for due, taken in zip(load.due, load.taken, strict=True)), n=2)
    return {
        "p50": cuts[49],
        "p99": cuts[98],
        "most": max(waits),
        "ack": ack[0],
        "other": 100 * sum(sent[1:]) / sum(sent),
    }


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    rules = write_rules(ground.directory / "latency-rules", count=3)
    async with open_graph_endpoint() as graph:
        yield (
            Contender(ONE, partial(_round, ground, graph, rules, 1)),
            Contender(TWO, partial(_round, ground, graph, rules, 2)),
        )


SUBJECT = Subject(
    name="end_to_end_latency",
    title=f"End to end: from webhook to Send API call at {RATE} messages/s",
    notes=(
        "Open loop: from when a message was due to be posted until its answer had reached the Send API; "
        f"{RATE * SECONDS} messages a round of {CUSTOMERS:,} customers in turn, after {WARM_UP} that do not count. "
        "With two processes on one database the second learns of work by NOTIFY, and either may take it. "
        "Several commits lie on the way, one after the other, so a slow disk shows in full. "
        f"{PLAYED_OUT}."
    ),
    figures=(
        Figure("p50", "p50 ms", 1, more_is_better=False),
        Figure("p99", "p99 ms", 1, more_is_better=False),
        Figure("most", "longest ms", 1, more_is_better=False),
        Figure("ack", "ack p50 ms", 1, more_is_better=False),
        Figure("other", "sent by the second, %", 0),
    ),
    open=_open,
    goals=(Goal("p50", ONE, at_most=8, fast_disk=True), Goal("p99", ONE, at_most=30, fast_disk=True)),
    chart=("p50", "p99"),
    baseline=ONE,
)
