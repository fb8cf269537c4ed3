"""Meta's error table, row by row, as the reference has it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from igbot.meta.error_table import MOST_CALLS, TABLE, Row, row_for
from igbot.meta.graph_error import GraphError
from igbot.meta.outcomes import Halted, Outcome, Refused, Retry, Unknown, Wait, classify

NOW = datetime(2026, 9, 21, 14, 14, tzinfo=UTC)
PERMISSION = TOKEN = ("halt", None)
REFUSED, TOLD = ("refuse", "message", False), ("refuse", "message", True)
IF_REPEATED = ("refuse", "message", 3)
WINDOW = ("window", "message", False)
BLOCKED = ("refuse", "recipient", False)
LIMIT, APP_LIMIT = ("wait", "account", 60.0, 3600.0, False), ("wait", "app", 60.0, 3600.0, False)
ONCE_MORE, NOBODY_KNOWS = ("retry", 2, False), ("retry", 2, True)

REFERENCE: list[tuple[int, int | None, tuple[Any, ...]]] = [
    (1, None, ("unknown", 3)),
    (1, 99, ("unknown", 3)),
    (1, 1357046, ("unknown", 1)),
    (2, None, ("unknown", 4)),
    (2, 1545133, ("retry", 4, False)),
    (3, None, PERMISSION),
    (4, None, APP_LIMIT),
    (10, None, PERMISSION),
    (10, 0, PERMISSION),
    (10, 2534022, WINDOW),
    (10, 2018278, WINDOW),
    (10, 2018065, WINDOW),
    (10, 2018108, BLOCKED),
    (10, 2018999, BLOCKED),
    (10, 2018300, ("thread", "message", True)),
    (10, 1893063, ("wait", "account", 1800.0, 14_400.0, True)),
    (10, 77, NOBODY_KNOWS),
    (17, None, LIMIT),
    (27, None, TOLD),
    (32, None, LIMIT),
    (100, None, TOLD),
    (100, 77, TOLD),
    (100, 33, TOLD),
    (100, 2018001, BLOCKED),
    (100, 2534014, ("refuse", "recipient", 3)),
    (100, 2534037, TOLD),
    (100, 2534001, BLOCKED),
    (100, 2534025, REFUSED),
    (100, 2534013, IF_REPEATED),
    (100, 2534029, IF_REPEATED),
    (100, 2534122, TOLD),
    (200, 2534041, IF_REPEATED),
    (100, 2534039, IF_REPEATED),
    (200, 2534040, IF_REPEATED),
    (10900, None, IF_REPEATED),
    (10903, None, IF_REPEATED),
    (100, 2018109, REFUSED),
    (100, 2018032, TOLD),
    (100, 2018034, TOLD),
    (100, 2018555, TOLD),
    (100, 2018008, ONCE_MORE),
    (100, 2018047, ONCE_MORE),
    (102, None, TOKEN),
    *((190, subcode, TOKEN) for subcode in (None, 458, 459, 460, 463, 464, 467, 492, 77)),
    (200, None, PERMISSION),
    (200, 2018028, PERMISSION),
    (200, 2018999, BLOCKED),
    (299, None, PERMISSION),
    (230, None, REFUSED),
    (341, None, APP_LIMIT),
    (368, None, ("halt", 14_400.0)),
    (551, None, BLOCKED),
    (551, 1545041, BLOCKED),
    (613, None, LIMIT),
    (613, 1996, LIMIT),
    (1200, None, ("retry", 4, False)),
    (2200, None, TOLD),
    (9010, None, REFUSED),
    (80001, None, LIMIT),
    (80002, None, LIMIT),
    (80006, None, LIMIT),
    (1609005, None, ONCE_MORE),
    (2022, None, NOBODY_KNOWS),
    (99999, None, NOBODY_KNOWS),
    (0, None, NOBODY_KNOWS),
    (-1, None, NOBODY_KNOWS),
]


def _brief(outcome: Outcome) -> tuple[Any, ...]:
    match outcome:
        case Retry(tries=tries, alert=alert):
            return ("retry", tries, alert)
        case Unknown(answered=True, tries=tries):
            return ("unknown", tries)
        case Wait(seconds=None) as wait:
            return ("wait", wait.scope, wait.first, wait.longest, wait.alert)
        case Refused() as refused:
            word = "window" if refused.window_closed else "thread" if refused.hands_over else "refuse"
            return (word, refused.scope, refused.customers if refused.customers > 1 else refused.alert)
        case Halted(retry_after=seconds):
            return ("halt", seconds)
        case _:
            return ("?",)


def _answered(status: int, code: Any, subcode: Any, message: str = "no") -> Outcome:
    error = {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode, "fbtrace_id": "A1"}
    return classify(status, json.dumps({"error": error}).encode(), {}, now=NOW)


@pytest.mark.parametrize(("code", "subcode", "expected"), REFERENCE)
def test_codes(code: int, subcode: int | None, expected: tuple[Any, ...]) -> None:
    """Each row of Meta's error table has its reaction, whatever the HTTP status and wherever the error stands."""
    for status in (200, 400, 401, 403, 302):
        assert _brief(_answered(status, code, subcode)) == expected
    if code >= 0:
        assert _brief(_answered(400, str(code), subcode and str(subcode))) == expected
    assert _brief(_answered(400, float(code), subcode and float(subcode))) == expected
    if expected != NOBODY_KNOWS:
        for status in (429, 500, 503):
            assert _brief(_answered(status, code, subcode)) == expected


def test_the_error_is_told_with_each_outcome() -> None:
    """Meta's own trace id goes with it, and what it means in our words."""
    for code, subcode, _ in REFERENCE:
        outcome = _answered(400, code, subcode)
        assert isinstance(outcome, Retry | Unknown | Wait | Refused | Halted)
        assert outcome.error.fbtrace_id == "A1"
        assert outcome.reason if isinstance(outcome, Halted) else outcome.meaning


def test_the_table_has_no_dead_rows() -> None:
    """Each row is the first that fits some error, the last fits all, and none calls more than four times."""
    for row in TABLE:
        code = row.code.start if isinstance(row.code, range) else row.code
        subcode = row.subcode.start if isinstance(row.subcode, range) else row.subcode
        assert row_for(GraphError(code, subcode, row.says, "OAuthException", None, transient=False)) is row
        assert 1 <= row.calls <= MOST_CALLS
        assert row.meaning
    assert row_for(GraphError(None, None, "", "", None, transient=False)) is TABLE[-1]


def test_the_rows_know_whom_they_concern() -> None:
    """A message, a customer, an account or the app, and there are rows for each."""

    def scope(row: Row) -> str:
        return row.scope

    assert {scope(row) for row in TABLE} == {"message", "recipient", "account", "app"}


@pytest.mark.parametrize(
    ("message", "way_out"),
    [
        ("API calls from the server require an appsecret_proof argument", "IGBOT_APPSECRET_PROOF"),
        ("(#100) Invalid appsecret_proof provided in the API argument", "IGBOT_APP_SECRET"),
    ],
)
def test_what_the_proof_of_the_secret_lacks_stops_the_account(message: str, way_out: str) -> None:
    """It would refuse every reply for good; the queue is kept instead, and the reason names the setting."""
    outcome = _answered(400, 100, None, message)
    assert isinstance(outcome, Halted)
    assert way_out in outcome.reason


@pytest.mark.parametrize(
    "message", ["Unsupported request - method type: post", "(#100) Unsupported request - method type"]
)
@pytest.mark.parametrize("subcode", [None, 33, 99])
def test_an_outage_that_reads_as_our_bug_is_waited_out(message: str, subcode: int | None) -> None:
    """Meta answered each send with this text for days; dropping them would have lost every reply."""
    outcome = _answered(400, 100, subcode, message)
    assert isinstance(outcome, Wait)
    assert (outcome.scope, outcome.first, outcome.longest, outcome.cause, outcome.alert) == (
        ("account", 300.0, 300.0, "outage", True)
    )  # fmt: skip


def test_the_words_of_an_outage_inside_another_message_are_no_outage() -> None:
    """What Meta repeats of a bad request must not stop the account."""
    outcome = _answered(400, 100, None, "Invalid parameter: Unsupported request - method type: post")
    assert isinstance(outcome, Refused)


def test_text_for_people_decides_nothing() -> None:
    """Whatever Meta writes in the customer's language, the code decides."""
    error = {
        "code": 551,
        "error_user_title": "Token expired",
        "error_user_msg": "(#190) Unsupported request - method type",
    }
    outcome = classify(400, json.dumps({"error": error}).encode(), {}, now=NOW)
    assert isinstance(outcome, Refused)
    assert outcome.error == GraphError(551, None, "", "", None, transient=False)
