"""Dates and times as people say them: "tomorrow at 09:00", in the reply's language and time zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta

from igbot.rules.expressions import expression
from igbot.rules.languages import base_of, locale_of

NAMED_FORMATS = ("short", "medium", "long", "full")
_ISO = expression(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?")
_SAMPLE = datetime(2026, 9, 30, 22, 30)  # noqa: DTZ001  # only tried for its letters


@dataclass(frozen=True, slots=True)
class Manner:
    """How a reply is written: its language (a BCP 47 tag), the time zone its times are meant in, and what is now."""

    language: str
    zone: ZoneInfo
    now: datetime


@dataclass(frozen=True, slots=True)
class _Phrases:
    """How a language says when something is; `dates` is for a day more than six days away or past."""

    today: str
    tomorrow: str
    weekday: str
    dates: str
    timed: str
    weekdays: tuple[str, ...] = ()
    """Monday first, where the calendar's word is not the one that is said here."""


_PHRASES: Mapping[str, _Phrases] = {
    "en": _Phrases("today", "tomorrow", "on {}", "on {}", "{} at {}"),
    "es": _Phrases("hoy", "mañana", "el {}", "el {}", "{} a las {}"),
    "de": _Phrases("heute", "morgen", "am {}", "am {}", "{} um {}"),
    "fr": _Phrases("aujourd'hui", "demain", "{}", "le {}", "{} à {}"),
    "pt": _Phrases("hoje", "amanhã", "{}", "em {}", "{} às {}"),
    "it": _Phrases("oggi", "domani", "{}", "il {}", "{} alle {}"),
    "tr": _Phrases("bugün", "yarın", "{} günü", "{}", "{} saat {}"),
    "ru": _Phrases(
        *("сегодня", "завтра", "{}", "{}", "{} в {}"),
        weekdays=("в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье"),
    ),
    "ar": _Phrases("اليوم", "غدًا", "يوم {}", "في {}", "{} الساعة {}"),
}


def moment_of(value: object) -> datetime | date | None:
    """A moment or a day, also one written as ISO 8601 (`2026-11-24`, `2026-11-24T10:00Z`); None for all else."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _ISO.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value) if len(value) == len("2026-11-24") else datetime.fromisoformat(value)
    except ValueError:
        return None


def human(moment: datetime | date, manner: Manner) -> str:
    """When it is, seen from now: `today at 16:00`, `on Tuesday at 09:00`, else a date.

    Languages without phrases of their own here say how far away it is (`in 3 Stunden`).
    """
    locale = locale_of(manner.language)
    local, clock = _local(moment, manner)
    today = manner.now.astimezone(manner.zone).date()
    phrases = _PHRASES.get(base_of(manner.language)) or (_PHRASES["en"] if locale.language == "en" else None)
    if phrases is None:
        start = datetime.combine(local, clock or time(), manner.zone)
        distance = start - manner.now if clock else local - today
        return str(format_timedelta(distance, add_direction=True, locale=locale))
    days = (local - today).days
    if days in (0, 1):
        day = (phrases.today, phrases.tomorrow)[days]
    elif 1 < days < 7:
        named = phrases.weekdays[local.weekday()] if phrases.weekdays else format_date(local, "EEEE", locale=locale)
        day = phrases.weekday.format(named)
    else:
        return phrases.dates.format(format_date(local, "long", locale=locale))
    return phrases.timed.format(day, clock.strftime("%H:%M")) if clock else day


def distance(length: timedelta, manner: Manner) -> str:
    """How far away something is: `in 3 hours`, `2 days ago`."""
    return str(format_timedelta(length, add_direction=True, locale=locale_of(manner.language)))


def dated(moment: datetime | date, form: str | None, manner: Manner) -> str:
    """A date in a named form (`medium` where none is given) or by a CLDR pattern (`EEEE d MMMM`, `HH:mm`)."""
    locale = locale_of(manner.language)
    local, clock = _local(moment, manner)
    if form is None or form in NAMED_FORMATS:
        return str(format_date(local, form or "medium", locale=locale))
    whole = datetime.combine(local, clock or time(), manner.zone)
    return str(format_datetime(whole, form, tzinfo=manner.zone, locale=locale))


def plain(moment: datetime, manner: Manner) -> str:
    """A moment without any filter: date and time of day."""
    locale = locale_of(manner.language)
    local, clock = _local(moment, manner)
    return f"{format_date(local, 'medium', locale=locale)} {format_time(clock or time(), 'short', locale=locale)}"


def is_pattern(form: str) -> bool:
    """Whether a date can be written so."""
    if form in NAMED_FORMATS:
        return True
    try:
        return "%" not in form and bool(format_datetime(_SAMPLE, form, locale="en").strip()) and len(form) <= 40
    except (ValueError, KeyError, AttributeError, TypeError, IndexError):
        return False


def _local(moment: datetime | date, manner: Manner) -> tuple[date, time | None]:
    """The day and the time of day in the reply's time zone; a time without a zone is meant there already."""
    if not isinstance(moment, datetime):
        return moment, None
    try:
        local = moment.astimezone(manner.zone) if moment.tzinfo else moment
    except OverflowError:
        local = moment.replace(tzinfo=None)
    return local.date(), local.time()
