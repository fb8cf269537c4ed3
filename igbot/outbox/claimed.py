"""A reply in hand: what is to be done with it, and what was known when it was claimed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from igbot.meta.events import AccountId, Igsid
from igbot.meta.graph_error import ErrorKind
from igbot.meta.outgoing import Outgoing
from igbot.outbox.gate import UNSAID, Usage
from igbot.settings.model import Rates

TAKEN_OVER = "a person took over"

Step = Literal["type", "send", "settle", "lost", "expire", "cancel", "block", "unreadable"]
"""What is to be done with a claimed reply: show that somebody `type`s (it stays queued until `due_at`), `send` it (it
is marked `sending`), `settle` its unknown outcome, treat it as `lost` on the way (its process went away mid-call), let
it `expire`, `cancel` it, or `block` it, as Meta reaches the customer no more. `unreadable`: its body is of a version
that this program does not know."""


@dataclass(frozen=True, slots=True)
class Room:
    """An account that may be claimed for: how many `calls` there are hands for, and its rates."""

    account_id: AccountId
    calls: int
    rates: Rates = field(default_factory=Rates)


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of the account when it was claimed for.

    `marked`: limits or failures are noted on it, which a success ends. `probe`: until when this is the one call that
    tries whether Meta is back, if it is.
    """

    marked: bool = False
    usage: Usage = UNSAID
    probe: datetime | None = None


UNMARKED = Known()


@dataclass(frozen=True, slots=True)
class ClaimedReply:
    """One reply whose conversation is leased to us. `attempts` counts calls before this step.

    `sending_at` is the time of the last call, if any; `lost`: its process went away before it ended; `retries`: the
    error for which it is called again. `due_at` is when the reply was due, or with the step `type` will be. `why` it is
    to be cancelled, with the step `cancel`.
    """

    account_id: AccountId
    igsid: Igsid
    outbox_id: int
    step: Step
    message: Outgoing
    attempts: int
    unanswered: int
    lost: bool
    retries: ErrorKind | None
    most_calls: int
    sending_at: datetime | None
    due_at: datetime
    rule: str | None
    for_mid: str | None
    test: bool
    decided_at: datetime
    arrivals: int
    why: str = TAKEN_OVER
    known: Known = UNMARKED


@dataclass(frozen=True, slots=True)
class Claimed:
    """The replies, and when to look again for those that a bucket did not allow, or that came after as many as it
    allows: at once, if that is not in the future. None: there were none."""

    replies: list[ClaimedReply]
    again_at: datetime | None
