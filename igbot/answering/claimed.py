"""One conversation as a worker has it in hand: what is pending in it, and all that a turn needs to know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from igbot.meta.events import CUSTOMER_KINDS, AccountId, Content, EventKind, Igsid, Mid
from igbot.meta.outgoing import Outgoing
from igbot.meta.webhook import read_content
from igbot.rules.deciding.memory import Memory

CallKind = Literal["service", "profile"]

REVISIONS: frozenset[str] = frozenset({"deleted", "edit"})
"""Events about a message that may have come before, or is still to come."""

NO_ANSWER_AFTER = timedelta(hours=1)
"""How much longer than all its tries a call may take before nobody waits for it any more: igbot itself, or its
database, may have been away meanwhile."""
NO_PROFILE_AFTER = timedelta(seconds=3)
"""The same for a customer's profile, for which no reply is to wait."""


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call that a decision on a pending event asked for. `ok` is None while it has not ended.

    `waits`: the event waits for it. `rule` is `""` for a profile's.
    """

    call_id: int
    kind: CallKind
    rule: str
    waits: bool
    asked_at: datetime
    timeout: timedelta
    retry: int
    finished_at: datetime | None = None
    ok: bool | None = None
    answer: Any = None
    why: str | None = None

    @property
    def given_up_at(self) -> datetime:
        """When it counts as failed if it has not ended by then."""
        return longest_wait(self.kind, self.asked_at, self.timeout, self.retry)


def longest_wait(kind: CallKind, asked_at: datetime, timeout: timedelta, retry: int) -> datetime:
    """Until when a call that may be tried `retry` more times is waited for."""
    return asked_at + timeout * (retry + 1) + (NO_PROFILE_AFTER if kind == "profile" else NO_ANSWER_AFTER)


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """One inbox row that waits to be worked on, with the calls that were asked for it.

    `deleted_at`: its author took the message back then. `edits` are the raw JSON of its edits, the oldest first.
    """

    key: str
    kind: EventKind
    mid: Mid | None
    at: datetime
    received_at: datetime
    known_account: bool
    test: bool
    attempts: int
    our_echo: bool
    raw: str
    calls: tuple[PendingCall, ...] = ()
    deleted_at: datetime | None = None
    edits: tuple[str, ...] = ()

    def content(self) -> Content:
        """What the event says by now: the newest of its edits; of a message that was taken back nothing."""
        if self.deleted_at is not None:
            return Content(self.kind, mid=self.mid)
        sent = self.as_sent()
        edit = max(self._edited(), key=lambda each: each.num_edit or 0, default=None)
        return sent if edit is None else replace(sent, text=edit.text, num_edit=edit.num_edit)

    def as_sent(self) -> Content:
        """What the event said when it came, read out of its raw JSON."""
        return read_content(self.kind, self.raw.encode())

    def _edited(self) -> Iterator[Content]:
        # The newest first: of two with the same number it is the one that counts.
        read = (read_content("edit", raw.encode()) for raw in reversed(self.edits))
        return (edit for edit in read if edit.text)


@dataclass(frozen=True, slots=True)
class PastMessage:
    """One of the last messages of the conversation, oldest first in a claim."""

    at: datetime
    direction: str
    author: str
    kind: str
    mid: str | None
    text: str
    rule: str | None


@dataclass(frozen=True, slots=True)
class OpenReply:
    """A reply of ours of which it is not (yet) known that Meta took it."""

    outbox_id: int
    message: Outgoing


@dataclass(frozen=True, slots=True)
class Claim:
    """One conversation, ours until the lease ends, with its pending events and its last ten messages.

    `paused_at` and what follows is of the last pause, over or not. `memory` is without the uses of rules whose answers
    never left. `profile` is as it is kept (`profiles`).
    """

    account_id: AccountId
    igsid: Igsid
    arrivals: int
    known: bool
    customer_at: datetime | None
    paused_at: datetime | None
    paused_until: datetime | None
    paused_reason: str | None
    opted_out_at: datetime | None
    memory: Memory
    profile: Mapping[str, Any] | None
    profile_at: datetime | None
    events: tuple[PendingEvent, ...]
    history: tuple[PastMessage, ...]
    open_replies: tuple[OpenReply, ...]
    said: frozenset[str]
    """Our words of the last day, white space made one, where an unknown echo has to be told apart from a person's."""
    tools: frozenset[str] = frozenset()
    """What another tool is known to answer by itself, where such an echo is there."""

    def wrote_within(self, length: timedelta, before: datetime) -> bool:
        """Whether the customer wrote something in the time before a moment, both by Meta's clock."""
        wrote = [past.at for past in self.history if past.author == "customer"]
        wrote += [event.at for event in self.events if event.kind in CUSTOMER_KINDS]
        wrote += [self.customer_at] if self.customer_at else []
        return any(timedelta(0) <= before - at <= length for at in wrote)
