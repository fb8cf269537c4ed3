"""How an account stands after each kind of verdict."""

from dataclasses import replace

import pytest

from igbot.meta.events import Mid
from igbot.meta.graph_error import other_error
from igbot.meta.outcomes import Halted, Outcome, Sent, Unknown, Wait
from igbot.outbox.breaker import Breaker
from igbot.outbox.gate import UNSAID, Usage
from igbot.outbox.standing import Standing, after, is_news, limited, noticed
from igbot.outbox.verdict import Verdict, judge, unreachable
from tests.answering.talking import HOUR, START
from tests.outbox.posting import SECOND

ERROR = other_error("test", "something")


def judged(outcome: Outcome) -> Verdict:
    """The verdict after a first call."""
    return judge(outcome, calls=1, unanswered=0, rate_waits=0, spread=1.0, now=START)


SENT = judged(Sent(Mid("m")))
AWAY = unreachable(ERROR, spread=1.0, unanswered=0, now=START)
SILENT = judged(Unknown(answered=False, error=ERROR))
TROUBLED = judged(Unknown(answered=True, error=ERROR))
LIMIT = judged(Wait(90, "account", ERROR, alert=False))
DEAD_TOKEN = judged(Halted(ERROR, "the token is dead"))
POLICY = judge(
    Halted(ERROR, "policy", retry_after=4 * 3600), calls=1, unanswered=0, rate_waits=0, spread=1.0, now=START
)
ENDED = Verdict("cancelled", "cancelled")
PROBE = START + 45 * SECOND
OUTAGE = Standing(
    send_after=START, send_after_reason="outage", breaker=Breaker(outage_at=START, probes=3, probe_until=PROBE)
)


def stands(standing: Standing, *verdicts: Verdict, probe: object = None) -> Standing:
    """After verdicts on replies to as many customers."""
    for number, verdict in enumerate(verdicts):
        standing = after(
            standing,
            verdict,
            customer=str(number),
            probe=probe,  # type: ignore[arg-type]
            spread=1.0,
            now=START,
        )
    return standing


def test_a_send_that_succeeds_changes_nothing() -> None:
    """Where nothing is noted there is nothing to end."""
    assert stands(Standing(), SENT) == Standing()
    assert not Standing().marked


@pytest.mark.parametrize("verdict", [AWAY, SILENT, TROUBLED])
def test_three_customers_without_an_answer_open_the_breaker(verdict: Verdict) -> None:
    """Sends then wait five seconds for the first probe; an answer in between, be it a refusal, begins anew."""
    assert stands(Standing(), verdict, verdict).send_after is None
    outage = stands(Standing(), verdict, verdict, verdict)
    assert (outage.send_after, outage.send_after_reason) == (START + 5 * SECOND, "outage")
    assert outage.breaker == Breaker(outage_at=START)
    refused = Verdict("failed", "refused", answered=True)
    assert stands(Standing(), verdict, verdict, refused, verdict).send_after is None


def test_a_probe_that_fails_waits_longer_and_one_that_is_answered_ends_the_outage() -> None:
    """After the third failed probe a minute and no more; the wait of a rate limit is not ended by it."""
    assert stands(OUTAGE, AWAY, probe=PROBE).send_after == START + 60 * SECOND
    assert stands(OUTAGE, SENT, probe=PROBE) == Standing()
    assert stands(OUTAGE, ENDED, probe=PROBE) == replace(OUTAGE, breaker=replace(OUTAGE.breaker, probe_until=None))
    limit = stands(OUTAGE, LIMIT, probe=PROBE)
    assert (limit.send_after, limit.send_after_reason) == (START + 90 * SECOND, "rate limit")
    assert limit.breaker == Breaker()
    assert stands(limit, SENT).send_after == START + 90 * SECOND


def test_calls_that_meet_one_limit_together_count_once() -> None:
    """The next one is the second; a message that goes out ends the row."""
    once = stands(Standing(), LIMIT, LIMIT, LIMIT)
    assert (once.rate_waits, once.marked) == (1, True)
    later = once.send_after
    assert later is not None
    assert limited(once, LIMIT, now=later).rate_waits == 2
    assert after(once, SENT, customer="a", probe=None, spread=1, now=later).rate_waits == 0


def test_what_was_in_flight_when_a_limit_struck_does_not_end_the_row() -> None:
    """Else the next limit would be the first again, and no pause ever longer than the first."""
    assert stands(Standing(), LIMIT, SENT).rate_waits == 1


def test_a_look_up_lets_no_stopped_account_go_on() -> None:
    """That Meta tells of an earlier message does not mean that it takes another."""
    policy = replace(stands(Standing(), POLICY), breaker=Breaker(probe_until=PROBE))
    found = Verdict("sent", "found", mid="m", answered=True)
    later = START + 5 * HOUR
    assert after(policy, found, customer="a", probe=PROBE, spread=1, now=later).halted_at == START


def test_the_first_stop_stands_until_somebody_acts() -> None:
    """One that would end by itself does not end one that would not."""
    dead = stands(Standing(), DEAD_TOKEN, POLICY)
    assert (dead.halted_at, dead.halted_reason, dead.halted_until) == (START, "the token is dead", None)
    policy = stands(Standing(), POLICY)
    assert (policy.halted_reason, policy.halted_until) == ("policy", START + 4 * HOUR)
    assert stands(policy, DEAD_TOKEN).halted_until is None
    assert stands(policy, DEAD_TOKEN).halted_reason == "the token is dead"


def test_only_the_probe_lets_a_stopped_account_go_on() -> None:
    """And only by a message that went out."""
    policy = replace(stands(Standing(), POLICY), breaker=Breaker(probe_until=PROBE))
    assert stands(policy, SENT).halted_at == START
    assert stands(policy, SENT, probe=PROBE) == Standing()
    again = stands(policy, POLICY, probe=PROBE)
    assert (again.halted_at, again.breaker) == (START, Breaker())


@pytest.mark.parametrize(
    ("percent", "known", "seconds", "news"),
    [
        (None, UNSAID, 0, False),
        (0, UNSAID, 0, False),
        (79, UNSAID, 0, False),
        (80, UNSAID, 0, True),
        (90, Usage(85, START), 20, False),
        (90, Usage(85, START), 21, True),
        (95, Usage(94, START), 1, True),
        (94, Usage(95, START), 1, True),
        (79, Usage(80, START), 1, True),
        (0, Usage(80, START), 1, False),
    ],
)
def test_a_used_budget_is_written_down_when_it_matters(
    percent: int | None, known: Usage, seconds: int, news: bool
) -> None:
    """From 80 % on now and then, and once when it has fallen below; a header that is missing says nothing."""
    usage = Usage(percent, START + seconds * SECOND)
    assert is_news(usage, known) is news
    if news:
        assert noticed(Standing(usage=known), usage).usage == (usage if (percent or 0) >= 80 else UNSAID)
