"""Opening hours: open or closed at a moment, and when that changes (`rules.md` §2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from igbot.rules.places import NOWHERE, Place

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
        """Whether it is open at a moment (an aware datetime)."""
        raise NotImplementedError

    def next_change(self, now: datetime) -> datetime | None:
        """The next opening if closed now, the next closing if open; None if there is none within a year."""
        raise NotImplementedError

    def next_opening(self, now: datetime) -> datetime | None:
        """When it opens next, in the schedule's own time zone; `now` itself where it is open. None: not within a year."""
        raise NotImplementedError
