"""What customers do in a campaign, and what has to come of each of their messages. Pure."""

from dataclasses import dataclass
from typing import Literal

from igbot.sandbox.faults import CutAfterFault, CutBeforeFault, ErrorFault, Fault, HangFault, NoMidFault, RawFault

ANSWER = "You wrote: "
"""What the rule puts before a message's own words, so that each reply names what it answers."""

Fate = Literal["answered", "confirmed", "refused", "blocked", "given up", "cancelled", "silent"]
"""What has to become of a message: it is answered, once and in its turn (confirmed: by the words that confirm a STOP or
START); Meta refuses the answer for good; the answer is not tried, since Meta has said that nothing reaches this
customer; it is given up after as many calls as its error allows; it is overtaken before it goes out; there is none."""

Again = Literal["no", "at once", "both", "later"]
"""Whether a delivery comes twice: once more after its 200, to two processes at the same moment, or once more after the
customer's next message."""

_SUCCESS = range(200, 300)
NO_ANSWER = (CutBeforeFault, CutAfterFault, NoMidFault, HangFault)
"""Faults after which igbot cannot tell whether Meta took the message; it repeats such a call once."""


def tells_nothing(fault: Fault | None) -> bool:
    """Whether a call that meets the fault has no answer, as the contract means it: an unreadable 200 is none."""
    if isinstance(fault, RawFault):
        return fault.cut or fault.status in _SUCCESS
    return isinstance(fault, NO_ANSWER)


def refuses(fault: Fault | None) -> bool:
    """Whether the fault is an answer that says no."""
    return isinstance(fault, ErrorFault) and not fault.accepted


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a customer. `number` counts from 0 in the order of writing.

    `faults` spoil the first calls with its reply, in order; `always`: the last of them every further call too. `echo`
    is how many seconds late the reply's echo comes (None: never); `with_next`: it comes in one delivery with the
    customer's next. `says`: the words that the reply may repeat, where an edit makes them others.
    """

    customer: int
    number: int
    text: str
    fate: Fate = "answered"
    again: Again = "no"
    with_next: bool = False
    faults: tuple[Fault, ...] = ()
    always: bool = False
    echo: float | None = 0.0
    says: tuple[str, ...] = ()

    @property
    def replies(self) -> tuple[str, ...]:
        """The texts of which one is the reply to it; nothing for what is confirmed in igbot's own words."""
        return () if self.fate == "confirmed" else tuple(ANSWER + text for text in self.says or (self.text,))

    def spoilt(self, call: int) -> Fault | None:
        """The fault that the call with its reply meets, counted from 0."""
        if call < len(self.faults):
            return self.faults[call]
        return self.faults[-1] if self.always and self.faults else None


@dataclass(frozen=True, slots=True)
class Quiet:
    """The customer waits until nothing of the conversation is undecided or unsent."""


@dataclass(frozen=True, slots=True)
class Called:
    """The customer waits until the reply to the message `number` has been tried."""

    number: int


@dataclass(frozen=True, slots=True)
class Person:
    """A person answers in the Instagram app."""

    text: str


@dataclass(frozen=True, slots=True)
class Unsend:
    """The customer takes the message `number` back; before it, if that comes later."""

    number: int


@dataclass(frozen=True, slots=True)
class Edit:
    """The customer changes the message `number` into `text`."""

    number: int
    text: str


Act = Message | Quiet | Called | Person | Unsend | Edit


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who writes; `looked_up` False: Meta refuses every look-up of the conversation."""

    igsid: str
    looked_up: bool
    acts: tuple[Act, ...]

    @property
    def messages(self) -> tuple[Message, ...]:
        """What is written, in order."""
        return tuple(act for act in self.acts if isinstance(act, Message))
