"""Customers write: each in order, all in parallel, and Meta delivers until the bot has said 200, now and then twice."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench.campaign.acts import Act, Called, Customer, Edit, Message, Person, Quiet, Unsend
from bench.campaign.door import Door
from bench.campaign.evidence import Written
from bench.campaign.plan import Plan
from bench.campaign.standin import PlannedMeta
from igbot.sandbox.customer import echo

AT_ONCE = 128
"""Deliveries in flight at the same time."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_LOOK_SECONDS = 0.05

Item = Mapping[str, Any]


@dataclass
class Writing:
    """All customers at it. `stopping`: no new message is begun; what was posted is posted until it is taken. `quiet`
    returns once nothing of a customer's conversation is open, `patience` is how many seconds a call is waited for."""

    plan: Plan
    meta: PlannedMeta
    door: Door
    written_at: dict[str, float]
    patience: float
    quiet: Callable[[str], Awaitable[None]]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    given_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing is posted any more, taken or not."""
    taken: list[Written] = field(default_factory=list)
    redelivered: int = 0
    twice: int = 0
    uncalled: int = 0
    """How often the call that somebody waited for did not come in time."""
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def unacknowledged(self) -> list[str]:
        """The replies to what was posted and never taken."""
        known = {reply for message in self.taken for reply in message.replies}
        return [reply for reply in self.written_at if reply not in known]

    async def run(self) -> None:
        """Returns once everybody has written everything, or may write no more."""
        await asyncio.gather(*(_Writer(self, customer).live() for customer in self.plan.customers))

    async def until_taken(self, items: Sequence[Item], *, both: bool = False) -> bool:
        """Post a delivery until a process says 200; false if nothing is posted any more."""
        pause = _FIRST_PAUSE
        while not self.given_up.is_set():
            async with self._slots:
                answers = await self.door.post_to_all(items) if both else [await self.door.post(items)]
            if any(answer.taken for answer in answers):
                return True
            self.redelivered += 1
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return False

    async def once_more(self, items: Sequence[Item]) -> None:
        """Post a delivery that was taken already."""
        self.twice += 1
        async with self._slots:
            await self.door.post(items)


class _Writer:
    """One customer, act by act."""

    def __init__(self, writing: Writing, customer: Customer) -> None:
        self._writing = writing
        self._meta = writing.meta
        self._customer = customer
        self._mids = [writing.meta.new_mid() for _ in customer.messages]
        self._earlier: Sequence[Item] = ()
        self._pending: list[int] = []
        """Places, among all that was taken, of replies that something is going to overtake."""

    async def live(self) -> None:
        """All acts, until nothing new may be begun."""
        for together in _deliveries(self._customer.acts):
            if self._writing.stopping.is_set() or not await self._does(together):
                return
        if self._earlier:
            await self._writing.once_more(self._earlier)

    async def _does(self, together: Sequence[Act]) -> bool:
        igsid, first = self._customer.igsid, together[0]
        match first:
            case Message():
                return await self._write([act for act in together if isinstance(act, Message)])
            case Quiet():
                await self._writing.quiet(igsid)
            case Called():
                await self._until_called(self._customer.messages[first.number])
            case Person():
                mid = self._meta.new_mid()
                item = echo(igsid, self._meta.settings.account_id, mid=mid, at=self._meta.clock(), text=first.text)
                return await self._overtake(item, mid)
            case Unsend():
                mid = self._mids[first.number]
                return await self._overtake(self._meta.customer_does(igsid, kind="deleted", about=mid).item, mid)
            case Edit():
                mid = self._mids[first.number]
                did = self._meta.customer_does(igsid, kind="edit", about=mid, text=first.text)
                return await self._writing.until_taken([did.item])
        return True

    async def _write(self, messages: Sequence[Message]) -> bool:
        writing, igsid, last = self._writing, self._customer.igsid, messages[-1]
        items = [
            self._meta.customer_does(igsid, text=message.text, mid=self._mids[message.number]).item
            for message in messages
        ]
        began = time.time()
        writing.written_at.update((reply, began) for message in messages for reply in message.replies)
        if not await writing.until_taken(items, both=last.again == "both"):
            return False
        for message in messages:
            mid = self._mids[message.number]
            writing.taken.append(Written(mid, igsid, message.number, message.replies, began, message.fate))
            if message.fate == "cancelled":
                self._pending.append(len(writing.taken) - 1)
            elif message.fate == "confirmed":
                self._overtaken_by(mid)
        if last.again in ("at once", "both"):
            await writing.once_more(items)
        if self._earlier:
            await writing.once_more(self._earlier)
        self._earlier = items if last.again == "later" else ()
        return True

    async def _overtake(self, item: Item, mid: str) -> bool:
        if not await self._writing.until_taken([item]):
            return False
        self._overtaken_by(mid)
        return True

    def _overtaken_by(self, mid: str) -> None:
        """What waited to be overtaken knows by which event."""
        for place in self._pending:
            self._writing.taken[place] = replace(self._writing.taken[place], cause=mid)
        self._pending.clear()

    async def _until_called(self, message: Message) -> None:
        deadline = time.monotonic() + self._writing.patience
        while not self._meta.planned.was_called(message):
            if self._writing.given_up.is_set() or time.monotonic() > deadline:
                self._writing.uncalled += 1
                return
            await asyncio.sleep(_LOOK_SECONDS)


def _deliveries(acts: Sequence[Act]) -> Iterator[list[Act]]:
    """The acts, one by one; messages that are delivered with their next together."""
    together: list[Act] = []
    for act in acts:
        if together and not isinstance(act, Message):
            yield together
            together = []
        together.append(act)
        if not (isinstance(act, Message) and act.with_next):
            yield together
            together = []
    if together:
        yield together
