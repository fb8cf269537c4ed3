"""`schedules` and dates as owners write them."""

from datetime import UTC, date, datetime

import pytest

from igbot.rules.model import Finding
from igbot.rules.reading.moments import find_zone
from igbot.rules.schedules import Schedule
from tests.rules.writing import NOON, load

HEAD = "version: 1\ntimezone: Europe/Madrid\nschedules:\n  open:\n"
RULE = "\nrules: [{name: a, when: {schedule: open}, reply: b}]\n"


def read(body: str) -> tuple[Schedule, list[Finding]]:
    """A schedule written without indentation, and the errors."""
    loaded = load(HEAD + "".join(f"    {line}\n" for line in body.splitlines()) + RULE)
    return loaded.rules[0].schedules["open"], [each for each in loaded.findings if each.severity == "error"]


def test_the_days_of_a_week_are_read() -> None:
    """Ranges, also over Sunday, single days, several hours a day in any order, and what touches is one."""
    schedule, found = read(
        'sat-mon: ["10:00-14:00"]\ntue: ["16:00-19:30", "09:00-14:00"]\nwed: ["9:00-12:00", "12:00-13:00"]\nthu: []'
    )
    assert found == []
    assert {day: schedule.days[day] for day in (5, 6, 0)} == dict.fromkeys((5, 6, 0), ((600, 840),))
    assert schedule.days[1] == ((540, 840), (960, 1170))
    assert schedule.days[2] == ((540, 780),)
    assert schedule.days[3] == ()
    assert str(schedule.zone) == "Europe/Madrid"


@pytest.mark.parametrize(
    ("hours", "span"),
    [
        ("00:00-24:00", (0, 1440)),
        ("22:00-02:00", (1320, 1560)),
        ("18:00-06:00", (1080, 1800)),
        ("14:00-09:00+1", (840, 1980)),
        ("22:00 – 24:00", (1320, 1440)),
    ],
)
def test_a_day_may_end_at_24_00_or_the_next_day(hours: str, span: tuple[int, int]) -> None:
    """Over midnight without a mark up to twelve hours: longer ones are more often a mistake."""
    schedule, found = read(f'fri: ["{hours}"]')
    assert (schedule.days[4], found) == ((span,), [])


@pytest.mark.parametrize(
    ("body", "line", "part"),
    [
        ('mon: ["9-17"]', 5, "09:00-17:30"),
        ('mon: ["09:00-25:00"]', 5, "hours such as"),
        ('mon: ["09:60-10:00"]', 5, "hours such as"),
        ('mon: ["24:00-10:00"]', 5, "hours such as"),
        ('mon: ["14:00-09:00"]', 5, "ends before it begins"),
        ('mon: ["09:00-09:00"]', 5, "no time at all"),
        ('mon: ["09:00-10:00+1"]', 5, "longer than a day"),
        ('mon: ["09:00-12:00", "11:00-13:00"]', 5, "overlap"),
        ('mon-fri: ["09:00-12:00"]\nwed: ["13:00-14:00"]', 6, "Wednesday are given twice"),
        ('fri: ["22:00-02:00"]\nsat: ["01:00-05:00"]', 5, "go on into"),
        ('mon: ["09:00-12:00"]\nclosed_on: ["2026-02-30"]', 6, "date"),
        ('mon: ["09:00-12:00"]\nclosed_on: [25.12.2026]', 6, "date"),
        ('mon: ["09:00-12:00"]\nopen_on: ["2026-12-20"]', 6, "Sunday, which has no hours"),
        ('mon: ["09:00-12:00"]\nopen_on: {sunday: ["09:00-12:00"]}', 6, "date"),
    ],
)
def test_wrong_hours_are_r051_where_they_stand(body: str, line: int, part: str) -> None:
    """With the rule that is broken in words."""
    _, found = read(body)
    assert [(each.code, each.line) for each in found] == [("R051", line)]
    assert part in found[0].message + found[0].hint


def test_a_mark_is_offered_where_hours_end_before_they_begin() -> None:
    """For the few who mean it."""
    _, found = read('mon: ["14:00-09:00"]')
    assert '"14:00-09:00+1"' in found[0].hint


def test_days_are_not_other_words() -> None:
    """With a guess at what was meant."""
    _, found = read('mon: ["09:00-12:00"]\nmonday: ["09:00-12:00"]\nmon-fry: ["09:00-12:00"]')
    assert [(each.code, each.line) for each in found] == [("R003", 6), ("R003", 7)]
    assert "mon-fri" in found[1].hint


@pytest.mark.parametrize("body", ["mon: 10:00", "mon: [no]", "mon: {a: b}", "[]", "{}", "closed_on: x"])
def test_other_shapes_are_r004(body: str) -> None:
    """Nothing raises."""
    _, found = read(body)
    assert {each.code for each in found} == {"R004"}


def test_holidays_may_be_written_without_quotes() -> None:
    """A date is wanted there, so nothing else can be meant; their places are kept for lint."""
    schedule, found = read(
        'mon: ["09:00-12:00"]\nclosed_on: [2027-01-01, "2027-01-06"]\nopen_on: {2027-01-02: ["10:00-12:00"]}'
    )
    assert found == []
    assert schedule.closed_on == {date(2027, 1, 1), date(2027, 1, 6)}
    assert schedule.open_on == {date(2027, 1, 2): ((600, 720),)}
    assert schedule.dates[date(2027, 1, 6)].line == 6


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("Europe/Madird", "Europe/Madrid"),
        ("madrid", "Europe/Madrid"),
        ("New York", "America/New_York"),
        ("Europe", "Europe/Madrid"),
        ("../etc/passwd", "Europe/Madrid"),
        ("/etc/localtime", "Europe/Madrid"),
        ("localtime", ""),
        ("right/UTC", ""),
        ("x" * 300, "Europe/Madrid"),
    ],
)
def test_a_time_zone_that_does_not_exist_is_r051(zone: str, hint: str) -> None:
    """With the one that was probably meant; files of the machine are no time zones."""
    found = load(f'version: 1\ntimezone: "{zone}"').findings
    assert found[0].code == "R051"
    assert hint in found[0].hint
    assert find_zone(zone) is None


def test_campaigns_are_in_the_file_s_time_zone() -> None:
    """The last day of `until` counts, whole; a time is the moment itself."""
    rules = load(
        """
        version: 1
        timezone: Europe/Madrid
        rules:
          - {name: days, keywords: [a], reply: b, from: 2026-11-24, until: "2026-11-30"}
          - {name: times, keywords: [a], reply: b, from: "2026-11-24 18:00", until: 2026-11-30T20:00:00Z}
          - {name: other, keywords: [a], reply: b, from: "2026-03-29T02:30", until: "2026-11-30 20:00+05:30"}
        """
    ).rules
    assert [(rule.starts, rule.ends) for rule in rules] == [
        (datetime(2026, 11, 23, 23, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC)),
        (datetime(2026, 11, 24, 17, tzinfo=UTC), datetime(2026, 11, 30, 20, tzinfo=UTC)),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 11, 30, 14, 30, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    "dates",
    [
        "from: tomorrow",
        "from: 2026-13-01",
        "until: 24.12.2026",
        "until: '2026-12-24 25:00'",
        "from: []",
        "from: 2026-12-24, until: 2026-12-23",
        "from: '2026-12-24 18:00', until: '2026-12-24 18:00'",
        "until: 1026-12-24",
    ],
)
def test_wrong_dates_are_r051(dates: str) -> None:
    """And a campaign that ends before it starts."""
    found = load(f"version: 1\nrules: [{{name: a, keywords: [a], reply: b, {dates}}}]").findings
    assert "R051" in {each.code for each in found}


def test_one_day_is_a_campaign() -> None:
    """`from` and `until` may be the same date."""
    loaded = load("version: 1\nrules: [{name: a, keywords: [a], reply: b, from: 2026-12-24, until: 2026-12-24}]")
    assert loaded.ruleset is not None
    assert (loaded.rules[0].ends or NOON) > NOON
