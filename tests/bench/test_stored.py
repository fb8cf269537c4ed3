"""Measuring statements on stored messages: real rounds that leave nothing behind."""

from datetime import UTC, datetime

import asyncpg

from bench.filling import fill
from bench.subjects.stored import SUBJECT, open_store

STATE = """
SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM message), (SELECT count(*) FROM outbox),
    (SELECT count(*) FROM inbox_lane WHERE ready_at IS NOT NULL OR lease_by IS NOT NULL),
    (SELECT count(*) FROM outbox_lane WHERE due_at IS NOT NULL OR lease_by IS NOT NULL)
"""


async def test_every_statement_is_measured_and_nothing_stays(empty_database_url: str) -> None:
    """A turn takes 64 customers the whole way; afterwards the database holds what it held."""
    await fill(empty_database_url, messages=1_280, until=datetime.now(UTC))
    async with open_store(empty_database_url, messages=1_280) as store:
        sample = await store.measure(2)
    figures = {figure.name for figure in SUBJECT.figures}
    assert figures <= sample.keys()
    assert all(sample[name] > 0 for name in figures)
    connection = await asyncpg.connect(empty_database_url)
    try:
        row = await connection.fetchrow(STATE)
    finally:
        await connection.close()
    assert row is not None
    assert tuple(row.values()) == (1_280, 1_280, 640, 0, 0)
