"""Regular expressions as rules may write them: RE2 takes them or says why not, and all together stay affordable."""

from dataclasses import dataclass, field

import re2
import regex

from igbot.rules.reading.source import FileReport, Scalar

LONGEST_PATTERN = 4000
"""Characters."""
MOST_INSTRUCTIONS = 3_000_000
"""Of all patterns together; a thousand patterns of five Unicode classes each are about as much."""
_MOST_TOO_LARGE = 20
_LARGEST = 1 << 20
"""Bytes for one pattern's program."""

_LOOK_AROUND = regex.compile(r"\(\?<?[=!]")
_BACK_REFERENCE = regex.compile(r"(?<!\\)(?:\\\\)*\\(?:[1-9]|k[<{'])|\(\?P=")
_ATOMIC = regex.compile(r"\(\?>|[*+?}]\+")
_CONDITIONAL = regex.compile(r"\(\?\(")
_END = regex.compile(r"(?<!\\)(?:\\\\)*\\Z")

# What other engines have, and what to write instead.
_UNSUPPORTED = (
    (_LOOK_AROUND, "look-around", 'match a little more, or use "not:" for what must not be there'),
    (_BACK_REFERENCE, "a back-reference", "write the repeated part out"),
    (_CONDITIONAL, "a condition", "use two keywords"),
    (_END, r"\Z", r"write \z or $"),
    (_ATOMIC, "an atomic group or possessive quantifier", "leave it out: no pattern can be slow here"),
)


@dataclass(slots=True)
class Patterns:
    """Checks the patterns of one load and counts what they cost, so that no file can make loading slow."""

    groups: dict[str, frozenset[str] | None] = field(default_factory=dict)
    """The names and numbers of the groups of each pattern looked at; None where it cannot be used."""
    instructions: int = 0
    too_large: int = 0

    def check(self, node: Scalar, written: str, report: FileReport) -> frozenset[str] | None:
        """The names and numbers of a pattern's groups; None (with R030) where it cannot be used."""
        if written in self.groups and (known := self.groups[written]) is not None:
            return known
        groups = self.groups[written] = self._compile(node, written, report)
        return groups

    def _compile(self, node: Scalar, written: str, report: FileReport) -> frozenset[str] | None:
        if len(written) > LONGEST_PATTERN:
            message = f"the pattern has {len(written)} characters, {LONGEST_PATTERN} are possible"
            report.error("R030", node, message, hint="use a list of words")
            return None
        if self.instructions > MOST_INSTRUCTIONS or self.too_large > _MOST_TOO_LARGE:
            report.error("R030", node, "the patterns of all rules together are too large", hint="use words for some")
            return None
        try:
            compiled = re2.compile(written, _options())
        except re2.error as error:
            self._refuse(node, written, report, problem=_explain(error))
            return None
        self.instructions += compiled.programsize
        return frozenset((*map(str, range(1, compiled.groups + 1)), *compiled.groupindex))

    def _refuse(self, node: Scalar, written: str, report: FileReport, *, problem: str) -> None:
        if "too large" in problem:
            self.too_large += 1
            report.error("R030", node, "the pattern is too large", hint=r"use smaller numbers in {…}, or fewer \p{…}")
            return
        for sign, name, hint in _UNSUPPORTED:
            if found := sign.search(written):
                message = f"the pattern has {name} ({found[0]}), which RE2 does not have"
                report.error("R030", node, message, hint=hint)
                return
        report.error("R030", node, f"the pattern cannot be read: {problem[:100]}")


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _LARGEST
    return options


def _explain(error: Exception) -> str:
    problem = error.args[0] if error.args else ""
    return problem.decode("utf-8", "replace") if isinstance(problem, bytes) else str(problem)
