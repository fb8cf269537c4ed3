"""What single customers go through, beside writing and being answered: each chapter is a few acts. Pure."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bench.campaign.acts import Act, Again, Called, Edit, Message, Person, Quiet, Unsend
from bench.campaign.spoiling import Spoiling
from igbot.sandbox.faults import Fault

STOPS = ("STOP", "stop.", "unsubscribe", "Baja", "ABMELDEN", "\u0441\u0442\u043e\u043f")
STARTS = ("START", "start!", "alta", "Starten", "\u0421\u0442\u0430\u0440\u0442")

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
_TWICE_SHARE, _TOGETHER_SHARE = 0.08, 0.03


class Pen:
    """Writes the messages of one customer, `share` of them, in order. `limits`: what the replies to single numbers meet
    that stops the whole account."""

    def __init__(
        self,
        chance: random.Random,
        spoiling: Spoiling,
        *,
        customer: int,
        share: int,
        looked_up: bool,
        limits: Mapping[int, Fault],
    ) -> None:
        self.spoiling = spoiling
        self.written = 0
        self._chance = chance
        self._customer = customer
        self._share = share
        self._looked_up = looked_up
        self._limits = limits

    @property
    def left(self) -> int:
        """How many messages are still to be written."""
        return self._share - self.written

    def plainly(self, count: int) -> Iterator[Message]:
        """Messages that are answered, whatever befalls their calls; all that are left where `count` is more."""
        for _ in range(min(count, self.left)):
            number = self.written
            limit = self._limits.get(number)
            faults = (limit,) if limit is not None else self._spoilt(number)
            message = self.message(faults=faults, echo=self.spoiling.echo(looked_up=self._looked_up))
            again: Again = "no"
            if self._chance.random() < _TWICE_SHARE:
                again = self._chance.choice(("at once", "both", "later"))
            together = again == "no" and self.left > 0 and self._chance.random() < _TOGETHER_SHARE
            yield replace(message, again=again, with_next=together)

    def _spoilt(self, number: int) -> tuple[Fault, ...]:
        return self.spoiling.of_message(early=number < self._share / 2, looked_up=self._looked_up)

    def message(self, **differently: Any) -> Message:
        """The next message; fields as they are said here, else those of one that meets nothing special."""
        number = self.written
        self.written += 1
        text = f"{self._customer}-{number} {self._chance.choice(_WORDS)}"
        return Message(**{"customer": self._customer, "number": number, "text": text, **differently})

    def held(self) -> Message:
        """A message whose reply stays queued until something comes between."""
        return self.message(fate="cancelled", faults=self.spoiling.held())

    def choose(self, *words: str) -> str:
        """One of them."""
        return self._chance.choice(words)


def _stops(pen: Pen) -> Iterator[Act]:
    """STOP overtakes a reply that waits, and no earlier one; START brings the answers back."""
    yield Quiet()
    held = pen.held()
    yield held
    yield Called(held.number)
    yield pen.message(text=pen.choose(*STOPS), fate="confirmed")
    yield pen.message(fate="silent", again="both")
    yield pen.message(fate="silent")
    yield pen.message(text=pen.choose(*STARTS), fate="confirmed")
    yield Quiet()


def _is_taken_over(pen: Pen) -> Iterator[Act]:
    """A person answers while a reply waits; the bot is silent for the rest."""
    yield Quiet()
    held = pen.held()
    yield held
    yield Called(held.number)
    yield Person(f"Hello, it is me, Ana from the shop. Let me see about {held.text!r}")
    yield Quiet()
    while pen.left:
        yield pen.message(fate="silent")


def _takes_back(pen: Pen) -> Iterator[Act]:
    """A message is deleted while its reply waits, another before it has even come."""
    held = pen.held()
    yield held
    yield Called(held.number)
    yield Unsend(held.number)
    yield from pen.plainly(1)
    yield Quiet()
    deleted = pen.message(fate="silent")
    yield Unsend(deleted.number)
    yield deleted


def _edits(pen: Pen) -> Iterator[Act]:
    """A message is changed after its answer, before it has come, and at once: each is answered once."""
    answered = pen.message()
    yield answered
    yield Quiet()
    yield Edit(answered.number, f"{answered.text}, changed")
    early = pen.message()
    changed = f"{early.text}, changed"
    yield Edit(early.number, changed)
    yield replace(early, says=(changed,))
    late = pen.message()
    changed = f"{late.text}, changed"
    yield replace(late, says=(late.text, changed))
    yield Edit(late.number, changed)


def _is_blocked(pen: Pen) -> Iterator[Act]:
    """Nothing reaches the customer until they write again."""
    fault = next(pen.spoiling.blocks).fault
    yield pen.message(fate="refused", faults=(fault,), always=True, with_next=True)
    yield pen.message(fate="blocked")
    yield Quiet()


def _is_refused(pen: Pen) -> Iterator[Act]:
    """Single answers are refused for good, and the next ones go out."""
    for _ in range(2):
        yield pen.message(fate="refused", faults=(next(pen.spoiling.refusals).fault,), always=True)
        yield Quiet()


def _is_given_up(pen: Pen) -> Iterator[Act]:
    """An answer fails as often as it may, and the one after it goes out."""
    yield pen.message(fate="given up", faults=(pen.spoiling.hopeless().fault,), always=True)


def _is_handed_over(pen: Pen) -> Iterator[Act]:
    """Another app has taken the conversation; the bot is silent for the rest."""
    yield pen.message(fate="refused", faults=(next(pen.spoiling.hand_overs).fault,), always=True)
    yield Quiet()
    while pen.left:
        yield pen.message(fate="silent")


Chapter = Callable[[Pen], Iterator[Act]]

CHAPTERS: Mapping[Chapter, int] = MappingProxyType(
    {
        _is_refused: 2,
        _stops: 5,
        _is_blocked: 2,
        _takes_back: 3,
        _edits: 3,
        _is_given_up: 1,
    }
)
"""How many messages each takes at least; after it the customer goes on as before."""
LAST_CHAPTERS: Mapping[Chapter, int] = MappingProxyType({_is_taken_over: 2, _is_handed_over: 2})
"""Chapters after which nothing is answered any more."""


class Shelf:
    """Chapters in turn: each is taken as often as the others, as far as there is room for it."""

    def __init__(self, chapters: Mapping[Chapter, int]) -> None:
        self._waiting = list(chapters.items())

    def next(self, room: int) -> Chapter | None:
        """The one that waits the longest among those that take at most `room` messages; None: none does."""
        for place, (chapter, least) in enumerate(self._waiting):
            if least <= room:
                self._waiting.append(self._waiting.pop(place))
                return chapter
        return None
