"""Times in tests: the frozen clock, and how far from it something happens."""

from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from igbot.rules.expressions import expression
from igbot.rules.reading.source import FileReport, Node
from igbot.rules.reading.values import read_any_text

_OFFSET = expression(r"([+-])\s*((?:[0-9]{1,7}[smhd]\s*)+)")
_PIECE = expression(r"([0-9]+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = timedelta(days=3660)


def default_now(zone: ZoneInfo) -> datetime:
    """Where a test names no time: a Monday at noon. Always the same, so that no test fails overnight."""
    return datetime(2026, 1, 5, 12, 0, tzinfo=zone)


def read_now(node: Node, report: FileReport, zone: ZoneInfo) -> datetime | None:
    """A moment in ISO 8601; in `zone` where it names no offset."""
    text = read_any_text(node, "now", report)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        # A year of history and of steps must fit around it.
        moment.astimezone(zone) - LONGEST, moment + LONGEST
    except (ValueError, OverflowError):
        hint = 'for example "2026-11-24T11:00:00+01:00"'
        report.error("R004", node, f"now wants a date and a time, not {text[:40]!r}", hint=hint)
        return None
    return moment


def read_offset(node: Node, what: str, report: FileReport, *, sign: Literal["+", "-"]) -> timedelta | None:
    """How far from the beginning of the case, with the sign that is wanted: `"+5m"`, `"-2d"`, `"+1h30m"`."""
    text = read_any_text(node, what, report)
    if text is None:
        return None
    found = _OFFSET.fullmatch(text.strip())
    length = _length(found[2]) if found else None
    if found is None or found[1] != sign or length is None or length > LONGEST:
        hint = f'write for example "{sign}5m", "{sign}2h30m" or "{sign}3d"'
        side = "after" if sign == "+" else "before"
        report.error("R004", node, f"{what} wants how long {side} the beginning, not {text[:40]!r}", hint=hint)
        return None
    return length


def _length(text: str) -> timedelta | None:
    try:
        return timedelta(seconds=sum(int(number) * _SECONDS[unit] for number, unit in _PIECE.findall(text)))
    except OverflowError:
        return None
