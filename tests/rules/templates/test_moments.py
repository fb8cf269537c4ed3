"""Times are said as people say them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from igbot.rules.templates.moments import Manner, human, is_pattern
from tests.rules.templates.filling import MADRID, MONDAY, fill

NEXT = "{{ schedule.open.next | human }}"


def opens(hours: float, language: str = "en") -> str:
    """How the next opening is said some hours after Monday, 11:00 in Madrid."""
    return fill(NEXT, {"schedule.open.next": MONDAY + timedelta(hours=hours)}, language=language)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0, "today at 11:00"),
        (5, "today at 16:00"),
        (12.9, "today at 23:54"),
        (13, "tomorrow at 00:00"),
        (22, "tomorrow at 09:00"),
        (46, "on Wednesday at 09:00"),
        (142, "on Sunday at 09:00"),
        (168, "on November 30, 2026"),
        (-24, "on November 22, 2026"),
    ],
)
def test_a_moment_is_said_by_its_day(hours: float, expected: str) -> None:
    """Days end at midnight in the reply's time zone; a week away it is a date."""
    assert opens(hours) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("es", ("hoy a las 16:00", "mañana a las 09:00", "el miércoles a las 09:00", "el 2 de diciembre de 2026")),
        ("de", ("heute um 16:00", "morgen um 09:00", "am Mittwoch um 09:00", "am 2. Dezember 2026")),
        ("fr", ("aujourd'hui à 16:00", "demain à 09:00", "mercredi à 09:00", "le 2 décembre 2026")),
        ("pt", ("hoje às 16:00", "amanhã às 09:00", "quarta-feira às 09:00", "em 2 de dezembro de 2026")),
        ("it", ("oggi alle 16:00", "domani alle 09:00", "mercoledì alle 09:00", "il 2 dicembre 2026")),
        ("tr", ("bugün saat 16:00", "yarın saat 09:00", "Çarşamba günü saat 09:00", "2 Aralık 2026")),
        ("ru", ("сегодня в 16:00", "завтра в 09:00", "в среду в 09:00", "2 декабря 2026 г.")),
        ("ar", ("اليوم الساعة 16:00", "غدًا الساعة 09:00", "يوم الأربعاء الساعة 09:00", "في 2 ديسمبر 2026")),
        ("nl", ("over 5 uur", "over 1 dag", "over 2 dagen", "over 1 week")),
        ("qq", ("today at 16:00", "tomorrow at 09:00", "on Wednesday at 09:00", "on December 2, 2026")),
    ],
)
def test_each_language_has_its_own_way(language: str, expected: tuple[str, ...]) -> None:
    """Nine have phrases here, all others tell how far away it is; an unknown one is taken for English."""
    said = tuple(opens(hours, language).replace("\u202f", " ") for hours in (5, 22, 46, 214))
    assert said == expected


def test_no_opening_says_nothing() -> None:
    """A shop that has closed for good."""
    assert fill(NEXT, {"schedule.open.next": None}) == ""


def test_a_date_as_a_service_writes_it_is_a_date() -> None:
    """JSON has no dates, so the text is read; a day without a time has none when said."""
    text = "{{ match.1 | human }}; {{ match.1 | date }}; {{ match.1 | date('EEEE, HH:mm') }}"
    assert fill(text, {"match.1": "2026-11-24"}) == "tomorrow; Nov 24, 2026; Tuesday, 00:00"
    assert fill(text, {"match.1": "2026-11-24T08:00:00Z"}) == "tomorrow at 09:00; Nov 24, 2026; Tuesday, 09:00"
    assert fill(text, {"match.1": "2026-11-24 08:00"}) == "tomorrow at 08:00; Nov 24, 2026; Tuesday, 08:00"
    assert fill(text, {"match.1": "2026-99-24"}) == "; ".join(["2026-99-24"] * 3)


@pytest.mark.parametrize("form", ["short", "medium", "long", "full", "EEEE d MMMM", "dd.MM.yyyy", "HH:mm"])
def test_a_date_is_written_in_many_forms(form: str) -> None:
    """By a name or a pattern."""
    assert is_pattern(form)
    assert fill(f"{{{{ now | date('{form}') }}}}", {"now": MONDAY}, language="fr")


def test_the_ends_of_the_calendar_are_days_too() -> None:
    """A service may answer with a date of year 1 or 9999."""
    manner = Manner("nl", MADRID, MONDAY)
    for moment in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), date.min, date.max):
        assert human(moment, manner)
        assert human(moment, Manner("en", MADRID, MONDAY)).startswith("on ")
