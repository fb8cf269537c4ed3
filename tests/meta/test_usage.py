"""Usage headers: how full the budget is and how long to wait."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.usage import Usage, read_retry_after, read_usage

NOW = datetime(2026, 9, 21, 14, 14, tzinfo=UTC)


def test_the_fullest_budget_counts() -> None:
    """Of all budgets that concern messaging the highest percentage and the longest wait (in minutes) count."""
    business = (
        '{"178":[{"type":"instagram","call_count":97,"total_time":23,"estimated_time_to_regain_access":19},'
        '{"type":"ads_insights","call_count":100,"estimated_time_to_regain_access":600}],'
        '"104":[{"type":"pages","total_cputime":"98","estimated_time_to_regain_access":0}]}'
    )
    headers = {"X-App-Usage": '{"call_count":28,"total_time":25}', "X-Business-Use-Case-Usage": business}
    assert read_usage(headers) == Usage(percent=98, regain_seconds=1140.0)


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "[]", "5", "null", "\ud800", "[" * 8000, '{"1":' * 4000),
        *('{"1":5}', '{"1":[5]}', '{"1":[{"type":["pages"]}]}', '{"1":[{"type":"pages","call_count":NaN}]}'),
        '{"1":[{"type":"pages","call_count":-5,"total_time":true,"estimated_time_to_regain_access":[1]}]}',
    ],
)
def test_unreadable_headers_are_no_usage(text: str) -> None:
    """What cannot be read is 0 percent and no wait."""
    assert read_usage({"x-app-usage": text, "x-business-use-case-usage": text}) == Usage(0, None)


def test_huge_figures_are_bounded() -> None:
    """No figure of a header makes igbot wait for more than a day."""
    huge = "9" * 400
    text = f'{{"1":[{{"type":"pages","call_count":{huge},"estimated_time_to_regain_access":{huge}}}]}}'
    assert read_usage({"X-Business-Use-Case-Usage": text}) == Usage(10_000, 86_400.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 5 ", 5.0),
        ("Mon, 21 Sep 2026 14:15:00 GMT", 60.0),
        ("Mon, 21 Sep 2026 14:13:00 GMT", None),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1.5", 1.5),
        ("0.0", None),
        ("99999999999", 86_400.0),
        ("9" * 6000, 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 86_400.0),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
        ("٣", None),
        ("1e3", None),
        ("\ud800", None),
    ],
)
def test_retry_after(text: str, seconds: float | None) -> None:
    """Seconds and HTTP dates are read, at most a day; the past and nonsense are no hint."""
    assert read_retry_after({"RETRY-AFTER": text}, now=NOW) == seconds


@given(st.dictionaries(st.sampled_from(["X-App-Usage", "Retry-After"]), st.text(st.characters())))
def test_no_header_raises(headers: dict[str, str]) -> None:
    """Header values of any kind are read without an exception."""
    assert read_usage(headers).percent >= 0
    assert (read_retry_after(headers, now=NOW) or 1.0) > 0
