"""What a `*.test.yaml` file asks: its cases, what happens in them, and what is expected. All immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from igbot.rules.deciding.choice import Answered, Incoming, Profile
from igbot.rules.places import NOWHERE, Place
from igbot.rules.reading.source import Source

SILENCES = (
    *("opted_out", "paused", "window_closed", "loop_guard", "unmatched"),
    *("limit", "settle", "deleted", "unknown_account"),
)
"""Why nothing is said. `opted_out`: the customer wants no more, or did not any more before the answer had left;
`limit`: the rule that won has said enough; `settle`: answered together with a later line; `deleted`: the customer took
the message back in time."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value begins and ends in its file (lines and columns from 1, the end exclusive)."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Named:
    """A name, and where it is written."""

    name: str
    at: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class ExactReply:
    """The texts that are expected word for word. `listed`: written as a list, one text for each reply.

    `span` is the whole value, for writing another in its place.
    """

    texts: tuple[str, ...]
    listed: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a step should come to; None (or nothing) where the test does not say.

    `silent`: False, True, or one of `SILENCES`. `alerts`: how many, or their levels. `buttons` are titles in order.
    """

    rule: Named | None = None
    rule_not: tuple[Named, ...] = ()
    reply: ExactReply | None = None
    reply_contains: tuple[str, ...] = ()
    reply_matches: tuple[str, ...] = ()
    buttons: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    handoff: bool | None = None
    silent: bool | str | None = None
    alerts: int | tuple[str, ...] | None = None
    messages: int | None = None
    observers: tuple[Named, ...] | None = None
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class OwnerSays:
    """A person answers in the Instagram app."""

    text: str


@dataclass(frozen=True, slots=True)
class OwnerResumes:
    """The owner hands the customer back to the bot."""


@dataclass(frozen=True, slots=True)
class Unsend:
    """The customer takes the last message back."""


Happening = Incoming | OwnerSays | OwnerResumes | Unsend


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. `after` is counted from the beginning of the case; None: right after the step before."""

    happening: Happening
    expect: Expectation = field(default_factory=Expectation)
    after: timedelta | None = None
    stubs: Mapping[str, Answered] = field(default_factory=dict)
    at: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier message, `before` the beginning of the case; `rule` is the one that answered, of the bot's."""

    author: Literal["customer", "bot", "owner"]
    text: str
    before: timedelta
    rule: Named | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who the customer is. `known`: has written before. A `language` that is given is not guessed from the text."""

    known: bool = False
    language: str | None = None
    profile: Profile = field(default_factory=Profile)
    tags: frozenset[str] = frozenset()
    facts: Mapping[str, str] = field(default_factory=dict)
    account: str = ""
    test: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One case. Of a table every step is a row that begins afresh.

    `skip` and `todo` hold the reason (`""`: none was given), None where they are not set.
    """

    name: str
    now: datetime
    steps: tuple[Step, ...]
    person: Person = Person()
    history: tuple[Past, ...] = ()
    form: Literal["single", "steps", "table"] = "single"
    only: bool = False
    skip: str | None = None
    todo: str | None = None
    at: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One file of tests. `rules` are the rule files it is about, by their path below the folder; (): all of them."""

    path: str
    source: Source
    rules: tuple[Named, ...] = ()
    cases: tuple[Case, ...] = ()
