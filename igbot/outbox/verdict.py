"""From the outcome of a call to what becomes of the reply: the rules of trying again, in one place. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, assert_never

from igbot.meta.graph_error import GraphError
from igbot.meta.outcomes import Halted, Outcome, Refused, Retry, Sent, Unknown, Wait
from igbot.outbox.states import State

MOST_CALLS = 4
"""One call and at most three more (requirement 3.5)."""
ECHO_WAIT = timedelta(seconds=20)
"""How long an unanswered call waits for its echo before Meta is asked."""
BLIND_WAIT = timedelta(seconds=60)
"""How long an unanswered call waits where Meta cannot be asked."""
FIRST_RATE_WAIT, LONGEST_RATE_WAIT = timedelta(seconds=60), timedelta(hours=1)
LOST = "process lost"
UNREACHABLE_WAIT = timedelta(seconds=5)
INTERRUPTED_WAIT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write about one reply.

    `counted`: the call was an attempt. `most_calls` bounds all calls of the reply. `account_wait` pauses all sends of
    the account until `due_at`, `halt` until somebody acts. `alert`: a person should know.
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
    account_wait: bool = False
    halt: str | None = None
    alert: bool = False


def judge(outcome: Outcome, *, calls: int, unanswered: int, rate_waits: int, spread: float, now: datetime) -> Verdict:
    """What becomes of a reply after a call.

    `calls` and `unanswered` count this call's predecessors and itself; `rate_waits` the account's rate limits in a
    row; `spread` in [0.5, 1.5) is the jitter.
    """
    match outcome:
        case Sent(mid=mid):
            return Verdict("sent", "sent", mid=mid, unanswered=unanswered)
        case Wait() as wait:
            pause = _rate_wait(wait.seconds, rate_waits, spread)
            return Verdict(
                "queued", "wait", now + pause, error=wait.error, reason="rate limit", counted=False,
                unanswered=unanswered, account_wait=True, alert=wait.alert,
            )  # fmt: skip
        case Halted() as halted:
            return Verdict(
                "queued", "halted", now, error=halted.error, reason=halted.reason, counted=False,
                unanswered=unanswered, halt=halted.reason, alert=True,
            )  # fmt: skip
        case Refused() as refused:
            reason = "window closed" if refused.window_closed else "refused"
            state: State = "expired" if refused.window_closed else "failed"
            return Verdict(
                state, "refused", error=refused.error, reason=reason, unanswered=unanswered, alert=refused.alert
            )
        case Retry() as retry:
            if calls >= min(retry.tries, MOST_CALLS):
                return Verdict("dead", "retry", error=retry.error, reason="every try failed", unanswered=unanswered,
                               alert=True)  # fmt: skip
            return _again("queued", "retry", retry, calls=calls, unanswered=unanswered, spread=spread, now=now)
        case Unknown(answered=True) as unknown:
            return _again("unknown", "unknown", unknown, calls=calls, unanswered=unanswered, spread=spread, now=now)
        case Unknown() as unknown:
            return Verdict(
                "unknown", "no answer", now + ECHO_WAIT, error=unknown.error, reason="no answer",
                unanswered=unanswered + 1, most_calls=unknown.tries,
            )  # fmt: skip
        case _:
            assert_never(outcome)


def _again(
    state: State, word: str, outcome: Retry | Unknown, *, calls: int, unanswered: int, spread: float, now: datetime
) -> Verdict:
    """Another step after 1, 2, 4 s, or when Meta says. After the last call an unknown reply gets one last look-up."""
    pause = max(2 ** (calls - 1) * spread, outcome.seconds or 0.0)
    return Verdict(
        state, word, now + timedelta(seconds=pause), error=outcome.error, reason=word, unanswered=unanswered,
        most_calls=outcome.tries, alert=isinstance(outcome, Retry) and outcome.alert,
    )  # fmt: skip


def _rate_wait(seconds: float | None, rate_waits: int, spread: float) -> timedelta:
    if seconds is not None:
        return timedelta(seconds=max(seconds, 1.0))
    pause: timedelta = min(FIRST_RATE_WAIT * 2 ** min(rate_waits, 10), LONGEST_RATE_WAIT)
    return pause * spread


def unreachable(error: GraphError, *, spread: float, unanswered: int, now: datetime) -> Verdict:
    """The call never left: Meta cannot be reached. An outage is waited out, it is no attempt (requirement 7.3)."""
    due_at = now + UNREACHABLE_WAIT * spread
    return Verdict(
        "queued", "unreachable", due_at, error=error, reason="unreachable", counted=False, unanswered=unanswered
    )


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
