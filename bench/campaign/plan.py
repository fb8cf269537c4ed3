"""What happens in a campaign, drawn from its seed: who writes what, what goes wrong, when something is killed. Pure."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from igbot.sandbox.faults import (
    CutAfterFault,
    CutBeforeFault,
    DelayFault,
    ErrorFault,
    Fault,
    HangFault,
    HtmlFault,
    NoMidFault,
)

ANSWER = "You wrote: "
"""What the rule puts before a message's own words, so that each reply names what it answers."""

LONG = 5_000
"""From this many messages on, a campaign also has what keeps single customers waiting for a minute and more."""

Again = Literal["no", "at once", "both", "later"]
"""Whether a delivery comes twice: once more after its 200, to two processes at the same moment, or once more after the
customer's next message."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a customer. `number` counts from 0 in the order of writing.

    `faults` spoil the first calls with its reply, in order; `echo` is how many seconds late its echo comes (None:
    never); `with_next`: it comes in one delivery with the customer's next.
    """

    customer: int
    number: int
    text: str
    again: Again
    with_next: bool
    faults: tuple[Fault, ...]
    echo: float | None

    @property
    def reply(self) -> str:
        """The text of the reply to it."""
        return ANSWER + self.text


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who writes; `looked_up` False: Meta refuses every look-up of the conversation."""

    igsid: str
    looked_up: bool
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL for the process of place `place` once `at` steps are done, `pause` seconds later.

    `starting`: the pause counts from the moment at which the process was started, whatever it has got to.
    """

    at: int
    place: int
    pause: float
    starting: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """The bots' connections to PostgreSQL are ended once `at` steps are done: a `share` of them."""

    at: int
    share: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a campaign decides. A step is a message taken by the bot, or a reply accepted by Meta."""

    seed: int
    customers: tuple[Customer, ...]
    kills: tuple[Kill, ...]
    cuts: tuple[Cut, ...]
    by_reply: Mapping[str, Message] = field(repr=False)

    @property
    def messages(self) -> int:
        """How many messages are to be written."""
        return len(self.by_reply)


# Each with its weight. None keeps a reply from its customer for longer than igbot's pauses of seconds.
_QUICK: Sequence[tuple[float, tuple[Fault, ...]]] = (
    (12, (DelayFault(seconds=0.05),)),
    (8, (DelayFault(seconds=0.7),)),
    (12, (DelayFault(seconds=0.05, accepted=True),)),
    (8, (DelayFault(seconds=0.7, accepted=True),)),
    (7, (ErrorFault(code=2, status=500, message="Service temporarily unavailable", transient=True),)),
    (5, (ErrorFault(code=2, status=500, message="Service temporarily unavailable", accepted=True),)),
    (3, (ErrorFault(code=2, status=503),) * 2),
    (5, (ErrorFault(code=1, status=500, message="An unknown error has occurred."),)),
    (3, (ErrorFault(code=1, status=500, message="An unknown error has occurred.", accepted=True),)),
    (3, (ErrorFault(code=1, subcode=1357046, status=500, message="Received invalid JSON reply", accepted=True),)),
    (3, (ErrorFault(code=1200, message="Temporary send message failure."),)),
    (5, (HtmlFault(status=502),)),
    (3, (HtmlFault(status=502, accepted=True),)),
    (2, (HtmlFault(status=504), ErrorFault(code=2, status=500))),
)
# No answer: igbot waits 20 s for an echo before it asks.
_SLOW: Sequence[tuple[float, tuple[Fault, ...]]] = (
    (6, (CutBeforeFault(),)),
    (9, (CutAfterFault(),)),
    (5, (NoMidFault(),)),
    (2, (NoMidFault(accepted=False),)),
    (3, (ErrorFault(code=2, status=500), CutAfterFault())),
)
# The call itself is given up after 30 s.
_HANGS: Sequence[tuple[float, tuple[Fault, ...]]] = ((1, (HangFault(),)), (1, (HangFault(accepted=True),)))
# The whole account pauses, so these are counted, not left to chance.
_LIMITS: tuple[Fault, ...] = (
    ErrorFault(code=613, message="Calls to this api have exceeded the rate limit.", headers={"Retry-After": "1"}),
    ErrorFault(code=4, message="Application request limit reached", headers={"Retry-After": "1"}),
)

NO_ANSWER = (CutBeforeFault, CutAfterFault, NoMidFault, HangFault)
"""Faults after which igbot cannot tell whether Meta took the message; it repeats such a call once."""

_QUICK_SHARE, _SLOW_SHARE, _HANG_SHARE = 0.08, 0.02, 0.0005
_MOST_LIMITS = 20
_REFUSED_SHARE = 0.05


def draw(*, seed: int, messages: int, kills: int, cuts: int, customers: int, places: int) -> Plan:
    """The campaign of a seed: the same arguments give the same plan, on every machine."""
    chance = random.Random(f"igbot campaign {seed}")
    shares = [messages // customers + (number < messages % customers) for number in range(customers)]
    limits = _limits(chance, messages)
    drawn, written = [], 0
    for number, share in enumerate(shares):
        looked_up = messages < LONG or chance.random() >= _REFUSED_SHARE
        own = tuple(
            _message(
                chance,
                number,
                place,
                share=share,
                looked_up=looked_up,
                total=messages,
                limit=limits.get(written + place),
            )
            for place in range(share)
        )
        written += share
        drawn.append(Customer(f"93{seed % 1000:03d}{number:011d}", looked_up, own))
    return Plan(
        seed=seed,
        customers=tuple(drawn),
        kills=_kills(chance, kills, steps=2 * messages, places=places),
        cuts=tuple(
            Cut(at, chance.choice((0.2, 0.5, 1.0)))
            for at in sorted(chance.randrange(messages // 20, max(messages * 9 // 5, 2)) for _ in range(cuts))
        ),
        by_reply={message.reply: message for customer in drawn for message in customer.messages},
    )


def _limits(chance: random.Random, messages: int) -> dict[int, Fault]:
    count = min(max(messages // 300, 1), _MOST_LIMITS)
    return {chance.randrange(messages): chance.choice(_LIMITS) for _ in range(count)}


def _message(
    chance: random.Random,
    customer: int,
    number: int,
    *,
    share: int,
    looked_up: bool,
    total: int,
    limit: Fault | None,
) -> Message:
    faults = (limit,) if limit is not None else _faults(chance, early=total >= LONG or number < share / 2, total=total)
    # Twenty and sixty seconds are long enough to see: some of them with nothing but the look-up to tell.
    echo = _echo(chance, never=0.1 if looked_up else 0.5, latest=15.0 if total >= LONG else 3.0)
    again: Again = "no"
    if chance.random() < 0.08:
        again = chance.choice(("at once", "both", "later"))
    with_next = again == "no" and number + 1 < share and chance.random() < 0.03
    text = f"{customer}-{number} {chance.choice(_WORDS)}"
    return Message(customer, number, text, again, with_next, faults, echo)


_WORDS = (
    "Where is my order?",
    "¿Hacéis envíos?",
    "ok",
    "Größe M, bitte",
    "送料はいくらですか",
    "🙂👍🏽",
    "شكرا",
    "how much",
)


def _faults(chance: random.Random, *, early: bool, total: int) -> tuple[Fault, ...]:
    at = chance.random()
    if at < _QUICK_SHARE:
        return _weighed(chance, _QUICK)
    if early and at < _QUICK_SHARE + _SLOW_SHARE:
        return _weighed(chance, _SLOW)
    if total >= LONG and at > 1 - _HANG_SHARE:
        return _weighed(chance, _HANGS)
    return ()


def _weighed(chance: random.Random, choices: Sequence[tuple[float, tuple[Fault, ...]]]) -> tuple[Fault, ...]:
    return chance.choices([faults for _, faults in choices], weights=[weight for weight, _ in choices])[0]


def _echo(chance: random.Random, *, never: float, latest: float) -> float | None:
    at = chance.random()
    if at < never:
        return None
    return round(chance.uniform(0.1, latest), 3) if at < never + 0.15 else 0.0


def _kills(chance: random.Random, count: int, *, steps: int, places: int) -> tuple[Kill, ...]:
    """Anywhere between the first steps and nine tenths of the way; every fifth strikes a process that just starts."""
    times = sorted(chance.randrange(max(steps // 50, 1), max(steps * 9 // 10, 2)) for _ in range(count))
    kills: list[Kill] = []
    for at in times:
        starting = bool(kills) and chance.random() < 0.2
        place = kills[-1].place if starting else chance.randrange(places)
        pause = chance.uniform(0, 1.5) if starting else chance.choice((0.0, chance.uniform(0, 0.3)))
        kills.append(Kill(at, place, round(pause, 3), starting))
    return tuple(kills)
