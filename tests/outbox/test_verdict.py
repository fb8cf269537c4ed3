"""From the outcome of a call to what becomes of the reply: the table of trying again, row by row."""

from datetime import timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.error_table import MOST_CALLS
from igbot.meta.events import Mid
from igbot.meta.graph_error import GraphError, other_error
from igbot.meta.outcomes import Halted, Outcome, Refused, Retry, Sent, Unknown, Wait
from igbot.outbox.states import TRANSITIONS
from igbot.outbox.verdict import (
    BLIND_WAIT,
    ECHO_WAIT,
    UNREACHABLE_WAIT,
    WINDOW_CLOSED,
    Verdict,
    after_look_up,
    judge,
    lost,
    unreachable,
)
from tests.answering.talking import START

ERROR: GraphError = other_error("test", "something")
SCOPES: tuple[Literal["account", "app"], ...] = ("account", "app")


def verdict_on(outcome: Outcome, **changes: Any) -> Verdict:
    """The verdict on a first call with no jitter."""
    known: dict[str, Any] = {"calls": 1, "unanswered": 0, "rate_waits": 0, "spread": 1.0, "now": START}
    return judge(outcome, **known | changes)


def after(seconds: float) -> Any:
    return START + timedelta(seconds=seconds)


OUTCOMES: list[tuple[Outcome, dict[str, Any]]] = [
    (Sent(Mid("m")), {"state": "sent", "mid": "m", "due_at": None, "alert": False}),
    (Retry(ERROR), {"state": "queued", "due_at": after(1), "counted": True, "alert": False}),
    (Retry(ERROR, seconds=30.0), {"state": "queued", "due_at": after(30)}),
    (Retry(ERROR, alert=True), {"state": "queued", "alert": True}),
    (Retry(ERROR, tries=1), {"state": "dead", "alert": True}),
    (Unknown(answered=True, error=ERROR), {"state": "unknown", "due_at": after(1), "unanswered": 0}),
    (Unknown(answered=True, error=ERROR, tries=1), {"state": "unknown", "most_calls": 1}),
    (Unknown(answered=False, error=ERROR), {"state": "unknown", "due_at": START + ECHO_WAIT, "unanswered": 1}),
    (
        Wait(300.0, "account", ERROR, alert=False),
        {"state": "queued", "due_at": after(300), "account_wait": True, "counted": False},
    ),
    (
        Wait(None, "app", ERROR, alert=True),
        {"state": "queued", "due_at": after(60), "alert": True, "counted": False, "whole_app": True},
    ),
    (
        Refused("message", ERROR, window_closed=False, alert=False),
        {"state": "failed", "due_at": None, "blocks_customer": False},
    ),
    (
        Refused("message", ERROR, window_closed=True, alert=False),
        {"state": "expired", "due_at": None, "reason": WINDOW_CLOSED},
    ),
    (
        Refused("message", ERROR, window_closed=False, alert=True, hands_over=True),
        {"state": "failed", "hands_over": True, "alert_once_a_day": True},
    ),
    (
        Refused("recipient", ERROR, window_closed=False, alert=True, customers=3),
        {"state": "failed", "alert": True, "alert_customers": 3, "blocks_customer": True},
    ),
    (
        Halted(ERROR, "the token"),
        {"state": "queued", "halt": "the token", "counted": False, "alert": True, "resumes_at": None},
    ),
    (Halted(ERROR, "a block", 14_400.0), {"halt": "a block", "resumes_at": after(14_400)}),
]


@pytest.mark.parametrize(("outcome", "expected"), OUTCOMES, ids=lambda value: type(value).__name__)
def test_each_outcome_has_its_verdict(outcome: Outcome, expected: dict[str, Any]) -> None:
    """Every kind of outcome, as contract §6 and §8 say."""
    verdict = verdict_on(outcome)
    assert {name: getattr(verdict, name) for name in expected} == expected
    assert verdict.state in TRANSITIONS["sending"]


IN_TROUBLE: list[Outcome] = [
    Unknown(answered=False, error=ERROR),
    Unknown(answered=True, error=ERROR),
    Retry(ERROR, outage=True),
    Retry(ERROR, tries=1, outage=True),
    Wait(None, "account", ERROR, alert=True, cause="outage"),
]
ANSWERS: list[Outcome] = [
    Sent(Mid("m")),
    Retry(ERROR),
    Retry(ERROR, tries=1),
    Wait(None, "account", ERROR, alert=False),
    Refused("recipient", ERROR, window_closed=False, alert=False),
    Halted(ERROR, "the token"),
]


def test_the_circuit_breaker_learns_whether_meta_answers() -> None:
    """A refusal is an answer; what shows that Meta is in trouble is a failure; without a call it learns nothing."""
    for outcome, failed in (
        (o, outcome_failed) for outcome_failed, os in ((True, IN_TROUBLE), (False, ANSWERS)) for o in os
    ):
        verdict = verdict_on(outcome)
        assert (verdict.failure, verdict.answered) == (failed, not failed), outcome
    gone = unreachable(ERROR, spread=1.0, unanswered=0, now=START)
    untried = unreachable(ERROR, spread=1.0, unanswered=0, now=START, failure=False)
    none = Verdict("expired", "expired")
    assert [(v.failure, v.answered) for v in (gone, untried, none)] == [(True, False), (False, False), (False, False)]


@pytest.mark.parametrize(("calls", "seconds"), [(1, 1), (2, 2), (3, 4)])
@pytest.mark.parametrize("spread", [0.5, 1.0, 1.49])
def test_tries_are_one_two_and_four_seconds_apart_with_jitter(calls: int, seconds: int, spread: float) -> None:
    """Between half and one and a half of it, after a known failure and after an answer that proves nothing."""
    for outcome in (Retry(ERROR), Unknown(answered=True, error=ERROR)):
        verdict = verdict_on(outcome, calls=calls, spread=spread)
        assert verdict.due_at == after(seconds * spread)


def test_the_fourth_failed_call_is_the_last() -> None:
    """One call and three more; what is unknown then gets one last look."""
    assert verdict_on(Retry(ERROR), calls=MOST_CALLS).state == "dead"
    assert verdict_on(Retry(ERROR), calls=MOST_CALLS - 1).state == "queued"
    last = verdict_on(Unknown(answered=True, error=ERROR), calls=MOST_CALLS)
    assert (last.state, last.due_at) == ("unknown", after(8))


def test_the_one_retry_of_an_error_is_used_up_by_its_own_return_only() -> None:
    """A call that a crash or another error has spoilt was none of its."""
    media = GraphError(100, 2018008, "the media could not be fetched", "OAuthException", None, False)
    assert verdict_on(Retry(media, tries=2), calls=2).state == "queued"
    assert verdict_on(Retry(media, tries=2), calls=3, before=(2, None)).state == "queued"
    assert verdict_on(Retry(media, tries=2), calls=2, before=(100, 2018008)).state == "dead"
    assert verdict_on(Retry(media, tries=2), calls=MOST_CALLS).state == "dead"


def test_a_rate_limit_without_a_hint_waits_longer_each_time_up_to_an_hour() -> None:
    """60, 120, 240 seconds and so on."""
    pauses = [verdict_on(Wait(None, "account", ERROR, alert=False), rate_waits=n).due_at for n in range(8)]
    assert pauses == [after(seconds) for seconds in (60, 120, 240, 480, 960, 1920, 3600, 3600)]


def test_a_restriction_lasts_half_an_hour_and_longer_each_time_up_to_four() -> None:
    """Whatever a header says of other limits, unless it asks for more."""

    def pauses(hint: float | None) -> list[Any]:
        wait = Wait(hint, "account", ERROR, alert=True, first=1800.0, longest=14_400.0, cause="restricted")
        return [verdict_on(wait, rate_waits=n).due_at for n in range(5)]

    assert pauses(None) == pauses(60.0) == [after(minutes * 60) for minutes in (30, 60, 120, 240, 240)]
    assert pauses(7200.0) == [after(minutes * 60) for minutes in (120, 120, 120, 240, 240)]


@given(
    st.floats(0.5, 1.5, exclude_max=True),
    st.integers(1, MOST_CALLS),
    st.none() | st.floats(0.001, 86_400),
    st.integers(0, 10**6),
)
def test_no_wait_is_shorter_than_meta_asks_or_longer_than_it_need_be(
    spread: float, calls: int, asked: float | None, waits: int
) -> None:
    """Jitter lies between half and one and a half, and shortens nothing that Meta asked for."""
    step = 2.0 ** (calls - 1)
    for outcome in (Retry(ERROR, seconds=asked), Unknown(answered=True, error=ERROR, seconds=asked)):
        verdict = verdict_on(outcome, calls=calls, spread=spread, rate_waits=waits)
        if verdict.due_at is None:
            assert (verdict.state, calls) == ("dead", MOST_CALLS)
            continue
        seconds = (verdict.due_at - START).total_seconds()
        assert max(0.5 * step, asked or 0.0) - 1e-5 <= seconds <= max(1.5 * step, asked or 0.0) + 1e-5
    for scope in SCOPES:
        limit = verdict_on(Wait(asked, scope, ERROR, alert=False), spread=spread, rate_waits=waits)
        assert limit.due_at is not None
        seconds = (limit.due_at - START).total_seconds()
        nominal = min(60.0 * 2 ** min(waits, 10), 3600.0)
        least, most = (0.5 * nominal, 1.5 * nominal) if asked is None else (max(asked, 1.0), max(asked, 1.0))
        assert least - 1e-5 <= seconds <= most + 1e-5
        assert (limit.whole_app, limit.counted, limit.account_wait) == (scope == "app", False, True)


@given(st.lists(st.sampled_from([*IN_TROUBLE, *ANSWERS]), min_size=20, max_size=40))
def test_however_calls_end_there_are_four_at_most(outcomes: list[Outcome]) -> None:
    """Limits and outages aside, which are no attempts; a reply that is over stays so."""
    calls = unanswered = 0
    most = MOST_CALLS
    for outcome in outcomes:
        calls += 1
        verdict = verdict_on(outcome, calls=calls, unanswered=unanswered)
        unanswered, most = verdict.unanswered, min(most, verdict.most_calls)
        if not verdict.counted:
            calls -= 1
        assert calls <= MOST_CALLS
        if verdict.state == "unknown":
            step, _ = after_look_up(
                found=False, lost=False, calls=calls, most_calls=most, unanswered=unanswered, sending_at=START,
                now=after(120),
            )  # fmt: skip
            if step == "dead":
                return
        elif verdict.state != "queued":
            return


def test_what_never_left_is_no_attempt() -> None:
    """An outage of Meta's or of the network is waited out."""
    verdict = unreachable(ERROR, spread=1.0, unanswered=0, now=START)
    assert (verdict.state, verdict.counted, verdict.due_at) == ("queued", False, START + UNREACHABLE_WAIT)


def test_a_lost_process_is_waited_for_as_a_call_without_an_answer() -> None:
    """The twenty seconds run from the call, not from when the loss was noticed."""
    verdict = lost(sending_at=START, unanswered=0)
    assert (verdict.state, verdict.due_at, verdict.unanswered) == ("unknown", START + ECHO_WAIT, 0)


@pytest.mark.parametrize(
    ("found", "calls", "unanswered", "seconds", "expected"),
    [
        (False, 1, 0, 1, "send"),  # answered, not there
        (None, 1, 0, 1, "send blind"),  # answered, no look-up to be had
        (False, 1, 1, 20, "send"),  # no answer, not there
        (None, 1, 1, 20, "later"),  # no answer, no look-up: a minute's patience
        (None, 1, 1, 60, "send blind"),
        (False, 2, 2, 80, "dead"),  # sent again once, and no answer again
        (None, 2, 2, 80, "dead"),
        (False, 4, 0, 10, "dead"),  # four calls
        (False, 3, 0, 10, "send"),
    ],
)
def test_an_unknown_reply_that_was_not_found_goes_on_as_the_contract_says(
    found: Any, calls: int, unanswered: int, seconds: float, expected: str
) -> None:
    """Contract §6: looked up before each further call; without an answer sent again at most once."""
    step, at = after_look_up(
        found=found,
        lost=False,
        calls=calls,
        most_calls=MOST_CALLS,
        unanswered=unanswered,
        sending_at=START,
        now=after(seconds),
    )
    assert step == expected
    assert at == (START + BLIND_WAIT if expected == "later" else None)


@pytest.mark.parametrize(
    ("found", "calls", "unanswered", "seconds", "expected"),
    [
        (False, 0, 0, 20, "send"),  # Meta has nothing of it: that was no call
        (False, 2, 1, 20, "send"),
        (None, 1, 0, 20, "later"),  # as any call without an answer
        (None, 1, 0, 60, "send blind"),
        (None, 3, 1, 60, "send blind"),
        (None, 4, 0, 60, "dead"),
    ],
)
def test_a_crash_uses_up_no_repetition(found: Any, calls: int, unanswered: int, seconds: float, expected: str) -> None:
    """A reply whose process died mid-call goes out again, four calls at most, whatever it met before."""
    step, _ = after_look_up(
        found=found,
        lost=True,
        calls=calls,
        most_calls=MOST_CALLS,
        unanswered=unanswered,
        sending_at=START,
        now=after(seconds),
    )
    assert step == expected


def test_what_was_very_likely_sent_is_never_sent_again() -> None:
    """An error that comes after the sending bounds the calls of its reply to one; its echo has time to come."""
    assert verdict_on(Unknown(answered=True, error=ERROR, tries=1)).due_at == START + ECHO_WAIT
    step, _ = after_look_up(
        found=False, lost=False, calls=1, most_calls=1, unanswered=0, sending_at=START, now=after(5)
    )
    assert step == "dead"
