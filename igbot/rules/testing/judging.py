"""Holds what a step came to against what was expected."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import re2

from igbot.meta.outgoing import Outgoing
from igbot.meta.sendapi import parts
from igbot.rules.testing.cases import Expectation, Named
from igbot.rules.testing.outcomes import Outcome

NO_RULE = "none"
"""What a test writes for `rule` where no rule answers."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is not as expected, in words; `key` is the one of `expect`."""

    key: str
    expected: str
    got: str


def judge(expect: Expectation, outcome: Outcome) -> tuple[Mismatch, ...]:
    """Everything about a step that is not as expected."""
    if outcome.trouble:
        return (Mismatch("call", "an answer in stub", outcome.trouble),)
    return (*_rule(expect, outcome), *_said(expect, outcome), *_effects(expect, outcome))


def winner(outcome: Outcome) -> str:
    """The rule that answered, as tests name it; where no rule is the fallback, the configured text is `fallback`."""
    if outcome.choice is None or outcome.choice.rule is None:
        return "fallback" if outcome.reason == "fallback" else NO_RULE
    return outcome.choice.rule


def asked_back(outcome: Outcome) -> str:
    """The question which of several rules is meant, in words; `""` where it was not asked."""
    asked = outcome.choice.asked if outcome.choice else ()
    return f"asked which one is meant: {' or '.join(asked)}" if asked else ""


def said(replies: Sequence[Outgoing]) -> str:
    """All that the customer reads, a line a reply."""
    return "\n".join(reply.text.strip() for reply in replies if reply.text.strip())


def _rule(expect: Expectation, outcome: Outcome) -> Iterator[Mismatch]:
    won = winner(outcome)
    is_fallback = outcome.choice is not None and outcome.choice.reason == "fallback"
    names = {won, "fallback"} if is_fallback else {won}
    shown = won if won != NO_RULE else f"{NO_RULE} ({asked_back(outcome) or outcome.reason})"
    if expect.rule is not None and expect.rule.name not in names:
        yield Mismatch("rule", expect.rule.name, shown)
    for named in expect.rule_not:
        if named.name in names:
            yield Mismatch("rule_not", f"not {named.name}", shown)
    if expect.silent is None:
        return
    silent = not outcome.replies
    if isinstance(expect.silent, bool):
        if expect.silent != silent:
            yield Mismatch("silent", str(expect.silent).lower(), said(outcome.replies) or outcome.reason)
    elif not silent or outcome.reason != expect.silent:
        yield Mismatch("silent", expect.silent, outcome.reason if silent else f"an answer ({outcome.reason})")


def _said(expect: Expectation, outcome: Outcome) -> Iterator[Mismatch]:
    text = said(outcome.replies)
    got = text or f"nothing ({outcome.reason})"
    if expect.reply is not None:
        wanted = [each.strip() for each in expect.reply.texts]
        if wanted != (written(outcome) if expect.reply.listed else [text]):
            yield Mismatch("reply", "\n".join(wanted), got)
    for piece in expect.reply_contains:
        if piece not in text:
            yield Mismatch("reply_contains", piece, got)
    for pattern in expect.reply_matches:
        if re2.search(pattern, text) is None:
            yield Mismatch("reply_matches", pattern, got)
    yield from _shape(expect, outcome)


def _shape(expect: Expectation, outcome: Outcome) -> Iterator[Mismatch]:
    if expect.buttons is not None:
        titles = [title for reply in outcome.replies for title in titles_of(reply)]
        if list(expect.buttons) != titles:
            yield Mismatch("buttons", _listed(expect.buttons), _listed(titles))
    if expect.messages is not None:
        count = sum(len(parts(reply)) for reply in outcome.replies)
        if count != expect.messages:
            yield Mismatch("messages", str(expect.messages), str(count))
    if expect.max_bytes is not None:
        longest = max((len(reply.text.encode()) for reply in outcome.replies), default=0)
        if longest > expect.max_bytes:
            yield Mismatch("max_bytes", f"at most {expect.max_bytes}", f"{longest} bytes")


def titles_of(reply: Outgoing) -> list[str]:
    """The titles of all buttons of a reply."""
    return [*(each.title for each in reply.quick_replies), *(each.title for each in reply.buttons)]


def written(outcome: Outcome) -> list[str]:
    """The text of each reply that has one."""
    return [reply.text.strip() for reply in outcome.replies if reply.text.strip()]


def _effects(expect: Expectation, outcome: Outcome) -> Iterator[Mismatch]:
    choice = outcome.choice
    if expect.handoff is not None and expect.handoff != (choice is not None and choice.handoff is not None):
        yield Mismatch("handoff", str(expect.handoff).lower(), str(not expect.handoff).lower())
    tags = choice.memory.tags if choice else frozenset()
    if expect.tags is not None and (not tags.issuperset(expect.tags) or (tags and not expect.tags)):
        yield Mismatch("tags", _listed(expect.tags), _listed(sorted(tags)))
    facts = choice.memory.facts if choice else {}
    for key, value in expect.facts.items():
        if facts.get(key) != value:
            yield Mismatch(f"set {key}", value, facts.get(key, "nothing"))
    levels = sorted(alert.level for alert in choice.alerts) if choice else []
    if isinstance(expect.alerts, int) and len(levels) != expect.alerts:
        yield Mismatch("alerts", str(expect.alerts), f"{len(levels)} ({_listed(levels)})" if levels else "0")
    elif isinstance(expect.alerts, tuple) and sorted(expect.alerts) != levels:
        yield Mismatch("alerts", _listed(expect.alerts), _listed(levels))
    ran = sorted(choice.observers) if choice else []
    if expect.observers is not None and sorted(_names(expect.observers)) != ran:
        yield Mismatch("observers", _listed(_names(expect.observers)), _listed(ran))


def _names(named: Sequence[Named]) -> list[str]:
    return [each.name for each in named]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
