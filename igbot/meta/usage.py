"""What Meta's headers say about rate limits: how much is used, how long to wait."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from igbot.meta.lenient_json import parse
from igbot.meta.values import rows, table

_PERCENTAGES = ("call_count", "total_time", "total_cputime")
_TYPES = frozenset({"instagram", "messenger", "pages"})
_LONGEST_WAIT = 86_400.0
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Usage:
    """The most used budget in percent (100 and more: throttled), and seconds until calls work again if Meta says so."""

    percent: int
    regain_seconds: float | None


def read_usage(headers: Mapping[str, str]) -> Usage:
    """What `X-App-Usage` and `X-Business-Use-Case-Usage` say (meta-platform reference §6). Never raises.

    Only business budgets that concern messaging count. Absent or unreadable headers are 0 percent and no wait.
    """
    percent = regain_minutes = 0.0
    for budget in _budgets(headers):
        percent = max(percent, *(_amount(budget.get(key)) for key in _PERCENTAGES))
        regain_minutes = max(regain_minutes, _amount(budget.get("estimated_time_to_regain_access")))
    wait = min(60.0 * regain_minutes, _LONGEST_WAIT)
    return Usage(percent=int(min(percent, 10_000.0)), regain_seconds=wait or None)


def read_retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """The seconds of `Retry-After`, a number or an HTTP date, at most a day.

    None where it is absent, unreadable or asks for no wait. Never raises.
    """
    text = header(headers, "retry-after").strip()
    if _NUMBER.fullmatch(text):
        seconds = float(text)
    else:
        try:
            at = parsedate_to_datetime(text)
            seconds = ((at.replace(tzinfo=UTC) if at.tzinfo is None else at) - now).total_seconds()
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(seconds, _LONGEST_WAIT) if seconds > 0 else None


def header(headers: Mapping[str, str], name: str) -> str:
    """The header of this lower-case name whatever the case of the mapping's keys; `""` where there is none."""
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _budgets(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    yield table(_json(header(headers, "x-app-usage")))
    for business in table(_json(header(headers, "x-business-use-case-usage"))).values():
        for budget in rows(business):
            kind = table(budget).get("type")
            if isinstance(kind, str) and kind in _TYPES:
                yield budget


def _json(text: str) -> object:
    if not text:
        return None
    try:
        return parse(text.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _amount(value: object) -> float:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(min(value, 10**9))
    return 0.0
