"""Findings about time and number: what is over, what is never open, what takes too long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from igbot.meta.sendapi import MAX_TEXT_BYTES
from igbot.rules.answers import Words
from igbot.rules.lint.speech import bare_text
from igbot.rules.lint.subjects import Subject, all_conditions
from igbot.rules.reading.source import FileReport
from igbot.rules.rule import Rule
from igbot.rules.schedules import Schedule

LONGEST_WAIT = timedelta(seconds=30)
"""Meta wants an automatic answer within this time."""
MOST_MESSAGES = 3
MOST_NAMED = 3


def check_times(rules: Sequence[Subject], reports: Mapping[str, FileReport], now: datetime | None) -> None:
    """Findings R049 and R052; without `now` nothing is over."""
    parts: dict[int, int] = {}
    for each in rules:
        _check_length(each, parts)
        if now and each.rule.ends and each.rule.ends <= now:
            message = f'rule "{each.rule.name}" is over since {each.rule.ends:%Y-%m-%d}'
            each.report.warning("R052", each.rule.place("until"), message, hint="delete the rule, or move the date")
    for schedule in _schedules(rules):
        if report := reports.get(schedule.file):
            _check_schedule(schedule, report, now)


def _schedules(rules: Sequence[Subject]) -> Iterator[Schedule]:
    found: dict[str, Schedule] = {}
    tables: set[int] = set()
    for each in rules:
        # All rules of a set share one table.
        if id(each.rule.schedules) not in tables:
            tables.add(id(each.rule.schedules))
            found.update(each.rule.schedules)
        for when in all_conditions(each.rule.when):
            if when.schedule:
                found[when.schedule.name] = when.schedule.schedule
    yield from found.values()


def _check_schedule(schedule: Schedule, report: FileReport, now: datetime | None) -> None:
    if not any(schedule.days.values()) and not any(schedule.open_on.values()):
        message = f'the schedule "{schedule.name}" is never open'
        report.warning("R052", schedule.at, message, hint='give it hours, as in mon-fri: ["09:00-18:00"]')
    if now is None:
        return
    today = now.astimezone(schedule.zone).date()
    over = sorted(day for day in {*schedule.closed_on, *schedule.open_on} if day < today)
    if over:
        named = ", ".join(f"{day}" for day in over[:MOST_NAMED]) + (" …" if len(over) > MOST_NAMED else "")
        message = f'{named} of the schedule "{schedule.name}" {"is" if len(over) == 1 else "are"} over'
        report.warning("R052", schedule.dates.get(over[0], schedule.at), message, hint="write the dates to come")


def _check_length(each: Subject, known: dict[int, int]) -> None:
    """R049; `known` keeps by the id of a reply, which many rules may share, how many messages its longest text is."""
    rule = each.rule
    if rule.delay + rule.settle > LONGEST_WAIT:
        message = (
            f"delay and settle make a customer wait {(rule.delay + rule.settle).total_seconds():.0f} s; Meta wants"
        )
        message += f" an answer within {LONGEST_WAIT.total_seconds():.0f} s"
        each.report.warning("R049", rule.place("delay"), message, hint="make one of them shorter")
    # More answers than that in a row are told where they are read; these are cut because they are long.
    written, sent = _messages(rule, known)
    if written <= MOST_MESSAGES < sent:
        message = (
            f"cut at Meta's {MAX_TEXT_BYTES} bytes this becomes {sent} messages at once; nobody reads more than three"
        )
        key = "reply" if rule.replies else "handoff"
        each.report.warning("R049", rule.place(key), message, hint="say it in fewer words")


def _messages(rule: Rule, known: dict[int, int]) -> tuple[int, int]:
    """How many messages a rule has, and how many it sends at least when it says the longest of them."""
    written = sent = 0
    for reply in rule.replies:
        parts = known.get(id(reply))
        if parts is None:
            parts = known[id(reply)] = _parts([reply.text, *(variant.says for variant in reply.variants)])
        written += bool(parts) + (reply.attachment is not None)
        sent += parts + (reply.attachment is not None)
    plan = rule.handoff
    parts = _parts([plan.say, plan.say_open, plan.say_closed]) if plan else 0
    return written + bool(parts), sent + parts


def _parts(says: Sequence[Words | None]) -> int:
    texts = [bare_text(text) for words in says if words for text in words.by_language.values()]
    longest = max((len(text.encode("utf-8", "replace")) for text in texts), default=0)
    return -(-longest // MAX_TEXT_BYTES)
