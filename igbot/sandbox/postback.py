"""The way back to the bot: signed webhooks, in order for each customer, repeated while the bot does not take them."""

import asyncio
import heapq
import ipaddress
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from igbot.meta.signature import sign
from igbot.sandbox.customer import deliveries_body
from igbot.sandbox.options import SandboxSettings

MAX_ITEMS = 200
"""Items of one delivery; Meta puts up to 1000 into one."""
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds between attempts; the last repeats. Meta too starts at once and then slows down."""
ATTEMPT_TIMEOUT = 10.0
STOPPED = "the sandbox was stopped"

_LOG = logging.getLogger("igbot.sandbox")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one POST: the bot's HTTP status, or None and why there was no answer."""

    status: int | None
    error: str | None = None

    @property
    def taken(self) -> bool:
        """Whether the bot has it now: Meta counts nothing but 200."""
        return self.status == 200


@dataclass(order=True, slots=True)
class _Waiting:
    due: float
    number: int
    item: Mapping[str, Any] = field(compare=False)
    first_attempt: "asyncio.Future[Delivered]" = field(compare=False)


class PostBack:
    """Posts webhook items to the bot. `settings` and `clock` are asked anew for each delivery.

    `by_account` tells which items are for which account.
    """

    def __init__(
        self,
        settings: Callable[[], SandboxSettings],
        *,
        by_account: Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Sequence[Mapping[str, Any]]]],
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._by_account = by_account
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._due_of: dict[str, float] = {}
        self._number = 0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._session: aiohttp.ClientSession | None = None
        self._in_flight = 0
        self.delivered = 0
        self.given_up = 0
        self.last: Delivered | None = None

    @property
    def pending(self) -> int:
        """Items the bot has not taken yet."""
        return len(self._waiting) + self._in_flight

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keeps the deliveries going; what is still waiting at the end is dropped. Inside itself it does nothing."""
        if self._session is not None:
            yield
            return
        timeout = aiohttp.ClientTimeout(total=ATTEMPT_TIMEOUT)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
            self._session = session
            task = asyncio.create_task(self._run(), name="sandbox-postback")
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                self._session = None
                self._drop()

    def queue(self, igsid: str, item: Mapping[str, Any], *, delay: float = 0.0) -> "asyncio.Future[Delivered]":
        """Posts `item` in `delay` seconds, after all that is queued for the same customer.

        The future holds the result of the first attempt; more attempts follow by themselves.
        """
        loop = asyncio.get_running_loop()
        first_attempt: asyncio.Future[Delivered] = loop.create_future()
        if self._session is None:
            first_attempt.set_result(Delivered(None, "the sandbox is not running"))
            return first_attempt
        if self._settings().webhook_url is None:
            first_attempt.set_result(Delivered(None, "no webhook_url"))
            return first_attempt
        due = max(loop.time() + delay, self._due_of.get(igsid, 0.0))
        self._due_of[igsid] = due
        self._number += 1
        heapq.heappush(self._waiting, _Waiting(due, self._number, item, first_attempt))
        self._idle.clear()
        self._wake.set()
        return first_attempt

    async def settled(self) -> None:
        """Returns once nothing is waiting any more: each item was taken or given up."""
        await self._idle.wait()

    async def post(self, items: Sequence[Mapping[str, Any]]) -> Delivered:
        """One attempt to deliver `items` at once, past the queue."""
        settings = self._settings()
        if settings.webhook_url is None:
            return Delivered(None, "no webhook_url")
        if self._session is None:
            return Delivered(None, "the sandbox is not running")
        body = deliveries_body(self._by_account(items), self._clock())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": sign(settings.app_secret, body),
        }
        verified = not is_loopback(settings.webhook_url)
        if not verified:
            # A bot that leaves HTTPS to a proxy believes this of loopback, if it is told to: the sandbox is both.
            headers["X-Forwarded-Proto"] = "https"
        try:
            async with self._session.post(
                settings.webhook_url, data=body, headers=headers, ssl=verified, allow_redirects=False
            ) as answer:
                await answer.read()
                return Delivered(answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Delivered(None, type(error).__name__)

    async def _run(self) -> None:
        while True:
            batch = await self._next_batch()
            self._in_flight = len(batch)
            try:
                await self._deliver(batch)
            except Exception:
                _LOG.exception("sandbox_postback_failed")
                self._settle(batch, Delivered(None, "a bug of the sandbox"))
            finally:
                _answer(batch, Delivered(None, STOPPED))

    async def _next_batch(self) -> list[_Waiting]:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            now = loop.time()
            batch: list[_Waiting] = []
            while self._waiting and self._waiting[0].due <= now and len(batch) < MAX_ITEMS:
                batch.append(heapq.heappop(self._waiting))
            if batch:
                return batch
            if self._waiting:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._waiting[0].due - now)
            else:
                self._due_of.clear()
                self._idle.set()
                await self._wake.wait()

    async def _deliver(self, batch: list[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        items = [each.item for each in batch]
        give_up_at = loop.time() + self._settings().retry_for
        attempt = 0
        while True:
            result = await self.post(items)
            _answer(batch, result)
            pause = PAUSES[min(attempt, len(PAUSES) - 1)]
            if result.taken or self._settings().webhook_url is None or loop.time() + pause > give_up_at:
                return self._settle(batch, result)
            attempt += 1
            await asyncio.sleep(pause)

    def _settle(self, batch: list[_Waiting], result: Delivered) -> None:
        self._in_flight = 0
        self.last = result
        if result.taken:
            self.delivered += len(batch)
            return
        self.given_up += len(batch)
        _LOG.warning("sandbox_webhooks_given_up: %d items, last answer %s", len(batch), result.status or result.error)

    def _drop(self) -> None:
        _answer(self._waiting, Delivered(None, STOPPED))
        self._waiting.clear()
        self._due_of.clear()
        self._in_flight = 0
        self._idle.set()


def _answer(waiting: Sequence[_Waiting], result: Delivered) -> None:
    """Tells whoever waits for a first attempt and has not been told yet."""
    for each in waiting:
        if not each.first_attempt.done():
            each.first_attempt.set_result(result)


def is_loopback(url: str) -> bool:
    """Whether `url` leads to this machine, where a certificate proves nothing."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
