"""Rules that stand in each other's way: one that can never answer, and one that loses some of its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from igbot.rules.conditions import TextCondition, TextNode, WordList
from igbot.rules.lint.field import Field, Work, always_answers, field_of, serves
from igbot.rules.lint.implication import Groups, alone, groups_of, text_implies
from igbot.rules.lint.peers import Peers
from igbot.rules.lint.subjects import Subject, list_words
from igbot.rules.matching.matchers import Keyword, Matcher
from igbot.rules.rule import Rule

MOST_NAMED = 4
"""Words and rules that one finding names."""


def check_competition(rules: Sequence[Subject]) -> None:
    """Findings R022, R023 and R024."""
    competing = sorted((each for each in rules if each.competes), key=lambda each: -each.rule.priority)
    if not competing:
        return
    highest, lowest = competing[0].rule.priority, competing[-1].rule.priority
    field = field_of(competing if highest > lowest else ())
    peers = Peers(competing)
    work = field.work
    unreachable: set[int] = set()
    for each in competing:
        if not each.report.full:
            rivals = _rivals_of_all(each, field, work) if each.rule.priority < highest else []
            if rivals or (rivals := peers.better_in_all(each)):
                unreachable.add(each.number)
                _tell_unreachable(each, rivals)
            elif each.rule.priority < highest:
                _check_share(each, field, work)
    peers.check_shared(unreachable)


def _tell_unreachable(each: Subject, rivals: Sequence[Subject]) -> None:
    named = " or ".join(f'"{rival.rule.name}" ({rival.where})' for rival in rivals[:MOST_NAMED])
    more = f" or {len(rivals) - MOST_NAMED} other rules" if len(rivals) > MOST_NAMED else ""
    message = f'rule "{each.rule.name}" can never answer: whatever fits it is answered by {named}{more}'
    why = _order(each.rule, rivals[0].rule)
    hint = f'delete one, or give "{each.rule.name}" a higher priority'
    each.report.warning("R023", each.rule.place("name"), f"{message}, {why}", hint=hint)


def _order(rule: Rule, rival: Rule) -> str:
    if rival.priority > rule.priority:
        return f"priority {rival.priority} > {rule.priority}"
    return "which asks more" if rival.conditions > rule.conditions else "which comes first"


def _rivals_of_all(each: Subject, field: Field, work: Work) -> list[Subject]:
    """Rules of higher priority one of which answers whatever fits this one; [] where that cannot be proved."""
    text, payloads = each.rule.when.text, each.rule.when.payloads
    rivals = field.without_text(each.rule.priority) if field.open else []
    if payloads:
        rivals += field.with_payload(payloads[0], each.rule.priority)
    for node in text.every if text else ():
        rivals += _with_node(node, each, field)
    asked = groups_of(text) if text else ()
    for rival in rivals:
        if work.allows(rival) and _takes(rival, each, asked):
            return [rival]
    return _rivals_of_words(each, field, text, work) if text and text.any else []


def _rivals_of_words(each: Subject, field: Field, text: TextCondition, work: Work) -> list[Subject]:
    """For every word the rule that takes it; one after the other they may be different rules."""
    found: list[Subject] = []
    others = tuple((node,) for node in text.every)
    for node in text.any:
        rivals = (rival for rival in _with_node(node, each, field) if work.allows(rival))
        taker = next((rival for rival in rivals if _takes(rival, each, ((node,), *others))), None)
        if taker is None:
            return []
        if taker not in found:
            found.append(taker)
    return found


def _with_node(node: TextNode, each: Subject, field: Field) -> Sequence[Subject]:
    """Better rules that may fit each message with any of a node."""
    word = _first_word(node)
    return field.with_word(word, each.rule.priority) if word else ()


def _first_word(node: TextNode) -> Matcher | None:
    if isinstance(node, WordList):
        return next(list_words(node), None)
    if isinstance(node, TextCondition):
        return next((word for part in (*node.any[:1], *node.every[:1]) if (word := _first_word(part))), None)
    return node


def _takes(rival: Subject, each: Subject, asked: Groups) -> bool:
    """Whether `rival` surely answers each message that fits `each` by what is `asked`."""
    wanted, given = rival.rule.when.text, each.rule.when.text
    if not always_answers(rival.rule) or not serves(rival.rule, each.rule):
        return False
    return wanted is None or (given is not None and text_implies(asked, given.none, given, wanted))


def _check_share(each: Subject, field: Field, work: Work) -> None:
    """R024: how many of a rule's own words go to better rules when they are all that is written."""
    text = each.rule.when.text
    if not each.flat or text is None or each.rule.when.payloads:
        return
    priority = each.rule.priority
    lost = []
    for node in text.any:
        if type(node) is Keyword and (rivals := field.with_word(node, priority)):
            winner = _winner_of(node, each, [rival for rival in rivals if work.allows(rival)])
            if winner is not None:
                lost.append((node, winner))
    if not lost:
        return
    takers = Counter(rival.number for _, rival in lost)
    # What one rule takes of every word it does so on purpose: under a condition, or until its limit is reached.
    if len(takers) == 1 and len(lost) == len(text.any):
        return
    better = {rival.number: rival.rule for _, rival in lost}
    named = ", ".join(
        f'"{better[number].name}" (priority {better[number].priority} > {priority})'
        for number, _ in takers.most_common(MOST_NAMED)
    )
    own = len([node for node in text.any if not isinstance(node, WordList)])
    message = f'rule "{each.rule.name}" loses {len(lost)} of its {own} keywords to {named}'
    words = ", ".join(node.written for node, _ in lost[:MOST_NAMED]) + (" …" if len(lost) > MOST_NAMED else "")
    each.report.warning("R024", each.rule.place("name"), message, hint=f"delete here or there: {words}")


def _winner_of(word: Keyword, each: Subject, rivals: Sequence[Subject]) -> Subject | None:
    for rival in rivals:
        text = rival.rule.when.text
        if text and serves(rival.rule, each.rule) and alone(word, text):
            return rival
    return None
