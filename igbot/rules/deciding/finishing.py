"""The choice in which a decision ends, and the memory it leaves of the customer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from igbot.rules.deciding.choice import CallRequest, Choice, Reason
from igbot.rules.deciding.contest import Fit
from igbot.rules.deciding.effects import Effects
from igbot.rules.deciding.limits import with_uses
from igbot.rules.deciding.memory import Memory
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.deciding.scene import Scene
from igbot.rules.deciding.telling import Told, tell
from igbot.rules.deciding.winning import Round, Win
from igbot.rules.rule import Rule

AT_ONCE = timedelta(0)


def wait(rules: RuleSet, scene: Scene, win: Win | None, wanted: CallRequest | Literal["profile"]) -> Choice:
    return Choice(
        reason="rule" if win else "unmatched",
        rule=win.rule.name if win else None,
        digest=rules.digest,
        memory=scene.customer.memory,
        settle=_settles(scene, win.rule.settle) if win else AT_ONCE,
        wanted=wanted,
    )


def won(rules: RuleSet, effects: Effects, ended: Round, win: Win, observers: Sequence[Fit]) -> Choice:
    if win.chance.withheld is None:
        names = effects.carry_out(win.rule, win.fit, win.chance.slots)
        told = tell(names)
    elif win.chance.hands_off:
        told = tell(effects.names(win.rule, win.fit), hands_off_only=True)
    else:
        told = Told()
    return finish(
        rules,
        effects,
        told,
        observers,
        ended=ended,
        reason="fallback" if win.rule.fallback else "rule",
        settle=win.rule.settle,
    )


def finish(
    rules: RuleSet,
    effects: Effects,
    told: Told,
    observers: Sequence[Fit],
    *,
    reason: Reason,
    ended: Round | None = None,
    settle: timedelta = AT_ONCE,
) -> Choice:
    win = ended.win if ended else None
    rule = win.rule if win else None
    return Choice(
        reason=reason,
        rule=rule.name if rule else None,
        digest=rules.digest,
        memory=_remember(rules, effects, rule if win and win.chance.withheld is None else None, told),
        replies=told.replies,
        handoff=told.handoff,
        matched=win.matched if win else "",
        order=win.fit.order if win and win.fit else None,
        variant=told.variant,
        withheld=win.chance.withheld if win else None,
        asked=tuple(each.name for each in ended.asked) if ended else (),
        considered=ended.considered if ended else (),
        observers=tuple(each.rule.name for each in observers),
        alerts=tuple(effects.alerts),
        calls=tuple(effects.calls),
        tagged=tuple(effects.tagged),
        untagged=tuple(effects.untagged),
        facts=effects.facts,
        settle=_settles(effects.scene, settle),
        delay=rule.delay if rule and told.replies else AT_ONCE,
        typing=rule.typing if rule and told.replies else False,
    )


def _settles(scene: Scene, settle: timedelta) -> timedelta:
    """More lines are waited for only after a typed one."""
    return settle if scene.message.kind == "text" else AT_ONCE


def _remember(rules: RuleSet, effects: Effects, answering: Rule | None, told: Told) -> Memory:
    """The customer's memory after this message. `answering` is the rule that has answered, if one has."""
    scene, memory = effects.scene, effects.memory
    answered = answering is not None or bool(told.replies)
    last = memory.last_message_at
    uses = memory.uses
    if uses or any(rule.limits for rule in effects.done_by):
        uses = with_uses(uses, effects.done_by, rules.rule_of, now=scene.now, key=scene.message.key)
    return replace(
        memory,
        messages=memory.messages + 1,
        last_message_at=scene.sent_at if last is None or scene.sent_at > last else last,
        answered_by=(answering.name if answering else None) if answered else memory.answered_by,
        answered_at=scene.now if answered else memory.answered_at,
        language=scene.written_in or memory.language,
        uses=uses,
    )
