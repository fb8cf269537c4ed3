"""What one turn of one conversation comes to, as `settle` writes it and the log tells it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from igbot.answering.claimed import Claim, PendingEvent
from igbot.answering.profiles import KeptProfile
from igbot.meta.events import Content, Mid
from igbot.meta.outgoing import Outgoing
from igbot.rules.answers import AlertLevel
from igbot.rules.deciding.choice import Choice
from igbot.rules.deciding.memory import Memory

PauseReason = Literal["handoff", "person", "operator", "loop_guard", "thread_control"]
"""A rule handed off, a person answered in the Instagram app, the operator told the bot to be silent, the bot has said
enough, another app talks to them."""

PEOPLE: tuple[PauseReason, ...] = ("operator", "person")
"""Who began a pause that nobody else ends; the first of them has the last word."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A history row, told by the event `key`. `reason` and what follows are the decision on a customer's message.

    `answered_with` names the later line that this one was answered together with; the last one counts its `lines`.
    `deleted_at`: its author had taken it back by then, so that its content says nothing.
    """

    key: str
    at: datetime
    direction: str
    author: str
    content: Content
    test: bool
    reason: str | None = None
    choice: Choice | None = None
    answered_with: str | None = None
    lines: int = 1
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewReply:
    """An outbox row: one part of the answer to the event `for_key`, to go out `delay` after it was decided.

    With `typing` it is due at once, and the customer is shown for the delay that somebody types.
    """

    for_key: str
    for_mid: Mid | None
    part: int
    message: Outgoing
    choice: Choice
    expires_at: datetime
    despite_pause: bool
    test: bool
    delay: timedelta = timedelta(0)
    typing: bool = False


@dataclass(frozen=True, slots=True)
class NewCall:
    """A call to be made for an event: of an owner's service, or (`rule` `""`) of Meta for the customer's profile."""

    for_key: str
    for_mid: Mid | None
    kind: Literal["service", "profile"]
    rule: str
    name: str
    body: Mapping[str, str]
    timeout: timedelta
    retry: int
    waits: bool
    test: bool


Occasion = Literal[
    "handoff", "alert", "loop_guard", "thread_request", "other_tool", "unknown_account", "edit_without_sender"
]
"""A rule hands off or raises an alert, the loop guard has silenced the bot; another app asks for a conversation, or
another tool answers by itself; Meta tells of an account that is none of ours, or of an edit without saying whose."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A word to people, told once a customer (where there is one) and rule in a while, and not again within `quiet`.

    `channels` are those named; none: every one.
    """

    what: Occasion
    account: str
    igsid: str
    rule: str
    level: AlertLevel
    text: str
    channels: tuple[str, ...]
    test: bool
    quiet: timedelta = timedelta(0)

    @property
    def key(self) -> str:
        """What makes two notices the same. It stands in the log, so no words of a conversation do here."""
        return f"{self.what}:{self.rule}:{self.igsid or self.account}"

    @property
    def body(self) -> str:
        """The text, and whom it is about where it is about a customer."""
        return (
            f"{self.text}\n{', '.join(filter(None, (self.rule, f'customer {self.igsid}')))}"
            if self.igsid
            else self.text
        )


@dataclass(frozen=True, slots=True)
class Remark:
    """A line of the log about something that is no message: its event's name and fields."""

    event: str
    fields: Mapping[str, Any]
    test: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """The bot is silent for this customer from `at` until then.

    `cancels`: replies that were decided before do not go out any more (a hand-off by rule leaves them).
    """

    at: datetime
    until: datetime
    reason: PauseReason

    @property
    def cancels(self) -> bool:
        """Whether somebody else answers instead."""
        return self.reason in (*PEOPLE, "thread_control")


@dataclass(frozen=True, slots=True)
class Fact:
    """Meta told of a reply of ours: `echoed` or `seen`, by its mid; `outbox_id` where only its words told which."""

    what: str
    mid: Mid
    at: datetime
    test: bool
    outbox_id: int | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """The answer to the event `for_key` was one of a rule whose limit counts all customers together."""

    rule: str
    for_key: str
    observer: bool = False


@dataclass(slots=True)
class Turn:
    """What one turn came to.

    `again_at`: its first open event waits (an echo to be understood, more lines, a call's answer), and the later ones
    wait with it. `memory` and `profile` are what is known of the customer now. `given_up` are calls, by their ids, that
    nobody waits for any more, with the reason. `opted_out_at` is as it is after the turn; `opted_out_now`: since this
    turn, so that earlier replies do not go out any more. `resumed`: a rule has ended the pause of before.
    """

    claim: Claim
    memory: Memory
    profile: KeptProfile | None = None
    new_profile: bool = False
    messages: list[NewMessage] = field(default_factory=list)
    replies: list[NewReply] = field(default_factory=list)
    calls: list[NewCall] = field(default_factory=list)
    given_up: dict[int, str] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    settled: list[PendingEvent] = field(default_factory=list)
    customer_at: datetime | None = None
    pause: Pause | None = None
    resumed: bool = False
    opted_out_at: datetime | None = None
    opted_out_now: bool = False
    remarks: list[Remark] = field(default_factory=list)
    again_at: datetime | None = None
    failed: PendingEvent | None = None
    failure: Exception | None = None

    @property
    def paused_until(self) -> datetime | None:
        """Until when the bot is silent as of now."""
        if self.pause:
            return self.pause.until
        return None if self.resumed else self.claim.paused_until

    @property
    def paused_at(self) -> datetime | None:
        """When the bot last fell silent, over or not."""
        return self.pause.at if self.pause else self.claim.paused_at

    @property
    def paused_reason(self) -> str | None:
        """Why it did."""
        return self.pause.reason if self.pause else self.claim.paused_reason

    def leave_to_others(self, pause: Pause) -> None:
        """Somebody else answers from now on: the bot is silent for that long at least.

        A pause under way becomes this one, so that what was queued before goes out no more; it ends as late. What an
        operator or a person has begun stays theirs: another app that gives the conversation back does not end it.
        """
        ends = self.paused_until
        if ends is not None and ends > pause.at:
            reasons = self.paused_reason, pause.reason
            whose = next((theirs for theirs in PEOPLE if theirs in reasons), pause.reason)
            pause = replace(pause, until=max(ends, pause.until), reason=whose)
        self.pause = pause

    @property
    def used(self) -> Counter[str]:
        """How often each rule with a limit for all customers has answered in this turn."""
        return Counter(use.rule for use in self.uses)
