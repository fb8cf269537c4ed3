"""Customers write: each in order, all in parallel, and Meta delivers until the bot has said 200, now and then twice."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from bench.campaign.fleet import Fleet
from bench.campaign.judge import Written
from bench.campaign.plan import Customer, Message, Plan
from igbot.meta.signature import sign
from igbot.sandbox.customer import delivery_body
from igbot.sandbox.graph import Sandbox
from igbot.sandbox.postback import Delivered

AT_ONCE = 128
"""Deliveries in flight at the same time."""
ATTEMPT_SECONDS = 15.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


class Door:
    """The way from Meta to the bot: as the TLS proxy in front would pass it on, to any process that is there."""

    def __init__(self, http: aiohttp.ClientSession, *, secret: str, account_id: str, seed: int) -> None:
        self._http = http
        self._secret = secret
        self._account_id = account_id
        self._chance = random.Random(f"door {seed}")
        self.fleet: Fleet | None = None
        self.acks: list[float] = []
        """Seconds from each delivery that was taken to its 200."""
        self.refused: Counter[str] = Counter()
        """What else came back: a status, or why there was none."""

    async def post(self, items: Sequence[Mapping[str, Any]]) -> Delivered:
        """One attempt at any process."""
        urls = self.fleet.urls if self.fleet else []
        return await self._post(self._chance.choice(urls), items) if urls else self._nobody()

    async def post_to_all(self, items: Sequence[Mapping[str, Any]]) -> list[Delivered]:
        """The same delivery to every process at the same moment, twice to an only one."""
        urls = self.fleet.urls if self.fleet else []
        return list(await asyncio.gather(*(self._post(url, items) for url in (urls * 2 if len(urls) == 1 else urls))))

    def _nobody(self) -> Delivered:
        self.refused["no process"] += 1
        return Delivered(None, "no process")

    async def _post(self, url: str, items: Sequence[Mapping[str, Any]]) -> Delivered:
        body = delivery_body(items, self._account_id, datetime.now(UTC))
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": sign(self._secret, body)}
        headers["X-Forwarded-Proto"] = "https"
        began = time.perf_counter()
        try:
            async with self._http.post(f"{url}/webhook", data=body, headers=headers) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.refused[type(error).__name__] += 1
            return Delivered(None, type(error).__name__)
        if answer.status == 200:
            self.acks.append(time.perf_counter() - began)
        else:
            self.refused[f"HTTP {answer.status}"] += 1
        return Delivered(answer.status)


@dataclass
class Writing:
    """All customers at it. `stopping`: no new message is begun; what was posted is posted until it is taken."""

    plan: Plan
    meta: Sandbox
    door: Door
    written_at: dict[str, float]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    given_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing is posted any more, taken or not."""
    taken: list[Written] = field(default_factory=list)
    redelivered: int = 0
    twice: int = 0
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def unacknowledged(self) -> list[str]:
        """The replies to what was posted and never taken."""
        known = {message.reply for message in self.taken}
        return [reply for reply in self.written_at if reply not in known]

    async def run(self) -> None:
        """Returns once everybody has written everything, or may write no more."""
        await asyncio.gather(*(self._write(customer) for customer in self.plan.customers))

    async def _write(self, customer: Customer) -> None:
        earlier: list[Mapping[str, Any]] = []
        for together in _deliveries(customer.messages):
            if self.stopping.is_set():
                return
            did = [self.meta.customer_does(customer.igsid, text=message.text) for message in together]
            items, last = [each.item for each in did], together[-1]
            began = time.time()
            self.written_at.update((message.reply, began) for message in together)
            if not await self._until_taken(items, both=last.again == "both"):
                return
            for message, each in zip(together, did, strict=True):
                self.taken.append(Written(each.mid or "", customer.igsid, message.number, message.reply, began))
            if last.again in ("at once", "both"):
                await self._once_more(items)
            if earlier:
                await self._once_more(earlier)
            earlier = items if last.again == "later" else []
        if earlier:
            await self._once_more(earlier)

    async def _until_taken(self, items: Sequence[Mapping[str, Any]], *, both: bool) -> bool:
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

    async def _once_more(self, items: Sequence[Mapping[str, Any]]) -> None:
        self.twice += 1
        async with self._slots:
            await self.door.post(items)


def _deliveries(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """The messages as they are delivered: one by one, or with their next."""
    together: list[Message] = []
    for message in messages:
        together.append(message)
        if not message.with_next:
            yield together
            together = []
    if together:
        yield together
