"""How many queued replies a second one process sends, against a bare client that posts the same bodies."""

import secrets
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import asyncpg

from bench.child import answer_of
from bench.graph_endpoint import GraphEndpoint, open_graph_endpoint
from bench.queued import prepare, queue
from bench.subject import Contender, Figure, Goal, Ground, NotMeasurable, Opening, Sample, Subject

REPLIES, QUICK_REPLIES = 30_000, 2_000
IN_FLIGHT = 32
LONGEST_SECONDS = 300.0
SENDER, BARE = "igbot's sender", "bare aiohttp client"
SENT = "SELECT count(*) FROM outbox WHERE status = 'sent' AND attempts = 1"


async def _round(ground: Ground, graph: GraphEndpoint, *, bare: bool) -> Sample:
    replies = QUICK_REPLIES if ground.quick else REPLIES
    await graph.forget()
    log = ground.directory / f"sends-{secrets.token_hex(4)}.log"
    if bare:
        spent = await _spent(BARE, graph.url, str(log), "--replies", str(replies))
    else:
        async with ground.database() as url:
            await prepare(url)
            await queue(url, replies, customers=replies, since=datetime.now(UTC) - timedelta(minutes=5))
            spent = await _spent(SENDER, graph.url, str(log), "--database-url", url)
            await _check(url, replies)
    answers = await graph.answers()
    if len(answers) != replies or len({answer.igsid for answer in answers}) != replies:
        raise NotMeasurable(f"{len(answers)} calls were made for {replies} replies")
    calls = answers[-1].at - answers[0].at
    return {
        "sends": replies / spent["seconds"],
        "calls": (replies - 1) / calls,
        "cpu": spent["cpu"] / replies * 1e6,
    }


async def _spent(what: str, *arguments: str) -> Any:
    flight = ("--in-flight", str(IN_FLIGHT))
    return await answer_of("bench.sending", *arguments, *flight, seconds=LONGEST_SECONDS, what=what)


async def _check(url: str, replies: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        sent = await connection.fetchval(SENT)
    finally:
        await connection.close()
    if sent != replies:
        raise NotMeasurable(f"{sent} of {replies} replies were sent by one call")


@asynccontextmanager
async def _open(ground: Ground) -> Opening:
    async with open_graph_endpoint() as graph:
        yield (
            Contender(SENDER, partial(_round, ground, graph, bare=False)),
            Contender(BARE, partial(_round, ground, graph, bare=True)),
        )


SUBJECT = Subject(
    name="sends",
    title=f"Sends a second of one process, {IN_FLIGHT} in flight",
    notes=(
        f"{REPLIES:,} replies to as many customers wait in the database; only the sender runs: it claims, calls a "
        f"local endpoint over {IN_FLIGHT} connections, writes verdicts and its log. From its first look to the last "
        "verdict. The bare client posts the same bodies in as many tasks and reads the answers, and that is all. "
        "Endpoint and PostgreSQL share the machine. Rates are out of the way."
    ),
    figures=(
        Figure("sends", "sends/s", 0),
        Figure("calls", "calls/s, first to last", 0),
        Figure("cpu", "CPU, µs/send", 0, more_is_better=False),
    ),
    open=_open,
    goals=(Goal("sends", SENDER, at_least=5_000),),
    baseline=BARE,
)
