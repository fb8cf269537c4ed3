"""What the winner says: its replies, its hand-off with the words for it, filled in for the customer."""

from dataclasses import dataclass

from igbot.meta.outgoing import Outgoing
from igbot.rules.answers import HandoffPlan
from igbot.rules.deciding.choice import Handoff
from igbot.rules.deciding.effects import say
from igbot.rules.deciding.names import Names
from igbot.rules.templates.presentable import presentable
from igbot.rules.templates.saying import choose_handoff_words, say_reply, say_words


@dataclass(frozen=True, slots=True)
class Told:
    """What is sent, in order, and what is done about the conversation."""

    replies: tuple[Outgoing, ...] = ()
    handoff: Handoff | None = None
    variant: str | None = None


def tell(names: Names, *, hands_off_only: bool = False) -> Told:
    """Everything that the rule of `names` says; a hand-off's words come last."""
    rule, scene = names.rule, names.scene
    replies: list[Outgoing] = []
    variant: str | None = None
    for reply in () if hands_off_only else rule.replies:
        said, chosen = say_reply(
            reply,
            names,
            language=names.language,
            zone=rule.zone,
            now=scene.now,
            igsid=scene.customer.igsid,
            rule=rule.name,
        )
        replies += said
        variant = variant or chosen
    plan = rule.handoff or (HandoffPlan() if hands_off_only else None)
    if plan is None:
        return Told(tuple(replies), None, variant)
    words = choose_handoff_words(plan, rule.schedules, scene.now)
    if words:
        text = say_words(words, names, language=names.language, zone=rule.zone, now=scene.now)
        replies += [Outgoing(text)] if text else []
    note = say(plan.note, names) if plan.note else presentable(scene.message.text)
    return Told(tuple(replies), Handoff(plan.pause, plan.notify, note or None), variant)
