"""One rule, compiled: what it asks, and what it does. Immutable, and without a trace of YAML but the places."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from igbot.meta.events import CUSTOMER_KINDS, CustomerKind
from igbot.rules.answers import AlertPlan, CallPlan, HandoffPlan, Limit, Reply
from igbot.rules.conditions import When
from igbot.rules.places import NOWHERE, Place
from igbot.rules.schedules import Schedule
from igbot.rules.templates.model import Template

DEFAULT_KINDS: frozenset[CustomerKind] = frozenset({"text", "quick_reply", "story_reply"})
FALLBACK_KINDS: frozenset[CustomerKind] = frozenset(
    {"text", "quick_reply", "postback", "story_reply", "image", "video", "audio", "file", "share", "unsupported"}
)
"""What is answered when no rule fits; never a reaction, a story mention or a referral."""
ALL_KINDS: frozenset[CustomerKind] = frozenset(CUSTOMER_KINDS)  # type: ignore[arg-type]
"""What `any` stands for in `kinds`."""


@dataclass(frozen=True, slots=True)
class Example:
    """An inline example of a rule's `test`: a text that the rule must (`wins`) or must not answer."""

    text: str
    wins: bool
    at: Place


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it decides.

    `kinds` are those it serves, whether written as `kinds` or `when.kinds`; `when` has the shortcuts (`keywords`,
    `not`, `payload`) in it. `conditions` counts the keys of `when`, each shortcut as the key it stands for.
    `accounts` are the account names of its file's `accounts`; None: all. `starts`, `ends`: campaign dates, the end
    exclusive. `sets` are the facts to keep on the customer. `limits` are all that hold: `limit`, `cooldown`, `once`.
    `schedules` are all of the set by name, for templates and a hand-off's words.
    `zone` is its file's time zone, in which its replies tell times.
    """

    name: str
    file: str
    line: int
    kinds: frozenset[CustomerKind]
    when: When = field(default_factory=When)
    priority: int = 0
    conditions: int = 0
    label: str | None = None
    enabled: bool = True
    starts: datetime | None = None
    ends: datetime | None = None
    accounts: frozenset[str] | None = None
    replies: tuple[Reply, ...] = ()
    handoff: HandoffPlan | None = None
    call: CallPlan | None = None
    tags: tuple[str, ...] = ()
    untags: tuple[str, ...] = ()
    sets: Mapping[str, Template] = field(default_factory=dict)
    alert: AlertPlan | None = None
    limits: tuple[Limit, ...] = ()
    settle: timedelta = timedelta(0)
    delay: timedelta = timedelta(0)
    typing: bool = False
    observe: bool = False
    resume: bool = False
    """Of an observer: where it fits, a pause of the bot is over."""
    fallback: bool = False
    ask_on_tie: bool | None = None
    """`on_tie`: None where the configuration decides."""
    examples: tuple[Example, ...] = ()
    schedules: Mapping[str, Schedule] = field(default_factory=dict, repr=False)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    places: Mapping[str, Place] = field(default_factory=dict, repr=False, compare=False)
    """Where each key of the rule is written, by its name; for findings."""

    def place(self, key: str) -> Place:
        """Where a key of the rule is written, else where its name or the rule begins."""
        return self.places.get(key) or self.places.get("name") or Place(self.line, NOWHERE.column)
