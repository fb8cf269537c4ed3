"""What the names in a rule's texts stand for, for one message: `{{ customer.first_name }}`, `{{ match.1 }}` …"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from igbot.rules.conditions import TextCondition, TextNode, When, WordList
from igbot.rules.deciding.memory import Memory
from igbot.rules.deciding.scene import Scene
from igbot.rules.matching.matchers import Matcher, Near, Pattern
from igbot.rules.rule import Rule
from igbot.rules.templates.model import Value


@dataclass(slots=True)
class Names:
    """The `Lookup` of one rule. `memory` is that of the rule's own moment: with the facts and tags it has just set.

    `strongest` is what hit most exactly, `slots` the answer of the rule's call under the name it saves it by.
    """

    rule: Rule
    scene: Scene
    memory: Memory
    language: str
    strongest: Matcher | str | None = None
    slots: Mapping[str, Any] = field(default_factory=dict)
    _groups: Mapping[str, str] | None = None

    def __call__(self, name: str) -> Value:
        """The value of a name; None where there is none. Texts are as the customer or the service wrote them."""
        root, _, rest = name.partition(".")
        match root:
            case "message":
                return self.scene.message.text if rest == "text" else self.scene.message.kind
            case "customer":
                return self._customer(rest)
            case "match":
                return self._match(rest)
            case "slots":
                return _walk(self.slots, rest.split("."))
            case "schedule":
                return self._schedule(rest)
            case "now":
                return self.scene.now
            case "rule":
                return self.rule.name
            case _:
                return None

    def _customer(self, name: str) -> Value:
        match name:
            case "lang":
                return self.language
            case "tags":
                return ", ".join(sorted(self.memory.tags))
            case "username":
                return self.scene.profile.username
            case "name":
                return self.scene.profile.name
            case "first_name":
                return next(iter((self.scene.profile.name or "").split()), None)
            case "follows":
                return self.scene.profile.follows
        return self.memory.facts.get(name.removeprefix("set."))

    def _match(self, name: str) -> Value:
        if name == "keyword":
            return _keyword(self.strongest)
        if self._groups is None:
            groups: dict[str, str] = {}
            for pattern in _patterns(self.rule.when):
                groups = {**pattern.groups(self.scene.text), **groups}
            self._groups = groups
        return self._groups.get(name)

    def _schedule(self, path: str) -> Value:
        name, _, asked = path.rpartition(".")
        schedule = self.rule.schedules.get(name)
        if schedule is None:
            return None
        return schedule.is_open(self.scene.now) if asked == "is_open" else schedule.next_opening(self.scene.now)


def _keyword(strongest: Matcher | str | None) -> str | None:
    """The owner's word that hit; a pattern is no word to show to anybody."""
    match strongest:
        case None | str() | Pattern():
            return None
        case Near():
            return strongest.word.written
        case _:
            return strongest.written


def _patterns(when: When) -> Iterator[Pattern]:
    if when.text:
        yield from _patterns_of_text(when.text)
    for each in (*when.any, *when.every):
        yield from _patterns(each)


def _patterns_of_text(node: TextNode) -> Iterator[Pattern]:
    match node:
        case Pattern():
            yield node
        case WordList():
            for each in node.any:
                yield from _patterns_of_text(each)
        case TextCondition():
            for each in (*node.any, *node.every):
                yield from _patterns_of_text(each)


def _walk(value: object, path: list[str]) -> Value:
    """What stands in a JSON value at the end of a path of keys and places."""
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and len(step) < 6 and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value if isinstance(value, str | int | float | bool) else None
