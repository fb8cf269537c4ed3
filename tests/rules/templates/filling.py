"""Short ways to fill in templates in a test."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from igbot.rules.templates.model import Template, Value
from igbot.rules.templates.reading import ALWAYS_KNOWN, Problem, read_template
from igbot.rules.templates.rendering import render

CONSTANTS = {"shop.name": "lola wear", "shop.days": "1500", "shop.empty": "", "rule.name": "hello"}
NAMES = ALWAYS_KNOWN | {"match.1", "match.no", "slots.order", "slots.order.*"}
VALUES: Mapping[str, Value] = {
    "message.text": "how much is it",
    "message.kind": "text",
    "match.keyword": "how much",
    "match.1": "12345",
    "slots.order.status": "on its way",
    "slots.order.total": 1234.5,
}
MADRID = ZoneInfo("Europe/Madrid")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
"""11:00 in Madrid."""


def read(text: str, constants: Mapping[str, str] = CONSTANTS) -> tuple[Template, tuple[Problem, ...]]:
    """A template with the names that there are here."""
    return read_template(text, constants=constants, names=NAMES, schedules=("open",))


def fill(text: str, values: Mapping[str, Value] = VALUES, *, language: str = "en", now: datetime = MONDAY) -> str:
    """The finished text of a template without problems."""
    template, problems = read(text)
    assert problems == ()
    return render(template, values.get, language=language, zone=MADRID, now=now)
