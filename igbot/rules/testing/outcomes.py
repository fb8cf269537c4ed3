"""What cases are played with, and what each step of one comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from igbot.meta.outgoing import Outgoing
from igbot.rules.deciding.choice import Answered, Choice, Customer, Incoming, Options
from igbot.rules.deciding.responding import Standing
from igbot.rules.deciding.ruleset import RuleSet

IGSID = "1000000000000001"
"""The customer of every test; who gets which variant depends on it."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What cases are played with. `takeover_pause` None: a person's answer pauses nothing."""

    ruleset: RuleSet
    options: Options = field(default_factory=Options)
    takeover_pause: timedelta | None = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything a decision was made from, for asking each rule again."""

    message: Incoming
    customer: Customer
    standing: Standing
    sent_at: datetime
    now: datetime
    options: Options
    used_up: frozenset[str] = frozenset()
    answers: Mapping[str, Answered] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step came to. `reason` is the decision's, or what kept an answer back (`SILENCES`).

    `replies` are those that reach the customer. `choice` and `asked` are None where nothing was decided, `trouble`
    says why the case cannot go on.
    """

    reason: str
    at: datetime
    choice: Choice | None = None
    asked: Asked | None = None
    replies: tuple[Outgoing, ...] = ()
    trouble: str | None = None
