"""Findings that only the whole set can tell: what every shop's bot needs and these rules do not have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import regex

from igbot.rules.expressions import expression
from igbot.rules.lint.speech import texts_of
from igbot.rules.lint.subjects import Subject
from igbot.rules.model import Finding
from igbot.rules.places import NOWHERE
from igbot.rules.reading.source import FileReport
from igbot.rules.rule import Rule
from igbot.rules.surroundings import Surroundings

# How shops call what answers by itself, in the languages that igbot speaks.
_AUTOMATIC = expression(
    r"automat|autom[aá]t|otomatik|автомат|\b(?:chat)?bot\b|\bассистент|\bбот\b|virtual assistant|asistente virtual"
    r"|virtuelle[rn]? assistent|assistant virtuel|assistente virtual|sanal asistan|آلي|روبوت",
    regex.IGNORECASE,
)
MOST_NAMED = 5


def check_whole(rules: Sequence[Subject], reports: Mapping[str, FileReport], surroundings: Surroundings) -> None:
    """Findings R014 (no fallback), R060, R061 and R062."""
    active = [each for each in rules if each.rule.enabled]
    first = next(iter(reports.values()), None)
    if first is None:
        return
    fallbacks = [each for each in active if each.rule.fallback]
    if not fallbacks:
        message = "no rule is the fallback; what no rule fits gets the text of IGBOT_FALLBACK_REPLY"
        first.warning("R014", NOWHERE, message, hint='add a rule with "fallback: true"')
    for each in fallbacks:
        if not each.rule.limits and each.rule.replies:
            message = "the fallback has no limit: it says the same after each line that no rule understands"
            hint = "add limit: {times: 1, within: 12h, then: handoff}"
            each.report.warning("R061", each.rule.place("fallback"), message, hint=hint)
    if not any(each.rule.handoff or _ends_in_handoff(each) for each in active):
        message = "no rule hands over to a person, and Meta asks for a way to one"
        first.warning("R060", NOWHERE, message, hint="add a rule with handoff:")
    if active and not surroundings.disclosed and not _is_told(active, reports):
        message = "no answer says that it is automatic, and Meta asks to tell customers so at first"
        hint = 'set IGBOT_DISCLOSURE, or say it where you greet: "I am the automatic assistant of the shop"'
        first.warning("R062", NOWHERE, message, hint=hint)


def _ends_in_handoff(each: Subject) -> bool:
    return any(limit.then == "handoff" for limit in each.rule.limits)


def _is_told(rules: Sequence[Subject], reports: Mapping[str, FileReport]) -> bool:
    told: set[int] = set()
    return any(_AUTOMATIC.search(said.text) for each in rules for said in texts_of(each, reports, told))


def untested(rules: Sequence[Rule], tested: Collection[str]) -> Finding | None:
    """Finding R067, at the first of the rules that neither a test nor an example of their own is about.

    `tested` are the names that tests expect; for runs that were given tests. None where no rule is missing.
    """
    missing = [rule for rule in rules if rule.enabled and not rule.examples and rule.name not in tested]
    if not missing:
        return None
    names = ", ".join(rule.name for rule in missing[:MOST_NAMED])
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    place = missing[0].place("name")
    return Finding(
        code="R067",
        severity="hint",
        file=missing[0].file,
        line=place.line,
        column=place.column,
        width=place.width,
        message=f"no test of {names}{more}",
        hint="add a case to a *.test.yaml, or test: {yes: [a text], no: [another]} to the rule",
    )
