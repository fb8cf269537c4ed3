"""Reads dates, moments and time zones."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from igbot.rules.expressions import expression
from igbot.rules.reading.source import FileReport, Node, Scalar
from igbot.rules.reading.values import is_empty, read_text
from igbot.rules.spelling import did_you_mean

_DATE = expression(r"(?:2[0-9]{3}|9999)-[0-9]{2}-[0-9]{2}")
_MOMENT = expression(
    r"((?:2[0-9]{3}|9999)-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)\s?([Zz]|[-+][0-9]{2}:[0-9]{2})?"
)
_ZONE = expression(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2}")
_LATEST = datetime(9999, 12, 30, tzinfo=UTC)
"""What every later moment, by which owners say "for ever", is taken for: it is a date in every time zone."""
_MACHINE_ZONES = ("localtime", "posixrules", "Factory", "posix/", "right/")
"""Files of the time zone database that mean something else on another machine, or count seconds otherwise."""


def read_zone(node: Node, report: FileReport) -> ZoneInfo | None:
    """A time zone by its IANA name; R051 for one that does not exist."""
    name = read_text(node, "timezone", report)
    if name is None:
        return None
    zone = find_zone(name)
    if zone is None:
        every = () if report.full else available_timezones()
        known = sorted(each for each in every if not each.startswith(_MACHINE_ZONES))
        last = name.rpartition("/")[2].replace(" ", "_").lower()
        same = next((each for each in known if each.rpartition("/")[2].lower() == last), None)
        hint = f'did you mean "{same}"?' if same else did_you_mean(name, known)
        message = f'there is no time zone "{name[:60]}"'
        report.error("R051", node, message, hint=hint or "write it like Europe/Madrid or America/Mexico_City")
    return zone


def find_zone(name: str) -> ZoneInfo | None:
    """The time zone of an IANA name, the same on every machine; None where there is none."""
    if not _ZONE.fullmatch(name) or name.startswith(_MACHINE_ZONES):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # A folder of the database (`Europe`) is an OSError.
        return None


def read_date(node: Node, what: str, report: FileReport) -> date | None:
    """A date such as 2026-12-24, with or without quotes (R051)."""
    if isinstance(node, Scalar) and not is_empty(node) and (found := date_of(node.value)):
        return found
    report.error("R051", node, f"{what} wants a date such as 2026-12-24{_instead(node)}")
    return None


def date_of(written: str) -> date | None:
    """The date written as YYYY-MM-DD; None for anything else."""
    if not _DATE.fullmatch(written):
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def read_moment(node: Node, what: str, report: FileReport, *, zone: ZoneInfo, end: bool = False) -> datetime | None:
    """A date or a date with a time, in `zone` unless it says another offset; in UTC.

    A date is its first moment, with `end` the first one after it.
    """
    if isinstance(node, Scalar):
        if day := date_of(node.value):
            return _first_moment(day + timedelta(days=1) if end and day < _LATEST.date() else day, zone)
        found = _MOMENT.fullmatch(node.value)
        moment = _moment(*found.groups(), zone=zone) if found else None
        if moment and (end or moment <= _LATEST):
            return min(moment, _LATEST)
    message = f'{what} wants a date such as 2026-12-24, or "2026-12-24 18:00"{_instead(node)}'
    report.error("R051", node, message)
    return None


def _first_moment(day: date, zone: ZoneInfo) -> datetime:
    if day >= _LATEST.date():
        return _LATEST
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _moment(day: str, hour: str, offset: str | None, *, zone: ZoneInfo) -> datetime | None:
    try:
        moment = datetime.fromisoformat(f"{day}T{hour}{(offset or '').upper()}")
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if day > "9" else None
    except ValueError:
        return None


def _instead(node: Node) -> str:
    return f", not {node.value[:40]!r}" if isinstance(node, Scalar) and not is_empty(node) else ""
