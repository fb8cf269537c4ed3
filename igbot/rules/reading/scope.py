"""What is at hand while the rules of a file are compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from igbot.rules.conditions import WordList
from igbot.rules.reading.gathered import Gathered
from igbot.rules.reading.patterns import Patterns
from igbot.rules.reading.source import FileReport, Node


@dataclass(frozen=True, slots=True)
class Words:
    """For reading matchers. `word_list` finds a list by the node that names it, or reports it.

    `groups` collects the names and numbers of the groups of all patterns that are read.
    """

    report: FileReport
    patterns: Patterns
    word_list: Callable[[Node, Words], WordList | None]
    groups: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Scope:
    """For reading a rule's other keys; `zone` is that of its file."""

    words: Words
    gathered: Gathered
    zone: ZoneInfo

    @property
    def report(self) -> FileReport:
        """Where findings go."""
        return self.words.report
