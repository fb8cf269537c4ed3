"""Whether calls came when none may, or faster than their rate. Pure."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.campaign.evidence import Call, Evidence, Pause
from bench.campaign.judge import Finding

HEARD_AFTER = 1.5
"""Seconds until a limit has been written down, and what was under way then has been sent."""
UNEVEN = 0.4
"""Seconds by which two calls may come closer together than they were begun: one was held up on its way."""
CROWDED = 1.15
"""By how much the calls of a second may be more than the rate, for the same reason."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The most calls per second: of an account, to one customer, and of look-ups."""

    account: float
    customer: float
    look_ups: float


def in_pauses(calls: Sequence[Call], pauses: Iterable[Pause], evidence: Evidence) -> Iterator[Finding]:
    """Calls that were made although nothing of the account may be sent; of each pause the first, and how many."""
    for pause in pauses:
        if evidence.disturbed(pause.since):
            continue
        made = [call for call in calls if pause.since + HEARD_AFTER < call.at < pause.until]
        if made:
            after = made[0].at - pause.since
            why = f"{len(made)} calls in a pause ({pause.why}), the first after {after:.1f} s: {made[0].text!r}"
            yield Finding("pressed", made[0].igsid, "", why)


def too_fast(calls: Sequence[Call], look_ups: Sequence[float], pace: Pace) -> Iterator[Finding]:
    """Seconds with more calls than the rate, and customers who got two at once; `calls` and `look_ups` in order."""
    yield from _crowded([call.at for call in calls], pace.account, "sends")
    yield from _crowded(look_ups, pace.look_ups, "look-ups")
    last: dict[str, Call] = {}
    for call in calls:
        before = last.get(call.igsid)
        if before is not None and call.at - before.at < 1 / pace.customer - UNEVEN:
            why = f"{call.text!r} {call.at - before.at:.2f} s after {before.text!r}"
            yield Finding("too fast", call.igsid, "", why)
        last[call.igsid] = call


def _crowded(times: Iterable[float], rate: float, what: str) -> Iterator[Finding]:
    window: deque[float] = deque()
    worst = 0
    for at in times:
        window.append(at)
        while at - window[0] >= 1.0:
            window.popleft()
        worst = max(worst, len(window))
    if worst > max(rate * CROWDED, rate + 1):
        yield Finding("too fast", "", "", f"{worst} {what} in one second, at a rate of {rate:g}")
