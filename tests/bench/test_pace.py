"""Calls that come when none may, and calls that come too fast."""

from collections.abc import Sequence

from bench.campaign.evidence import Call, Evidence, Pause
from bench.campaign.pace import Pace, in_pauses, too_fast

PACE = Pace(account=10.0, customer=1.0, look_ups=2.0)
HALT = Pause(100.0, 110.0, "the token is not valid")


def calls(*times: float, igsid: str = "") -> list[Call]:
    """Calls to one customer, or to a new one each time."""
    return [Call(at, igsid or f"9{n}", f"You wrote: {n}") for n, at in enumerate(times)]


def pressed(made: Sequence[Call], evidence: Evidence | None = None) -> list[str]:
    """What is said of calls in the pause."""
    return [found.why for found in in_pauses(made, [HALT], evidence or Evidence())]


def test_what_was_under_way_when_the_account_stopped_may_still_come() -> None:
    """A call long after that may not, until somebody has acted."""
    assert pressed(calls(99.0, 100.5, 101.4, 110.1)) == []
    [why] = pressed(calls(99.0, 104.0, 105.0))
    assert why == "2 calls in a pause (the token is not valid), the first after 4.0 s: 'You wrote: 1'"


def test_who_was_killed_may_not_have_written_down_that_it_stops() -> None:
    """So it is with a cut connection."""
    assert pressed(calls(104.0), Evidence(kills=[100.5])) == []
    assert pressed(calls(104.0), Evidence(cuts=[99.5])) == []


def test_a_second_has_as_many_calls_as_the_rate_allows() -> None:
    """And a little more, as one may be held up on its way."""
    assert list(too_fast(calls(*(100 + n / 11 for n in range(60))), [], PACE)) == []
    [found] = too_fast(calls(*(100 + n / 15 for n in range(60))), [], PACE)
    assert (found.wrong, found.why) == ("too fast", "15 sends in one second, at a rate of 10")


def test_a_customer_is_written_to_once_a_second() -> None:
    """Whoever else is written to meanwhile."""
    assert list(too_fast(calls(100.0, 100.9, 101.7, igsid="91"), [], PACE)) == []
    [found] = too_fast(calls(100.0, 100.3, igsid="91"), [], PACE)
    assert (found.igsid, found.why) == ("91", "'You wrote: 1' 0.30 s after 'You wrote: 0'")


def test_look_ups_have_a_rate_of_their_own() -> None:
    """Meta allows two a second."""
    assert list(too_fast([], [100.0, 100.5, 101.0, 101.5], PACE)) == []
    [found] = too_fast([], [100.0, 100.1, 100.2, 100.3], PACE)
    assert found.why == "4 look-ups in one second, at a rate of 2"
