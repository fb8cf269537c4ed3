"""What happens in a campaign, drawn from its seed: who does what, what goes wrong, when something is killed. Pure."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bench.campaign.acts import Act, Customer, Message
from bench.campaign.chapters import CHAPTERS, LAST_CHAPTERS, Pen, Shelf
from bench.campaign.spoiling import LONG, Spoiling

Weather = Literal["closed", "errors", "silence"]
"""What an outage is like: connections are refused, calls are answered with an error of the server, or not at all."""


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
class Outage:
    """Meta is away once `at` steps are done: first in the one way, then in the next, for so many seconds each."""

    at: int
    spells: tuple[tuple[Weather, float], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a campaign decides. A step is a message taken by the bot, or a reply accepted by Meta.

    `token_dies` is the step at which the access token is worth nothing any more; None: it lives.
    """

    seed: int
    customers: tuple[Customer, ...]
    kills: tuple[Kill, ...]
    cuts: tuple[Cut, ...]
    outages: tuple[Outage, ...]
    token_dies: int | None
    by_reply: Mapping[str, Message] = field(repr=False)

    @property
    def messages(self) -> int:
        """How many messages are to be written."""
        return sum(len(customer.messages) for customer in self.customers)

    @property
    def is_long(self) -> bool:
        """Whether single replies may take minutes."""
        return self.messages >= LONG


_REFUSED_SHARE = 0.05
_CHAPTER_EVERY, _LAST_EVERY = 3, 24
_BETWEEN = 4
_SHORT_OUTAGE: tuple[tuple[Weather, float], ...] = (("errors", 1.0), ("closed", 2.0))
_LONG_OUTAGE: tuple[tuple[Weather, float], ...] = (("closed", 120.0), ("errors", 45.0), ("silence", 35.0))
_OUTAGE_FROM, _TOKEN_FROM = 100, 100
_EVEN_LATER, _IN_TIME, _EARLY_ENOUGH = 0.9, 0.7, 0.6


def draw(
    *, seed: int, messages: int, kills: int, cuts: int, customers: int, places: int, outages: int | None = None
) -> Plan:
    """The campaign of a seed: the same arguments give the same plan, on every machine.

    `outages` None: one, or none where there are too few messages to notice.
    """
    chance = random.Random(f"igbot campaign {seed}")
    spoiling = Spoiling(chance, total=messages)
    drawn = tuple(_customers(chance, spoiling, seed=seed, messages=messages, customers=customers))
    steps = 2 * messages
    if outages is None:
        outages = 1 if messages >= _OUTAGE_FROM else 0
    return Plan(
        seed=seed,
        customers=drawn,
        kills=_kills(chance, kills, steps=steps, places=places, until=_EVEN_LATER if messages >= LONG else _IN_TIME),
        cuts=tuple(
            Cut(at, chance.choice((0.2, 0.5, 1.0)))
            for at in sorted(chance.randrange(messages // 20, max(messages * 9 // 5, 2)) for _ in range(cuts))
        ),
        outages=tuple(_outages(chance, outages, steps=steps, is_long=messages >= LONG)),
        token_dies=chance.randrange(steps // 10, steps // 2) if messages >= _TOKEN_FROM else None,
        by_reply={reply: each for customer in drawn for each in customer.messages for reply in each.replies},
    )


def _customers(
    chance: random.Random, spoiling: Spoiling, *, seed: int, messages: int, customers: int
) -> Iterator[Customer]:
    limits, written = spoiling.limits(), 0
    chapters, last_ones = Shelf(CHAPTERS), Shelf(LAST_CHAPTERS)
    for number in range(customers):
        share = messages // customers + (number < messages % customers)
        looked_up = messages < LONG or chance.random() >= _REFUSED_SHARE
        own = {at - written: limit for at, limit in limits.items() if written <= at < written + share}
        pen = Pen(chance, spoiling, customer=number, share=share, looked_up=looked_up, limits=own)
        acts: list[Act] = []
        # Whoever meets what stops the account has enough to do with that.
        if number % _CHAPTER_EVERY == 0 and not own:
            while chapter := (last_ones if number % _LAST_EVERY == 0 and pen.written else chapters).next(pen.left - 1):
                acts += pen.plainly(1)
                acts += chapter(pen)
                acts += pen.plainly(chance.randrange(_BETWEEN) if messages >= LONG else 0)
        acts += pen.plainly(pen.left)
        written += share
        yield Customer(f"93{seed % 1000:03d}{number:011d}", looked_up, tuple(acts))


def _outages(chance: random.Random, count: int, *, steps: int, is_long: bool) -> Iterator[Outage]:
    at = sorted(chance.randrange(steps // 10, max(int(steps * _EARLY_ENOUGH), steps // 10 + 1)) for _ in range(count))
    for each in at:
        yield Outage(each, _LONG_OUTAGE if is_long else _SHORT_OUTAGE)


def _kills(chance: random.Random, count: int, *, steps: int, places: int, until: float) -> tuple[Kill, ...]:
    """Anywhere between the first steps and `until` of the way; every fifth strikes a process that just starts."""
    times = sorted(chance.randrange(max(steps // 50, 1), max(int(steps * until), 2)) for _ in range(count))
    kills: list[Kill] = []
    for at in times:
        starting = bool(kills) and chance.random() < 0.2
        place = kills[-1].place if starting else chance.randrange(places)
        pause = chance.uniform(0, 1.5) if starting else chance.choice((0.0, chance.uniform(0, 0.3)))
        kills.append(Kill(at, place, round(pause, 3), starting))
    return tuple(kills)
