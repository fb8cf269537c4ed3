"""Checks the regular expressions of rules, and holds what all of them cost within bounds."""

from dataclasses import dataclass, field

import re2

from igbot.rules.matching.patterns import group_names, pattern_problem
from igbot.rules.reading.source import FileReport, Scalar

LONGEST_PATTERN = 4000
"""Characters."""
MOST_INSTRUCTIONS = 1_500_000
"""Of RE2's programs for all patterns together; a thousand patterns with two Unicode classes each are about as much,
and take a second."""
MOST_TOO_LARGE = 20
_LARGEST = 1 << 20


@dataclass(slots=True)
class Patterns:
    """The patterns looked at in one load. A file full of large ones is refused before it has been compiled whole."""

    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    """The names and numbers of the groups of each pattern that can be used."""
    instructions: int = 0
    too_large: int = 0

    def check(self, node: Scalar, written: str, report: FileReport) -> frozenset[str] | None:
        """The names and numbers of a pattern's groups; None (with R030) where it cannot be used."""
        known = self.groups.get(written)
        if known is not None:
            return known
        if problem := self._problem(written):
            report.error("R030", node, f"the pattern {problem}")
            return None
        groups = self.groups[written] = frozenset(group_names(written))
        return groups

    def _problem(self, written: str) -> str | None:
        if len(written) > LONGEST_PATTERN:
            return f"has {len(written)} characters, {LONGEST_PATTERN} are possible; use words for some of it"
        if self.instructions > MOST_INSTRUCTIONS or self.too_large >= MOST_TOO_LARGE:
            return "was not looked at: the patterns of all rules together are too large; use words for some"
        self._measure(written)
        return pattern_problem(written)

    def _measure(self, written: str) -> None:
        options = re2.Options()
        options.log_errors = False
        options.never_capture = True
        options.max_mem = _LARGEST
        try:
            self.instructions += re2.compile(written.encode("utf-8", "replace"), options).programsize
        except re2.error as error:
            self.too_large += "too large" in str(error)
