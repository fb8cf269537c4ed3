"""Reads `when` and its shortcuts: which messages a rule is for (`rules.md` §2.3)."""

from collections.abc import Mapping as MappingOf
from dataclasses import replace
from typing import cast

from igbot.meta.events import CUSTOMER_KINDS, CustomerKind
from igbot.rules.conditions import TextCondition, When
from igbot.rules.matching.normalise import normalise
from igbot.rules.reading.customers import (
    read_after,
    read_customer,
    read_idle,
    read_schedule_condition,
    read_turn,
)
from igbot.rules.reading.keywords import read_matchers
from igbot.rules.reading.scope import Scope
from igbot.rules.reading.source import FileReport, Mapping, Node
from igbot.rules.reading.text_conditions import read_text_condition
from igbot.rules.reading.values import (
    check_keys,
    read_boolean,
    read_choice,
    read_list,
    read_map,
    read_text_list,
    read_texts,
)
from igbot.rules.rule import ALL_KINDS
from igbot.rules.spelling import did_you_mean

WHEN_KEYS = frozenset(
    {"text", "kinds", "payload", "emoji", "story", "post", "ad", "schedule", "first_message", "idle_for", "after"}
    | {"turn", "customer", "test", "any", "all", "none"}
)
SHORTCUTS: MappingOf[str, str] = {"keywords": "text", "not": "text", "payload": "payload", "kinds": "kinds"}
"""The keys of a rule that stand for keys of `when`."""


def read_conditions(given: MappingOf[str, Node], scope: Scope) -> tuple[When, int]:
    """All conditions of a rule, joined by AND, and how many keys of `when` they are."""
    node = given.get("when")
    tree = read_map(node, "when", scope.report) if node else None
    when = _read_when(tree, scope) if tree else When()
    counted = {key for shortcut, key in SHORTCUTS.items() if shortcut in given}
    if tree:
        counted |= tree.entries.keys() & WHEN_KEYS
    text = _read_keywords(given, scope)
    if text and tree:
        when = replace(when, text=_joined(text, when.text) if when.text else text)
    elif text:
        when = When(text=text)
    if "kinds" in given:
        kinds = read_kinds(given["kinds"], scope.report)
        if when.kinds is not None and not kinds & when.kinds:
            message = "kinds and when.kinds have nothing in common: the rule could never answer"
            scope.report.error("R025", given["kinds"], message, hint="delete one of the two")
        when = replace(when, kinds=kinds if when.kinds is None else kinds & when.kinds)
    if "payload" in given:
        payloads = _read_ids(given["payload"], "payload", scope)
        if when.payloads:
            when = replace(when, every=(*when.every, When(payloads=payloads)))
        else:
            when = replace(when, payloads=payloads)
    return when, len(counted)


def _read_keywords(given: MappingOf[str, Node], scope: Scope) -> TextCondition | None:
    """What `keywords`, `match` and `not` ask of the text."""
    match = given.get("match")
    every = match is not None and read_choice(match, "match", scope.report, known=("any", "all")) == "all"
    keywords, excluded = given.get("keywords"), given.get("not")
    if match is not None and keywords is None:
        message = '"match" says how keywords join, and there are none'
        scope.report.error("R004", match, message, hint="delete it")
    if keywords is None and excluded is None:
        return None
    found = read_matchers(keywords, "keywords", scope.words) if keywords else ()
    none = read_matchers(excluded, "not", scope.words) if excluded else ()
    return TextCondition(every=found, none=none) if every else TextCondition(any=found, none=none)


def _joined(first: TextCondition, second: TextCondition) -> TextCondition:
    """Both: the shortcuts are put into what `when.text` asks, as one tree where that can say it."""
    every = (*first.every, *second.every)
    if first.any and second.any:
        every = (*every, TextCondition(any=first.any))
    return replace(second, any=second.any or first.any, every=every, none=(*first.none, *second.none))


def _read_when(tree: Mapping, scope: Scope) -> When:
    report = scope.report
    check_keys(tree, "when", report, known=WHEN_KEYS)
    if not tree.entries:
        report.error("R004", tree, "when asks for nothing", hint="add a condition, for example text:")
    text, kinds, schedule, idle = (tree.get(key) for key in ("text", "kinds", "schedule", "idle_for"))
    after, turn, customer = (tree.get(key) for key in ("after", "turn", "customer"))
    emoji = tree.get("emoji")
    return When(
        text=read_text_condition(text, scope.words) if text else None,
        kinds=read_kinds(kinds, report) if kinds else None,
        payloads=_read_ids(tree.get("payload"), "payload", scope),
        emojis=_read_emojis(emoji, report) if emoji else (),
        stories=_read_ids(tree.get("story"), "story", scope),
        posts=_read_ids(tree.get("post"), "post", scope),
        ads=_read_ids(tree.get("ad"), "ad", scope),
        schedule=read_schedule_condition(schedule, scope) if schedule else None,
        first_message=_read_flag(tree, "first_message", report),
        idle_for=read_idle(idle, scope) if idle else None,
        after=read_after(after, scope) if after else None,
        turn=read_turn(turn, scope) if turn else None,
        customer=read_customer(customer, scope) if customer else None,
        test=_read_flag(tree, "test", report),
        any=_read_branch(tree, "any", scope),
        every=_read_branch(tree, "all", scope),
        none=_read_branch(tree, "none", scope),
    )


def _read_branch(tree: Mapping, name: str, scope: Scope) -> tuple[When, ...]:
    node = tree.get(name)
    if node is None:
        return ()
    items = read_list(node, f"when.{name}", scope.report)
    trees = (read_map(item, f"each entry of when.{name}", scope.report) for item in items)
    return tuple(_read_when(each, scope) for each in trees if each)


def _read_flag(tree: Mapping, name: str, report: FileReport) -> bool | None:
    node = tree.get(name)
    return read_boolean(node, name, report) if node else None


def _read_ids(node: Node | None, what: str, scope: Scope) -> tuple[str, ...]:
    return tuple(text for _, text in read_texts(node, what, scope.report)) if node else ()


def _read_emojis(node: Node, report: FileReport) -> tuple[str, ...]:
    found = []
    for item, written in read_text_list(node, "emoji", report):
        if text := normalise(written):
            found.append(text)
        else:
            report.error("R020", item, "nothing that can be seen is in this emoji", hint="delete it")
    return tuple(found)


def read_kinds(node: Node, report: FileReport) -> frozenset[CustomerKind]:
    """A list of kinds of messages; `any` stands for all."""
    kinds: set[CustomerKind] = set()
    for item, text in read_text_list(node, "kinds", report):
        if text == "any":
            kinds |= ALL_KINDS
        elif text in CUSTOMER_KINDS:
            kinds.add(cast(CustomerKind, text))
        else:
            known = [*sorted(CUSTOMER_KINDS), "any"]
            hint = did_you_mean(text, known) or f"known are: {', '.join(known)}"
            report.error("R004", item, f'"{text[:60]}" is not a kind of message', hint=hint)
    return frozenset(kinds)


def implied_kinds(when: When) -> frozenset[CustomerKind]:
    """Kinds that conditions speak of without `kinds`: reactions have emoji, shares have posts, branches have kinds."""
    kinds: set[CustomerKind] = set()
    left = [*when.any, *when.every]
    if when.emojis:
        kinds.add("reaction")
    if when.posts:
        kinds.add("share")
    for branch in left:
        kinds |= branch.kinds if branch.kinds is not None else implied_kinds(branch)
    return frozenset(kinds)
