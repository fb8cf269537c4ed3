"""What whoever runs igbot may call: readiness, the rules' reload, and in development a look inside."""

import hmac
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from igbot.telemetry.log import EventLog
from igbot.web.responses import json_errors, json_response, refusal
from igbot.web.verify_test import NoAnswer, play_verification

Report = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ManagementPorts:
    """What the management listener needs of the rest.

    `readiness` gives `{"status": "ok"|"degraded"|"down", "checks": {...}}`, `figures` what `igbot health` shows
    beside it. `reload` gives whether the rules were taken and what to say about it. `metrics` is Prometheus' text
    format. `decision(mid)` is None for a message nobody knows. `public_url` is the base address of the own public
    listener, asked when needed. `host` is the address the listener was told to bind; `dev` opens the `/dev/` routes.
    """

    token: str | None = field(repr=False)
    host: str
    dev: bool
    verify_token: str = field(repr=False)
    public_url: Callable[[], str]
    readiness: Callable[[], Awaitable[Report]]
    figures: Callable[[], Awaitable[Report]]
    reload: Callable[[], Awaitable[tuple[bool, Report]]]
    decision: Callable[[str], Awaitable[Report | None]]
    metrics: Callable[[], Awaitable[bytes]]
    log: EventLog


def make_management_app(ports: ManagementPorts) -> web.Application:
    """The management routes, to be served by `open_listeners`."""
    app = web.Application(middlewares=[json_errors(ports.log), _guard(ports)])
    routes = _Routes(ports)
    app.router.add_get("/readyz", routes.readyz)
    app.router.add_get("/metrics", routes.metrics)
    app.router.add_post("/rules/reload", routes.reload)
    if ports.dev:
        app.router.add_get("/dev/verify-test", routes.verify_test)
        app.router.add_get("/dev/decisions/{mid:.+}", routes.decision)
    return app


def _guard(ports: ManagementPorts) -> Middleware:
    names = frozenset({"localhost", ports.host.lower(), socket.gethostname().lower()})

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if ports.token is not None and not _bears(request, ports.token):
            return refusal(401, "unauthorized", headers={hdrs.WWW_AUTHENTICATE: "Bearer"})
        # A page in the owner's browser can send a POST here and, with a name that it makes point to us, read answers:
        # it can choose neither the Host nor, without asking first, the content type.
        if (request.method == hdrs.METH_POST or request.path.startswith("/dev/")) and not _is_own(request, names):
            return refusal(403, "foreign_host")
        if request.method == hdrs.METH_POST and request.content_type != "application/json":
            return refusal(415, "content_type_must_be_application_json")
        return await handler(request)

    return guarded


def _bears(request: web.Request, token: str) -> bool:
    scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    matches = hmac.compare_digest(
        given.strip().encode("utf-8", "surrogatepass"), token.encode("utf-8", "surrogatepass")
    )
    return matches and scheme.lower() == "bearer"


def _is_own(request: web.Request, names: frozenset[str]) -> bool:
    """Whether `Host` is one of our names or the very address the connection came in at."""
    host = _without_port(request.headers.get(hdrs.HOST, "")).lower().rstrip(".")
    if host in names:
        return True
    try:
        address = ip_address(host)
        local = request.get_extra_info("sockname") or ("",)
        return address.is_loopback or address == ip_address(local[0])
    except ValueError:
        return False


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


class _Routes:
    """The handlers; who may call them has been settled by the guard."""

    def __init__(self, ports: ManagementPorts) -> None:
        self._ports = ports

    async def readyz(self, request: web.Request) -> web.Response:
        report = dict(await self._ports.readiness())
        if request.query.get("figures") == "1":
            report["figures"] = await self._ports.figures()
        return json_response(503 if report["status"] == "down" else 200, report)

    async def metrics(self, _request: web.Request) -> web.Response:
        body = await self._ports.metrics()
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: "text/plain; version=0.0.4; charset=utf-8"})

    async def reload(self, _request: web.Request) -> web.Response:
        loaded, report = await self._ports.reload()
        return json_response(200 if loaded else 422, report)

    async def verify_test(self, _request: web.Request) -> web.Response:
        url = self._ports.public_url()
        try:
            played = await play_verification(url, token=self._ports.verify_token)
        except NoAnswer as error:
            return json_response(200, {"url": url, "passed": False, "checks": [], "error": error.message})
        return json_response(200, played.as_json())

    async def decision(self, request: web.Request) -> web.Response:
        found = await self._ports.decision(request.match_info["mid"])
        return refusal(404, "not_found") if found is None else json_response(200, found)
