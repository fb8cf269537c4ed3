"""Opens the public and the management port, and closes them without cutting off requests in flight."""

import asyncio
import errno
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from aiohttp import web

from igbot.errors import UsageError
from igbot.web.responses import refusal

# auto_decompress: a compressed body is refused, so it must never be unpacked (not even while it is thrown away).
# access_log: halves the throughput. lingering_time: how long a refused upload is read on, so that its sender sees the
# answer instead of a reset. keepalive_timeout: longer than a proxy's (60 s is usual), short for who sends nothing.
_CONNECTION: Mapping[str, Any] = MappingProxyType(
    {"auto_decompress": False, "access_log": None, "lingering_time": 3.0, "keepalive_timeout": 75.0}
)
_BACKLOG = 512
_TLS_SECONDS = 15.0
_WILDCARDS = frozenset({"", "0.0.0.0", "::"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One application and where it listens; port 0 takes any free one. With `tls` it speaks nothing but HTTPS.

    `shared`: other processes of ours listen there as well (not on Windows, which cannot).
    """

    app: web.Application
    host: str
    port: int
    tls: ssl.SSLContext | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class _Listener:
    runner: web.AppRunner
    server: asyncio.Server

    @property
    def port(self) -> int:
        port: int = self.server.sockets[0].getsockname()[1]
        return port


class Listeners:
    """Both ports, open."""

    def __init__(self, *, public: _Listener, management: _Listener) -> None:
        self._listeners = (public, management)
        self.public_port = public.port
        self.management_port = management.port

    async def close(self, grace_seconds: float) -> None:
        """Takes no new connections, lets requests in flight finish for at most `grace_seconds`, cuts the rest."""
        for listener in self._listeners:
            listener.server.close()
        await asyncio.gather(*(_close(listener.runner, grace_seconds) for listener in self._listeners))


async def open_listeners(*, public: Endpoint, management: Endpoint) -> Listeners:
    """Opens both or none. Raises UsageError naming the setting whose address cannot be had."""
    opened = await _open(public, setting="IGBOT_PORT", host_setting="IGBOT_HOST")
    try:
        second = await _open(management, setting="IGBOT_MANAGEMENT_PORT", host_setting="IGBOT_MANAGEMENT_HOST")
    except BaseException:
        opened.server.close()
        await _close(opened.runner, 0)
        raise
    return Listeners(public=opened, management=second)


def local_url(endpoint: Endpoint, port: int) -> str:
    """The base address at which this machine reaches an endpoint that was opened on `port`."""
    host = "127.0.0.1" if endpoint.host in _WILDCARDS else endpoint.host
    return f"{'https' if endpoint.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


class _Connection(web.RequestHandler):
    """A connection whose own errors, too, are short JSON: aiohttp would quote what it could not parse."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status == 400:
            # Anybody can send what is not HTTP, all day long: that is no line in the log.
            if request.writer.output_size > 0:
                raise ConnectionError("part of an answer was sent already")
            return refusal(400, "bad_request", close=True)
        super().handle_error(request, status, exc, message)
        return refusal(503, "unavailable", close=True)


async def _open(endpoint: Endpoint, *, setting: str, host_setting: str) -> _Listener:
    runner = web.AppRunner(endpoint.app)
    await runner.setup()
    loop = asyncio.get_running_loop()
    assert runner.server is not None
    try:
        server = await loop.create_server(
            partial(_Connection, runner.server, loop=loop, **_CONNECTION),
            endpoint.host,
            endpoint.port,
            ssl=endpoint.tls,
            ssl_handshake_timeout=_TLS_SECONDS if endpoint.tls else None,
            ssl_shutdown_timeout=_TLS_SECONDS if endpoint.tls else None,
            backlog=_BACKLOG,
            reuse_port=True if endpoint.shared else None,
        )
    except (OSError, OverflowError) as error:
        await _close(runner, 0)
        raise _cannot_open(error, endpoint, setting=setting, host_setting=host_setting) from None
    return _Listener(runner, server)


async def _close(runner: web.AppRunner, grace_seconds: float) -> None:
    server = runner.server
    if server is not None:
        server.pre_shutdown()
        await server.shutdown(grace_seconds)
    await runner.cleanup()


def _cannot_open(error: Exception, endpoint: Endpoint, *, setting: str, host_setting: str) -> UsageError:
    place = f"{endpoint.host}:{endpoint.port}"
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EADDRINUSE:
        return UsageError(
            f"{setting}: {place} is in use by another program (or by another igbot).",
            hint=f"Stop that program, or choose another port with {setting}.",
        )
    if code == errno.EACCES:
        return UsageError(
            f"{setting}: not allowed to listen on {place}.",
            hint=f"Ports below 1024 need a privilege; choose another with {setting} and let a proxy stand in front.",
        )
    if isinstance(error, OverflowError):
        return UsageError(
            f"{setting}: {endpoint.port} is no port.", hint="Ports go from 1 to 65535; 0 takes a free one."
        )
    return UsageError(
        f"{host_setting}: {place} cannot be listened on ({getattr(error, 'strerror', None) or type(error).__name__}).",
        hint=f"Set {host_setting} to an address of this machine, or to 0.0.0.0 for all of them.",
    )
