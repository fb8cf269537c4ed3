"""A file as read by itself: names and shapes checked, its rules' keys at hand, and the places findings point at."""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from igbot.rules.places import Place
from igbot.rules.reading.answers_draft import DraftAnswers, DraftReply
from igbot.rules.reading.source import FileReport, Node, Scalar


@dataclass(frozen=True, slots=True)
class DraftRule:
    """One rule of a file. `given` are its keys with their values, those of the file's `defaults` among them.

    But for `kinds` of the defaults, which are `usual_kinds`: a rule that asks for other kinds anywhere wants those.
    """

    report: FileReport
    name: str
    line: int
    given: MappingOf[str, Node]
    places: MappingOf[str, Place]
    fallback: bool
    answers: DraftAnswers
    usual_kinds: Node | None = None


@dataclass(frozen=True, slots=True)
class DraftVariable:
    """One value of `vars`, under its full name (`shop.site`)."""

    name: str
    node: Scalar
    value: str


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a name that may be written once only: a list, a schedule. `name` is the node of the name."""

    name: Scalar
    node: Node


@dataclass(frozen=True, slots=True)
class DraftFile:
    """What one file holds; nothing where it is not `readable` as YAML. `zone` and `accounts` are None if not given."""

    report: FileReport
    readable: bool = False
    zone: ZoneInfo | None = None
    accounts: tuple[tuple[Scalar, str], ...] | None = None
    variables: tuple[DraftVariable, ...] = ()
    schedules: tuple[Named, ...] = ()
    lists: tuple[Named, ...] = ()
    replies: tuple[tuple[Scalar, DraftReply | None], ...] = ()
    rules: tuple[DraftRule, ...] = ()
