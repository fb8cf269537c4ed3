"""Whatever the Send API answers, it becomes one verdict and one short line in the log, and nothing is raised."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.error_table import MOST_CALLS
from igbot.meta.events import AccountId, Igsid
from igbot.meta.outcomes import Sent, classify
from igbot.meta.outgoing import Outgoing
from igbot.outbox.claimed import ClaimedReply
from igbot.outbox.reporting import report
from igbot.outbox.states import TRANSITIONS
from igbot.outbox.troubles import Trouble, Troubles
from igbot.outbox.verdict import Verdict, judge
from igbot.telemetry.formatting import JsonFormatter
from igbot.telemetry.log import EventLog
from igbot.telemetry.redaction import Redactor
from tests.answering.talking import ACCOUNT, ANA
from tests.meta import wild

NOW = datetime(2026, 9, 21, 14, 14, tzinfo=UTC)
LINE_BYTES = 2048


class Lines(logging.Handler):
    """The lines as production writes them."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter(Redactor(["abcdefghij"]), marks={"env": "production"}))
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(self.format(record))


def reply(**known: Any) -> ClaimedReply:
    """A claimed reply whose fields are as long as Meta and the owner ever make them."""
    fields: dict[str, Any] = {
        "account_id": AccountId(ACCOUNT), "igsid": Igsid(ANA), "outbox_id": 2**62, "step": "send",
        "message": Outgoing("hello"), "attempts": 0, "unanswered": 0, "lost": False, "retries": None,
        "most_calls": MOST_CALLS, "sending_at": NOW, "due_at": NOW, "rule": "a-rule-with-quite-a-long-name",
        "for_mid": "aWdfZAG1" * 25, "test": True, "decided_at": NOW, "arrivals": 1,
    }  # fmt: skip
    return ClaimedReply(**fields | known)


def told(status: int, body: bytes, headers: dict[str, str], *, calls: int = 1, **known: Any) -> tuple[Verdict, str]:
    """The verdict on an answer, and the one line that is written of it."""
    claimed = reply(attempts=calls - 1, **known)
    verdict = judge(
        classify(status, body, headers, now=NOW), calls=calls, unanswered=0, rate_waits=0, spread=1.0, now=NOW
    )
    lines, troubles = Lines(), list[Trouble]()
    logger = logging.Logger("igbot.outbox")  # one of its own: the tree's loggers outlive the example
    logger.addHandler(lines)
    report(EventLog(logger), claimed, verdict)
    Troubles(troubles.append).note(verdict, account=ACCOUNT, igsid=claimed.igsid, now=NOW)
    assert len(troubles) <= 1
    [line] = lines.written
    return verdict, line


def check(verdict: Verdict, line: str, *, calls: int) -> None:
    """What holds for every answer."""
    assert verdict.state in TRANSITIONS["sending"]
    assert len(line.encode()) < LINE_BYTES
    assert line.splitlines() == [line]
    read = json.loads(line)
    assert read["level"] in ("INFO", "WARNING", "ERROR")
    assert "truncated" not in read
    assert "broken" not in read
    if verdict.state != "sent":
        assert {"code", "subcode", "fbtrace_id", "detail", "reason"} <= read.keys()
        assert ("attempt" in read) == verdict.counted
        assert read.get("attempt", calls) == calls


@given(st.integers(0, 999), wild.BODIES, wild.HEADERS, st.integers(1, MOST_CALLS))
def test_any_answer_is_one_verdict_and_one_short_line(
    status: int, body: bytes, headers: dict[str, str], calls: int
) -> None:
    """No exception, no second line, nothing that spoils a terminal."""
    verdict, line = told(status, body, headers, calls=calls)
    check(verdict, line, calls=calls)


@given(st.text(max_size=512), st.text(max_size=512), st.text(max_size=512))
def test_the_line_stays_short_whatever_the_reply_is_called(igsid: str, rule: str, mid: str) -> None:
    """Ids and names are Meta's and the owner's, and may be long."""
    error = {"error": {"code": 100, "message": "\N{CRAB}" * 1000, "fbtrace_id": '"' * 1000}}
    for status, answer in ((400, error), (200, {"message_id": mid or "m"})):
        body = json.dumps(answer).encode()
        verdict, line = told(status, body, {}, igsid=Igsid(igsid), rule=rule, for_mid=mid)
        check(verdict, line, calls=1)


@pytest.mark.parametrize("status", [200, 204, 302, 400, 500])
@pytest.mark.parametrize("body", wild.AWKWARD, ids=lambda body: repr(body[:24]))
def test_what_says_nothing_leaves_the_reply_open(status: int, body: bytes) -> None:
    """A first answer that nobody understands neither loses the reply nor makes it sent."""
    verdict, line = told(status, body, {})
    check(verdict, line, calls=1)
    assert (verdict.state, json.loads(line)["event"]) in (("unknown", "send_failed"), ("queued", "send_failed"))


@pytest.mark.parametrize(
    ("code", "subcode", "event"),
    [
        (10, 2018300, "send_failed"),
        (551, 1545041, "send_failed"),
        (10, 2534022, "reply_expired"),
        (190, 463, "sends_halted"),
        (613, 1996, "send_postponed"),
        (10, 1893063, "send_postponed"),
        (1200, 1, "send_failed"),
        (2, 2, "send_failed"),
    ],
)
def test_each_refusal_is_logged_with_its_trace_id(code: int, subcode: int, event: str) -> None:
    """Meta's support asks for it, and it is worthless a few days later."""
    error = {
        "code": code,
        "error_subcode": subcode,
        "message": "no\nway",
        "error_user_msg": "Lo siento",
        "fbtrace_id": "A1b2",
    }
    _, line = told(400, json.dumps({"error": error}).encode(), {})
    read = json.loads(line)
    assert (read["event"], read["code"], read["subcode"], read["fbtrace_id"]) == (event, code, subcode, "A1b2")
    assert read["detail"] == "no way"
    assert "Lo siento" not in line


def test_the_last_try_is_one_line_too() -> None:
    """It says that the reply is dead, and what the last answer was."""
    body = json.dumps({"error": {"code": 1200, "message": "later", "fbtrace_id": "A1b2"}}).encode()
    verdict, line = told(400, body, {}, calls=MOST_CALLS)
    read = json.loads(line)
    assert (verdict.state, read["event"], read["attempt"], read["code"]) == ("dead", "reply_dead", MOST_CALLS, 1200)


def test_a_mid_of_any_kind_is_a_mid() -> None:
    """Meta promises nothing about its form."""
    outcome = classify(200, b'{"message_id":"a\\nb \\u202e\\""}', {}, now=NOW)
    assert isinstance(outcome, Sent)
    verdict, line = told(200, b'{"message_id":"a\\nb \\u202e\\""}', {})
    check(verdict, line, calls=1)
    assert json.loads(line)["mid"] == outcome.mid
