"""Replies that wait in a database: claimed and measured, and sent by a process of its own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from bench.child import answer_of
from bench.graph_endpoint import open_graph_endpoint
from bench.queued import prepare, queue
from bench.subjects.backlog import CLAIMED, SUBJECT, Queue

STATE = """
SELECT count(*), count(DISTINCT igsid), count(*) FILTER (WHERE status = 'sent'),
    (SELECT count(*) FROM outbox_lane WHERE lease_by IS NOT NULL) FROM outbox
"""


async def state(url: str) -> tuple[int, ...]:
    """Replies, customers, sent ones, and lanes in somebody's hands."""
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(STATE)
    finally:
        await connection.close()
    assert row is not None
    return tuple(row.values())


async def test_claims_are_measured_and_nothing_stays(empty_database_url: str) -> None:
    """64 of the longest-waiting replies each time, and none before anything is due."""
    await prepare(empty_database_url)
    since = datetime.now(UTC) - timedelta(minutes=5)
    await queue(empty_database_url, 3 * CLAIMED, customers=CLAIMED, since=since)
    connection = await asyncpg.connect(empty_database_url)
    try:
        sample = await Queue(connection).measure(3)
    finally:
        await connection.close()
    assert {figure.name for figure in SUBJECT.figures} == sample.keys()
    assert all(value > 0 for value in sample.values())
    assert await state(empty_database_url) == (3 * CLAIMED, CLAIMED, 0, 0)


async def test_a_process_of_its_own_sends_what_waits(empty_database_url: str, tmp_path: Path) -> None:
    """Each reply is called once, and its verdict is written before the process says how long it took."""
    await prepare(empty_database_url)
    await queue(empty_database_url, 90, customers=30, since=datetime.now(UTC) - timedelta(minutes=5))
    log = tmp_path / "log"
    async with open_graph_endpoint() as graph:
        arguments = graph.url, str(log), "--database-url", empty_database_url
        spent = await answer_of("bench.sending", *arguments, seconds=60.0, what="the sender")
        answers = await graph.answers()
    assert len(answers) == len({answer.text for answer in answers}) == 90
    assert await state(empty_database_url) == (90, 30, 90, 0)
    assert spent["seconds"] > 0
    assert log.read_text(encoding="utf-8").count('"reply_sent"') == 90


async def test_the_bare_client_sends_as_many_bodies(tmp_path: Path) -> None:
    """Each to a customer of its own."""
    async with open_graph_endpoint() as graph:
        arguments = graph.url, str(tmp_path / "log"), "--replies", "50"
        await answer_of("bench.sending", *arguments, seconds=60.0, what="the client")
        assert len({answer.igsid for answer in await graph.answers()}) == 50
