"""Findings about what a rule is for: names, doing nothing, answering everything, observers and fallbacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from igbot.rules.conditions import TextCondition
from igbot.rules.lint.field import ANYTHING, other_conditions, served
from igbot.rules.lint.subjects import Subject
from igbot.rules.reading.answers_reading import ANSWER_KEYS
from igbot.rules.reading.files import RULE_KEYS
from igbot.rules.rule import DEFAULT_KINDS, Rule

ANSWERS = ("reply", "handoff")
ONLY_ANSWERS = {
    "settle": "waiting for more lines",
    "delay": "waiting before the answer",
    "typing": "showing that somebody writes",
    "on_tie": "asking which rule is meant",
    "label": "its name on a button",
}
"""What an observer has no use for, and what it is for."""
CONDITIONS = frozenset({"keywords", "not", "payload", "when"})


def check_purpose(rules: Sequence[Subject]) -> None:
    """Findings R010, R012, R013, R014 (two of them) and R015."""
    _check_names(rules)
    for each in rules:
        given = each.rule.places.keys()
        if not (given <= RULE_KEYS):
            continue  # what it does or asks for may be under the key that is not known
        _check_deeds(each)
        if each.rule.resume:
            _check_resuming(each)
        # Conditions that could not be read are findings of their own.
        asks = each.rule.fallback or each.rule.observe or given & CONDITIONS
        if not asks and _fits_all(each.rule):
            message = f'rule "{each.rule.name}" has no condition and would answer everything'
            each.report.error("R013", each.rule.place("name"), message, hint='add keywords:, or "fallback: true"')
    _check_fallbacks([each for each in rules if each.rule.fallback and each.rule.enabled])


def _check_names(rules: Iterable[Subject]) -> None:
    first: dict[str, Subject] = {}
    for each in rules:
        earlier = first.setdefault(each.rule.name, each)
        if earlier is not each:
            message = f'a rule named "{each.rule.name}" is already at {earlier.where}'
            each.report.error("R010", each.rule.place("name"), message, hint="give one of the two another name")


def _check_deeds(each: Subject) -> None:
    rule = each.rule
    effects = rule.tags or rule.untags or rule.sets or rule.alert or rule.call or rule.resume
    unread = rule.places.keys() & set(ANSWER_KEYS) - {"handoff"}
    if not rule.replies and rule.handoff is None and not effects and not unread:
        message = f'rule "{rule.name}" does nothing'
        each.report.error("R012", rule.place("name"), message, hint="add reply: or handoff:")
    if rule.observe and (rule.replies or rule.handoff):
        message = f'"{rule.name}" observes: it may tag, alert and call, but not answer'
        key = next((key for key in ANSWERS if key in rule.places), "observe")
        each.report.error("R015", rule.place(key), message, hint=f'delete {key}, or delete "observe: true"')
    if rule.observe:
        _check_observer(each)


def _check_observer(each: Subject) -> None:
    """R015 for what is about answers."""
    rule = each.rule
    for key, purpose in ONLY_ANSWERS.items():
        if key in rule.places:
            message = f'"{rule.name}" observes and never answers, so {key} ({purpose}) has no meaning'
            each.report.error("R015", rule.place(key), message, hint=f"delete {key}")
    then = next((limit.then for limit in rule.limits if limit.then != "next"), None)
    if then:
        message = f'"{rule.name}" observes and never answers: when its limit is reached nothing else can happen'
        each.report.error("R015", rule.place("limit"), message, hint=f"delete then: {then}")


def _check_resuming(each: Subject) -> None:
    """R015 where the rule does not run while the bot is silent, R013 where any message would end the silence."""
    rule = each.rule
    if not rule.observe:
        message = f'"{rule.name}" does not run while the bot is silent for a customer, so resume has no meaning'
        hint = 'add "observe: true", and answer in another rule'
        each.report.error("R015", rule.place("resume"), message, hint=hint)
    elif not rule.places.keys() & CONDITIONS and _fits_all(rule):
        message = f'"{rule.name}" has no condition, so that any message would end a hand-off'
        each.report.error("R013", rule.place("name"), message, hint="add keywords:, as in [{is: bot}]")


def _fits_all(rule: Rule) -> bool:
    """Whether a rule asks for nothing but perhaps for kinds, and those are as many as a rule has by itself."""
    when = rule.when
    return (
        (when.text is None or when.text == TextCondition())
        and not when.payloads
        and other_conditions(when) == ANYTHING
        and served(rule) >= DEFAULT_KINDS
    )


def _check_fallbacks(fallbacks: Sequence[Subject]) -> None:
    for number, each in enumerate(fallbacks):
        first = next((other for other in fallbacks[:number] if _share_account(other.rule, each.rule)), None)
        if first is not None:
            message = f'a second fallback; the first is "{first.rule.name}" at {first.where}'
            each.report.error("R014", each.rule.place("fallback"), message, hint="keep one of the two")


def _share_account(first: Rule, other: Rule) -> bool:
    return first.accounts is None or other.accounts is None or bool(first.accounts & other.accounts)
