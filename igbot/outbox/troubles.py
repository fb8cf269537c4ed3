"""What of all that goes wrong while sending a person is told: not each time, and not for one customer's sake."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from igbot.outbox.verdict import Verdict

TroubleKind = Literal["halted", "paused", "outage", "dead", "refused", "expired"]
"""Why a person should know: the account's sends are stopped, they wait for a cause that a limit is not, Meta is away, a
reply is given up, Meta refuses for a bad cause, replies came too late for their window."""

SAME_AGAIN = timedelta(days=1)
"""A cause that is told once is told again after this time."""
TOGETHER = timedelta(hours=1)
"""Customers who meet the same within this time meet it together."""
MOST_CAUSES = 500
"""Causes remembered; of more, those are forgotten first that are known the longest."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that a person should know. `about` is what is the same each time ("10/2018300"), `""` if nothing is.

    `over`: it stands no longer.
    """

    account: str
    kind: TroubleKind
    about: str
    why: str
    over: bool = False

    @property
    def key(self) -> str:
        """The same for the same trouble of the same account."""
        return ":".join(part for part in (f"send-{self.kind}", self.account, self.about) if part)


class Troubles:
    """Passes on to `tell` what a person should know now.

    What stops the account is passed on by the process whose verdict stopped it, what costs a reply each time: whoever
    tells people counts it. A cause that Meta names is passed on once a day and account, and one that may lie with a
    single customer not before several have met it within the hour: remembered by this process only, within bounds.
    """

    def __init__(self, tell: Callable[[Trouble], None]) -> None:
        self._tell = tell
        self._told: dict[tuple[str, str], datetime] = {}
        self._met: dict[tuple[str, str], dict[str, datetime]] = {}

    def note(self, verdict: Verdict, *, account: str, igsid: str, now: datetime) -> None:
        """A verdict on a reply to the customer `igsid` was written."""
        if not verdict.alert or verdict.halt is not None or verdict.account_wait:
            return
        trouble = Trouble(account, _kind(verdict), _about(verdict), _why(verdict))
        if verdict.alert_once_a_day:
            cause = account, trouble.about
            if not self._often_enough(cause, igsid, verdict.alert_customers, now) or not self._news(cause, now):
                return
        self._tell(trouble)

    def note_stop(self, verdict: Verdict, *, account: str, now: datetime) -> None:
        """The verdict has stopped the account, or has it wait."""
        trouble = Trouble(account, _kind(verdict), _about(verdict), _why(verdict))
        if verdict.alert and (verdict.halt is not None or self._news((account, trouble.about), now)):
            self._tell(trouble)

    def _often_enough(self, cause: tuple[str, str], igsid: str, customers: int, now: datetime) -> bool:
        if customers <= 1:
            return True
        met = {each: at for each, at in self._met.pop(cause, {}).items() if now - at < TOGETHER and each != igsid}
        met[igsid] = now
        while len(met) > customers:
            del met[next(iter(met))]
        self._met[cause] = met
        _forget_oldest(self._met)
        return len(met) >= customers

    def _news(self, cause: tuple[str, str], now: datetime) -> bool:
        told = self._told.get(cause)
        if told is not None and now - told < SAME_AGAIN:
            return False
        self._told.pop(cause, None)
        self._told[cause] = now
        _forget_oldest(self._told)
        return True


def _forget_oldest(remembered: dict[tuple[str, str], Any]) -> None:
    while len(remembered) > MOST_CAUSES:
        del remembered[next(iter(remembered))]


def _kind(verdict: Verdict) -> TroubleKind:
    if verdict.halt is not None:
        return "halted"
    if verdict.account_wait:
        return "paused"
    return "dead" if verdict.state == "dead" and not verdict.alert_once_a_day else "refused"


def _about(verdict: Verdict) -> str:
    return verdict.error.name if verdict.error is not None and verdict.alert_once_a_day else ""


def _why(verdict: Verdict) -> str:
    error = verdict.error
    reason = verdict.meaning or verdict.halt or verdict.reason or ""
    if error is None:
        return reason
    named = f"{reason} ({error.name})"
    return f"{named}: {error.message}" if error.message else named
