"""Reads `schedules`: which hours of which days, and the days that are different."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import regex
from regex import Match

from igbot.rules.expressions import expression
from igbot.rules.places import Place
from igbot.rules.reading.moments import date_of, read_date
from igbot.rules.reading.source import FileReport, Listing, Mapping, Node, Scalar, place_of
from igbot.rules.reading.values import check_keys, is_empty, read_filled_map, read_list, read_map, read_text
from igbot.rules.schedules import DAY, Minutes, Schedule

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DATE_KEYS = ("closed_on", "open_on")
MOST_OVER_NIGHT = 12 * 60
"""Minutes of hours that end before they begin and are still taken for over midnight without a mark."""

_SPAN = expression(rf"({'|'.join(DAYS)})(?:-({'|'.join(DAYS)}))?")
_LONG_SPAN = expression(
    rf"({'|'.join((*NAMES, *DAYS))})(?:\s*(?:[-–]|to)\s*({'|'.join((*NAMES, *DAYS))}))?", regex.IGNORECASE
)
_HOURS = expression(r"([0-9]{1,2}):([0-9]{2})\s*[-–]\s*([0-9]{1,2}):([0-9]{2})(\+1)?")
_TIME = r"([0-9]{1,2})(?:[:.h]([0-9]{2}))?\s*([ap]\.?m\.?)?h?"
# As people write hours.
_LOOSE = expression(rf"\s*{_TIME}\s*(?:[-–—]|to)\s*{_TIME}\s*", regex.IGNORECASE)
_CLOSED = frozenset(
    {"closed", "no", "none", "off", "false", "-", "cerrado", "geschlossen", "fermé", "chiuso", "fechado"}
)


@dataclass(frozen=True, slots=True)
class _Hours:
    """From and to, and where they are written."""

    start: int
    end: int
    node: Node


def read_schedule(name: Scalar, node: Node, report: FileReport, *, zone: ZoneInfo) -> Schedule:
    """One schedule; what is wrong with it becomes findings (R003, R004, R051) and is left out."""
    tree = read_map(node, f"schedules.{name.value[:60]}", report) or Mapping({}, 1, 1, 1, 1)
    spans = {key.value: found for key, _ in tree if (found := _SPAN.fullmatch(key.value))}
    named = _tell_names(tree, report)
    check_keys(tree, "a schedule", report, known={*DAYS, "mon-fri", *DATE_KEYS, *spans, *named})
    if isinstance(node, Mapping) and not node.entries:
        report.error("R004", node, "a schedule without any hours", hint='add mon-fri: ["09:00-17:00"]')
    week: dict[int, tuple[_Hours, ...]] = {}
    for key, value in tree:
        if span := spans.get(key.value):
            first, last = DAYS.index(span[1]), DAYS.index(span[2] or span[1])
            hours = _read_hours(value, key.value, report)
            for day in ((first + step) % 7 for step in range((last - first) % 7 + 1)):
                if day in week:
                    message = f"the hours of {NAMES[day]} are given twice"
                    report.error("R051", key, message, hint="write each day once, all its hours in one list")
                week.setdefault(day, hours)
    _check_nights(week, report)
    dates: dict[date, Place] = {}
    closed = tree.get("closed_on")
    extra = tree.get("open_on")
    return Schedule(
        name=name.value,
        zone=zone,
        days={day: _joined(hours) for day, hours in sorted(week.items())},
        closed_on=frozenset(_read_dates(closed, "closed_on", report, dates)) if closed else frozenset(),
        open_on=_read_extra(extra, week, report, dates) if extra else {},
        file=report.source.path,
        at=place_of(name),
        dates=dates,
    )


def _tell_names(tree: Mapping, report: FileReport) -> list[str]:
    """R003 for the keys that are days, but not in our way; those keys."""
    told = []
    for key, _ in tree:
        found = None if _SPAN.fullmatch(key.value) else _LONG_SPAN.fullmatch(key.value)
        if found:
            told.append(key.value)
            days = "-".join(day[:3].lower() for day in found.groups() if day)
            report.error("R003", key, f'a schedule has no key "{key.value}"', hint=f"write {days}")
    return told


def _read_hours(node: Node, what: str, report: FileReport) -> tuple[_Hours, ...]:
    """The hours of a day in order; an empty list is a day without any."""
    if isinstance(node, Listing) and not node.items:
        return ()
    if isinstance(node, Scalar) and not is_empty(node):
        message = f"{what} wants a list of hours, not {node.value[:40]!r}"
        report.error("R004", node, message, hint=_instead_of(node.value, what))
        return ()
    read = (_read_span(item, what, report) for item in read_list(node, what, report))
    found = sorted((hours for hours in read if hours), key=lambda hours: hours.start)
    for before, after in pairwise(found):
        if after.start < before.end:
            report.error("R051", after.node, "these hours overlap others of the same day", hint="write them as one")
    return tuple(found)


def _read_span(node: Node, what: str, report: FileReport) -> _Hours | None:
    text = read_text(node, what, report)
    if text is None:
        return None
    found = _HOURS.fullmatch(text.strip())
    start, end = (_minutes(found[1], found[2]), _minutes(found[3], found[4])) if found else (None, None)
    if found is None or start is None or end is None or start == DAY:
        hint = _instead_of(text, what, of_list=False)
        report.error("R051", node, f'{what} wants hours such as "09:00-17:30", not {text[:40]!r}', hint=hint)
        return None
    if found[5]:
        end += DAY
    if start == end:
        report.error("R051", node, f"{text[:40]} is no time at all", hint='write "00:00-24:00" for the whole day')
        return None
    if end < start:
        end += DAY
        if end - start > MOST_OVER_NIGHT:
            hint = f'if it ends the next day write "{text.strip()[:11]}+1"'
            report.error("R051", node, f"{text[:40]} ends before it begins", hint=hint)
            return None
    if end - start > DAY:
        report.error("R051", node, f"{text[:40]} is longer than a day", hint="leave +1 out")
        return None
    return _Hours(start, end, node)


def _instead_of(written: str, what: str, *, of_list: bool = True) -> str:
    """What to write for hours that a person understands."""
    if written.strip().lower() in _CLOSED:
        is_date = what[:1].isdigit()
        return f"write it under closed_on: [{what}]" if is_date else "leave the day out: it is closed then"
    found = _LOOSE.fullmatch(written)
    hours = _loose_hours(found) if found else ""
    if hours and (of_list or hours != written):
        return f'write ["{hours}"]' if of_list else f'write "{hours}"'
    return 'write ["09:00-17:30"]' if of_list else 'write "HH:MM-HH:MM" from 00:00 to 24:00'


def _loose_hours(found: Match[str]) -> str:
    """Hours in our way; empty where they are none, or where the afternoon may be meant (`9-5`)."""
    moments = []
    for hour, minute, half in (found.group(1, 2, 3), found.group(4, 5, 6)):
        number = int(hour)
        if half:
            number = number % 12 + (12 if half.lower().startswith("p") else 0)
        value = _minutes(str(number), minute or "00")
        if value is None or (half and not 1 <= int(hour) <= 12):
            return ""
        moments.append(value)
    start, end = moments
    if start == DAY or not 0 < (end - start) % DAY <= (DAY if end > start else MOST_OVER_NIGHT):
        return ""
    return "-".join(f"{value // 60:02}:{value % 60:02}" for value in moments)


def _minutes(hour: str, minute: str) -> int | None:
    value = int(hour) * 60 + int(minute)
    return value if int(minute) < 60 and value <= DAY else None


def _check_nights(week: dict[int, tuple[_Hours, ...]], report: FileReport) -> None:
    for day, hours in week.items():
        tomorrow = week.get((day + 1) % 7)
        if hours and tomorrow and hours[-1].end - DAY > tomorrow[0].start:
            message = f"the hours of {NAMES[day]} go on into those of {NAMES[(day + 1) % 7]}"
            report.error("R051", hours[-1].node, message, hint="let them end before the next day's begin")


def _joined(hours: Iterable[_Hours]) -> tuple[Minutes, ...]:
    """Hours in order, those that touch as one."""
    found: list[Minutes] = []
    for each in hours:
        if found and each.start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], each.end))
        else:
            found.append((each.start, each.end))
    return tuple(found)


def _read_dates(node: Node, what: str, report: FileReport, dates: dict[date, Place]) -> list[date]:
    found = []
    for item in read_list(node, what, report):
        if day := read_date(item, what, report):
            dates.setdefault(day, place_of(item))
            found.append(day)
    return found


def _read_extra(
    node: Node, week: dict[int, tuple[_Hours, ...]], report: FileReport, dates: dict[date, Place]
) -> dict[date, tuple[Minutes, ...]]:
    """`open_on`: a list of dates with the hours of their weekday, or a map of dates to their own hours."""
    found: dict[date, tuple[Minutes, ...]] = {}
    if isinstance(node, Mapping):
        for key, value in read_filled_map(node, "open_on", report) or ():
            day = date_of(key.value)
            if day is None:
                report.error("R051", key, f"open_on wants a date such as 2026-12-24, not {key.value[:40]!r}")
                continue
            dates.setdefault(day, place_of(key))
            found[day] = _joined(_read_hours(value, key.value, report))
        return found
    for day in _read_dates(node, "open_on", report, dates):
        found[day] = ()
        if not week.get(day.weekday()):
            hint = f'write open_on: {{"{day}": ["10:00-14:00"]}}'
            report.error("R051", dates[day], f"{day} is a {NAMES[day.weekday()]}, which has no hours", hint=hint)
    return found
