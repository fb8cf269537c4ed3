"""A way to PostgreSQL on which the test sees every statement go by, and may cut, hold or close it at any point."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlsplit, urlunsplit

Moment = Literal["before", "after"]
SHARED = hasattr(socket, "SO_REUSEPORT")
"""Whether two sockets may have one port."""
SSL_REQUEST, CANCEL_REQUEST = 80877103, 80877102


@dataclass(frozen=True, slots=True)
class Passing:
    """A statement that is on its way to the server (`before`), or whose answer is on its way back (`after`).

    `said` is all that was sent with it, and answered: enough to see whom it is about.
    """

    moment: Moment
    sql: str
    said: bytes


Watch = Callable[[Passing], bool]
"""Told of each statement. True: whatever it was, it does not pass, and the connection is cut."""


class _CutError(Exception):
    """The connection ends here."""


@dataclass(eq=False)
class _Connection:
    """One client's connection, message by message (PostgreSQL's protocol, version 3)."""

    wire: "Wire"
    client: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    server: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    statements: dict[bytes, str] = field(default_factory=dict)
    asked: list[tuple[str, bytes]] = field(default_factory=list)

    async def start_up(self) -> None:
        """Passes the start on, which has no type; TLS is refused, as this way is only a loopback."""
        while True:
            head = await self.client[0].readexactly(4)
            body = await self.client[0].readexactly(int.from_bytes(head) - 4)
            if int.from_bytes(body[:4]) != SSL_REQUEST:
                self.server[1].write(head + body)
                return
            self.client[1].write(b"N")

    async def to_server(self) -> None:
        while True:
            kind, message = await _message(self.client[0])
            if kind == b"P":
                name, sql = message[5:].split(b"\0", 2)[:2]
                self.statements[name] = sql.decode()
            elif kind in (b"B", b"Q"):
                self._ask(kind, message)
            await self.wire.flow.wait()
            self.server[1].write(message)
            await self.server[1].drain()

    async def to_client(self) -> None:
        answer = bytearray()
        while True:
            kind, message = await _message(self.server[0])
            answer += message
            if self.asked and kind != b"Z":
                continue
            if self.asked:
                sql, said = self.asked.pop(0)
                self._tell("after", sql, said + bytes(answer))
            await self.wire.flow.wait()
            self.client[1].write(bytes(answer))
            await self.client[1].drain()
            answer.clear()

    def cut(self) -> None:
        """Ends it on both sides."""
        for _, writer in (self.client, self.server):
            writer.transport.abort()

    def _ask(self, kind: bytes, message: bytes) -> None:
        sql = message[5:-1].decode() if kind == b"Q" else self.statements.get(message[5:].split(b"\x00", 2)[1], "")
        self._tell("before", sql, message)
        self.asked.append((sql, message))

    def _tell(self, moment: Moment, sql: str, said: bytes) -> None:
        if self.wire.watch is not None and self.wire.watch(Passing(moment, sql, said)):
            raise _CutError


class Wire:
    """A TCP address that leads to a database, while it is open."""

    def __init__(self, database_url: str, port: int) -> None:
        parts = urlsplit(database_url)
        self._query = dict(parse_qsl(parts.query))
        self._parts = parts
        self._connections: dict[_Connection, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self.port = port
        self.watch: Watch | None = None
        self.flow = asyncio.Event()
        self.flow.set()

    @property
    def url(self) -> str:
        """The same database through this wire."""
        user = self._parts.netloc.rpartition("@")[0]
        return urlunsplit(self._parts._replace(netloc=f"{user}@127.0.0.1:{self.port}", query=""))

    async def open(self) -> None:
        """Takes connections, always at the same port."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port, reuse_port=SHARED or None)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuses new connections and cuts those there are: the database has gone."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._connections.values(), return_exceptions=True)

    def cut(self) -> None:
        """Cuts every connection; new ones are taken."""
        for connection in list(self._connections):
            connection.cut()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(self, (reader, writer), server)
        task = asyncio.current_task()
        assert task is not None
        self._connections[connection] = task
        try:
            with contextlib.suppress(_CutError, asyncio.IncompleteReadError, OSError):
                await connection.start_up()
                await _first_to_end(connection.to_server(), connection.to_client())
        finally:
            connection.cut()
            del self._connections[connection]

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._query.get("host") or self._parts.hostname or "localhost", self._query.get("port")
        number = int(port or self._parts.port or 5432)
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{number}")
        return await asyncio.open_connection(host, number)


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The type of the next message, and the whole of it."""
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(int.from_bytes(head[1:]) - 4)


async def _first_to_end(*ways: Awaitable[None]) -> None:
    """Runs both ways until one of them ends, and raises what ended it."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def open_wire(database_url: str) -> AsyncIterator[Wire]:
    """A wire to a database, open, for the block."""
    with socket.socket() as held:
        if SHARED:
            # Bound and not listened on: while the wire is closed, nobody else gets its port.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            held.bind(("127.0.0.1", 0))
        wire = Wire(database_url, held.getsockname()[1] if SHARED else 0)
        await wire.open()
        try:
            yield wire
        finally:
            wire.flow.set()
            await wire.close()
