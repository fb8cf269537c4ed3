"""The port under which the stand-in is reached, which can be closed as if nobody were there, and opened again."""

import socket
from types import TracebackType

from aiohttp import web

from bench.subject import NotMeasurable

HOST = "127.0.0.1"


class Port:
    """A port of its own: nobody else gets it while it is closed, as a socket that never listens stays bound to it."""

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner
        self._site: web.SockSite | None = None
        self._held = self._bound(0)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self._held.getsockname()[1]}"

    async def open(self) -> None:
        """Connections are taken from now on."""
        self._site = web.SockSite(self._runner, self._bound(self._held.getsockname()[1]))
        await self._site.start()

    async def close(self) -> None:
        """Connections are refused from now on, and those there are end at once, calls or not."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        if self._runner.server is not None:
            for each in self._runner.server.connections:
                if each.transport is not None:
                    each.transport.abort()

    async def __aenter__(self) -> "Port":
        """Opened."""
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nobody holds it any more."""
        await self.close()
        self._held.close()

    def _bound(self, port: int) -> socket.socket:
        if not hasattr(socket, "SO_REUSEPORT"):
            raise NotMeasurable(
                "this system cannot keep a port that is closed (SO_REUSEPORT): run it on Linux or macOS"
            )
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((HOST, port))
        return bound
