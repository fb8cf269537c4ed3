"""The way from Meta to the bot: signed deliveries to whichever process lives."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp

from bench.campaign.fleet import Fleet
from igbot.meta.signature import sign
from igbot.sandbox.customer import delivery_body
from igbot.sandbox.postback import Delivered


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
