"""What the internet may call: Meta's webhook and a sign of life (contract.md section 2)."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from igbot.errors import DatabaseUnavailable
from igbot.meta.signature import is_signed
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog
from igbot.web.body import MAX_BODY_BYTES, BodyRefused, read_body
from igbot.web.forwarding import Network, forwarded_https, source
from igbot.web.responses import json_errors, ok, refusal, unavailable
from igbot.web.verification import verify

SLOW_SECONDS = 15.0

Accept = Callable[[bytes, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class PublicPorts:
    """What the public listener needs of the rest.

    `accept(body, received_at)` returns once every event of a signed body is durable, or raises DatabaseUnavailable;
    it never refuses a body for what is in it.
    """

    verify_token: str = field(repr=False)
    app_secrets: Sequence[str] = field(repr=False)
    trusted_proxies: Sequence[Network]
    accept: Accept
    clock: Clock
    log: EventLog


def make_public_app(ports: PublicPorts) -> web.Application:
    """The public routes, to be served by `open_listeners`."""
    app = web.Application(middlewares=[json_errors(ports.log)], client_max_size=MAX_BODY_BYTES)
    webhook = _Webhook(ports)
    app.router.add_get("/webhook", _https_only(ports, webhook.verify), allow_head=False)
    app.router.add_post("/webhook", _https_only(ports, webhook.receive))
    app.router.add_get("/healthz", _alive)
    return app


async def _alive(_request: web.Request) -> web.Response:
    return ok()


def _https_only(ports: PublicPorts, handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        if request.secure or forwarded_https(
            request.remote, request.headers.getall("X-Forwarded-Proto", ()), trusted=ports.trusted_proxies
        ):
            return await handler(request)
        ports.log.warning("https_required", source=_source(request, ports), path=request.path)
        return refusal(403, "https_required", close=True)

    return guarded


def _source(request: web.Request, ports: PublicPorts) -> str:
    return source(request.remote, request.headers.getall("X-Forwarded-For", ()), trusted=ports.trusted_proxies)


class _Webhook:
    """The two methods of /webhook."""

    def __init__(self, ports: PublicPorts) -> None:
        self._ports = ports

    async def verify(self, request: web.Request) -> web.Response:
        ports = self._ports
        query = parse_qsl(request.raw_path.partition("?")[2], keep_blank_values=True, errors="surrogateescape")
        verdict = verify(query, verify_token=ports.verify_token)
        if verdict.status == 200:
            ports.log.info("webhook_verified", source=_source(request, ports))
            return web.Response(
                text=verdict.body,
                content_type="text/plain",
                headers={hdrs.SERVER: "igbot", "X-Content-Type-Options": "nosniff"},
            )
        ports.log.warning(
            "webhook_verification_failed",
            source=_source(request, ports),
            status=verdict.status,
            reason=verdict.body,
        )
        return refusal(verdict.status, verdict.body)

    async def receive(self, request: web.Request) -> web.Response:
        ports = self._ports
        received_at = ports.clock()
        try:
            body = await read_body(request)
        except BodyRefused as error:
            ports.log.warning("webhook_refused", source=_source(request, ports), reason=error.error)
            return refusal(error.status, error.error, close=True)
        if not is_signed(request.headers.get("X-Hub-Signature-256"), body, secrets=ports.app_secrets):
            ports.log.warning(
                "signature_rejected",
                source=_source(request, ports),
                length=len(body),
                digest=hashlib.sha256(body).hexdigest()[:16],
            )
            return refusal(401, "signature_rejected")
        try:
            await ports.accept(body, received_at)
        except DatabaseUnavailable:
            return unavailable("storage_unavailable")
        finally:
            seconds = (ports.clock() - received_at).total_seconds()
            if seconds > SLOW_SECONDS:
                ports.log.warning("slow_processing", stage="webhook", mid=None, seconds=seconds)
        return ok()
