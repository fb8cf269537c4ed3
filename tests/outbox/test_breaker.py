"""The circuit breaker: every state with every event."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.outbox.breaker import CUSTOMERS, LONGEST_PAUSE, Breaker, failed, given_up
from tests.answering.talking import START
from tests.outbox.posting import SECOND

LEASE = START + 45 * SECOND
OLD = START - 60 * SECOND
CLOSED = Breaker()
SHAKY = Breaker(failing=("ana", "ben"))
OPEN = Breaker(outage_at=OLD, probes=1)
HALF_OPEN = Breaker(outage_at=OLD, probes=1, probe_until=LEASE)

FAILED = [
    (CLOSED, "ana", None, Breaker(failing=("ana",)), None),
    (Breaker(failing=("ana",)), "ana", None, Breaker(failing=("ana",)), None),
    (SHAKY, "ben", None, SHAKY, None),
    (SHAKY, "cleo", None, Breaker(outage_at=START), 5),
    (OPEN, "dora", None, OPEN, None),
    (HALF_OPEN, "dora", None, HALF_OPEN, None),
    (HALF_OPEN, "dora", LEASE - SECOND, HALF_OPEN, None),
    (HALF_OPEN, "dora", LEASE, Breaker(outage_at=OLD, probes=2), 20),
    (Breaker(probe_until=LEASE), "ana", LEASE, Breaker(failing=("ana",)), None),
]


@pytest.mark.parametrize(("before", "customer", "probe", "then", "seconds"), FAILED)
def test_a_failed_call(before: Breaker, customer: str, probe: object, then: Breaker, seconds: int | None) -> None:
    """The third customer opens it; afterwards only the probe says anything new, and the next one waits longer."""
    after, again_at = failed(before, customer, probe=probe, spread=1.0, now=START)  # type: ignore[arg-type]
    assert after == then
    assert again_at == (None if seconds is None else START + seconds * SECOND)


@pytest.mark.parametrize(
    ("before", "probe", "then"),
    [(HALF_OPEN, LEASE, OPEN), (HALF_OPEN, LEASE - SECOND, HALF_OPEN), (OPEN, LEASE, OPEN), (SHAKY, None, SHAKY)],
)
def test_a_probe_that_called_nobody_gives_its_turn_up(before: Breaker, probe: object, then: Breaker) -> None:
    """The next reply may be the probe at once; a turn that is another's by now is left alone."""
    assert given_up(before, probe) == then  # type: ignore[arg-type]


@given(calls=st.lists(st.tuples(st.integers(0, 1), st.booleans()), max_size=50))
def test_no_two_customers_ever_open_it(calls: list[tuple[int, bool]]) -> None:
    """However often their calls fail."""
    assert CUSTOMERS > 2
    breaker = CLOSED
    for customer, succeeds in calls:
        if succeeds:
            breaker = CLOSED
        else:
            breaker, again_at = failed(breaker, str(customer), probe=None, spread=1.0, now=START)
            assert again_at is None
    assert breaker.outage_at is None


@given(probes=st.integers(0, 10_000), spread=st.floats(0.5, 1.5, exclude_max=True))
def test_probes_come_at_least_every_minute_and_a_half(probes: int, spread: float) -> None:
    """However long the outage lasts, and not more often than every two and a half seconds."""
    breaker = Breaker(outage_at=OLD, probes=probes, probe_until=LEASE)
    _, again_at = failed(breaker, "ana", probe=LEASE, spread=spread, now=START)
    assert again_at is not None
    assert timedelta(seconds=2.5) <= again_at - START <= LONGEST_PAUSE * 1.5
