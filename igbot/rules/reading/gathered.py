"""What one rule may use of all files and of the configuration, once every file is read."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from igbot.rules.answers import Reply
from igbot.rules.conditions import WordList
from igbot.rules.reading.answers_draft import DraftReply
from igbot.rules.schedules import Schedule
from igbot.rules.surroundings import Surroundings


@dataclass(slots=True)
class Compiled:
    """Shared replies as rules say them, by name and by what is the rule's own in them; `characters` of all of them."""

    replies: dict[Hashable, Reply] = field(default_factory=dict)
    characters: int = 0


@dataclass(frozen=True, slots=True)
class Gathered:
    """Names are global: `constants` are the `vars` of all files by full name (`shop.site`), `replies` the shared ones.

    `rules` are the names of all rules, `silent` of those that never answer, with why. `compiled` keeps shared replies
    for the rules to come.
    """

    constants: Mapping[str, str] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    lists: Mapping[str, WordList] = field(default_factory=dict)
    replies: Mapping[str, DraftReply] = field(default_factory=dict)
    rules: frozenset[str] = frozenset()
    silent: Mapping[str, str] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Surroundings)
    compiled: Compiled = field(default_factory=Compiled, init=False)
