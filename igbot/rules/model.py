"""The shapes at the edges of the rule room: files that go in, findings that come out."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "hint"]


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file of `rules.d`: its path relative to the folder with `/` separators, and its bytes."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, at a place an editor can jump to (line and column start at 1).

    `file` is relative to `rules.d`, `""` for the folder itself. `excerpt` is the whole line, `width` how many of its
    characters from `column` on are meant.
    """

    code: str
    severity: Severity
    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    excerpt: str = ""
    width: int = 1

    def shape(self) -> dict[str, object]:
        """The finding as every JSON output has it (contract §8)."""
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "hint": self.hint,
        }
