"""Findings about rules and their keywords that need no more than the drafts."""

from collections.abc import Iterable, Iterator, Sequence

import regex

from igbot.rules.matching.words import UNSPACED
from igbot.rules.reading.compiling import count_conditions
from igbot.rules.reading.draft import DraftKeyword, DraftRule
from igbot.rules.reading.files import RULE_KEYS
from igbot.rules.reading.keywords import STOP_WORDS
from igbot.rules.deciding.ruleset import all_kinds

# One or two characters of the other scripts are often a whole word.
_SHORT_LETTERS = regex.compile(rf"(?V1)[\p{{L}}--[{UNSPACED}]]{{1,2}}")
_COMMON_WORDS = (
    "shipping this which what order price please hello thanks there where when have with your from could would return"
    " refund store open today color small large envío precio gracias hola donde cuando tienda pedido quiero"
)


def check_rules(rules: Sequence[DraftRule]) -> None:
    """Findings R010, R012, R013, R014 (two), R021, R022, R025, R026 and R064."""
    _check_names(rules)
    for rule in rules:
        _check_purpose(rule)
        _check_doubles(rule)
        _check_contradictions(rule)
        for keyword in (*rule.keywords, *rule.excluded):
            _check_short(rule, keyword)
        for keyword in rule.keywords:
            _check_stop(rule, keyword)
    _check_fallbacks([rule for rule in rules if rule.fallback])
    _check_shared_keywords(rules)


def _at(rule: DraftRule) -> str:
    return f"{rule.report.source.path}:{rule.name.line}"


def _check_names(rules: Iterable[DraftRule]) -> None:
    first: dict[str, DraftRule] = {}
    for rule in rules:
        earlier = first.setdefault(rule.name.value, rule)
        if earlier is not rule:
            message = f'a rule named "{rule.name.value}" is already at {_at(earlier)}'
            rule.report.error("R010", rule.name, message, hint="give one of the two another name")


def _check_fallbacks(fallbacks: Sequence[DraftRule]) -> None:
    for rule in fallbacks[1:]:
        message = f'a second fallback; the first is "{fallbacks[0].name.value}" at {_at(fallbacks[0])}'
        rule.report.error("R014", rule.node.key("fallback") or rule.name, message, hint="keep one of the two")


def _check_purpose(rule: DraftRule) -> None:
    given = {key.value for key, _ in rule.node}
    if not given <= RULE_KEYS:
        return  # what it does or asks may be under the key that is not known
    if not given & {"reply", "handoff"}:
        message = f'rule "{rule.name.value}" does nothing'
        rule.report.error("R012", rule.name, message, hint="add reply: or handoff:")
    conditions = given & {"keywords", "not", "payload", "kinds"}
    if not rule.fallback and (not conditions or (conditions == {"kinds"} and rule.kinds == all_kinds())):
        message = f'rule "{rule.name.value}" has no condition and would answer everything'
        rule.report.error("R013", rule.name, message, hint='add keywords:, or "fallback: true"')


def _check_doubles(rule: DraftRule) -> None:
    for keywords in (rule.keywords, rule.excluded):
        seen: dict[tuple[str, str], DraftKeyword] = {}
        for keyword in keywords:
            first = seen.setdefault(_key(keyword), keyword)
            if first is not keyword:
                message = f"{keyword.matcher} is the same keyword as {first.matcher} in line {first.node.line}"
                rule.report.warning("R021", keyword.node, message, hint="delete it")


def _key(keyword: DraftKeyword) -> tuple[str, str]:
    return keyword.matcher.kind, keyword.matcher.text


def _check_contradictions(rule: DraftRule) -> None:
    wanted = {_key(keyword) for keyword in rule.keywords}
    for keyword in rule.excluded:
        if _key(keyword) in wanted:
            outcome = "this rule can never answer" if rule.every else "that keyword can never hit"
            message = f"{keyword.matcher} is wanted and excluded: {outcome}"
            rule.report.warning("R025", keyword.node, message, hint="delete it in one of the two lists")
    wholes = [keyword for keyword in rule.keywords if keyword.matcher.kind == "is"]
    for keyword in wholes[1:] if rule.every else ():
        if keyword.matcher.text != wholes[0].matcher.text:
            message = f"a message cannot be {wholes[0].matcher.written!r} and {keyword.matcher.written!r} at once"
            rule.report.warning("R025", keyword.node, message, hint="match: any")


def _check_short(rule: DraftRule, keyword: DraftKeyword) -> None:
    matcher = keyword.matcher
    if matcher.kind != "contains" or not _SHORT_LETTERS.fullmatch(matcher.text):
        return
    inside = [f'"{word}"' for word in _COMMON_WORDS.split() if matcher.text in word and matcher.text != word][:3]
    message = f"{{contains: {matcher.written}}} also fires inside other words"
    if inside:
        message = f"{{contains: {matcher.written}}} also fires in {', '.join(inside)}"
    rule.report.warning("R026", keyword.node, message, hint=f"use the plain word {matcher.written}")


def _check_stop(rule: DraftRule, keyword: DraftKeyword) -> None:
    language = STOP_WORDS.get(keyword.matcher.text)
    if language and keyword.matcher.kind in ("word", "is"):
        message = f"{keyword.matcher.written!r} ({language}) is how customers say that they want no more messages"
        rule.report.error("R064", keyword.node, message, hint="delete it: igbot obeys this word itself")


def _check_shared_keywords(rules: Iterable[DraftRule]) -> None:
    owners: dict[tuple[int, str, str], DraftRule] = {}
    for rule in rules:
        if rule.every or rule.payloads:
            continue
        for keyword in _distinct(rule.keywords):
            first = owners.setdefault((rule.priority, *_key(keyword)), rule)
            if first is not rule and first.kinds & rule.kinds:
                winner = rule if count_conditions(rule) > count_conditions(first) else first
                message = (
                    f'{keyword.matcher} is also in "{first.name.value}" ({_at(first)}) of the same priority;'
                    f' "{winner.name.value}" wins'
                )
                rule.report.warning("R022", keyword.node, message, hint="delete one, or give one rule a priority")


def _distinct(keywords: Iterable[DraftKeyword]) -> Iterator[DraftKeyword]:
    seen: set[tuple[str, str]] = set()
    for keyword in keywords:
        if _key(keyword) not in seen:
            seen.add(_key(keyword))
            yield keyword
