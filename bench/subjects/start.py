"""How long `igbot --help` takes, and `igbot serve` until it is ready, with the embedded database it then starts."""

import asyncio
import secrets
import shutil
import sys
import sysconfig
import time
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from bench.child import environment
from bench.customers import write_rules
from bench.graph_endpoint import GraphEndpoint, open_graph_endpoint
from bench.ground import require_room
from bench.subject import Contender, Figure, Goal, Ground, NotMeasurable, Opening, Sample, Subject
from bench.whole_bot import open_bot, production
from igbot.store.embedded.attach import EmbeddedServer

HELP, WARM, FIRST = "igbot --help", "igbot serve, warm data directory", "igbot serve, first start"
END_SECONDS = 30.0
ROOM_GB = 1.0


async def _help() -> Sample:
    command = shutil.which("igbot", path=sysconfig.get_path("scripts"))
    words = [command] if command else [sys.executable, "-m", "igbot"]
    nowhere = asyncio.subprocess.DEVNULL
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(*words, "--help", stdout=nowhere, env=environment())
    if await process.wait() != 0:
        raise NotMeasurable(f"igbot --help ended with {process.returncode}")
    return {"seconds": time.monotonic() - started}


async def _serve(graph: GraphEndpoint, rules: Path, place: Path) -> Sample:
    """One start, and the end of both the bot and its database."""
    environ = production(graph_url=graph.url, data=place / "data", rules=rules, database_url=None)
    async with open_bot(environ, place) as bot:
        seconds = bot.ready_after
    if not await EmbeddedServer(place / "data").wait_for_end(seconds=END_SECONDS):
        raise NotMeasurable("the embedded database of the start before does not end")
    return {"seconds": seconds}


async def _first(ground: Ground, graph: GraphEndpoint, rules: Path) -> Sample:
    require_room(ground.directory, gigabytes=ROOM_GB)
    place = ground.directory / f"first-{secrets.token_hex(4)}"
    try:
        return await _serve(graph, rules, place)
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    rules = write_rules(ground.directory / "start-rules", count=3)
    warm = ground.directory / "warm"
    async with open_graph_endpoint() as graph:

        async def again() -> Sample:
            if not (warm / "data").exists():
                await _serve(graph, rules, warm)
            return await _serve(graph, rules, warm)

        yield (
            Contender(HELP, _help),
            Contender(WARM, again),
            Contender(FIRST, partial(_first, ground, graph, rules)),
        )


SUBJECT = Subject(
    name="start",
    title="Start",
    notes=(
        "From the start of the process: to its end for --help; until /readyz says ok for serve (database, rules, token "
        "confirmed), in production behind a proxy, its embedded PostgreSQL starting with it (first start: being made)."
    ),
    figures=(Figure("seconds", "seconds", 2, more_is_better=False),),
    open=_open,
    goals=(
        Goal("seconds", HELP, at_most=0.3),
        Goal("seconds", WARM, at_most=1.5),
        Goal("seconds", FIRST, at_most=6.0),
    ),
)
