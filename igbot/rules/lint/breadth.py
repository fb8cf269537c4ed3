"""Findings about rules that ask for next to nothing, and so answer in place of others and of the fallback."""

from __future__ import annotations

from collections.abc import Sequence

from igbot.rules.conditions import TextCondition, When
from igbot.rules.lint.field import ANYTHING, always_answers, other_conditions, served
from igbot.rules.lint.subjects import Subject
from igbot.rules.rule import Rule


def check_breadth(rules: Sequence[Subject]) -> None:
    """Finding R016, for rules all of whose conditions could be read."""
    competing = [each for each in rules if each.competes]
    lowest = min((each.rule.priority for each in competing), default=0)
    has_fallback = any(each.rule.fallback and each.rule.enabled for each in rules)
    for each in competing:
        rule = each.rule
        starved = [
            *([f"rules below priority {rule.priority}"] if rule.priority > lowest else []),
            *(["the fallback"] if has_fallback else []),
        ]
        if starved and not each.report.full and _takes_nearly_all(rule):
            message = f'rule "{rule.name}" answers nearly every message: {" and ".join(starved)} hardly ever answer'
            hint = "say by keywords: what it answers, or give it a limit:"
            each.report.warning("R016", rule.place("name"), message, hint=hint)


def _takes_nearly_all(rule: Rule) -> bool:
    """Whether a rule fits all texts but those with some words, at all times."""
    when = rule.when
    return (
        "text" in served(rule)
        and not when.payloads
        and rule.starts is None
        and rule.ends is None
        and always_answers(rule)
        and (when.text is None or _only_excludes(when.text))
        and other_conditions(when)[:-1] == ANYTHING[:-1]
        and all(map(_asks_for_text_alone, when.none))
    )


def _only_excludes(text: TextCondition) -> bool:
    nested = (*text.any, *text.every)
    asked = TextCondition(text.any, text.every, text.none)
    return text == asked and all(isinstance(node, TextCondition) and _only_excludes(node) for node in nested)


def _asks_for_text_alone(when: When) -> bool:
    return when.text is not None and when == When(text=when.text) and not _only_excludes(when.text)
