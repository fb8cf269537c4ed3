"""Real listeners on free ports of this machine, and clients for what no well-behaved client would send."""

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import web

from igbot.telemetry.clock import system_clock
from igbot.telemetry.log import FIELDS, event_log
from igbot.web.listeners import Endpoint, Listeners, open_listeners
from igbot.web.management import ManagementPorts, Report, make_management_app
from igbot.web.public import Accept, PublicPorts, make_public_app
from tests.waiting import PATIENCE

SECRET = "igbot-test-secret"
VERIFY_TOKEN = "verify-me"
NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass
class Kept:
    """An `accept` that remembers."""

    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, body: bytes, _received_at: datetime) -> None:
        self.bodies.append(body)


def public_app(
    accept: Accept,
    *,
    trusted: bool = True,
    secrets: tuple[str, ...] = (SECRET,),
    verify_token: str = VERIFY_TOKEN,
    clock: Callable[[], datetime] = system_clock,
) -> web.Application:
    """The public application; `trusted` makes this machine a trusted proxy."""
    return make_public_app(
        PublicPorts(
            verify_token=verify_token,
            app_secrets=secrets,
            trusted_proxies=LOOPBACK if trusted else (),
            accept=accept,
            clock=clock,
            log=event_log("web"),
        )
    )


async def _ok() -> Report:
    return {"status": "ok", "checks": {}}


async def _figures() -> Report:
    return {"dead": 0, "last_webhook_at": NOW}


async def _reloaded() -> tuple[bool, Report]:
    return True, {"loaded": True, "rules": 3, "digest": "abc"}


async def _metrics() -> bytes:
    return b"igbot_rules 3.0\n"


async def _no_decision(_mid: str) -> Report | None:
    return None


def management_app(
    *,
    token: str | None = None,
    dev: bool = True,
    public_url: str = "https://127.0.0.1:1",
    readiness: Callable[[], Awaitable[Report]] = _ok,
    reload: Callable[[], Awaitable[tuple[bool, Report]]] = _reloaded,
    decision: Callable[[str], Awaitable[Report | None]] = _no_decision,
) -> web.Application:
    """The management application with harmless answers."""
    return make_management_app(
        ManagementPorts(
            token=token,
            host="127.0.0.1",
            dev=dev,
            verify_token=VERIFY_TOKEN,
            public_url=lambda: public_url,
            readiness=readiness,
            figures=_figures,
            reload=reload,
            decision=decision,
            metrics=_metrics,
            log=event_log("web"),
        )
    )


@asynccontextmanager
async def serving(
    public: web.Application | None = None,
    *,
    management: web.Application | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Listeners]:
    """Both listeners on free loopback ports."""
    listeners = await open_listeners(
        public=Endpoint(public or web.Application(), "127.0.0.1", 0, tls),
        management=Endpoint(management or web.Application(), "127.0.0.1", 0),
    )
    try:
        yield listeners
    finally:
        await listeners.close(0.2)


@dataclass(frozen=True)
class RawAnswer:
    """What came back over a raw socket until the server closed it."""

    status: int
    headers: str
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


async def send_raw(port: int, *parts: bytes) -> RawAnswer:
    """Writes `parts` as they are, and reads until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return parse(await asyncio.wait_for(reader.read(), PATIENCE))
    finally:
        writer.close()


def parse(answer: bytes) -> RawAnswer:
    """Takes one HTTP answer apart."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return RawAnswer(int(head.split()[1]), head.decode("latin-1"), body)


def post_head(*headers: str, path: str = "/webhook") -> bytes:
    """The head of a POST that came through a trusted TLS proxy and is the last one of its connection."""
    lines = (f"POST {path} HTTP/1.1", "Host: bot", "X-Forwarded-Proto: https", "Connection: close", *headers)
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def get_head(target: str, *headers: str, host: str = "localhost") -> bytes:
    """A GET that came through a trusted TLS proxy and is the last one of its connection."""
    lines = (f"GET {target} HTTP/1.1", f"Host: {host}", "X-Forwarded-Proto: https", "Connection: close", *headers)
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def events(caplog: pytest.LogCaptureFixture) -> dict[str, dict[str, object]]:
    """The fields of every logged event of ours, by its name (the last one of each)."""
    return {record.getMessage(): getattr(record, FIELDS) for record in caplog.records if hasattr(record, FIELDS)}


def nothing_was_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> bool:
    """Whether no line of anybody reached ERROR (where an alert or a traceback would be)."""
    return not [record for record in caplog.records if record.levelno >= logging.ERROR]
