"""What is at hand while one file's rules are compiled."""

from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from igbot.rules.conditions import WordList
from igbot.rules.reading.gathered import Gathered
from igbot.rules.reading.patterns import Patterns
from igbot.rules.reading.source import FileReport, Node


@dataclass(frozen=True, slots=True)
class Scope:
    """`zone` holds for the file's dates; `word_list` finds a list by the node that names it, or reports it."""

    report: FileReport
    gathered: Gathered
    zone: ZoneInfo
    patterns: Patterns
    word_list: Callable[[Node, FileReport], WordList | None]
    groups: set[str] = field(default_factory=set)
    """Names and numbers of the groups of all patterns of the rule at hand."""
