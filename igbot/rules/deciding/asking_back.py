"""`on_tie: ask`: where two rules are equally good, the customer says which one is meant, by a tap."""

from collections.abc import Sequence

from igbot.meta.outgoing import Outgoing, QuickReply
from igbot.rules.deciding.choice import Incoming, Options
from igbot.rules.deciding.contest import Fit
from igbot.rules.languages import which_one
from igbot.rules.rule import Rule

RULE_PAYLOAD = "RULE:"
"""What the payload of a tap that picks a rule begins with; the rule's name follows."""
ASKED_BACK = "asked back"
"""What hit where a customer picked the rule."""
MOST_ASKED = 13
"""Quick replies that Meta shows under one message."""


def tied(fits: Sequence[Fit], options: Options) -> tuple[Rule, ...]:
    """The rules to ask about: as good as the first but for their place in the files, each with a label of its own.

    Empty where the first two are not equal, or one of them has no label or does not ask (`on_tie`, else the
    configuration).
    """
    if len(fits) < 2 or fits[0].order != fits[1].order or not all(_asks(each.rule, options) for each in fits[:2]):
        return ()
    by_label: dict[str, Rule] = {}
    for each in fits:
        if each.order == fits[0].order and _asks(each.rule, options):
            by_label.setdefault(each.rule.label or "", each.rule)
    return tuple(by_label.values())[:MOST_ASKED] if len(by_label) > 1 else ()


def question(rules: Sequence[Rule], language: str) -> Outgoing:
    """Which one do you mean?"""
    answers = tuple(QuickReply(rule.label or rule.name, f"{RULE_PAYLOAD}{rule.name}") for rule in rules)
    return Outgoing(which_one(language), answers)


def tapped(message: Incoming) -> str | None:
    """The name of the rule that a tap picks, whether there is one of that name or not."""
    if message.payload is None or not message.payload.startswith(RULE_PAYLOAD):
        return None
    return message.payload.removeprefix(RULE_PAYLOAD)


def _asks(rule: Rule, options: Options) -> bool:
    return bool(rule.label) and (options.ask_on_tie if rule.ask_on_tie is None else rule.ask_on_tie)
