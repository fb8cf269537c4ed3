"""How many messages a second are taken, answered by the rules and sent, until the last call of the Send API."""

from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from bench.customers import write_rules
from bench.graph_endpoint import GraphEndpoint, open_graph_endpoint
from bench.scene import CUSTOMERS, open_scene
from bench.subject import Contender, Figure, Goal, Ground, Opening, Sample, Subject
from bench.whole_bot import PLAYED_OUT

MESSAGES, QUICK_MESSAGES = 10_000, 2_000
WARM_UP = 500
META_SECONDS = 0.2
ONE, TWO, SLOW = "one process", "two processes (--workers 2)", "one process, Meta takes 200 ms"


async def _round(ground: Ground, graph: GraphEndpoint, rules: Path, workers: int) -> Sample:
    count = QUICK_MESSAGES if ground.quick else MESSAGES
    async with open_scene(ground, graph, rules=rules, workers=workers) as scene:
        await scene.load(WARM_UP)
        before = scene.cpu_seconds()
        load = await scene.load(count)
        cpu = scene.cpu_seconds() - before
    begin, acked, end = min(load.due), max(load.taken), max(load.answered)
    return {
        "messages": count / (end - begin),
        "acks": count / (acked - begin),
        "after": end - acked,
        "cpu": cpu / count * 1e6,
    }


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    rules = write_rules(ground.directory / "throughput-rules", count=3)
    async with AsyncExitStack() as stack:
        quick = await stack.enter_async_context(open_graph_endpoint())
        slow = await stack.enter_async_context(open_graph_endpoint(latency=META_SECONDS))
        yield (
            Contender(ONE, partial(_round, ground, quick, rules, 1)),
            Contender(TWO, partial(_round, ground, quick, rules, 2)),
            Contender(SLOW, partial(_round, ground, slow, rules, 1)),
        )


SUBJECT = Subject(
    name="end_to_end_throughput",
    title="End to end: messages a second, from the first webhook to the last call of the Send API",
    notes=(
        f"{MESSAGES:,} messages of {CUSTOMERS:,} customers in turn, one a webhook, posted as fast as they are "
        f"taken; every answer arrived exactly once. {WARM_UP} before that do not count. Fresh database and processes "
        f"each round; load, bot, PostgreSQL and Send API share the machine. {PLAYED_OUT}."
    ),
    figures=(
        Figure("messages", "messages/s", 0),
        Figure("acks", "acks/s", 0),
        Figure("after", "last answer after last ack, s", 2, more_is_better=False),
        Figure("cpu", "bot's CPU, µs/message", 0, more_is_better=False),
    ),
    open=_open,
    goals=(Goal("messages", ONE, at_least=2_500),),
    baseline=ONE,
)
