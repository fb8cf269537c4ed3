"""Opening hours: open or closed at a moment, over midnight, on holidays, and when the clocks change."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.schedules import DAY, Minutes, Schedule

MADRID = ZoneInfo("Europe/Madrid")
WEEK: Mapping[int, tuple[Minutes, ...]] = {
    **dict.fromkeys(range(5), ((9 * 60, 14 * 60), (16 * 60, 19 * 60 + 30))),
    5: ((10 * 60, 14 * 60),),
}


def shop(zone: ZoneInfo = MADRID, **others: object) -> Schedule:
    """The shop of the example: mornings and afternoons, Saturday mornings."""
    return Schedule("open", zone, **{"days": WEEK, **others})  # type: ignore[arg-type]


def local(text: str, zone: ZoneInfo = MADRID, fold: int = 0) -> datetime:
    """A moment by the clock on the wall."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-24 08:59", False),
        ("2026-11-24 09:00", True),
        ("2026-11-24 13:59:59", True),
        ("2026-11-24 14:00", False),
        ("2026-11-24 16:00", True),
        ("2026-11-24 19:30", False),
        ("2026-11-28 13:00", True),
        ("2026-11-28 17:00", False),
        ("2026-11-29 12:00", False),
    ],
)
def test_it_opens_at_the_first_minute_and_closes_at_the_last(moment: str, is_open: bool) -> None:
    """By the clock of its own time zone, whatever zone the moment is given in."""
    assert shop().is_open(local(moment)) is is_open
    assert shop().is_open(local(moment).astimezone(ZoneInfo("Asia/Tokyo"))) is is_open


def test_a_holiday_is_closed_all_day() -> None:
    """`closed_on` wins over the week and over `open_on`."""
    holiday = date(2026, 12, 25)
    closed = shop(closed_on=frozenset({holiday}), open_on={holiday: ((600, 700),)})
    assert not closed.is_open(local("2026-12-25 10:30"))
    assert closed.is_open(local("2026-12-24 10:30"))


def test_a_sunday_before_christmas_can_be_open() -> None:
    """`open_on` has its own hours, or those of its weekday."""
    extra = shop(open_on={date(2026, 12, 20): ((600, 840),), date(2026, 12, 22): ()})
    assert extra.is_open(local("2026-12-20 13:00"))
    assert not extra.is_open(local("2026-12-20 14:00"))
    assert extra.is_open(local("2026-12-22 17:00"))


def test_hours_over_midnight_belong_to_the_evening() -> None:
    """Also into a day that is closed itself."""
    bar = shop(days={4: ((22 * 60, 26 * 60),)}, closed_on=frozenset({date(2026, 11, 28)}))
    assert bar.is_open(local("2026-11-27 23:59"))
    assert bar.is_open(local("2026-11-28 01:59"))
    assert not bar.is_open(local("2026-11-28 02:00"))
    assert not bar.is_open(local("2026-11-27 01:00"))


def test_the_next_change_is_the_next_opening_or_closing() -> None:
    """In its own time zone."""
    assert shop().next_change(local("2026-11-24 10:00")) == local("2026-11-24 14:00")
    assert shop().next_change(local("2026-11-24 14:00")) == local("2026-11-24 16:00")
    assert shop().next_change(local("2026-11-28 14:00")) == local("2026-11-30 09:00")
    found = shop().next_change(datetime(2026, 11, 24, 10, tzinfo=UTC))
    assert found is not None
    assert found.tzinfo is MADRID


def test_the_next_opening_is_now_where_it_is_open() -> None:
    """Holidays are passed over."""
    assert shop().next_opening(local("2026-11-24 10:00")) == local("2026-11-24 10:00")
    closed = shop(closed_on=frozenset({date(2026, 11, 30)}))
    assert closed.next_opening(local("2026-11-28 15:00")) == local("2026-12-01 09:00")


def test_what_never_opens_or_never_closes_has_no_change() -> None:
    """Looked for within a year."""
    never = shop(days={})
    assert never.next_change(local("2026-11-24 10:00")) is None
    assert never.next_opening(local("2026-11-24 10:00")) is None
    always = shop(days=dict.fromkeys(range(7), ((0, DAY),)))
    assert always.next_change(local("2026-11-24 10:00")) is None
    assert always.is_open(local("2026-11-24 00:00"))


def test_a_single_date_far_ahead_is_found() -> None:
    """A shop that opens once a year."""
    once = shop(days={}, open_on={date(2027, 6, 1): ((600, 660),)})
    assert once.next_opening(local("2026-11-24 10:00")) == local("2027-06-01 10:00")


def test_nine_stays_nine_when_the_clocks_change() -> None:
    """The night is an hour shorter in March and longer in October; in UTC the shop opens at another time."""
    for before, opens in (("2026-03-28 20:00", "2026-03-30 07:00"), ("2026-10-24 20:00", "2026-10-26 08:00")):
        found = shop().next_opening(local(before))
        assert found is not None
        assert (found.hour, found.minute) == (9, 0)
        assert found.astimezone(UTC) == datetime.fromisoformat(opens).replace(tzinfo=UTC)


def test_a_day_of_23_hours_has_no_hours_in_its_gap() -> None:
    """From 02:00 the clock jumps to 03:00: what would open at 02:30 opens at 03:00, what would close there closes."""
    opening = shop(days={6: ((150, 300),)})
    assert opening.next_opening(local("2026-03-29 00:00")) == local("2026-03-29 03:00")
    closing = shop(days={6: ((0, 150),)})
    assert closing.next_change(local("2026-03-29 01:00")) == local("2026-03-29 03:00")
    inside = shop(days={6: ((130, 170),)})
    assert inside.next_opening(local("2026-03-29 00:00")) == local("2026-04-05 02:10")


def test_a_day_of_25_hours_shows_its_hours_twice() -> None:
    """From 03:00 the clock goes back to 02:00; open is when the clock shows an hour that is open."""
    day = shop(days={6: ((0, DAY),)})
    assert all(day.is_open(local("2026-10-25 02:30", fold=fold)) for fold in (0, 1))
    found = day.next_change(local("2026-10-25 00:00"))
    assert found is not None
    assert found - local("2026-10-25 00:00").astimezone(UTC) == timedelta(hours=25)
    late = shop(days={6: ((150, 300),)})
    assert late.is_open(local("2026-10-25 02:45", fold=0))
    assert not late.is_open(local("2026-10-25 02:15", fold=1))
    closes = late.next_change(local("2026-10-25 02:45", fold=0))
    assert closes is not None
    assert closes.astimezone(UTC) == datetime(2026, 10, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", ["America/Santiago", "Asia/Beirut", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_zones_that_change_at_midnight_or_by_half_an_hour_work(name: str) -> None:
    """Every change that is told is one."""
    zone = ZoneInfo(name)
    hours = shop(zone, days=dict.fromkeys(range(7), ((0, 30), (23 * 60, 25 * 60))))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(900):
        found = hours.next_change(moment)
        assert found is not None
        before = found.astimezone(UTC) - timedelta(minutes=1)
        assert hours.is_open(found) is not hours.is_open(before)
        moment = found.astimezone(UTC)


SPANS = st.tuples(st.integers(0, DAY - 1), st.integers(1, DAY)).map(lambda span: (span[0], span[0] + span[1]))
DAYS = st.dictionaries(st.integers(0, 6), st.lists(SPANS, min_size=1, max_size=2).map(tuple), max_size=7)
MOMENTS = st.integers(0, 700 * DAY).map(lambda passed: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=passed))


@given(DAYS, MOMENTS, st.sampled_from(["Europe/Madrid", "America/New_York", "Asia/Kolkata", "UTC"]))
def test_nothing_changes_before_the_next_change(
    days: Mapping[int, tuple[Minutes, ...]], now: datetime, name: str
) -> None:
    """Held against looking at every minute of the next two days."""
    hours = shop(ZoneInfo(name), days=days)
    minutes = (now + timedelta(minutes=ahead) for ahead in range(1, 2 * DAY))
    first = next((minute for minute in minutes if hours.is_open(minute) is not hours.is_open(now)), None)
    found = hours.next_change(now)
    if first is not None:
        assert found == first
    else:
        assert found is None or found >= now + timedelta(days=2)
