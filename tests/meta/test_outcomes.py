"""Every answer of the Send API is one outcome, and no answer is an exception."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.error_table import MOST_CALLS, TABLE, row_for
from igbot.meta.graph_error import GraphError
from igbot.meta.outcomes import Halted, Outcome, Refused, Retry, Sent, Unknown, Wait, classify, no_answer, not_sent

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


@pytest.mark.parametrize(
    ("code", "subcode", "expected"),
    [
        (1, None, ("unknown", True, 3)),
        (1, 99, ("unknown", True, 3)),
        (1, 1357046, ("unknown", True, 1)),
        (2, None, ("unknown", True, 4)),
        (2, 1545133, ("retry", 4, False)),
        (3, None, ("halted",)),
        (4, None, ("wait", "app", None, False)),
        (10, None, ("halted",)),
        (10, 2534022, ("refused", "message", True, False)),
        (10, 2018278, ("refused", "message", True, False)),
        (10, 2018065, ("refused", "message", True, False)),
        (10, 2018108, ("refused", "recipient", False, False)),
        (10, 2018999, ("refused", "recipient", False, False)),
        (10, 2018300, ("refused", "message", False, True)),
        (10, 1893063, ("wait", "account", 1800.0, True)),
        (10, 77, ("retry", 2, True)),
        (17, None, ("wait", "account", None, False)),
        (27, None, ("refused", "message", False, True)),
        (32, None, ("wait", "account", None, False)),
        (100, None, ("refused", "message", False, True)),
        (100, 77, ("refused", "message", False, True)),
        (100, 33, ("refused", "message", False, True)),
        (100, 2018001, ("refused", "recipient", False, False)),
        (100, 2534014, ("refused", "recipient", False, False)),
        (100, 2534037, ("refused", "message", False, True)),
        (100, 2534001, ("refused", "recipient", False, False)),
        (100, 2534025, ("refused", "message", False, False)),
        (100, 2534013, ("refused", "message", False, False)),
        (100, 2534029, ("refused", "message", False, True)),
        (200, 2534041, ("refused", "message", False, False)),
        (100, 2534039, ("refused", "message", False, False)),
        (200, 2534040, ("refused", "message", False, False)),
        (100, 2534122, ("refused", "message", False, True)),
        (10900, None, ("refused", "message", False, False)),
        (10903, None, ("refused", "message", False, False)),
        (100, 2018109, ("refused", "message", False, False)),
        (100, 2018032, ("refused", "message", False, True)),
        (100, 2018034, ("refused", "message", False, True)),
        (100, 2018008, ("retry", 2, False)),
        (100, 2018047, ("retry", 2, False)),
        (102, None, ("halted",)),
        *((190, subcode, ("halted",)) for subcode in (None, 458, 459, 460, 463, 464, 467, 492, 77)),
        (200, None, ("halted",)),
        (200, 2018028, ("halted",)),
        (200, 2018999, ("refused", "recipient", False, False)),
        (299, None, ("halted",)),
        (230, None, ("refused", "message", False, False)),
        (341, None, ("wait", "app", None, False)),
        (368, None, ("halted",)),
        (551, None, ("refused", "recipient", False, False)),
        (551, 1545041, ("refused", "recipient", False, False)),
        (613, 1996, ("wait", "account", None, False)),
        (1200, None, ("retry", 4, False)),
        (2200, None, ("refused", "message", False, True)),
        (9010, None, ("refused", "message", False, False)),
        (80001, None, ("wait", "account", None, False)),
        (80002, None, ("wait", "account", None, False)),
        (80006, None, ("wait", "account", None, False)),
        (1609005, None, ("retry", 2, False)),
        (99999, None, ("retry", 2, True)),
        (0, None, ("retry", 2, True)),
    ],
)
def test_codes(code: int, subcode: int | None, expected: tuple[Any, ...]) -> None:
    """Each row of Meta's error table has its reaction, whatever the HTTP status and wherever the error stands."""
    assert _brief(_classify(400, _error(code, subcode))) == expected
    assert _brief(_classify(200, _error(str(code), subcode and str(subcode)))) == expected
    if expected != ("retry", 2, True):
        assert _brief(_classify(500, _error(code, subcode))) == expected


def test_the_table_has_no_dead_rows() -> None:
    """Each row is the first that fits some error, the last fits all, and none calls more than four times."""
    for row in TABLE:
        code = row.code.start if isinstance(row.code, range) else row.code
        subcode = row.subcode.start if isinstance(row.subcode, range) else row.subcode
        assert row_for(GraphError(code, subcode, row.says, "OAuthException", None, transient=False)) is row
        assert 1 <= row.calls <= MOST_CALLS
        assert row.meaning
    assert row_for(GraphError(None, None, "", "", None, transient=False)) is TABLE[-1]


def test_an_outage_that_reads_as_our_bug_is_waited_out() -> None:
    """Meta answered each send with this text for days; dropping them would have lost every reply."""
    outage = _error(100, message="Unsupported request - method type: post")
    assert _brief(_classify(400, outage)) == ("wait", "account", 300.0, True)


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
        (400, b"not found", ("retry", 2, True)),
        (302, b"", ("retry", 2, True)),
        (400, {"error": "invalid"}, ("retry", 2, True)),
        (400, {"error_type": "OAuthException", "code": 190, "error_message": "bad"}, ("halted",)),
    ],
)
def test_answers_without_a_known_code(status: int, answer: Any, expected: tuple[Any, ...]) -> None:
    """Where no code tells, the status does."""
    assert _brief(_classify(status, answer)) == expected


def test_transient_errors_are_never_final() -> None:
    """Meta's `is_transient` outweighs a code that would drop the message, but no limit and no dead token."""
    assert _brief(_classify(400, _error(100, is_transient=True))) == ("unknown", True, 4)
    assert _brief(_classify(400, _error(4, is_transient=True))) == ("wait", "app", None, False)
    assert _brief(_classify(400, _error(190, is_transient=True))) == ("halted",)


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
        outcome = _classify(status, answer, {"Retry-After": "7"})
        assert isinstance(outcome, Retry | Unknown)
        assert outcome.seconds == 7.0


def test_the_error_is_kept_short_and_without_tokens() -> None:
    """What people read of an error is storable, at most 300 characters, and never repeats a token."""
    message = "Malformed access token EAAB1234567890abcdef \0\ud800" + "x" * 5000
    outcome = _classify(401, _error(190, 463, message=message, fbtrace_id="A1b2", is_transient=False))
    assert isinstance(outcome, Halted)
    assert outcome.error.message.startswith("Malformed access token (token) \ufffd\ufffdxxx")
    assert len(outcome.error.message) == 300
    assert (outcome.error.code, outcome.error.subcode, outcome.error.fbtrace_id) == (190, 463, "A1b2")
    assert outcome.reason == "the token has expired: log in again"


def test_numbers_no_column_can_hold_are_no_codes() -> None:
    """A code beyond 32 bits counts as absent."""
    outcome = _classify(400, _error(2**31, 10**400))
    assert isinstance(outcome, Retry)
    assert (outcome.error.code, outcome.error.subcode) == (None, None)


def test_failures_of_the_transport() -> None:
    """Without an answer the message may have been sent; without a connection it was not."""
    assert _brief(no_answer("timeout")) == ("unknown", False, 4)
    assert _brief(not_sent("connection refused")) == ("retry", 4, False)
    assert not_sent("connection refused").error.message == "connection refused"


_VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()))
_ERRORS = st.dictionaries(
    st.sampled_from(["code", "error_subcode", "message", "type", "is_transient", "fbtrace_id"]), _VALUES
)
_ANSWERS = st.one_of(
    st.binary(),
    st.fixed_dictionaries({"error": st.one_of(_ERRORS, _VALUES)}).map(lambda each: json.dumps(each).encode()),
    st.just(b"[" * 100_000),
)
_HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "X-App-Usage", "x-business-use-case-usage"]),
    st.one_of(st.text(), st.just('{"1":[{"type":"messenger","call_count":"x","total_time":1e999}]}')),
)


@given(st.integers(0, 999), _ANSWERS, _HEADERS)
def test_no_answer_raises(status: int, body: bytes, headers: dict[str, str]) -> None:
    """Any status, body and headers are an outcome."""
    outcome = classify(status, body, headers, now=NOW)
    if not isinstance(outcome, Sent):
        assert len(outcome.error.message) <= 300
        assert outcome.error.fbtrace_id != ""
