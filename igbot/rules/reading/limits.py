"""Reads how often, when and at what pace a rule may answer."""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast, get_args

from igbot.rules.answers import Limit
from igbot.rules.reading.moments import read_moment
from igbot.rules.reading.scope import Scope
from igbot.rules.reading.source import FileReport, Node
from igbot.rules.reading.values import (
    check_keys,
    read_boolean,
    read_choice,
    read_duration,
    read_integer,
    read_map,
)

LIMIT_KEYS = frozenset({"times", "within", "per", "then"})
LONGEST_WAIT = timedelta(seconds=20)
"""Of `settle` and of `delay`."""
MOST_TIMES = 1000

_Per = Literal["customer", "all"]
_Then = Literal["next", "silent", "handoff"]
_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a rule waits for more lines, and how it takes its time."""

    settle: timedelta = _NONE
    delay: timedelta = _NONE
    typing: bool = False


def read_limits(given: MappingOf[str, Node], report: FileReport) -> tuple[Limit, ...]:
    """All limits of a rule: `limit`, `cooldown` and `once`, in this order; all of them hold."""
    found: list[Limit] = []
    if (node := given.get("limit")) and (limit := _read_limit(node, report)):
        found.append(limit)
    if (node := given.get("cooldown")) and (within := read_duration(node, "cooldown", report, or_none=True)):
        found.append(Limit(1, within))
    if (node := given.get("once")) and read_boolean(node, "once", report):
        found.append(Limit(1, None))
    return tuple(found)


def _read_limit(node: Node, report: FileReport) -> Limit | None:
    tree = read_map(node, "limit", report)
    if tree is None:
        return None
    check_keys(tree, "limit", report, known=LIMIT_KEYS)
    times, within, per, then = (tree.get(key) for key in ("times", "within", "per", "then"))
    if times is None and within is None:
        report.error("R004", tree, "limit does not say how often", hint="write limit: {times: 1, within: 24h}")
        return None
    count = read_integer(times, "times", report, lowest=1, highest=MOST_TIMES) if times else 1
    length = read_duration(within, "within", report) if within else None
    who = read_choice(per, "per", report, known=get_args(_Per)) if per else "customer"
    what = read_choice(then, "then", report, known=get_args(_Then)) if then else "next"
    if count is None or who is None or what is None or (within and length is None):
        return None
    return Limit(count, length, cast(_Per, who), cast(_Then, what))


def read_pace(given: MappingOf[str, Node], report: FileReport) -> Pace:
    """`settle`, `delay` and `typing`."""
    settle, delay, typing = (given.get(key) for key in ("settle", "delay", "typing"))
    return Pace(
        _read_wait(settle, "settle", report) if settle else _NONE,
        _read_wait(delay, "delay", report) if delay else _NONE,
        bool(read_boolean(typing, "typing", report)) if typing else False,
    )


def _read_wait(node: Node, what: str, report: FileReport) -> timedelta:
    return read_duration(node, what, report, longest=LONGEST_WAIT, or_none=True) or _NONE


def read_campaign(given: MappingOf[str, Node], scope: Scope) -> tuple[datetime | None, datetime | None]:
    """`from` and `until` in UTC, the end exclusive: a date as `until` is the last day."""
    begin, end = given.get("from"), given.get("until")
    starts = read_moment(begin, "from", scope.report, zone=scope.zone) if begin else None
    ends = read_moment(end, "until", scope.report, zone=scope.zone, end=True) if end else None
    if end and starts and ends and ends <= starts:
        scope.report.error("R051", end, "this rule would end before it starts", hint='swap "from" and "until"')
    return starts, ends
