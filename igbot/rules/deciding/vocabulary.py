"""Which names and languages a rule uses, in all that it says, sends and asks."""

from collections.abc import Iterator

from igbot.rules.answers import Words
from igbot.rules.conditions import When
from igbot.rules.rule import Rule
from igbot.rules.templates.model import Insert, Template

PROFILE_NAMES = frozenset({"customer.username", "customer.name", "customer.first_name", "customer.follows"})
"""Names whose values Meta has to be asked for."""


def names_profile(rule: Rule) -> bool:
    """Whether what a rule says or sends names what only Meta tells of a customer."""
    return any(
        isinstance(part, Insert) and part.name in PROFILE_NAMES for template in _templates(rule) for part in template
    )


def when_names_profile(when: When) -> bool:
    """Whether a rule's conditions ask for what only Meta tells of a customer."""
    wanted = when.customer
    if wanted and (wanted.follows is not None or wanted.usernames):
        return True
    return any(when_names_profile(each) for each in (*when.any, *when.every, *when.none))


def languages_of(rule: Rule) -> Iterator[str]:
    """The languages in which a rule speaks or for which it asks, in lower case."""
    for words in _words(rule):
        yield from (language for language in words.by_language if language)
    yield from _asked_languages(rule.when)


def _asked_languages(when: When) -> Iterator[str]:
    if when.customer:
        yield from (language.lower() for language in when.customer.languages)
    for each in (*when.any, *when.every, *when.none):
        yield from _asked_languages(each)


def _words(rule: Rule) -> Iterator[Words]:
    for reply in rule.replies:
        if reply.text:
            yield reply.text
        yield from (variant.says for variant in reply.variants)
    plan = rule.handoff
    if plan:
        yield from (words for words in (plan.say, plan.say_open, plan.say_closed) if words)


def _templates(rule: Rule) -> Iterator[Template]:
    for words in _words(rule):
        yield from words.by_language.values()
    yield from rule.sets.values()
    if rule.handoff and rule.handoff.note:
        yield rule.handoff.note
    if rule.call:
        yield from rule.call.send.values()
    if rule.alert and rule.alert.text:
        yield rule.alert.text
