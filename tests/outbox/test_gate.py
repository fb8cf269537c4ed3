"""The arithmetic of the token buckets, and what a used budget of Meta's makes of it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.outbox.gate import UNSAID, Bucket, Usage, budget
from igbot.settings.model import Rates
from tests.answering.talking import START
from tests.outbox.posting import SECOND

RATES = st.floats(0.01, 2000)
STEPS = st.lists(st.tuples(st.floats(0, 5), st.integers(0, 300)), max_size=40)
"""Seconds that go by, and how many would be sent then."""


@given(rate=RATES, steps=STEPS)
def test_in_no_time_goes_more_out_than_the_rate_and_one_bucketful(rate: float, steps: list[tuple[float, int]]) -> None:
    """Whenever it is looked, and however many wait."""
    now, bucket, sent = START, Bucket(rate, None), []
    for seconds, waiting in steps:
        now += timedelta(seconds=seconds)
        calls = min(waiting, bucket.left(now))
        bucket = bucket.spend(now, calls)
        sent.append((now, calls))
    for first, (start, _) in enumerate(sent):
        within = 0
        for at, calls in sent[first:]:
            within += calls
            assert within <= bucket.holds + rate * (at - start).total_seconds() + 0.01


@given(rate=RATES, burst=st.integers(1, 500), rounds=st.integers(1, 30))
def test_what_waits_goes_out_at_the_rate(rate: float, burst: int, rounds: int) -> None:
    """Whoever looks when a bucket says that it opens loses nothing: the long run keeps the rate."""
    now, bucket, sent = START, Bucket(rate, None), 0
    for _ in range(rounds):
        now = bucket.opens_at(now, min(burst, bucket.holds))
        calls = bucket.left(now)
        assert calls >= 1
        bucket, sent = bucket.spend(now, calls), sent + calls
    assert sent >= rate * (now - START).total_seconds()


@given(rate=RATES, spent=st.floats(-100, 100), calls=st.floats(0, 200))
def test_it_opens_when_it_says(rate: float, spent: float, calls: float) -> None:
    """Not a call earlier, and not a microsecond late."""
    bucket = Bucket(rate, START + timedelta(seconds=spent))
    wanted = min(calls, bucket.holds)
    at = bucket.opens_at(START, wanted)
    assert at >= START
    assert bucket.left(at) >= int(wanted)
    if at > START + timedelta(microseconds=2):
        debt = rate * (spent - (at - START).total_seconds() + 2e-6)
        assert bucket.holds - debt < wanted + 1e-5


def test_a_full_bucket_holds_fifty_milliseconds() -> None:
    """At least one call, so that a slow account can send at all."""
    assert [Bucket(rate, None).left(START) for rate in (0.1, 1, 20, 100, 1000)] == [1, 1, 1, 5, 50]


@pytest.mark.parametrize(
    ("percent", "seconds", "pace", "spares"),
    [
        (None, 0, 1, False),
        (79, 0, 1, False),
        (80, 0, 1, True),
        (94, 59, 1, True),
        (95, 59, 10, True),
        (95, 60, 1, False),
    ],
)
def test_a_used_budget_slows_down_and_spares(percent: int | None, seconds: int, pace: int, spares: bool) -> None:
    """From 80 % on nothing that nobody needs, from 95 % on a tenth of the rate; for a minute after Meta said so."""
    usage = Usage(percent, START if percent is not None else None)
    now = START + seconds * SECOND
    buckets = budget(Rates(), usage, text=None, media=None, look_ups=None, now=now)
    assert (buckets.text.rate, buckets.media.rate, buckets.look_ups.rate) == (100 / pace, 10 / pace, 2)
    assert usage.spares(now) is spares


def test_pictures_need_both_buckets() -> None:
    """One that waits for its own is not looked for before the other opens too."""
    spent = START + SECOND
    buckets = budget(Rates(), UNSAID, text=spent, media=START, look_ups=None, now=START)
    assert buckets.opens_at(["media"], START) == buckets.text.opens_at(START)
    assert buckets.opens_at([], START) is None
