"""Tells the customer at first, and after somebody else has answered, that it is a bot who writes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from igbot.meta.outgoing import Outgoing
from igbot.rules.deciding.choice import Choice


def disclosed(choice: Choice, disclosure: str, *, paused_at: datetime | None, now: datetime) -> Choice:
    """A decision that begins with the `disclosure` if it is an answer, and the customer has not been told since
    `paused_at`, when the bot last fell silent."""
    told_at = choice.memory.disclosed_at
    # A hand-off's own words come right before its pause, at the same moment.
    known = told_at is not None and (paused_at is None or paused_at < told_at)
    if not disclosure or known or not choice.replies:
        return choice
    told_at = now if paused_at is None else max(now, paused_at + timedelta.resolution)
    replies = _prefixed(choice.replies, disclosure)
    return replace(choice, replies=replies, memory=replace(choice.memory, disclosed_at=told_at))


def _prefixed(replies: Sequence[Outgoing], disclosure: str) -> tuple[Outgoing, ...]:
    """The first text with the disclosure before it; where nothing is said in words, it is a message of its own."""
    place = next((place for place, reply in enumerate(replies) if reply.text.strip()), None)
    if place is None:
        return Outgoing(disclosure), *replies
    first = replies[place]
    return *replies[:place], replace(first, text=f"{disclosure}\n\n{first.text}"), *replies[place + 1 :]
