"""What may go wrong with a call of the Send API, by weight: no more than igbot has promised to stand. Pure."""

import random
from collections.abc import Sequence
from itertools import islice

from bench.campaign.rows import Case, dealt
from igbot.sandbox.faults import (
    CutAfterFault,
    CutBeforeFault,
    DelayFault,
    ErrorFault,
    Fault,
    HangFault,
    HeadersFault,
    HtmlFault,
    NoMidFault,
    RawFault,
)

LONG = 5_000
"""From this many messages on, a campaign also has what keeps single customers waiting for a minute and more."""

_BUSY = ErrorFault(code=2, status=500, message="Service temporarily unavailable", transient=True)
_UNKNOWN = ErrorFault(code=1, status=500, message="An unknown error has occurred.")

# Each with its weight. None keeps a reply from its customer for longer than igbot's pauses of seconds.
_QUICK: Sequence[tuple[float, tuple[Fault, ...]]] = (
    (12, (DelayFault(seconds=0.05),)),
    (8, (DelayFault(seconds=0.7),)),
    (12, (DelayFault(seconds=0.05, accepted=True),)),
    (8, (DelayFault(seconds=0.7, accepted=True),)),
    (7, (_BUSY,)),
    (5, (_BUSY.model_copy(update={"accepted": True}),)),
    (3, (ErrorFault(code=2, status=503),) * 2),
    (5, (_UNKNOWN,)),
    (3, (_UNKNOWN.model_copy(update={"accepted": True}),)),
    # Temporary, whatever the code would mean otherwise.
    (3, (ErrorFault(code=100, transient=True, message="Please retry"),)),
    (3, (ErrorFault(code=551, transient=True, accepted=True),)),
    (5, (HtmlFault(status=502),)),
    (3, (HtmlFault(status=502, accepted=True),)),
    (2, (HtmlFault(status=504), ErrorFault(code=2, status=500))),
    (2, (RawFault(status=500, body="x", size=100_000),)),
    (2, (RawFault(status=503, accepted=True),)),
    (2, (RawFault(status=400, body="[]"),)),
    (2, (RawFault(status=403, body="\u4e0d\u884c", content_type="text/plain"),)),
    (4, (HeadersFault(headers={"X-App-Usage": '{"call_count":81,"total_time":3,"total_cputime":2}'}),)),
    (1, (HeadersFault(headers={"X-App-Usage": "{", "X-Business-Use-Case-Usage": "[]"}),)),
)
# No answer: igbot waits 20 s for an echo before it asks.
_SLOW: Sequence[tuple[float, tuple[Fault, ...]]] = (
    (6, (CutBeforeFault(),)),
    (9, (CutAfterFault(),)),
    (5, (NoMidFault(),)),
    (2, (NoMidFault(accepted=False),)),
    (2, (RawFault(body='{"recipient_id":"1","message_id":"aWdf', cut=True, accepted=True),)),
    (2, (RawFault(body="<html>OK</html>", content_type="text/html", accepted=True),)),
    (3, (ErrorFault(code=2, status=500), CutAfterFault())),
)
# The call itself is given up after 30 s.
_HANGS: Sequence[tuple[float, tuple[Fault, ...]]] = ((1, (HangFault(),)), (1, (HangFault(accepted=True),)))

_QUICK_SHARE, _ROW_SHARE, _SLOW_SHARE, _HANG_SHARE = 0.07, 0.02, 0.02, 0.0005
_LIMITS_EACH, _MOST_LIMITS, _STRIKING = 30, 120, 0.75
_HELD = 16
_NO_OUTAGE = 2
_WITH_A_KILL = 3


class Spoiling:
    """Draws what spoils calls. `total`: how many messages there are in all."""

    def __init__(self, chance: random.Random, *, total: int) -> None:
        self._chance = chance
        self._total = total
        self._passing = dealt(chance, "passing")
        self._hopeless = 0
        self.refusals = dealt(chance, "message")
        """Errors after which this reply is never sent."""
        self.blocks = dealt(chance, "recipient")
        """Errors after which this customer gets nothing until they write again."""
        self.hand_overs = dealt(chance, "thread")
        """Errors after which another app has the conversation."""

    def of_message(self, *, early: bool, looked_up: bool) -> tuple[Fault, ...]:
        """What spoils the calls with one reply; `early`: it is in the first half of what its customer writes.

        `looked_up` False: a call that a kill swallows counts, as nobody can tell that it came to nothing, and more than
        one must be left.
        """
        at = self._chance.random()
        if at < _QUICK_SHARE:
            return self._weighed(_QUICK)
        at -= _QUICK_SHARE
        if at < _ROW_SHARE:
            least = 0 if looked_up else _WITH_A_KILL
            return (next(case for case in self._passing if case.tries is None or case.tries >= least).fault,)
        at -= _ROW_SHARE
        if (early or self._total >= LONG) and at < _SLOW_SHARE:
            return self._weighed(_SLOW)
        at -= _SLOW_SHARE
        return self._weighed(_HANGS) if self._total >= LONG and 0 <= at < _HANG_SHARE else ()

    def limits(self) -> dict[int, Fault]:
        """What stops the whole account, by the number of the message: counted, not left to chance, and in time to be
        mended. Every row once before any comes again."""
        count = min(self._total // _LIMITS_EACH, _MOST_LIMITS)
        places = self._chance.sample(range(max(int(self._total * _STRIKING), count)), count)
        stops = islice(dealt(self._chance, "wait", "halt"), count)
        return {place: self._stop(case) for place, case in zip(places, stops, strict=True)}

    def hopeless(self) -> Case:
        """An error that every call with a reply meets until it is given up.

        Two customers to whom nothing but trouble of Meta's own comes are no outage; three are, and all others wait.
        """
        self._hopeless += 1
        troubled = self._total >= LONG or self._hopeless <= _NO_OUTAGE
        return next(
            case
            for case in self._passing
            if case.tries is not None and not case.fault.accepted and (troubled or not case.is_trouble)
        )

    def held(self) -> tuple[Fault, ...]:
        """Keeps a reply queued long enough for anything to come between.

        Its cause is this message alone: of an error that Meta's own trouble brings, one customer after the other at the
        head of a queue would keep an outage open that is over.
        """
        wait = {"Retry-After": str(_HELD)}
        return (ErrorFault(code=100, subcode=2018008, message="Failed to fetch the file from the url", headers=wait),)

    def echo(self, *, looked_up: bool) -> float | None:
        """How late an echo comes. Twenty and sixty seconds are long enough to see: some of them with nothing but the
        look-up to tell."""
        at, never = self._chance.random(), 0.1 if looked_up else 0.5
        if at < never:
            return None
        return round(self._chance.uniform(0.1, 15.0 if self._total >= LONG else 3.0), 3) if at < never + 0.15 else 0.0

    def _stop(self, case: Case) -> Fault:
        """A halt; or a limit, with and without a word how long it lasts."""
        if case.effect == "halt":
            return case.fault
        usage = '{"17841400000000777":[{"type":"instagram","call_count":%d,"estimated_time_to_regain_access":%d}]}'
        # From 95 % on sends go at a tenth of their rate for a minute.
        percent = 100 if self._total >= LONG else 90
        headers = self._chance.choice(
            (
                {"Retry-After": str(self._chance.choice((1, 2, 3)))},
                {"X-Business-Use-Case-Usage": usage % (percent, self._chance.choice((1, 19)))},
                {},
            )
        )
        return case.fault.model_copy(update={"headers": headers})

    def _weighed(self, choices: Sequence[tuple[float, tuple[Fault, ...]]]) -> tuple[Fault, ...]:
        return self._chance.choices([faults for _, faults in choices], weights=[weight for weight, _ in choices])[0]
