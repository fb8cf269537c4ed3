"""From the outcome of a call to what becomes of the reply: the rules of trying again, in one place. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, assert_never

from igbot.meta.error_table import MOST_CALLS
from igbot.meta.graph_error import ErrorKind, GraphError
from igbot.meta.outcomes import Halted, Outcome, Refused, Retry, Sent, Unknown, Wait, is_away
from igbot.outbox.states import State

ECHO_WAIT = timedelta(seconds=20)
"""How long an unanswered call waits for its echo before Meta is asked."""
BLIND_WAIT = timedelta(seconds=60)
"""How long an unanswered call waits where Meta cannot be asked."""
LOST = "process lost"
NEVER_ARRIVED = "every try failed, and Meta has nothing of it"
"""Why a reply is dead that the customer cannot have: it may be sent again without a second thought."""
RETRIED = "retry"
WINDOW_CLOSED = "window closed"
UNREACHED = "Meta reaches this customer no more, until they write again"
UNREACHABLE_WAIT = timedelta(seconds=5)
INTERRUPTED_WAIT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write about one reply.

    `counted`: the call was an attempt. `most_calls` bounds all calls of the reply. `account_wait` pauses all sends of
    the account until `due_at`, or with `whole_app` all accounts'; `halt` stops the account's until somebody acts, or
    until `resumes_at`. `blocks_customer`: nothing reaches this customer until they write again. `hands_over`: the
    conversation is another app's now.
    For the circuit breaker: `failure`: Meta could not be reached, gave no answer, or is in trouble; `answered`: it gave
    a proper answer, be it a refusal. Neither where nothing was called.
    `alert`: a person should know, once it has happened to so many `alert_customers`; `alert_once_a_day`: of the same
    cause not each time. `meaning` is what the error means, in our words.
    """

    state: State
    outcome: str
    due_at: datetime | None = None
    mid: str | None = None
    error: GraphError | None = None
    reason: str | None = None
    counted: bool = True
    unanswered: int = 0
    most_calls: int = MOST_CALLS
    whole_app: bool = False
    account_wait: bool = False
    halt: str | None = None
    resumes_at: datetime | None = None
    blocks_customer: bool = False
    hands_over: bool = False
    failure: bool = False
    answered: bool = False
    alert: bool = False
    alert_customers: int = 1
    alert_once_a_day: bool = False
    meaning: str = ""


def judge(
    outcome: Outcome,
    *,
    calls: int,
    unanswered: int,
    rate_waits: int,
    spread: float,
    now: datetime,
    before: ErrorKind | None = None,
    probing: bool = False,
) -> Verdict:
    """What becomes of a reply after a call.

    `calls` and `unanswered` count this call's predecessors and itself; `rate_waits` the account's rate limits in a
    row; `spread` in [0.5, 1.5) is the jitter. `before` is the error for which it is another call; `probing`: it tried
    whether sends may go on.
    """
    match outcome:
        case Sent(mid=mid):
            return Verdict("sent", "sent", mid=mid, unanswered=unanswered, answered=True)
        case Wait() as wait:
            return Verdict(
                "queued", "wait", now + _pause_of(wait, rate_waits, spread), error=wait.error, reason=wait.cause,
                counted=False, unanswered=unanswered, account_wait=True, whole_app=wait.scope == "app",
                alert=wait.alert, alert_once_a_day=True, meaning=wait.meaning,
                failure=is_away(wait), answered=not is_away(wait),
            )  # fmt: skip
        case Halted() as halted:
            resumes_at = None if halted.retry_after is None else now + timedelta(seconds=halted.retry_after)
            return Verdict(
                "queued", "halted", now, error=halted.error, reason=halted.reason, counted=False,
                unanswered=unanswered, halt=halted.reason, resumes_at=resumes_at, alert=True, answered=True,
                meaning=halted.reason,
            )  # fmt: skip
        case Refused() as refused:
            return _refused(refused, unanswered=unanswered)
        case Retry() as retry:
            again = _again("queued", RETRIED, retry, calls=calls, unanswered=unanswered, spread=spread, now=now)
            if probing and retry.outage:
                # An outage is waited out, it is no attempt (requirement 3.5): it would use up the oldest replies.
                return replace(again, counted=False)
            own = calls if before == retry.error.kind else 1
            if calls < MOST_CALLS and own < retry.tries:
                return again
            return replace(again, state="dead", due_at=None, reason="every try failed", alert=True,
                alert_once_a_day=retry.alert)  # fmt: skip
        case Unknown(answered=True) as unknown:
            return _again("unknown", "unknown", unknown, calls=calls, unanswered=unanswered, spread=spread, now=now)
        case Unknown() as unknown:
            return Verdict(
                "unknown", "no answer", now + ECHO_WAIT, error=unknown.error, reason="no answer",
                unanswered=unanswered + 1, most_calls=unknown.tries, failure=True,
            )  # fmt: skip
        case _:
            assert_never(outcome)


def _refused(refused: Refused, *, unanswered: int) -> Verdict:
    state: State = "expired" if refused.window_closed else "failed"
    return Verdict(
        state, "refused", error=refused.error, reason=WINDOW_CLOSED if refused.window_closed else "refused",
        unanswered=unanswered, blocks_customer=refused.scope == "recipient",
        hands_over=refused.hands_over, answered=True,
        alert=refused.alert, alert_customers=refused.customers, alert_once_a_day=True, meaning=refused.meaning,
    )  # fmt: skip


def _again(
    state: State, word: str, outcome: Retry | Unknown, *, calls: int, unanswered: int, spread: float, now: datetime
) -> Verdict:
    """Another step after 1, 2, 4 s, or when Meta says. After the last call an unknown reply gets one last look-up.

    What is never called again was very likely sent: its echo has as long to come as that of a call without an answer.
    """
    pause = max(2 ** (calls - 1) * spread, outcome.seconds or 0.0)
    if outcome.tries == 1:
        pause = max(pause, ECHO_WAIT.total_seconds())
    return Verdict(
        state, word, now + timedelta(seconds=pause), error=outcome.error, reason=word, unanswered=unanswered,
        # What surely was not sent binds nothing but its own return: another error after it has calls of its own.
        most_calls=outcome.tries if isinstance(outcome, Unknown) else MOST_CALLS,
        failure=is_away(outcome), answered=not is_away(outcome),
        alert=isinstance(outcome, Retry) and outcome.alert, alert_once_a_day=True, meaning=outcome.meaning,
    )  # fmt: skip


def _pause_of(wait: Wait, rate_waits: int, spread: float) -> timedelta:
    """As long as Meta says; without a word of it, and at least so where no limit is the cause, longer each time."""
    own = min(wait.first * 2 ** min(max(rate_waits, 0), 10), wait.longest) * spread
    if wait.seconds is None:
        return timedelta(seconds=own)
    return timedelta(seconds=max(wait.seconds, 1.0 if wait.cause == "rate limit" else own))


def unreachable(error: GraphError, *, spread: float, unanswered: int, now: datetime, failure: bool = True) -> Verdict:
    """The call never left: Meta cannot be reached. An outage is waited out, it is no attempt (requirement 7.3).

    `failure` False: it was not even tried.
    """
    due_at = now + UNREACHABLE_WAIT * spread
    return Verdict(
        "queued", "unreachable", due_at, error=error, reason="unreachable", counted=False, unanswered=unanswered,
        failure=failure,
    )  # fmt: skip


def outdated(error: GraphError, *, unanswered: int, now: datetime) -> Verdict:
    """The call was made with a dead token that has been replaced since: it is no attempt, and stops nothing."""
    return Verdict(
        "queued", "outdated token", now, error=error, reason="the token was replaced meanwhile", counted=False,
        unanswered=unanswered, answered=True,
    )  # fmt: skip


def not_asked(halted: Halted, *, replaced: bool, lost: bool, unanswered: int, now: datetime) -> Verdict:
    """Meta was asked what it has of a reply, with a dead token: that stops the account, unless it is `replaced`."""
    verdict = Verdict(
        "unknown", "halted", now, error=halted.error, reason=LOST if lost else halted.reason, unanswered=unanswered,
        answered=True,
    )  # fmt: skip
    if replaced:
        return replace(verdict, outcome="outdated token")
    return replace(verdict, halt=halted.reason, alert=True, meaning=halted.reason)


def lost(*, sending_at: datetime, unanswered: int) -> Verdict:
    """Its process went away mid-call: no answer will come."""
    return Verdict("unknown", LOST, sending_at + ECHO_WAIT, reason=LOST, unanswered=unanswered)


def interrupted(*, lost: bool, unanswered: int, now: datetime) -> Verdict:
    """The database went away while an unknown outcome was being looked into: that begins anew once it is back."""
    due_at, reason = now + INTERRUPTED_WAIT, LOST if lost else "the database was away"
    return Verdict("unknown", "unreachable", due_at, reason=reason, unanswered=unanswered)


NextCall = Literal["send", "send blind", "dead", "later"]


def after_look_up(
    *,
    found: Literal[False] | None,
    lost: bool,
    calls: int,
    most_calls: int,
    unanswered: int,
    sending_at: datetime,
    now: datetime,
) -> tuple[NextCall, datetime | None]:
    """What to do with an unknown reply that is not among the messages Meta has (`found` False) or could not be looked
    up (None): the rule of contract §6. With `later` comes the time.

    `unanswered` are the calls whose answer did not come while we waited for it: one repetition. `lost`: the last call
    ended with its process. That most likely never left, and is our doing: only the number of `calls` bounds how often
    it is repeated, and where Meta says that it has nothing it is none of them. Else a few crashes at bad moments would
    cost the customer the answer.
    """
    if calls >= min(most_calls, MOST_CALLS) or (unanswered > 1 and not lost):
        return "dead", None
    if found is None and (unanswered or lost) and now < sending_at + BLIND_WAIT:
        return "later", sending_at + BLIND_WAIT
    return ("send blind" if found is None else "send"), None
