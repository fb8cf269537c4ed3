"""A web service of the owner's, and the caller that asks it; the test says what the service answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from igbot.calls.caller import Address, Caller
from igbot.calls.queue import Ended
from igbot.meta.events import AccountId, Igsid
from igbot.store.pool import Database
from igbot.telemetry.log import event_log

ACCOUNT = AccountId("17841400000000001")
ANA = "9000000000000001"
START = datetime(2026, 9, 1, 10, 11, 12, tzinfo=UTC)
SECRET = "word-of-the-shop"

ASK = """
INSERT INTO service_call (account_id, igsid, for_key, for_mid, kind, rule, name, body, timeout_ms, retry, waits, test,
    asked_at, due_at)
VALUES ($1, $2, gen_random_uuid(), $3, $4, $5, $6, $7::text::jsonb, $8, $9, $10, false, $11, $11) RETURNING call_id
"""
LANE = "INSERT INTO inbox_lane (account_id, igsid, ready_at, arrivals) VALUES ($1, $2, NULL, 1)"


@dataclass
class Asked:
    """One request as the service saw it."""

    headers: dict[str, str]
    body: bytes


@dataclass
class ShopService:
    """`answers` are given one after the other, the last one for ever: a status and a body."""

    answers: list[tuple[int, bytes]] = field(default_factory=lambda: [(200, b'{"status": "on its way"}')])
    asked: list[Asked] = field(default_factory=list)
    held: asyncio.Event | None = None

    async def handle(self, request: web.Request) -> web.Response:
        """Notes the request, and answers."""
        self.asked.append(Asked(dict(request.headers), await request.read()))
        if self.held is not None:
            await self.held.wait()
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        headers = {"Location": "https://elsewhere.example"} if status == 302 else None
        return web.Response(status=status, body=body, content_type="application/json", headers=headers)


@dataclass
class Bench:
    """The caller, the service, and a clock that the test turns."""

    database: Database
    service: ShopService
    caller: Caller
    moment: list[datetime]
    answered: list[str]
    profiles: dict[str, Ended]

    def pass_by(self, **time: float) -> None:
        """Move on."""
        self.moment[0] += timedelta(**time)

    async def ask(self, **changes: Any) -> int:
        """A decision asks for a call."""
        given: dict[str, Any] = {
            "mid": "m_1",
            "kind": "service",
            "rule": "order-status",
            "name": "orders",
            "body": {"number": "12345"},
            "timeout_ms": 2000,
            "retry": 2,
            "waits": True,
        } | changes
        async with self.database.connection() as conn:
            values = [given[name] for name in ("mid", "kind", "rule", "name")]
            rest = [json.dumps(given["body"]), given["timeout_ms"], given["retry"], given["waits"], self.moment[0]]
            call_id: int = await conn.fetchval(ASK, ACCOUNT, ANA, *values, *rest)
            return call_id

    async def turn(self) -> int:
        """One claim, and the calls it began to their end."""
        async with self.database.connection() as conn:
            began = await self.caller.begin(conn)
        await self.caller.drain()
        return began

    async def row(self, call_id: int) -> dict[str, Any]:
        """The call as it is kept."""
        async with self.database.connection() as conn:
            [found] = await conn.fetch("SELECT * FROM service_call WHERE call_id = $1", call_id)
            return dict(found)

    async def lane(self) -> dict[str, Any]:
        """The customer's lane in the inbox."""
        async with self.database.connection() as conn:
            [found] = await conn.fetch("SELECT * FROM inbox_lane WHERE igsid = $1", ANA)
            return dict(found)


@asynccontextmanager
async def opened(database: Database, *, url: str | None = None, secret: str | None = SECRET) -> AsyncIterator[Bench]:
    """A service on loopback and a caller that knows it as `orders`."""
    service = ShopService()
    app = web.Application(client_max_size=10**7)
    app.router.add_post("/{path:.*}", service.handle)
    moment, answered = [START], list[str]()
    profiles: dict[str, Ended] = {}

    async def profile(_account: AccountId, igsid: Igsid, _seconds: float) -> Ended:
        return profiles[igsid]

    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        caller = Caller(
            database,
            session,
            services={"orders": Address(url or str(server.make_url("/orders")), secret)},
            profiles=profile,
            process_id=lambda: 1,
            accounts=lambda: [ACCOUNT],
            clock=lambda: moment[0],
            log=event_log("calls"),
            woken=asyncio.Event(),
            on_answer=lambda: answered.append("inbox"),
        )
        async with database.connection() as conn:
            await conn.execute(LANE, ACCOUNT, ANA)
        yield Bench(database, service, caller, moment, answered, profiles)
        if service.held is not None:
            service.held.set()
        await caller.drain()
