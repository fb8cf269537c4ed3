"""Checks the regular expressions of rules, and holds what all of them cost within bounds."""

from dataclasses import dataclass, field
from typing import Any

import re2

from igbot.rules.matching.patterns import group_names, pattern_problem
from igbot.rules.reading.source import FileReport, Scalar

LONGEST_PATTERN = 4000
"""Characters."""
MOST_WRITTEN = 250_000
"""Characters of all patterns together."""
MOST_INSTRUCTIONS = 1_500_000
"""Of RE2's programs for all patterns together; a thousand patterns with two Unicode classes each are about as much,
and take a second."""
MOST_TOO_LARGE = 20
_LARGEST = 1 << 20
_NONE: frozenset[str] = frozenset()


@dataclass(slots=True)
class Patterns:
    """The patterns looked at in one load. A file full of large ones is refused before it has been compiled whole."""

    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    """The names and numbers of the groups of each pattern that can be used."""
    written: int = 0
    instructions: int = 0
    too_large: int = 0

    def check(self, node: Scalar, written: str, report: FileReport) -> frozenset[str] | None:
        """The names and numbers of a pattern's groups; None (with R030) where it cannot be used."""
        known = self.groups.get(written)
        if known is not None:
            return known
        groups, problem = self._look_at(written)
        if problem:
            report.error("R030", node, f"the pattern {problem}")
            return None
        self.groups[written] = groups
        return groups

    def _look_at(self, written: str) -> tuple[frozenset[str], str | None]:
        """The groups of a pattern, and why it cannot be used."""
        if len(written) > LONGEST_PATTERN:
            return _NONE, f"has {len(written)} characters, {LONGEST_PATTERN} are possible; use words for some of it"
        self.written += len(written)
        if self.instructions > MOST_INSTRUCTIONS or self.written > MOST_WRITTEN or self.too_large >= MOST_TOO_LARGE:
            return _NONE, "was not looked at: the patterns of all rules together are too large; use words for some"
        compiled = self._compile(written)
        # Looking at large ones once more would take as long again; groups without names need only be counted.
        if compiled is not None and not compiled.groupindex:
            return frozenset(map(str, range(1, compiled.groups + 1))), None
        problem = pattern_problem(written)
        return _NONE if problem else frozenset(group_names(written)), problem

    def _compile(self, written: str) -> Any | None:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _LARGEST
        try:
            compiled = re2.compile(written.encode(), options)
        except (re2.error, UnicodeEncodeError) as error:
            self.too_large += "too large" in str(error)
            return None
        self.instructions += compiled.programsize
        return compiled
