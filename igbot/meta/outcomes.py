"""An answer of the Send API becomes one outcome: what is known, and what may be done next.

`meaning` of an outcome is what its error means, in our words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from igbot.meta.error_table import (
    FIRST_WAIT,
    LONGEST_WAIT,
    MOST_CALLS,
    UNKNOWN_MEANING,
    Reaction,
    Row,
    WaitCause,
    row_for,
)
from igbot.meta.events import Mid
from igbot.meta.graph_error import GraphError, other_error, parse_answer, read_error
from igbot.meta.usage import read_retry_after, read_usage
from igbot.meta.values import identifier

_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_TRANSIENT_HALT = 300.0
_REFUSALS: tuple[Reaction, ...] = ("refuse message", "refuse window", "refuse thread", "refuse recipient")


@dataclass(frozen=True, slots=True)
class Sent:
    """Meta took the message and gave it this mid."""

    mid: Mid


@dataclass(frozen=True, slots=True)
class Retry:
    """Surely not sent, and worth another call. `seconds` is Meta's own wait.

    `tries`: so many calls of the part are made at most where one after the other meets this error. `alert`: nobody
    knows this error yet, so a person should. `outage`: Meta itself seems to be in trouble.
    """

    error: GraphError
    tries: int = MOST_CALLS
    seconds: float | None = None
    alert: bool = False
    outage: bool = False
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Perhaps sent. `answered`: Meta said something, though not what became of it (contract §6).

    `tries` bounds all calls of the part; with 1 it was very likely sent and is never sent again.
    """

    answered: bool
    error: GraphError
    tries: int = MOST_CALLS
    seconds: float | None = None
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not sent, for now nothing of this account or app will be.

    `seconds` is what Meta asks for; None: no hint, then `first` seconds, doubled each time in a row up to `longest`.
    `cause` outage: not a limit of ours, Meta itself is in trouble.
    """

    seconds: float | None
    scope: Literal["account", "app"]
    error: GraphError
    alert: bool
    first: float = FIRST_WAIT
    longest: float = LONGEST_WAIT
    cause: WaitCause = "rate limit"
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not sent, and never will be: this message, or anything to this recipient until they write again.

    `hands_over`: the conversation is another app's now. `alert`: a person should know, once it has happened to so many
    `customers`.
    """

    scope: Literal["message", "recipient"]
    error: GraphError
    window_closed: bool
    alert: bool
    hands_over: bool = False
    customers: int = 1
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Halted:
    """Not sent; a person must act (token, permission, policy) before this account can send. `reason` is for them.

    `retry_after`: seconds after which sends may be tried again though nobody did; None: only once somebody has.
    """

    error: GraphError
    reason: str
    retry_after: float | None = None


Outcome = Sent | Retry | Unknown | Wait | Refused | Halted


def is_away(outcome: Outcome) -> bool:
    """Whether Meta itself is in trouble: what it says then tells nothing of what it was asked."""
    match outcome:
        case Unknown():
            return True
        case Retry():
            return outcome.outage
        case Wait():
            return outcome.cause == "outage"
        case _:
            return False


def no_answer(reason: str) -> Unknown:
    """The outcome of a call that may have reached Meta and brought nothing back (timeout, cut connection)."""
    return Unknown(answered=False, error=other_error("transport", reason))


def not_sent(reason: str) -> Retry:
    """The outcome of a call that cannot have reached Meta (no address, refused connection, TLS)."""
    return Retry(error=other_error("transport", reason))


def classify(status: int, body: bytes, headers: Mapping[str, str], *, now: datetime) -> Outcome:
    """The outcome of an answer of the Send API. Never raises.

    Graph's code and subcode decide, the HTTP status only where they are absent or mean nothing known. An error that
    Meta calls transient is not final whatever its code; if it stops the account, then for a while only. `now` (aware)
    is for `Retry-After`.
    """
    answer = parse_answer(body) or {}
    succeeded = 200 <= status < 300
    mid = identifier(answer.get("message_id"))
    if succeeded and mid is not None:
        return Sent(Mid(mid))
    error = read_error(answer)
    hint = _hint(headers, now=now)
    if error is None or error.code is None:
        return _from_status(status, error, hint=hint)
    row = row_for(error)
    if row is UNKNOWN_MEANING and status == _TOO_MANY_REQUESTS:
        return _from_status(status, error, hint=hint)
    is_final = row is UNKNOWN_MEANING or row.reaction in _REFUSALS
    if is_final and (error.transient or (row is UNKNOWN_MEANING and status >= _SERVER_ERROR)):
        return Unknown(answered=True, error=error, seconds=hint, meaning=row.meaning)
    return _react(row, error, hint=hint)


def _hint(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """The seconds that Meta asks to wait, the longer where it names two."""
    asked = read_retry_after(headers, now=now) or 0.0
    return max(asked, read_usage(headers).regain_seconds or 0.0) or None


def _from_status(status: int, error: GraphError | None, *, hint: float | None) -> Outcome:
    """The outcome where no code says more."""
    if 200 <= status < 300:
        return Unknown(answered=False, error=error or other_error("http", f"HTTP {status} without a message id"))
    told = error or other_error("http", f"HTTP {status} without a Graph error")
    if status >= _SERVER_ERROR or status == _REQUEST_TIMEOUT:
        return Unknown(answered=True, error=told, seconds=hint)
    if status == _TOO_MANY_REQUESTS:
        return Wait(seconds=hint, scope="account", error=told, alert=False)
    if told.type != "http":
        return Retry(told, tries=UNKNOWN_MEANING.calls, seconds=hint, alert=True, meaning=UNKNOWN_MEANING.meaning)
    # Most likely not Meta who answers, but somebody in between: a proxy, a portal, the wrong host.
    return Retry(told, seconds=hint, alert=True, outage=True, meaning="an answer that is not the Graph API's")


def _react(row: Row, error: GraphError, *, hint: float | None) -> Outcome:
    match row.reaction:
        case "retry":
            return Retry(error, tries=row.calls, seconds=hint, alert=row.alert, outage=row.outage, meaning=row.meaning)
        case "unknown":
            return Unknown(answered=True, error=error, tries=row.calls, seconds=hint, meaning=row.meaning)
        case "wait account" | "wait app":
            return Wait(
                hint, "app" if row.scope == "app" else "account", error, alert=row.alert,
                first=row.seconds or FIRST_WAIT, longest=row.longest, cause=row.cause, meaning=row.meaning,
            )  # fmt: skip
        case "refuse message" | "refuse window" | "refuse thread" | "refuse recipient":
            return Refused(
                "recipient" if row.scope == "recipient" else "message", error, alert=row.alert,
                window_closed=row.reaction == "refuse window", hands_over=row.reaction == "refuse thread",
                customers=row.customers, meaning=row.meaning,
            )  # fmt: skip
        case "halt":
            return Halted(error, row.meaning, _until_tried_again(row, error, hint=hint))


def _until_tried_again(row: Row, error: GraphError, *, hint: float | None) -> float | None:
    """What Meta calls transient, or is known to pass, may be tried again though nobody did anything."""
    seconds = row.seconds or (_TRANSIENT_HALT if error.transient else None)
    return None if seconds is None else max(seconds, hint or 0.0)
