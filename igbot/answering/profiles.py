"""A customer's profile as it is kept with the conversation: how long it is good for, and what a new answer makes of
it. Pure; `calls` asks Meta."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from igbot.answering.claimed import PendingCall
from igbot.rules.deciding.choice import Profile

GOOD_FOR = timedelta(days=1)
FAILED_FOR = timedelta(hours=1)
"""How long nobody asks again where Meta did not tell."""
TIMEOUT = timedelta(seconds=2)
"""No reply waits longer for a name (meta-platform reference §8 would have it wait not at all)."""
RETRY = 0
CALL = "profile"

_FAILED = "failed"


@dataclass(frozen=True, slots=True)
class KeptProfile:
    """What is kept: Meta's fields by name, with a mark where the newest question failed, and when it was answered."""

    fields: Mapping[str, Any]
    at: datetime

    def read(self) -> Profile:
        """The profile as rules see it; what Meta has not told is None."""
        username, name, follows = (self.fields.get(field) for field in ("username", "name", "follows"))
        return Profile(
            username=username if isinstance(username, str) else None,
            name=name if isinstance(name, str) else None,
            follows=follows if isinstance(follows, bool) else None,
        )

    def is_good(self, now: datetime) -> bool:
        """Whether Meta need not be asked (again)."""
        return now < self.at + (FAILED_FOR if self.fields.get(_FAILED) else GOOD_FOR)


def kept(fields: Mapping[str, Any] | None, at: datetime | None) -> KeptProfile | None:
    """What a conversation's row holds; None where Meta was never asked."""
    return KeptProfile(fields, at) if fields is not None and at is not None else None


def profile_of(stored: str | None, at: datetime | None) -> Profile | None:
    """The profile in a conversation's row, whose JSON is `stored`; None where Meta was never asked."""
    known = kept(json.loads(stored) if stored else None, at)
    return known.read() if known else None


def after(call: PendingCall, before: KeptProfile | None, *, now: datetime) -> KeptProfile:
    """What is kept after a call that has ended, or that is given up: without an answer, what was known stays."""
    at = call.finished_at or now
    if call.ok and isinstance(call.answer, Mapping):
        return KeptProfile(call.answer, at)
    return KeptProfile({**(before.fields if before else {}), _FAILED: True}, at)
