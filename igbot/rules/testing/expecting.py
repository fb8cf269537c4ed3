"""Reads the `expect` of a test: what a step should come to."""

from collections.abc import Callable
from typing import Any

import re2

from igbot.rules.reading.source import FileReport, Listing, Node, Scalar, place_of
from igbot.rules.reading.values import (
    check_keys,
    read_any_text,
    read_boolean,
    read_integer,
    read_list,
    read_map,
)
from igbot.rules.spelling import did_you_mean
from igbot.rules.testing.cases import SILENCES, ExactReply, Expectation, Named, Span

LEVELS = ("info", "warning", "critical")
LATER_EXPECT_KEYS = frozenset({"asks", "flow"})
MOST = 1_000_000


def read_expectation(node: Node, report: FileReport) -> Expectation:
    """What is expected; every part that is wrong is a finding and counts as not written."""
    given = read_map(node, "expect", report)
    if given is None:
        return Expectation()
    check_keys(given, "expect", report, known=_READERS, later=LATER_EXPECT_KEYS)
    if not given.entries:
        report.error("R004", node, "expect says nothing", hint="for example {rule: opening-hours}")
    found: dict[str, Any] = {}
    for key, value in given:
        reader = _READERS.get(key.value)
        if reader is not None:
            name, read = reader
            value_read = read(value, key.value, report)
            if value_read is not None:
                found[name] = value_read
    return Expectation(**found)


def read_named(node: Node, what: str, report: FileReport) -> Named | None:
    """One name."""
    text = read_any_text(node, what, report)
    return Named(text, place_of(node)) if text else None


def read_several(node: Node, what: str, report: FileReport) -> tuple[Named, ...]:
    """One name, or a list of them."""
    items = read_list(node, what, report) if isinstance(node, Listing) else (node,)
    return tuple(named for item in items if (named := read_named(item, what, report)))


def read_texts(node: Node, what: str, report: FileReport) -> tuple[str, ...]:
    """One text, or a list of them."""
    items = read_list(node, what, report) if isinstance(node, Listing) else (node,)
    return tuple(text for item in items if (text := read_any_text(item, what, report)) is not None)


def read_listed(node: Node, what: str, report: FileReport) -> tuple[str, ...] | None:
    """A list of texts that may be empty."""
    if isinstance(node, Listing) and not node.items:
        return ()
    return tuple(
        text for item in read_list(node, what, report) if (text := read_any_text(item, what, report)) is not None
    )


def read_facts(node: Node, what: str, report: FileReport) -> dict[str, str]:
    """A map of texts."""
    given = read_map(node, what, report)
    pairs = ((key.value, read_any_text(value, f"{what}.{key.value}", report)) for key, value in given or ())
    return {key: text for key, text in pairs if text is not None}


def _observers(node: Node, what: str, report: FileReport) -> tuple[Named, ...] | None:
    if isinstance(node, Listing) and not node.items:
        return ()
    return read_several(node, what, report) or None


def _reply(node: Node, what: str, report: FileReport) -> ExactReply | None:
    texts = read_texts(node, what, report)
    span = Span(node.line, node.column, node.end_line, node.end_column)
    return ExactReply(texts, isinstance(node, Listing), span) if texts else None


def _patterns(node: Node, what: str, report: FileReport) -> tuple[str, ...]:
    options = re2.Options()
    options.log_errors = False
    items = read_list(node, what, report) if isinstance(node, Listing) else (node,)
    found = []
    for item in items:
        text = read_any_text(item, what, report)
        if text is None:
            continue
        try:
            re2.compile(text, options)
        except re2.error as error:
            said = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
            report.error("R030", item, f"the pattern cannot be read: {said[:200]}", hint="RE2 has no look-around")
            continue
        found.append(text)
    return tuple(found)


def _silent(node: Node, what: str, report: FileReport) -> bool | str | None:
    if isinstance(node, Scalar) and node.plain and node.value.lower() in ("true", "false"):
        return read_boolean(node, what, report)
    text = read_any_text(node, what, report)
    if text is None or text in SILENCES:
        return text
    hint = did_you_mean(text, SILENCES) or f"true, false, or one of: {', '.join(SILENCES)}"
    report.error("R004", node, f'"{text[:60]}" is no reason for silence', hint=hint)
    return None


def _alerts(node: Node, what: str, report: FileReport) -> int | tuple[str, ...] | None:
    if not isinstance(node, Listing):
        return read_integer(node, what, report, lowest=0, highest=100)
    levels = read_listed(node, what, report) or ()
    for level in levels:
        if level not in LEVELS:
            report.error("R004", node, f'"{level[:60]}" is no level of an alert', hint=f"one of: {', '.join(LEVELS)}")
            return None
    return levels


def _count(node: Node, what: str, report: FileReport) -> int | None:
    return read_integer(node, what, report, lowest=0, highest=MOST)


_READERS: dict[str, tuple[str, Callable[[Node, str, FileReport], Any]]] = {
    "rule": ("rule", read_named),
    "rule_not": ("rule_not", read_several),
    "reply": ("reply", _reply),
    "reply_contains": ("reply_contains", read_texts),
    "reply_matches": ("reply_matches", _patterns),
    "buttons": ("buttons", read_listed),
    "tags": ("tags", read_listed),
    "set": ("facts", read_facts),
    "handoff": ("handoff", read_boolean),
    "silent": ("silent", _silent),
    "alerts": ("alerts", _alerts),
    "messages": ("messages", _count),
    "observers": ("observers", _observers),
    "max_bytes": ("max_bytes", _count),
}
"""What each key of `expect` is called here, and what reads it."""
