"""What is known of one message, as it is shown: said by whom, decided why, answered how."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """A call that the decision asked for: of a service of the owner's, or (`kind` `profile`) of Meta.

    `ok` is None while it has not ended; `why` says why it failed. `waits`: the decision waited for it.
    """

    name: str
    kind: Literal["service", "profile"]
    rule: str | None
    waits: bool
    asked_at: datetime
    attempts: int
    finished_at: datetime | None
    ok: bool | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """A customer's message. `status`: `pending` (nothing decided yet), `done`, or `dead` (set aside, see `error`).

    `calls` were asked for it; a pending one may wait for them. `deleted_at` is when its author took it back: nothing of
    what it said is kept. Its `text` is that of the newest of so many `edits`.
    """

    account: str
    igsid: str
    mid: str | None
    kind: str
    text: str
    payload: str | None
    at: datetime
    status: Literal["pending", "done", "dead"]
    error: str | None
    test: bool
    calls: tuple[ServiceCall, ...] = ()
    deleted_at: datetime | None = None
    edits: int = 0


@dataclass(frozen=True, slots=True)
class RuleConsidered:
    """Why one rule did or did not fit. `order` is what settled its place among the fitting ones."""

    rule: str
    fits: bool
    because: str
    order: tuple[int, ...] | None


RulesNow = Literal["same", "changed", "revised"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on a message.

    `matched` is what hit, in the owner's words, `rank` what settled the winner's place, `variant` which of its texts
    was said, `withheld` why it said nothing. `observers` fitted beside it. `answered_with` is the mid of the later line
    that this one was answered together with; the replies and calls are then those of that line.

    `rules_now`: `same` if the rules in force now are those that decided; `considered` then names every one of them.
    `changed`: it names those that were kept with the decision, the ones that fitted; and so it does if the rules are
    still in force but the message was `revised` (edited or taken back) since. None: no rule was asked.
    """

    reason: str
    rule: str | None
    digest: str | None
    decided_at: datetime
    matched: str | None
    rank: tuple[int, ...] | None
    variant: str | None
    withheld: str | None
    observers: tuple[str, ...]
    answered_with: str | None
    rules_now: RulesNow | None
    considered: tuple[RuleConsidered, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of the Send API.

    `at` is when its outcome was known; of a call that is `in flight` or whose `process` was `lost`, when it was made.
    """

    at: datetime
    outcome: str
    code: int | None = None
    subcode: int | None = None
    fbtrace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a reply, a call or anything else, in words; the codes are Meta's."""

    at: datetime
    what: str
    code: int | None = None
    subcode: int | None = None
    fbtrace_id: str | None = None


@dataclass(frozen=True, slots=True)
class QuickReply:
    """A button under a reply."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Button:
    """A button inside a reply: it opens a page, or comes back as a payload."""

    title: str
    url: str | None
    payload: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """One part of the answer, and where it stands. `attachment` is the address of a picture, film or sound.

    `reason` says why it waits or came to nothing, `due_at` when it is looked at next, `waits` all that holds it up just
    now, `expires_at` when it is too late. `known_by` says how it is known to have been sent: by Meta's `answer`, its
    `echo`, or a `look-up`. `events` are all that has happened to it, the calls (`attempts`) too.
    """

    outbox_id: int
    text: str
    quick_replies: tuple[QuickReply, ...]
    buttons: tuple[Button, ...]
    attachment: str | None
    status: str
    reason: str | None
    mid: str | None
    due_at: datetime | None
    finished_at: datetime | None
    echoed_at: datetime | None
    seen_at: datetime | None
    known_by: Literal["answer", "echo", "look-up"] | None
    attempts: tuple[Attempt, ...]
    expires_at: datetime
    waits: tuple[str, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it. `decision` is None while nothing was decided."""

    message: Message
    decision: Decision | None
    replies: tuple[Reply, ...]
