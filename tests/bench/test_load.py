"""The load generator: what it sends is what Meta would send, and it counts what it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import cast

import pytest

from bench.load.__main__ import Load
from bench.load.bodies import ACCOUNT, SECRET, bodies, requests
from bench.load.connection import Connection
from bench.load.driver import run_load
from bench.load.plan import Plan
from bench.subject import NotMeasurable
from igbot.meta.events import AccountId
from igbot.meta.signature import is_signed
from igbot.meta.webhook import read_webhook

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}'
REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[int]:
    """A server on a free port that gives each request of a connection the next answer; the last one for ever."""

    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(cast("asyncio.Task[None]", asyncio.current_task()))
        given = 0
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
                writer.write(answers[min(given, len(answers) - 1)])
                given += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    # The clients have left, and their ends are closed here: else a later test finds them thrown away.
    await asyncio.gather(*serving)


def test_bodies_are_webhooks_of_one_message_each() -> None:
    """Read as igbot reads them: each a text of its own, by a customer, to the account."""
    accounts = {ACCOUNT: AccountId(ACCOUNT)}
    made = list(bodies(50, seed=3))
    events = [read_webhook(each, accounts=accounts, received_at=datetime.now(UTC)) for each in made]
    assert {(len(found), found[0].kind, found[0].known_account, found[0].at_mended) for found in events} == {
        (1, "text", True, False)
    }
    assert len({found[0].mid for found in events}) == 50
    assert len({found[0].igsid for found in events}) > 40
    assert 425 < sum(map(len, made)) / 50 < 445


def test_the_same_seed_gives_the_same_bodies_and_another_gives_others() -> None:
    """Runs can be repeated, and rounds share no message."""
    assert list(bodies(3, seed=1)) == list(bodies(3, seed=1))
    assert not set(bodies(3, seed=1)) & set(bodies(3, seed=2))


def test_requests_are_signed() -> None:
    """With the app secret, over exactly the body that follows."""
    head, _, body = requests(1, seed=1)[0].partition(b"\r\n\r\n")
    signature = head.partition(b"X-Hub-Signature-256: ")[2].partition(b"\r\n")[0].decode()
    assert is_signed(signature, body, secrets=[SECRET])
    assert f"Content-Length: {len(body)}".encode() in head


async def test_a_closed_loop_counts_every_answer() -> None:
    """Those of the warm-up are acknowledged too, and not measured; none is left under way."""
    async with answering(ANSWER) as port:
        outcome = await Load(Plan(port, seconds=0.1, connections=3, warm_up=7)).run()
    assert outcome.statuses == {"200": outcome.sent}
    assert outcome.acked == outcome.sent > outcome.measured > 0
    assert 0 < outcome.p50 <= outcome.p90 <= outcome.p99 <= outcome.max


async def test_an_open_loop_sends_what_is_due() -> None:
    """As many as rate and time say, whatever the answers do."""
    async with answering(ANSWER) as port:
        outcome = await Load(Plan(port, seconds=0.1, connections=2, rate=500.0, warm_up=1)).run()
    assert (outcome.sent, outcome.acked, outcome.measured) == (51, 51, 50)


async def test_answers_come_in_pieces() -> None:
    """Head and body apart, a head in two, and the next one whole."""
    statuses: list[int] = []
    connection = Connection(lambda _connection, status, _latency: statuses.append(status))
    for piece in (ANSWER[:9], ANSWER[9:40], ANSWER[40:], ANSWER, REFUSAL, ANSWER):
        connection.data_received(piece)
    assert statuses == [200, 200, 503, 200]


async def test_a_server_that_refuses_has_no_speed() -> None:
    """One 503 among the answers, and the load says so instead of giving a figure."""
    async with answering(ANSWER, REFUSAL, ANSWER) as port:
        with pytest.raises(NotMeasurable, match="'503': 2"):
            await run_load(Plan(port, seconds=0.1, connections=2, warm_up=2))


async def test_a_port_where_nobody_listens_is_one_line() -> None:
    """The generator's trace does not reach the report."""
    async with answering(ANSWER) as port:
        pass
    with pytest.raises(NotMeasurable, match=r"the load generator failed: .*Connect"):
        await run_load(Plan(port, seconds=0.1, connections=1))
