"""What the rules remember of one customer between messages. Pure; the conversation's row keeps it as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    """`messages` counts the customer's messages so far, lines that were joined as one, `last_message_at` is the last
    one's time (Meta's).

    `answered_by` is the rule that answered last, at `answered_at`; None where that was no rule's answer. `facts` are
    what rules have `set`. `language` is the customer's as a BCP 47 tag, where it could be told. `uses` are of rules
    whose limits count per customer. For the loop guard: `typed_answers`, when typed texts were answered lately, and
    `fallbacks`, how many of them in a row no rule understood. `disclosed_at`: when the customer was last told that a
    bot answers.
    """

    messages: int = 0
    last_message_at: datetime | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    tags: frozenset[str] = frozenset()
    facts: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    uses: Mapping[str, tuple[Use, ...]] = field(default_factory=dict)
    typed_answers: tuple[datetime, ...] = ()
    fallbacks: int = 0
    disclosed_at: datetime | None = None


def to_stored(memory: Memory) -> dict[str, Any]:
    """The JSON object kept with the conversation; what is empty is left out."""
    stored = {
        "version": VERSION,
        "messages": memory.messages,
        "last_message_at": _written(memory.last_message_at),
        "answered_by": memory.answered_by,
        "answered_at": _written(memory.answered_at),
        "tags": sorted(memory.tags),
        "facts": dict(memory.facts),
        "language": memory.language,
        "uses": {rule: [[use.at.isoformat(), use.key] for use in uses] for rule, uses in memory.uses.items()},
        "typed_answers": [at.isoformat() for at in memory.typed_answers],
        "fallbacks": memory.fallbacks,
        "disclosed_at": _written(memory.disclosed_at),
    }
    return {name: value for name, value in stored.items() if value or name == "messages"}


def from_stored(stored: Mapping[str, Any] | None) -> Memory:
    """What was kept; an empty memory for None, or for a form that this program does not know."""
    if stored is None or stored.get("version") != VERSION:
        return Memory()
    try:
        return Memory(
            messages=int(stored["messages"]),
            last_message_at=_read(stored.get("last_message_at")),
            answered_by=stored.get("answered_by"),
            answered_at=_read(stored.get("answered_at")),
            tags=frozenset(stored.get("tags", ())),
            facts=dict(stored.get("facts", {})),
            language=stored.get("language"),
            uses={rule: _read_uses(uses) for rule, uses in stored.get("uses", {}).items()},
            typed_answers=tuple(at for each in stored.get("typed_answers", ()) if (at := _read(each))),
            fallbacks=int(stored.get("fallbacks", 0)),
            disclosed_at=_read(stored.get("disclosed_at")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return Memory()


def without(memory: Memory, keys: frozenset[str]) -> Memory:
    """The memory with the uses for these events given back."""
    if not any(use.key in keys for uses in memory.uses.values() for use in uses):
        return memory
    kept = {rule: tuple(use for use in uses if use.key not in keys) for rule, uses in memory.uses.items()}
    return replace(memory, uses={rule: uses for rule, uses in kept.items() if uses})


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _read(written: str | None) -> datetime | None:
    if written is None:
        return None
    at = datetime.fromisoformat(written)
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return at


def _read_uses(stored: Iterable[tuple[str, str]]) -> tuple[Use, ...]:
    read = ((_read(at), key) for at, key in stored)
    return tuple(Use(at, key) for at, key in read if at is not None)
