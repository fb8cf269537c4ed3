"""Times on the command line: in which zone one is meant that names none, and what counts as one."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from igbot.errors import IgbotError, UsageError

if TYPE_CHECKING:
    from igbot.rules.rule import Rule
    from igbot.settings.model import Settings

EXAMPLE = "2026-11-24T09:30, or with its offset 2026-11-24T09:30:00+01:00"
FARTHEST = timedelta(days=3660)
"""How far from now a time may be: at the ends of the calendar nothing can be counted any more."""


def zone_of(settings: "Settings", rules: "Iterable[Rule]") -> ZoneInfo:
    """The zone of a time that names none: that of the settings; where that is UTC, the one that the rule files name.

    Where they name several, UTC.
    """
    if settings.timezone.key != "UTC":
        return settings.timezone
    named = {rule.zone.key: rule.zone for rule in rules if rule.zone.key != "UTC"}
    return next(iter(named.values())) if len(named) == 1 else settings.timezone


def zone_of_folder(settings: "Settings") -> ZoneInfo:
    """The same, of the rules in the folder of the settings; they may be missing or wrong."""
    from igbot.cli.rules_folder import read_rules
    from igbot.rule_settings import surroundings_of

    if settings.timezone.key != "UTC":
        return settings.timezone
    try:
        return zone_of(settings, read_rules(settings.rules_dir).load(surroundings_of(settings)).rules)
    except IgbotError:
        return settings.timezone


def names_its_zone(text: str) -> bool:
    """Whether a time says how far it is from UTC. Raises UsageError if it is none."""
    return _read(text).tzinfo is not None


def read_at(text: str, zone: ZoneInfo, *, now: datetime) -> datetime:
    """The time of `--at`, in `zone` where it names none. Raises UsageError."""
    at = _read(text)
    try:
        at = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(zone)
        near = abs(at - now) < FARTHEST
    except (ValueError, OverflowError, OSError):
        near = False
    if not near:
        raise UsageError("--at is no time within ten years of now", hint=f"ISO 8601, such as {EXAMPLE}")
    return at


def _read(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("--at is no time", hint=f"ISO 8601, such as {EXAMPLE}") from None
