"""The loop guard: no customer, and no other bot, gets automatic answers to typed text without end."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from igbot.rules.deciding.choice import Alert, Choice, Incoming
from igbot.rules.deciding.memory import Memory
from igbot.rules.deciding.spans import span

TYPED = frozenset({"text", "story_reply"})
"""Kinds of messages that are typed; a tap on a button is no loop."""
WITHIN = timedelta(minutes=10)
SILENCE = timedelta(hours=1)
"""How long the bot is silent for the customer then."""
MOST_FALLBACKS = 3
"""In a row; the next one is not said any more."""
A_ROW_LASTS = timedelta(hours=24)
"""After so long a silence of the customer, what was not understood before is no part of the row any more."""
GUARD: Final = "loop_guard"
"""Who raises the guard's alert: no rule can have this name."""


def spoken_enough(message: Incoming, memory: Memory, *, most: int, now: datetime) -> str | None:
    """What the guard has counted, where a typed text has had enough answers before it; None where it has not.

    `most` answers within ten minutes are allowed; 0: any number.
    """
    if not most or message.kind not in TYPED or len(_lately(memory, now)) < most:
        return None
    return f"{most} automatic {'answer' if most == 1 else 'answers'} within {span(WITHIN)}"


def one_fallback_too_many(
    choice: Choice, message: Incoming, memory: Memory, *, most: int, sent_at: datetime
) -> str | None:
    """What the guard has counted, where a decision would say one fallback more; None where it may.

    A fallback that hands over to a person does what the guard is for.
    """
    if not most or message.kind not in TYPED or choice.reason != "fallback" or not choice.replies or choice.handoff:
        return None
    return f"{MOST_FALLBACKS} fallbacks in a row" if _row(memory, sent_at) >= MOST_FALLBACKS else None


def counted(
    choice: Choice, message: Incoming, before: Memory, *, most: int, sent_at: datetime, now: datetime
) -> Choice:
    """A decision of the rules with the guard's counts in its memory; `before` is the memory it was made with."""
    answered, typed = bool(choice.replies), message.kind in TYPED
    lately, row = _lately(before, now), _row(before, sent_at)
    if typed and answered:
        lately = (*lately, now)
    if choice.handoff or (answered and choice.reason != "fallback"):
        row = 0
    elif typed and answered:
        row += 1
    kept = replace(choice.memory, typed_answers=lately[-most:] if most else (), fallbacks=row if most else 0)
    return replace(choice, memory=kept)


def silenced(choice: Choice, why: str) -> Choice:
    """The silent decision of a message at which the guard falls; what it has counted begins anew."""
    text = f"{why}: the bot is silent for this customer for {span(SILENCE)}"
    return replace(
        choice,
        matched=why,
        guarded=SILENCE,
        alerts=(*choice.alerts, Alert(GUARD, "warning", text)),
        memory=replace(choice.memory, typed_answers=(), fallbacks=0),
    )


def _lately(memory: Memory, now: datetime) -> tuple[datetime, ...]:
    return tuple(at for at in memory.typed_answers if now - at < WITHIN)


def _row(memory: Memory, sent_at: datetime) -> int:
    last = memory.last_message_at
    return 0 if last is not None and sent_at - last >= A_ROW_LASTS else memory.fallbacks
