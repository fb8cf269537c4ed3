"""Fills a template in for one message, and tells how long it can get."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from igbot.rules.templates.filters import through
from igbot.rules.templates.model import Insert, Lookup, Template, Value
from igbot.rules.templates.moments import Manner
from igbot.rules.templates.presentable import longest, presentable

# The longest a character is in UTF-8, and the one that grows most in capital letters.
_WIDE = ("🔥", "ΐ")
# A Wednesday in September: in most languages no day is longer.
_LONG_DAY = datetime(2026, 9, 30, 22, 30, tzinfo=UTC)


def render(template: Template, lookup: Lookup, *, language: str, zone: ZoneInfo, now: datetime) -> str:
    """The finished text, without space at its ends.

    `language` is a BCP 47 tag (an unknown one: as in English), `zone` the one that times are told in, `now` aware.
    Text that `lookup` gives is made presentable; it is never read as a template. Raises what `lookup` raises.
    """
    if len(template) == 1 and isinstance(template[0], str):
        return template[0].strip()
    manner = Manner(language, zone, now)
    parts: list[str] = []
    for part in template:
        if isinstance(part, str):
            parts.append(part)
            continue
        value = part.constant
        parts.append(through(_value(part.name, lookup) if value is None else value, part.filters, manner))
    return "".join(parts).strip()


def _value(name: str, lookup: Lookup) -> Value:
    value = lookup(name)
    return presentable(value, longest(name)) if isinstance(value, str) else value


def longest_text(template: Template, language: str) -> str:
    """The text, in bytes of UTF-8, that can come of a template where every value is as long as it may be."""
    parts = [(part, part) if isinstance(part, str) else _longest_parts(part, language) for part in template]
    texts = ["".join(each).strip() for each in zip(*parts, strict=True)]
    return max(texts, key=lambda text: len(text.encode("utf-8", "replace")), default="")


# A set of thousands of rules fills in the same few things.
@lru_cache(maxsize=1024)
def _longest_parts(part: Insert, language: str) -> tuple[str, str]:
    """What is filled in where all characters are wide, and where all grow."""
    value, manner = part.constant, Manner(language, ZoneInfo("UTC"), _LONG_DAY.replace(day=25))
    wide, growing = (
        through(_longest_shown(part.name, each) if value is None else value, part.filters, manner) for each in _WIDE
    )
    return wide, growing


@lru_cache(maxsize=1024)
def _longest_shown(name: str, wide: str) -> Value:
    return _value(name, lambda each: _longest_value(each, wide))


def _longest_value(name: str, wide: str) -> Value:
    if name == "now" or (name.startswith("schedule.") and name.endswith(".next")):
        return _LONG_DAY
    if name.endswith(".is_open") or name == "customer.follows":
        return False
    if name in ("message.kind", "customer.lang", "customer.username"):
        return "w" * min(longest(name), 35)
    return wide * longest(name)
