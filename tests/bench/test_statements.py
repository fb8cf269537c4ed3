"""PostgreSQL's counts of statements become statements a message."""

import re

import pytest

from bench.subjects.statements import KNOWN, REST, SUBJECT, kind_of, sample_of


def normalised(sql: str) -> str:
    """As pg_stat_statements keeps it: trimmed, literals and lists of them replaced."""
    return re.sub(r"'[^']*'|\b\d+\b", "$9", sql.strip())


@pytest.mark.parametrize("kind", KNOWN)
def test_igbots_statements_are_known_by_their_text(kind: str) -> None:
    """Also without their literals, which PostgreSQL does not keep."""
    assert kind_of(normalised(KNOWN[kind])) == kind


@pytest.mark.parametrize("sql", ["SELECT $1", "BEGIN;", "UPDATE outbox_lane SET lease_by = NULL", ""])
def test_anything_else_is_the_rest(sql: str) -> None:
    """Nothing is left out of the sum."""
    assert kind_of(sql) == REST


def test_statements_and_their_time_are_shared_among_the_messages() -> None:
    """Calls and milliseconds of all messages together become calls and microseconds of one."""
    rows = [
        {"query": KNOWN["keep"].strip(), "calls": 50, "total_exec_time": 10.0},
        {"query": KNOWN["take"].strip(), "calls": 200, "total_exec_time": 20.0},
        {"query": "SELECT $1", "calls": 3, "total_exec_time": 0.1},
        {"query": "BEGIN;", "calls": 7, "total_exec_time": 0.1},
    ]
    sample = sample_of(rows, 100)
    assert sample["statements"] == pytest.approx(2.6)
    assert (sample["keep"], sample["take"], sample["settle"]) == pytest.approx((0.5, 2.0, 0.0))
    assert sample[REST] == pytest.approx(0.1)
    assert sample["us"] == pytest.approx(302)
    assert sample["keep_us"] == pytest.approx(100)
    assert {figure.name for figure in SUBJECT.figures} <= sample.keys()
