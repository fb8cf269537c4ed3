"""Calls that decisions wait for: asked for once an event, waited for so long, and known by their answers. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from igbot.answering import profiles
from igbot.answering.claimed import PendingCall, PendingEvent, longest_wait
from igbot.answering.outcome import NewCall, Turn
from igbot.answering.profiles import KeptProfile
from igbot.rules.deciding.choice import Answered, CallRequest, Choice, Profile

TOO_LATE = "no answer in time"
NOT_NEEDED = "not needed any more"


class AskedTwiceError(Exception):
    """A decision wants a call whose answer it was given: it would wait for ever."""


@dataclass(frozen=True, slots=True)
class Calls:
    """How the calls of a conversation's pending events stand at one moment.

    `kept` is what is known of the customer with them. It is taken as it is where it was asked for these events
    (`asked`), however long ago: they would else be asked about for ever by a bot that was away.
    """

    now: datetime
    kept: KeptProfile | None
    asked: bool
    open_profile: PendingCall | None

    @property
    def profile(self) -> Profile | None:
        """The customer's profile, None where Meta is to be asked (again)."""
        return self.kept.read() if self.kept and (self.asked or self.kept.is_good(self.now)) else None

    def answers(self, event: PendingEvent) -> Mapping[str, Answered]:
        """How the services' calls for one event ended, by the rule that asked."""
        return {call.rule: self._answer(call) for call in event.calls if call.kind == "service" and self.ended(call)}

    def ended(self, call: PendingCall) -> bool:
        """Whether there is nothing more to wait for."""
        return call.ok is not None or self.now >= call.given_up_at

    def unwanted(self, event: PendingEvent) -> dict[int, str]:
        """The calls that an event which is decided leaves open, by their ids, with the reason to drop them."""
        return {
            call.call_id: TOO_LATE if self.ended(call) else NOT_NEEDED
            for call in event.calls
            if call.waits and call.ok is None
        }

    def _answer(self, call: PendingCall) -> Answered:
        if call.ok is None:
            return Answered(ok=False, why=TOO_LATE)
        return Answered(ok=call.ok, answer=call.answer, why=call.why or "")


def look_at(events: Sequence[PendingEvent], *, kept: KeptProfile | None, now: datetime) -> Calls:
    """The calls of all pending events: a profile that was asked for one of them is good for all."""
    pending, asked = None, False
    for call in (call for event in events for call in event.calls if call.kind == "profile"):
        if call.ok is None and now < call.given_up_at:
            pending = call
            continue
        asked = True
        if kept is None or (call.finished_at or now) > kept.at:
            kept = profiles.after(call, kept, now=now)
    return Calls(now, kept, asked, pending)


def ask(
    turn: Turn, wanted: CallRequest | Literal["profile"], event: PendingEvent, calls: Calls, *, now: datetime
) -> datetime:
    """Have a call made that the decision on `event` waits for, unless it is on its way; returns when to look again.

    It is looked at as soon as the call has ended; the time is for a call of which nothing is heard any more.
    """
    if wanted == "profile":
        if calls.open_profile:
            return calls.open_profile.given_up_at
        call = NewCall(
            event.key, event.mid, "profile", "", profiles.CALL, {}, profiles.TIMEOUT, profiles.RETRY,
            waits=True, test=event.test,
        )  # fmt: skip
        known = next((each for each in event.calls if each.kind == "profile"), None)
    else:
        call = _service_call(wanted, event)
        known = next((each for each in event.calls if each.kind == "service" and each.rule == wanted.rule), None)
    if known is not None and not calls.ended(known):
        return known.given_up_at
    if known is not None:
        raise AskedTwiceError(f"the answer of {call.name} is there, and wanted again by rule {call.rule or 'any'!r}")
    turn.calls.append(call)
    return longest_wait(call.kind, now, call.timeout, call.retry)


def observing(choice: Choice, event: PendingEvent) -> list[NewCall]:
    """The calls of observers, for which nobody waits."""
    return [_service_call(request, event) for request in choice.calls]


def _service_call(request: CallRequest, event: PendingEvent) -> NewCall:
    return NewCall(
        for_key=event.key,
        for_mid=event.mid,
        kind="service",
        rule=request.rule,
        name=request.name,
        body=request.body,
        timeout=request.timeout,
        retry=request.retry,
        waits=request.waits,
        test=event.test,
    )
