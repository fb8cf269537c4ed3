"""Opening hours: open or closed at a moment, and when that changes (`rules.md` §2.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from igbot.rules.places import NOWHERE, Place

DAY = 24 * 60
"""Minutes."""
LOOKED_AHEAD = 366
"""Days."""

Minutes = tuple[int, int]
"""From and to, in minutes after midnight; an end after 1440 reaches into the next day."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`days` holds the hours of each weekday (Monday is 0), in order. `closed_on` wins over `open_on` over the week.

    A date of `open_on` has the hours given with it, or those of its weekday where none are. `dates` tells where in
    `file` each date is written.
    """

    name: str
    zone: ZoneInfo
    days: Mapping[int, tuple[Minutes, ...]]
    closed_on: frozenset[date] = frozenset()
    open_on: Mapping[date, tuple[Minutes, ...]] = field(default_factory=dict)
    file: str = field(default="", compare=False)
    at: Place = field(default=NOWHERE, compare=False)
    dates: Mapping[date, Place] = field(default_factory=dict, compare=False, repr=False)

    def is_open(self, now: datetime) -> bool:
        """Whether it is open at a moment (an aware datetime): whether a clock on the wall shows one of its hours."""
        local = now.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        if any(start <= minute < end for start, end in self.hours(local.date())):
            return True
        yesterday = self.hours(local.date() - _ONE_DAY)
        return any(minute + DAY < end for _, end in yesterday)

    def next_change(self, now: datetime) -> datetime | None:
        """The next opening if closed now, the next closing if open; None if there is none within a year."""
        before = self.is_open(now)
        return next((moment for moment in self._moments(now) if self.is_open(moment) is not before), None)

    def next_opening(self, now: datetime) -> datetime | None:
        """When it opens next, in the schedule's time zone; `now` itself where it is open. None: not within a year."""
        return now.astimezone(self.zone) if self.is_open(now) else self.next_change(now)

    def hours(self, day: date) -> tuple[Minutes, ...]:
        """The hours that begin on a date; those over midnight belong to the day on which they begin."""
        if day in self.closed_on:
            return ()
        return self.open_on.get(day) or self.days.get(day.weekday(), ())

    def _moments(self, now: datetime) -> Iterator[datetime]:
        """Every moment after `now`, for a year, at which it may open or close, in order and in its own time zone."""
        local = now.astimezone(self.zone)
        for ahead in range(LOOKED_AHEAD):
            day = local.date() + ahead * _ONE_DAY
            marks = {minute for span in self.hours(day) for minute in span if minute < DAY}
            marks |= {end - DAY for _, end in self.hours(day - _ONE_DAY) if end >= DAY}
            midnight = datetime.combine(day, datetime.min.time())
            found = {_utc(midnight + minute * _MINUTE, self.zone, fold) for minute in marks for fold in (0, 1)}
            if change := self._clock_change(day):
                found.add(change)
            yield from (moment.astimezone(self.zone) for moment in sorted(found) if moment > now)

    def _clock_change(self, day: date) -> datetime | None:
        """When on a date the clocks are put forward or back, where hours may be cut short or repeated."""
        start, end = (_utc(datetime.combine(each, datetime.min.time()), self.zone) for each in (day, day + _ONE_DAY))
        offset = start.astimezone(self.zone).utcoffset()
        if end.astimezone(self.zone).utcoffset() == offset:
            return None
        while end - start > _MINUTE:
            middle = start + ((end - start) // 2 // _MINUTE) * _MINUTE
            if middle.astimezone(self.zone).utcoffset() == offset:
                start = middle
            else:
                end = middle
        return end


_ONE_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def _utc(wall: datetime, zone: ZoneInfo, fold: int = 0) -> datetime:
    return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
