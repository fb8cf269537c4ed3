"""How an account stands with Meta (limits, stops, outages, used budgets), and what each verdict makes of it. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from igbot.outbox.breaker import Breaker, failed, given_up
from igbot.outbox.gate import SLOW_PERCENT, SPARING_PERCENT, Usage
from igbot.outbox.verdict import Verdict

OUTAGE = "outage"
USAGE_AGAIN = timedelta(seconds=20)
"""A used budget is noted anew after this time at the earliest, unless it has changed what is done."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's row, as far as verdicts change it."""

    send_after: datetime | None = None
    send_after_reason: str | None = None
    rate_waits: int = 0
    halted_at: datetime | None = None
    halted_reason: str | None = None
    halted_until: datetime | None = None
    usage: Usage = field(default_factory=Usage)
    breaker: Breaker = field(default_factory=Breaker)

    @property
    def marked(self) -> bool:
        """Whether a success has something to end."""
        return bool(
            self.rate_waits or self.breaker.failing or self.breaker.outage_at is not None or self.halted_at is not None
        )


def after(
    standing: Standing, verdict: Verdict, *, customer: str, probe: datetime | None, spread: float, now: datetime
) -> Standing:
    """The account after a verdict on one of its replies.

    `probe` is the `probe_until` of the call, if it was the one that tries whether sends may go on; `spread` is the
    jitter.
    """
    breaker, probe_at = standing.breaker, None
    if verdict.answered:
        if probe is not None and verdict.outcome == "sent" and standing.halted_until is not None:
            standing = replace(standing, halted_at=None, halted_reason=None, halted_until=None)
        if standing.send_after_reason == OUTAGE:
            standing = replace(standing, send_after=None, send_after_reason=None)
        breaker = Breaker()
    elif verdict.failure:
        breaker, probe_at = failed(breaker, customer, probe=probe, spread=spread, now=now)
    else:
        breaker = given_up(breaker, probe)
    standing = replace(standing, breaker=breaker)
    if probe_at is not None:
        standing = _waiting(standing, probe_at, OUTAGE)
    if verdict.outcome == "sent" and not (standing.send_after is not None and standing.send_after > now):
        # One that was in flight when the limit struck, or was found by a look-up, says nothing of the limit.
        standing = replace(standing, rate_waits=0)
    if verdict.halt is not None:
        standing = _halted(standing, verdict, now)
    return limited(standing, verdict, now=now) if verdict.account_wait else standing


def limited(standing: Standing, verdict: Verdict, *, now: datetime) -> Standing:
    """The account after a limit that Meta has set, to it or to the whole app.

    Calls that were in flight when a limit struck meet the same limit, not the next one.
    """
    same = standing.send_after is not None and standing.send_after > now
    waits = standing.rate_waits if same else standing.rate_waits + 1
    return _waiting(replace(standing, rate_waits=waits), verdict.due_at or now, verdict.reason or "rate limit")


def noticed(standing: Standing, usage: Usage) -> Standing:
    """The account after Meta has told how much of a budget is used."""
    if (usage.percent or 0) >= SPARING_PERCENT:
        return replace(standing, usage=usage)
    return replace(standing, usage=Usage())


def is_new_stop(before: Standing, verdict: Verdict, *, now: datetime) -> bool:
    """Whether the verdict stops the account, or has it wait for a cause it did not wait for before.

    A stop that ends by itself and one that only a person ends are two things.
    """
    if verdict.halt is not None:
        return before.halted_at is None or (before.halted_until is not None and verdict.resumes_at is None)
    waits = before.rate_waits > 0 or (before.send_after is not None and before.send_after > now)
    return verdict.account_wait and not (waits and before.send_after_reason == verdict.reason)


def is_news(usage: Usage, known: Usage) -> bool:
    """Whether what Meta says of its budgets is worth writing down, given what was known before the call."""
    if usage.percent is None or usage.at is None:
        return False
    if usage.percent < SPARING_PERCENT:
        return known.percent is not None and usage.percent > 0
    if known.percent is None or known.at is None or usage.at - known.at > USAGE_AGAIN:
        return True
    return (usage.percent >= SLOW_PERCENT) is not (known.percent >= SLOW_PERCENT)


def _waiting(standing: Standing, until: datetime, reason: str) -> Standing:
    if standing.send_after is not None and standing.send_after >= until:
        return standing
    return replace(standing, send_after=until, send_after_reason=reason)


def _halted(standing: Standing, verdict: Verdict, now: datetime) -> Standing:
    """The first reason stands until somebody acts, and nothing that came after it lets sends go on by themselves."""
    if standing.halted_at is not None and standing.halted_until is None:
        return standing
    reason = verdict.halt if verdict.resumes_at is None else standing.halted_reason or verdict.halt
    return replace(standing, halted_at=standing.halted_at or now, halted_reason=reason, halted_until=verdict.resumes_at)
