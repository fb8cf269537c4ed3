"""Meta's many ways to write a time, read as one."""

from datetime import UTC, datetime, timedelta
from math import isfinite

_EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
_EARLIEST_SECONDS = _EARLIEST.timestamp()
_AHEAD = timedelta(minutes=10)
_FIRST_MILLISECONDS = 10**11
_LONGEST = 40


def read_time(value: object, *, received_at: datetime) -> tuple[datetime, bool]:
    """Meta's time in UTC and whether it had to be mended.

    `value` is a number or numeric string of seconds (below 10^11) or milliseconds, or an ISO 8601 string. What cannot
    be read, lies before 2010 or more than 10 minutes after `received_at` becomes `received_at`, mended.
    """
    latest = received_at + _AHEAD
    number = _number(value)
    if number is not None:
        seconds = number if number < _FIRST_MILLISECONDS else number / 1000
        if _EARLIEST_SECONDS <= seconds <= latest.timestamp():
            return datetime.fromtimestamp(seconds, UTC), False
        return received_at, True
    at = _iso(value)
    if at is not None and _EARLIEST <= at <= latest:
        return at, False
    return received_at, True


def read_iso(value: object) -> datetime | None:
    """An ISO 8601 time in UTC, as Graph writes `created_time` (`2026-09-01T10:11:12+0000`); None if it is none."""
    return _iso(value)


def _number(value: object) -> int | float | None:
    if type(value) is int:
        # Integers too large for a float would make the division raise.
        return value if value < 10**17 else None
    if isinstance(value, str):
        if len(value) > _LONGEST:
            return None
        try:
            value = float(value)
        except ValueError:
            return None
    return value if isinstance(value, float) and isfinite(value) else None


def _iso(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
