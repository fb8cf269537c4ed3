"""What a rule does as read from its file: shapes checked, templates not read yet, since other files may name values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from igbot.meta.outgoing import AttachmentType
from igbot.rules.answers import AlertLevel
from igbot.rules.reading.source import FileReport, Mapping, Node, Scalar

OnError = Literal["next", "handoff", "ignore"]


@dataclass(frozen=True, slots=True)
class DraftWords:
    """A text by language tag in lower case, or one text under `""`."""

    node: Scalar | Mapping
    by_language: tuple[tuple[str, Scalar], ...]


@dataclass(frozen=True, slots=True)
class DraftVariant:
    """One of several texts for the same answer."""

    name: str
    weight: int
    says: DraftWords


@dataclass(frozen=True, slots=True)
class DraftQuickReply:
    """A quick reply, its limits checked."""

    title: Scalar
    payload: Scalar


@dataclass(frozen=True, slots=True)
class DraftButton:
    """A button with one of `url`, into which `vars` are still to be filled, and `payload`."""

    title: Scalar
    url: Scalar | None = None
    payload: Scalar | None = None


@dataclass(frozen=True, slots=True)
class DraftAttachment:
    """What is sent beside the text; `vars` are still to be filled into its `url`."""

    type: AttachmentType
    url: Scalar


@dataclass(frozen=True, slots=True)
class DraftReply:
    """One answer. With `use` it is that shared one, and nothing else is given."""

    report: FileReport
    node: Node
    use: Scalar | None = None
    text: DraftWords | None = None
    variants: tuple[DraftVariant, ...] = ()
    quick_replies: tuple[DraftQuickReply, ...] = ()
    buttons: tuple[DraftButton, ...] = ()
    attachment: DraftAttachment | None = None
    split: bool = True

    @property
    def says(self) -> tuple[DraftWords, ...]:
        """Every text that may be said."""
        return (self.text,) if self.text else tuple(variant.says for variant in self.variants)


@dataclass(frozen=True, slots=True)
class DraftHandoff:
    """A hand-off; `open_nodes` are the keys that need the schedule `open`."""

    pause: timedelta
    notify: tuple[Scalar, ...] = ()
    note: Scalar | None = None
    say: DraftWords | None = None
    say_open: DraftWords | None = None
    say_closed: DraftWords | None = None
    open_nodes: tuple[Scalar, ...] = ()

    @property
    def speaks(self) -> bool:
        """Whether the customer is told."""
        return any((self.say, self.say_open, self.say_closed))


@dataclass(frozen=True, slots=True)
class DraftCall:
    """A call of a named service."""

    name: Scalar
    send: tuple[tuple[str, Scalar], ...] = ()
    save: str | None = None
    timeout: timedelta = timedelta(seconds=5)
    retry: int = 2
    on_error: OnError = "next"


@dataclass(frozen=True, slots=True)
class DraftAlert:
    """An alert to the owner's staff."""

    level: AlertLevel = "warning"
    channel: Scalar | None = None
    text: Scalar | None = None


@dataclass(frozen=True, slots=True)
class DraftAnswers:
    """Everything that a rule does when it wins."""

    replies: tuple[DraftReply, ...] = ()
    handoff: DraftHandoff | None = None
    call: DraftCall | None = None
    sets: tuple[tuple[str, Scalar], ...] = ()
    alert: DraftAlert | None = None
    tags: tuple[str, ...] = ()
    untags: tuple[str, ...] = ()
