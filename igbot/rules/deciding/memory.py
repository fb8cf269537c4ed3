"""What the rules remember of one customer between messages. Pure; the conversation's row keeps it as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

VERSION = 1


@dataclass(frozen=True, slots=True)
class Use:
    """One answer of a rule with a limit, for the event `key`: given back if the answer never leaves."""

    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Memory:
    """`messages` counts the customer's messages so far, `last_message_at` is the last one's time (Meta's).

    `answered_by` is the rule that answered last, at `answered_at`. `facts` are what rules have `set`. `language` is
    the customer's as a BCP 47 tag, where it could be told. `uses` are of rules whose limits count per customer.
    """

    messages: int = 0
    last_message_at: datetime | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    tags: frozenset[str] = frozenset()
    facts: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    uses: Mapping[str, tuple[Use, ...]] = field(default_factory=dict)


def to_stored(memory: Memory) -> dict[str, Any]:
    """The JSON object kept with the conversation."""
    raise NotImplementedError


def from_stored(stored: Mapping[str, Any] | None) -> Memory:
    """What was kept; an empty memory for None, or for a form that this program does not know."""
    raise NotImplementedError


def without(memory: Memory, keys: frozenset[str]) -> Memory:
    """The memory with the uses for these events given back."""
    raise NotImplementedError
