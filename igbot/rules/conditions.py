"""What a rule asks of a message: the `when` of a rule, compiled (`rules.md` §2.3, §2.4). All immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, Literal, TypeVar

from igbot.meta.events import CustomerKind
from igbot.rules.matching.matchers import Matcher
from igbot.rules.places import NOWHERE, Place
from igbot.rules.schedules import Schedule

Bound = TypeVar("Bound", int, timedelta)


@dataclass(frozen=True, slots=True)
class WordList:
    """A list of `lists`, used by name: any of it. Its words are written in `file`, not in that of the rule."""

    name: str
    any: tuple[TextNode, ...]
    file: str = field(default="", compare=False)
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class TextCondition:
    """A tree over the message's text; every part that is given must hold. `every` is `all` in the language.

    An empty text fits nothing here. `question`, `has_*`: None where not asked, False where it must not be so.
    """

    any: tuple[TextNode, ...] = ()
    every: tuple[TextNode, ...] = ()
    none: tuple[TextNode, ...] = ()
    min_words: int | None = None
    max_words: int | None = None
    min_chars: int | None = None
    question: bool | None = None
    has_link: bool | None = None
    has_email: bool | None = None
    has_phone: bool | None = None
    has_number: bool | None = None


TextNode = Matcher | WordList | TextCondition


@dataclass(frozen=True, slots=True)
class Comparison(Generic[Bound]):
    """`">= 7d"`, `"< 3"`: the sign and what stands behind it."""

    sign: Literal["<", "<=", ">", ">=", "=="]
    bound: Bound

    def holds(self, value: Bound) -> bool:
        """Whether `value` stands so to the bound."""
        match self.sign:
            case "<":
                return value < self.bound
            case "<=":
                return value <= self.bound
            case ">":
                return value > self.bound
            case ">=":
                return value >= self.bound
            case "==":
                return value == self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound}"


@dataclass(frozen=True, slots=True)
class ScheduleCondition:
    """Open now, or (`is_open` False) closed now."""

    name: str
    schedule: Schedule
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class After:
    """That rule answered this customer last, no longer ago than `within`."""

    rule: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class CustomerCondition:
    """What is known of the customer. `facts` are what rules have `set`; `languages` fit by their base tag too."""

    tags_any: frozenset[str] = frozenset()
    tags_every: frozenset[str] = frozenset()
    tags_none: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ()
    follows: bool | None = None
    usernames: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class When:
    """All that is given must hold; `any`, `every`, `none` nest. `payloads` end in `*` where a beginning is enough.

    `kinds` is None where the node does not ask for any. `emojis` are in normal form.
    """

    text: TextCondition | None = None
    kinds: frozenset[CustomerKind] | None = None
    payloads: tuple[str, ...] = ()
    emojis: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    ads: tuple[str, ...] = ()
    schedule: ScheduleCondition | None = None
    first_message: bool | None = None
    idle_for: Comparison[timedelta] | None = None
    after: After | None = None
    turn: Comparison[int] | None = None
    customer: CustomerCondition | None = None
    test: bool | None = None
    any: tuple[When, ...] = ()
    every: tuple[When, ...] = ()
    none: tuple[When, ...] = ()
