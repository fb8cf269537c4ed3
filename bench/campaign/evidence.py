"""What is known of a campaign beside what was written and received, and what it may excuse. Pure."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bench.campaign.acts import Fate

AT_HAND = 5.0
"""Seconds around a moment within which a kill, a cut of connections or the end of a listening port may have kept a
process from learning or writing down what happened then: before it, as a call that is on its way outlives its process;
after it, until it is written."""
UNDER_WAY = 2.0
"""Seconds that a call may have been under way to Meta when the cause for not making it was written down."""
GIVEN_UP_AFTER, UNANSWERED_TWICE = 4, 2


@dataclass(frozen=True, slots=True)
class Written:
    """A message that the bot has acknowledged. `number` is its place among the customer's own, `replies` are the texts
    of which one is its answer; `at` is the time of its first delivery, in seconds as all times here. `cause`: the mid
    of the event that overtook its reply."""

    mid: str
    igsid: str
    number: int
    replies: tuple[str, ...]
    at: float
    fate: Fate = "answered"
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A message that Meta's stand-in accepted, in the order of acceptance; `called` is when its call began. `told`: the
    caller was answered with its mid (and may have died before it could write that down)."""

    mid: str
    igsid: str
    text: str
    at: float
    told: bool
    called: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the Send API. `answered`: it brought back something that can be understood; `refused`: a no to this
    message; `counted`: it is one of the calls that a reply has (a limit or a halt is none)."""

    at: float
    igsid: str
    text: str
    answered: bool = True
    refused: bool = False
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing of the account may be sent between the two moments; `why`."""

    since: float
    until: float
    why: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """`kills`, `cuts`: when processes were killed, when connections to PostgreSQL were ended. `refused`: when look-ups
    of a customer's conversation were; `away`: when all calls were.

    By the mid of a customer's message: how often `send_repeated` was logged; `given_up`: `reply_dead` was; `unseen`:
    its look-up showed only what was said after the call, Meta tells of no more than twenty; `states` of its replies
    now. `known`: when a process logged a reply as sent, by the reply's mid; `caused`: when an event was worked on.
    """

    kills: Sequence[float] = ()
    refused: Mapping[str, Sequence[float]] = field(default_factory=dict)
    repeated: Mapping[str, int] = field(default_factory=dict)
    given_up: Collection[str] = ()
    known: Mapping[str, float] = field(default_factory=dict)
    unseen: Collection[str] = ()
    cuts: Sequence[float] = ()
    away: Sequence[tuple[float, float]] = ()
    states: Mapping[str, Sequence[str]] | None = None
    caused: Mapping[str, float] = field(default_factory=dict)
    calls: Mapping[tuple[str, str], Sequence[Call]] = field(default_factory=dict)

    def disturbed(self, at: float, *, until: float | None = None) -> bool:
        """Whether something may have kept a process from learning, or writing down, what happened then."""
        strikes = (*self.kills, *(since for since, _ in self.away), *self.cuts)
        return any(-AT_HAND <= strike - at <= AT_HAND and (until is None or strike <= until) for strike in strikes)

    def calls_for(self, message: Written) -> list[Call]:
        """The calls with its reply, in order."""
        found = (call for reply in message.replies for call in self.calls.get((message.igsid, reply), ()))
        return sorted(found, key=lambda call: call.at)

    def against(self, message: Written, had: Sequence[Received]) -> str:
        """What speaks against the repetition of a reply; nothing where igbot could do no better."""
        if self.repeated.get(message.mid, 0) < len(had) - 1:
            return "send_repeated was not logged"
        for first, second in pairwise(had):
            if self.known.get(first.mid, math.inf) < second.called:
                return "the sender has logged that it was taken"
            if first.told and not self.disturbed(first.at, until=second.at):
                return "the sender was told that it was taken, and lived"
            if not self._blind(message, first.at, second.at):
                return "no look-up was refused"
        return ""

    def _blind(self, message: Written, since: float, until: float) -> bool:
        if message.mid in self.unseen:
            return True
        if any(since <= refusal <= until for refusal in self.refused.get(message.igsid, ())):
            return True
        return any(begin <= until and since <= end for begin, end in self.away)

    def had_no_chance(self, message: Written) -> bool:
        """Whether so many calls failed that igbot has promised to make no more, and said so. Only an outage brings
        that about: what is planned for single messages leaves them a chance."""
        if message.mid not in self.given_up and "dead" not in self.state_of(message):
            return False
        calls = self.calls_for(message)
        if not any(begin <= call.at <= end for call in calls for begin, end in self.away):
            return False
        counted = [call for call in calls if call.counted]
        return len(counted) >= GIVEN_UP_AFTER or sum(not call.answered for call in counted) >= UNANSWERED_TWICE

    def state_of(self, message: Written) -> Sequence[str]:
        """How igbot's own book has the replies to it."""
        return (self.states or {}).get(message.mid, ())


def by_reply(calls: Iterable[Call]) -> dict[tuple[str, str], list[Call]]:
    """The calls, by customer and text."""
    found: dict[tuple[str, str], list[Call]] = {}
    for call in calls:
        found.setdefault((call.igsid, call.text), []).append(call)
    return found
