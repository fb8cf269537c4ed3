"""What rules do beside answering: tags, facts, alerts, calls that nobody waits for; and the words they do it with."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from igbot.rules.answers import CallPlan
from igbot.rules.deciding.choice import Alert, CallRequest
from igbot.rules.deciding.contest import LANGUAGE_FACT, Fit
from igbot.rules.deciding.memory import Memory
from igbot.rules.deciding.names import Names
from igbot.rules.deciding.scene import Scene
from igbot.rules.rule import Rule
from igbot.rules.templates.model import Template
from igbot.rules.templates.presentable import cut_graphemes, presentable
from igbot.rules.templates.rendering import render

LONGEST_FACT = 500
"""Characters of a fact that are kept."""


@dataclass(slots=True)
class Effects:
    """What the rules of one decision have done so far, in their order; `memory` has their tags and facts."""

    scene: Scene
    memory: Memory
    language: str
    done_by: list[Rule] = field(default_factory=list)
    tagged: dict[str, None] = field(default_factory=dict)
    untagged: dict[str, None] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    calls: list[CallRequest] = field(default_factory=list)

    def names(self, rule: Rule, fit: Fit | None, slots: Mapping[str, Any] | None = None) -> Names:
        """What names stand for in a rule's texts, as of now."""
        strongest = fit.strongest if fit else None
        return Names(rule, self.scene, self.memory, self.language, strongest, slots or {})

    def carry_out(self, rule: Rule, fit: Fit | None, slots: Mapping[str, Any] | None = None) -> Names:
        """The effects of one rule; what comes back knows the facts and tags that the rule has just set."""
        self.done_by.append(rule)
        names = self.names(rule, fit, slots)
        if rule.sets:
            self._set({key: cut_graphemes(say(said, names), LONGEST_FACT) for key, said in rule.sets.items()})
        if rule.tags or rule.untags:
            self._tag(rule)
        if rule.sets or rule.tags or rule.untags:
            names = self.names(rule, fit, slots)
        if rule.alert:
            text = say(rule.alert.text, names) if rule.alert.text else _told(rule, self.scene)
            self.alerts.append(Alert(rule.name, rule.alert.level, text, rule.alert.channel))
        if rule.observe and rule.call:
            self.calls.append(request(rule, rule.call, names, waits=False))
        return names

    def _set(self, facts: Mapping[str, str]) -> None:
        self.facts.update(facts)
        kept = {key: value for key, value in {**self.memory.facts, **facts}.items() if value}
        self.memory = replace(self.memory, facts=kept)
        self.language = facts.get(LANGUAGE_FACT, "").lower() or self.language

    def _tag(self, rule: Rule) -> None:
        for tag in rule.tags:
            self.tagged[tag] = None
            self.untagged.pop(tag, None)
        for tag in rule.untags:
            self.untagged[tag] = None
            self.tagged.pop(tag, None)
        self.memory = replace(self.memory, tags=self.memory.tags.union(rule.tags).difference(rule.untags))


def say(template: Template, names: Names) -> str:
    """A template of a rule, filled in."""
    return render(template, names, language=names.language, zone=names.rule.zone, now=names.scene.now)


def request(rule: Rule, call: CallPlan, names: Names, *, waits: bool) -> CallRequest:
    """A rule's call with what is sent filled in."""
    body = {key: say(template, names) for key, template in call.send.items()}
    return CallRequest(rule.name, call.name, body, call.timeout, call.retry, waits)


def _told(rule: Rule, scene: Scene) -> str:
    """What an alert says where its rule does not."""
    return f"{rule.name}: {presentable(scene.message.text) or scene.message.kind}"
