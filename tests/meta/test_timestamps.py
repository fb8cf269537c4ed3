"""Meta's times, in every form seen, end as a sane time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.timestamps import read_time

NOW = datetime(2026, 9, 21, 14, 14, tzinfo=UTC)
SENT = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        1_790_000_000_000,
        1_790_000_000,
        1_790_000_000.0,
        "1790000000000",
        "1790000000",
        " 1790000000.0 ",
        "2026-09-21T14:13:20+0000",
        "2026-09-21T14:13:20Z",
        "2026-09-21T16:13:20+02:00",
        "2026-09-21T14:13:20",
        " 2026-09-21 14:13:20 ",
    ],
)
def test_every_form_is_the_same_time(value: object) -> None:
    """Milliseconds, seconds, their strings and ISO 8601 (without a zone: UTC) are read."""
    assert read_time(value, received_at=NOW) == (SENT, False)


def test_milliseconds_are_exact() -> None:
    """No millisecond is lost to rounding."""
    assert read_time(1_789_999_999_123, received_at=NOW)[0].microsecond == 123_000


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, "", "soon", "nan", "inf", "1e400", 0, -1, 10**30, -(10**30), float("inf"), [], {}, "9" * 5000),
        "1970-01-01",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        1_262_303_999,
        1_790_000_000_000_000,
    ],
)
def test_nonsense_becomes_the_receive_time(value: object) -> None:
    """What is no time, or lies before 2010 or far ahead, is the receive time, flagged."""
    assert read_time(value, received_at=NOW) == (NOW, True)


def test_a_clock_may_be_ten_minutes_ahead() -> None:
    """Meta's clock and ours may differ, but not by more than ten minutes."""
    edge = NOW + timedelta(minutes=10)
    assert read_time(edge.timestamp(), received_at=NOW) == (edge, False)
    assert read_time(edge.timestamp() + 1, received_at=NOW) == (NOW, True)
    assert read_time((edge + timedelta(seconds=1)).isoformat(), received_at=NOW) == (NOW, True)


_ANYTHING: st.SearchStrategy[Any] = st.one_of(st.integers(), st.floats(), st.text(), st.datetimes().map(str))


@given(_ANYTHING)
def test_any_value_is_sane(value: object) -> None:
    """Whatever comes, the time is in UTC, after 2009 and not ahead."""
    at, mended = read_time(value, received_at=NOW)
    assert datetime(2010, 1, 1, tzinfo=UTC) <= at <= NOW + timedelta(minutes=10)
    assert at.utcoffset() == timedelta(0)
    assert not mended or at == NOW
