"""How fast an account may call Meta: its token buckets, as the database keeps them for all processes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor
from typing import Literal

from igbot.settings.model import Rates

BucketName = Literal["text", "media", "look_ups"]
"""All sends, those with an attachment (they need both), and questions what Meta has sent."""

BURST = timedelta(milliseconds=50)
"""What a full bucket holds, in time: in no second goes much more out than the rate, however long nothing did."""
SLOW_PERCENT, SPARING_PERCENT = 95, 80
"""From here on a used budget of Meta's slows sends down, or ends what is not needed (typing, profiles)."""
SLOWED = 10
"""How many times slower."""
USAGE_COUNTS = timedelta(seconds=60)
"""How long what Meta says of its budgets counts."""
MOST_OWED = 2.0 * SLOWED
"""How often all that it holds a bucket may have spent: at the slowest it owes less."""
CLOCKS_DIFFER = timedelta(seconds=10)
"""So far apart the clocks of two processes may be. What lies further ahead than this and all that a bucket may owe was
written before the clock went back: the bucket is full."""
TINY = 1e-6
"""Part of a message that rounding may be wrong by."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket as one moment: `spent_until` is when it is full again; None: it is. `rate` is calls a second.

    The same arithmetic stands in `claim.CLAIM`; a test holds them equal.
    """

    rate: float
    spent_until: datetime | None

    @property
    def holds(self) -> float:
        """Calls that a full one allows at once, at least one."""
        return max(1.0, self.rate * BURST.total_seconds())

    def left(self, now: datetime) -> int:
        """How many calls it allows now."""
        spent = self.rate * self._debt(now)
        return max(0, floor(self.holds - spent + TINY))

    def opens_at(self, now: datetime, calls: float = 1) -> datetime:
        """When it allows so many calls at once (at most what it holds): now, if it does already."""
        missing = min(calls, self.holds) - (self.holds - self.rate * self._debt(now))
        return now + timedelta(microseconds=ceil(max(0.0, missing - TINY) / self.rate * 1e6))

    def spend(self, now: datetime, calls: int) -> "Bucket":
        """The bucket after so many calls now."""
        if not calls:
            return self
        return Bucket(self.rate, now + timedelta(seconds=self._debt(now) + calls / self.rate))

    def _debt(self, now: datetime) -> float:
        debt = max(0.0, (self.spent_until - now).total_seconds()) if self.spent_until else 0.0
        most = CLOCKS_DIFFER.total_seconds() + MOST_OWED * max(BURST.total_seconds(), 1 / self.rate)
        return debt if debt <= most else 0.0


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a budget of Meta's was used, in percent, and when Meta said so."""

    percent: int | None = None
    at: datetime | None = None

    def counts(self, now: datetime) -> bool:
        """Whether it is new enough to go by."""
        return self.percent is not None and self.at is not None and now - self.at < USAGE_COUNTS

    def slows(self, now: datetime) -> bool:
        """Whether sends go slower for it."""
        return self.counts(now) and (self.percent or 0) >= SLOW_PERCENT

    def spares(self, now: datetime) -> bool:
        """Whether calls that nobody needs are left out for it."""
        return self.counts(now) and (self.percent or 0) >= SPARING_PERCENT


UNSAID = Usage()


@dataclass(frozen=True, slots=True)
class Budget:
    """The three buckets of one account, at the rates that hold now."""

    text: Bucket
    media: Bucket
    look_ups: Bucket

    def spend(self, now: datetime, *, texts: int, media: int, look_ups: int) -> "Budget":
        """What is left of it after so many calls now; `texts` are all sends, `media` those with an attachment."""
        return Budget(self.text.spend(now, texts), self.media.spend(now, media), self.look_ups.spend(now, look_ups))

    def opens_at(self, names: Iterable[BucketName], now: datetime) -> datetime | None:
        """When to look again for what the buckets of these names had to leave; None: nothing was left.

        Not at the first call that one allows again: then each would cost a look of its own.
        """
        return min((self._opens_at(name, now) for name in names), default=None)

    def _opens_at(self, name: BucketName, now: datetime) -> datetime:
        bucket: Bucket = getattr(self, name)
        opens_at = bucket.opens_at(now, max(1.0, bucket.holds / 2))
        return max(opens_at, self.text.opens_at(now)) if name == "media" else opens_at


def budget(
    rates: Rates,
    usage: Usage,
    *,
    text: datetime | None,
    media: datetime | None,
    look_ups: datetime | None,
    now: datetime,
) -> Budget:
    """The buckets of an account, each from the moment at which it is full again."""
    pace = SLOWED if usage.slows(now) else 1
    return Budget(Bucket(rates.text / pace, text), Bucket(rates.media / pace, media), Bucket(rates.look_ups, look_ups))
