"""Which groups of a rule's patterns have a value whenever the rule fits."""

import regex

from igbot.rules.conditions import TextCondition, TextNode, WordList
from igbot.rules.expressions import expression
from igbot.rules.matching.matchers import Pattern
from igbot.rules.matching.patterns import group_names

_ESCAPED = expression(r"\\Q.*?(?:\\E|$)|\\.|\[(?:\\.|[^\]\\])*\]", regex.DOTALL)
_WITHOUT_GROUPS = expression(r"\(\?:[^()]*\)[?*+]?")
_MAY_BE_MISSING = expression(r"\||\)[?*]|\)\{0")
_DEEPEST = 20
"""Brackets in brackets that are looked through; what is in more may be missing."""


def sure_groups(text: TextCondition | None) -> frozenset[str]:
    """The names and numbers of groups that no message that fits leaves out, as far as can be seen easily."""
    return _of_condition(text) if text is not None else frozenset()


def _of_condition(condition: TextCondition) -> frozenset[str]:
    found: frozenset[str] = frozenset().union(*(_of(node) for node in condition.every))
    if condition.any:
        found |= frozenset.intersection(*(_of(node) for node in condition.any))
    return found


def _of(node: TextNode) -> frozenset[str]:
    match node:
        case TextCondition():
            return _of_condition(node)
        case WordList():
            return frozenset.intersection(*(_of(each) for each in node.any)) if node.any else frozenset()
        case Pattern() if not _has_loose_parts(node.written):
            return frozenset(group_names(node.written))
        case _:
            return frozenset()


def _has_loose_parts(pattern: str) -> bool:
    bare = _ESCAPED.sub("x", pattern)
    for _ in range(_DEEPEST):
        before, bare = bare, _WITHOUT_GROUPS.sub("x", bare)
        if bare == before:
            return _MAY_BE_MISSING.search(bare) is not None
    return True
