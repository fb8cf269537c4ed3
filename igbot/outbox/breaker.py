"""The circuit breaker of an account: when Meta is away, everything waits but one call that tries. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

CUSTOMERS = 3
"""So many customers whose calls fail, with none in between that Meta answers, are an outage: no single one is."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(seconds=60)
"""Until the first probe, and at most between two; doubled in between, and jittered."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """Closed while `outage_at` is None, then open; half-open while a probe is under way, until `probe_until` at most.

    `failing` are the customers of the calls that failed since Meta last answered; `probes` have failed so far.
    """

    failing: tuple[str, ...] = ()
    outage_at: datetime | None = None
    probes: int = 0
    probe_until: datetime | None = None


def failed(
    breaker: Breaker, customer: str, *, probe: datetime | None, spread: float, now: datetime
) -> tuple[Breaker, datetime | None]:
    """After a call that did not reach Meta, brought no answer, or found Meta in trouble.

    `probe` is the call's `probe_until` if it was one, `spread` in [0.5, 1.5) the jitter. With the breaker comes when
    the next probe may be made, if this call opens it or was the probe. Calls that were under way when it opened say
    nothing new.
    """
    if breaker.outage_at is not None:
        if probe is None or probe != breaker.probe_until:
            return breaker, None
        waits = replace(breaker, probes=breaker.probes + 1, probe_until=None)
        return waits, now + _pause(waits.probes) * spread
    failing = tuple(dict.fromkeys((*breaker.failing, customer)))
    if len(failing) < CUSTOMERS:
        return replace(given_up(breaker, probe), failing=failing), None
    return Breaker(outage_at=now), now + _pause(0) * spread


def given_up(breaker: Breaker, probe: datetime | None) -> Breaker:
    """After a probe in which nothing was called in the end: the next reply may be the probe at once."""
    return replace(breaker, probe_until=None) if probe is not None and probe == breaker.probe_until else breaker


def _pause(probes: int) -> timedelta:
    pause: timedelta = min(FIRST_PAUSE * 2 ** min(probes, 10), LONGEST_PAUSE)
    return pause
