"""The shapes of the rule room: what is loaded, what is asked, what is decided. All immutable."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from igbot.meta.events import CustomerKind
from igbot.meta.outgoing import OutgoingText

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


@dataclass(frozen=True, slots=True)
class Incoming:
    """The customer message that is decided: original text (`""` for kinds without one)."""

    kind: CustomerKind
    text: str = ""
    payload: str | None = None


@dataclass(frozen=True, slots=True)
class Handoff:
    """The bot goes silent for this customer; `say` was already rendered (None: nothing is said)."""

    pause: timedelta
    say: str | None = None


Order = tuple[int, int, int, int, int]
"""(priority, exactness, words, characters, conditions), each better when higher (`rules.md` §3.4)."""


@dataclass(frozen=True, slots=True)
class Considered:
    """Why one rule did or did not fit. `order` is None where it did not."""

    rule: str
    fits: bool
    because: str
    order: Order | None
    file: str
    line: int


Reason = Literal["rule", "fallback", "unmatched"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the rules say to one message. `replies` are rendered, unsplit, in order (a hand-off's words last)."""

    reason: Reason
    rule: str | None
    digest: str
    replies: tuple[OutgoingText, ...]
    handoff: Handoff | None
    matched: str
    considered: tuple[Considered, ...]
