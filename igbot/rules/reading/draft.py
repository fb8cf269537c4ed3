"""A rule as read from its file: checked by itself, with the places of everything that other checks point at."""

from dataclasses import dataclass
from datetime import timedelta

from igbot.meta.events import CustomerKind
from igbot.rules.matching.matchers import Matcher
from igbot.rules.reading.source import FileReport, Mapping, Node, Scalar


@dataclass(frozen=True, slots=True)
class DraftKeyword:
    """A keyword and where it stands."""

    matcher: Matcher
    node: Node


@dataclass(frozen=True, slots=True)
class DraftButton:
    """A quick reply and where it stands."""

    title: Scalar
    payload: Scalar


@dataclass(frozen=True, slots=True)
class DraftReply:
    """An answer whose template has not been read yet: `vars` of other files may be in it."""

    text: Scalar
    buttons: tuple[DraftButton, ...] = ()


@dataclass(frozen=True, slots=True)
class DraftHandoff:
    """A hand-off whose template has not been read yet."""

    pause: timedelta
    say: Scalar | None


@dataclass(frozen=True, slots=True)
class DraftRule:
    """One rule of a file. `node` is the whole rule, `kinds_node` None where the default kinds hold."""

    report: FileReport
    node: Mapping
    name: Scalar
    kinds: frozenset[CustomerKind]
    kinds_node: Node | None
    priority: int
    keywords: tuple[DraftKeyword, ...]
    every: bool
    excluded: tuple[DraftKeyword, ...]
    payloads: tuple[Scalar, ...]
    reply: DraftReply | None
    handoff: DraftHandoff | None
    fallback: bool


@dataclass(frozen=True, slots=True)
class DraftVariable:
    """One value of `vars`, under its full name (`shop.site`)."""

    report: FileReport
    name: str
    node: Scalar
    value: str


@dataclass(frozen=True, slots=True)
class DraftFile:
    """What one file holds; nothing where it is not `readable` as YAML."""

    report: FileReport
    readable: bool
    variables: tuple[DraftVariable, ...]
    rules: tuple[DraftRule, ...]
