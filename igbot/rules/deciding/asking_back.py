"""`on_tie: ask`: where two rules are equally good, the customer says which one is meant, by a tap."""

from collections.abc import Sequence
from dataclasses import replace

from igbot.meta.outgoing import Outgoing, QuickReply
from igbot.rules.deciding.choice import Incoming, Options
from igbot.rules.deciding.contest import Fit, serves
from igbot.rules.deciding.fitting import may_fit
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.deciding.scene import Scene
from igbot.rules.deciding.table import Entry
from igbot.rules.languages import which_one
from igbot.rules.rule import Rule

RULE_PAYLOAD = "RULE:"
"""What the payload of a tap that picks a rule begins with; the rule's name follows."""
ASKED_BACK = "asked back"
"""What hit where a customer picked the rule."""
MOST_ASKED = 13
"""Quick replies that Meta shows under one message."""


def tied(fits: Sequence[Fit], scene: Scene, options: Options) -> tuple[Rule, ...]:
    """The rules to ask about: as good as the first but for their place in the files, each with a label of its own.

    Empty where the first two are not equal, or one of them has no label, does not ask (`on_tie`, else the
    configuration) or could not be picked by a tap, as one for the first message alone.
    """
    if len(fits) < 2 or fits[0].order != fits[1].order or not all(_asks(each.rule, options) for each in fits[:2]):
        return ()
    later = _right_after(scene)
    if not all(may_fit(each.entry.tree, later) for each in fits[:2]):
        return ()
    by_label: dict[str, Rule] = {}
    for each in fits:
        if each.order == fits[0].order and _asks(each.rule, options) and may_fit(each.entry.tree, later):
            by_label.setdefault(each.rule.label or "", each.rule)
    return tuple(by_label.values())[:MOST_ASKED] if len(by_label) > 1 else ()


def question(rules: Sequence[Rule], language: str) -> Outgoing:
    """Which one do you mean?"""
    answers = tuple(QuickReply(rule.label or rule.name, f"{RULE_PAYLOAD}{rule.name}") for rule in rules)
    return Outgoing(which_one(language), answers)


def picked_by_tap(rules: RuleSet, scene: Scene) -> Entry | None:
    """The rule that a tap on an answer to "which one do you mean?" picks.

    Only one that a question can name, in force, and whose conditions on the customer and the moment still hold. Any
    other payload is one like those of all buttons.
    """
    entry = rules.by_name.get(_tapped(scene.message) or "")
    if entry is None or not entry.rule.label or entry.rule.observe or entry.rule.fallback:
        return None
    return entry if serves(entry.rule, scene.customer.account, scene.now) and may_fit(entry.tree, scene) else None


def _tapped(message: Incoming) -> str | None:
    if message.payload is None or not message.payload.startswith(RULE_PAYLOAD):
        return None
    return message.payload.removeprefix(RULE_PAYLOAD)


def _asks(rule: Rule, options: Options) -> bool:
    return bool(rule.label) and (options.ask_on_tie if rule.ask_on_tie is None else rule.ask_on_tie)


def _right_after(scene: Scene) -> Scene:
    """The scene of the tap on a question, as far as it can be known."""
    memory = scene.customer.memory
    asked = replace(
        memory,
        messages=memory.messages + 1,
        last_message_at=scene.sent_at,
        answered_by=None,
        answered_at=scene.now,
    )
    return replace(scene, customer=replace(scene.customer, memory=asked))
