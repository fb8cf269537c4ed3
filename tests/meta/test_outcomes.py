"""Every answer of the Send API is one outcome, and no answer is an exception."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.outcomes import Halted, Outcome, Refused, Retry, Sent, Unknown, Wait, classify, no_answer, not_sent
from tests.meta import wild

NOW = datetime(2026, 9, 21, 14, 14, tzinfo=UTC)


def _classify(status: int, answer: Any, headers: dict[str, str] | None = None) -> Outcome:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return classify(status, body, headers or {}, now=NOW)


def _error(code: Any, subcode: Any = None, **more: Any) -> dict[str, Any]:
    return {"error": {"message": "no", "type": "OAuthException", "code": code, "error_subcode": subcode, **more}}


def _brief(outcome: Outcome) -> tuple[Any, ...]:
    match outcome:
        case Retry(tries=tries, alert=alert):
            return ("retry", tries, alert)
        case Unknown(answered=answered, tries=tries):
            return ("unknown", answered, tries)
        case Wait(scope=scope, seconds=seconds, alert=alert):
            return ("wait", scope, seconds, alert)
        case Refused(scope=scope, window_closed=closed, alert=alert):
            return ("refused", scope, closed, alert)
        case Halted():
            return ("halted",)
        case Sent(mid=mid):
            return ("sent", mid)


def test_sent() -> None:
    """A 200 with a message id is sent, even beside an error object."""
    assert _classify(200, {"recipient_id": "900", "message_id": "m_out"}) == _classify(
        200, {"message_id": "m_out", **_error(2)}
    )
    assert _brief(_classify(200, {"message_id": "m_out"})) == ("sent", "m_out")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"recipient_id":"900"}', b'{"message_id":""}', b'{"message_id":null}', b'{"mess'],
)
def test_a_success_without_mid_is_no_answer(body: bytes) -> None:
    """A 200 that names no message, or cannot be read, says nothing about what became of it."""
    assert _brief(_classify(200, body)) == ("unknown", False, 4)


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (500, b"<html>oops</html>", ("unknown", True, 4)),
        (503, b"", ("unknown", True, 4)),
        (500, _error(99999), ("unknown", True, 4)),
        (500, _error(None), ("unknown", True, 4)),
        (408, b"", ("unknown", True, 4)),
        (429, b"", ("wait", "account", None, False)),
        (429, _error(99999), ("wait", "account", None, False)),
        (400, b"not found", ("retry", 4, True)),
        (302, b"", ("retry", 4, True)),
        (204, b"", ("unknown", False, 4)),
        (400, {"error": "invalid"}, ("retry", 4, True)),
        (400, {"error": {"message": "no code", "type": "OAuthException"}}, ("retry", 2, True)),
        (400, {"error_type": "OAuthException", "code": 190, "error_message": "bad"}, ("halted",)),
    ],
)
def test_answers_without_a_known_code(status: int, answer: Any, expected: tuple[Any, ...]) -> None:
    """Where no code tells, the status does."""
    assert _brief(_classify(status, answer)) == expected


def test_who_is_not_meta_is_taken_for_an_outage() -> None:
    """A portal's redirect, a proxy's page: nobody's message is to blame. An error of Meta's is no outage."""
    for status, answer in ((302, b""), (403, b"<html>log in</html>"), (404, b""), (400, {"error": ["x"]})):
        outcome = _classify(status, answer)
        assert isinstance(outcome, Retry)
        assert outcome.outage
    for answer in (_error(99999), _error(None)):
        outcome = _classify(400, answer)
        assert isinstance(outcome, Retry)
        assert not outcome.outage


def test_transient_errors_are_never_final() -> None:
    """It outweighs a code that would drop the message, but no limit; what stops, stops for a while."""
    assert _brief(_classify(400, _error(100, is_transient=True))) == ("unknown", True, 4)
    assert _brief(_classify(400, _error(551, 1545041, is_transient="true"))) == ("unknown", True, 4)
    assert _brief(_classify(400, _error(99999, is_transient=True))) == ("unknown", True, 4)
    assert _brief(_classify(400, _error(4, is_transient=True))) == ("wait", "app", None, False)
    for code, transient, seconds in ((190, True, 300.0), (190, False, None), (368, True, 14_400.0)):
        outcome = _classify(400, _error(code, is_transient=transient))
        assert isinstance(outcome, Halted)
        assert outcome.retry_after == seconds


def test_a_block_for_policy_lasts_as_long_as_meta_says_and_four_hours_at_least() -> None:
    """It is resumed by hand, or tried again then."""
    for asked, seconds in (("60", 14_400.0), ("20000", 20_000.0)):
        outcome = _classify(400, _error(368), {"Retry-After": asked})
        assert isinstance(outcome, Halted)
        assert outcome.retry_after == seconds


def test_waits_are_as_long_as_meta_says() -> None:
    """`Retry-After` and the time to regain access are obeyed, the longer one; percentages alone are no hint."""
    usage = '{"1":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":2}]}'
    full = '{"1":[{"type":"instagram","call_count":100}]}'
    by_header: list[tuple[dict[str, str], float | None]] = [
        ({"Retry-After": "30"}, 30.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:14:45 GMT"}, 45.0),
        ({"X-Business-Use-Case-Usage": usage}, 120.0),
        ({"X-Business-Use-Case-Usage": usage, "Retry-After": "500"}, 500.0),
        ({"X-Business-Use-Case-Usage": full}, None),
    ]
    for headers, seconds in by_header:
        assert _brief(_classify(400, _error(613), headers)) == ("wait", "account", seconds, False)
    for status, answer in ((503, b""), (500, _error(2)), (400, _error(1200)), (400, b"")):
        for headers, seconds in (({"Retry-After": "7"}, 7.0), ({"X-Business-Use-Case-Usage": usage}, 120.0)):
            outcome = _classify(status, answer, headers)
            assert isinstance(outcome, Retry | Unknown)
            assert outcome.seconds == seconds


def test_failures_of_the_transport() -> None:
    """Without an answer the message may have been sent; without a connection it was not."""
    assert _brief(no_answer("timeout")) == ("unknown", False, 4)
    assert _brief(not_sent("connection refused")) == ("retry", 4, False)
    assert not_sent("connection refused").error.message == "connection refused"


@given(st.integers(0, 999), wild.BODIES, wild.HEADERS)
def test_no_answer_raises(status: int, body: bytes, headers: dict[str, str]) -> None:
    """Any status, body and headers are an outcome."""
    outcome = classify(status, body, headers, now=NOW)
    if not isinstance(outcome, Sent):
        error = outcome.error
        assert len(error.message) <= 300
        assert error.fbtrace_id != ""
        assert (error.message + error.type + (error.fbtrace_id or "")).isprintable()


@pytest.mark.parametrize("body", wild.AWKWARD, ids=lambda body: repr(body[:24]))
@pytest.mark.parametrize("status", [200, 204, 302, 400, 401, 429, 500, 503])
def test_what_cannot_be_read_is_never_taken_for_a_refusal(status: int, body: bytes) -> None:
    """No garbage makes igbot believe that Meta took a message, refused it for good, or locked the account."""
    assert isinstance(_classify(status, body), Unknown | Retry | Wait)
