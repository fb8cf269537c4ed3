"""Real `igbot serve` processes in production, with Meta's stand-in, a TLS proxy and the wire to the database around."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from aiohttp import web
from aiohttp.test_utils import TestServer

from igbot.sandbox.app import make_app
from igbot.sandbox.graph import CustomerDid, Sandbox
from igbot.sandbox.options import SandboxSettings
from tests.journeys.shop import ACCOUNT, OPEN, PAGE, REPEATING, SECRET, TOKEN
from tests.journeys.wire import Wire, open_wire
from tests.waiting import eventually

KEY = "A" * 43 + "="
RESTLESS = """
SELECT (SELECT count(*) FROM inbox WHERE status = 'pending')
    + (SELECT count(*) FROM outbox_lane WHERE lease_until IS NOT NULL OR due_at < now() + interval '5 seconds')
"""


@dataclass(eq=False)
class Process:
    """One `igbot serve`."""

    popen: asyncio.subprocess.Process
    public_url: str
    management_url: str
    log: Path

    def kill(self) -> None:
        """SIGKILL."""
        self.popen.kill()

    async def end(self) -> int:
        """SIGTERM, and the exit code."""
        self.popen.send_signal(signal.SIGTERM)
        return await self.popen.wait()

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged; the last line may have been cut off with the process."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").split("\n")[:-1]]


@dataclass
class Front:
    """The proxy in front: speaks HTTPS with Meta, so it says, and passes on to one of the processes in turn."""

    http: aiohttp.ClientSession
    targets: list[str] = field(default_factory=list)
    url: str = ""
    turn: int = 0

    async def pass_on(self, request: web.Request) -> web.Response:
        """502 where nobody is behind it, as any proxy would say."""
        if not self.targets:
            return web.Response(status=502)
        self.turn += 1
        target = self.targets[self.turn % len(self.targets)]
        signed = {"X-Hub-Signature-256": request.headers["X-Hub-Signature-256"], "X-Forwarded-Proto": "https"}
        body = await request.read()
        try:
            async with self.http.post(f"{target}/webhook", data=body, headers=signed) as answer:
                return web.Response(status=answer.status, body=await answer.read())
        except (aiohttp.ClientError, TimeoutError):
            return web.Response(status=502)


@dataclass
class Town:
    """Everything outside the processes."""

    sandbox: Sandbox
    database_url: str
    wire: Wire
    front: Front
    http: aiohttp.ClientSession
    environ: Mapping[str, str]
    directory: Path
    processes: list[Process] = field(default_factory=list)
    started: int = 0

    async def start(self, *arguments: str, ready: bool = True, **environ: str) -> Process:
        """Starts one more process on the same database, and puts it behind the proxy. `ready`: it has joined in."""
        self.started += 1
        number = self.started
        data, log = self.directory / f"data{number}", self.directory / f"log{number}"
        with log.open("wb") as errors:
            popen = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "igbot", "serve", *arguments, cwd=self.directory, stderr=errors,
                env={**self.environ, "IGBOT_DATA_DIR": str(data), **environ},
            )  # fmt: skip
        run_file = data / "serve.json"

        def ran() -> bool:
            assert popen.returncode is None, log.read_text(encoding="utf-8")
            return run_file.exists()

        await eventually(ran)
        run = json.loads(run_file.read_text(encoding="utf-8"))
        process = Process(popen, run["public_url"], run["management_url"], log)
        self.processes.append(process)
        self.front.targets.append(process.public_url)
        if ready:
            await eventually(lambda: self.health(process, "ok"))
        return process

    async def health(self, process: Process, *wanted: str) -> bool:
        """Whether a process says of itself what is wanted."""
        async with self.http.get(f"{process.management_url}/readyz") as answer:
            return (await answer.json())["status"] in wanted

    def gone(self, process: Process) -> None:
        """Nobody is sent there any more."""
        self.front.targets.remove(process.public_url)

    async def delivered(self, *did: CustomerDid) -> None:
        """Posts what customers did as Meta would, again and again until somebody takes it."""

        async def taken() -> bool:
            return (await self.sandbox.deliver(*did)).status == 200

        await eventually(taken)

    def received(self, igsid: str) -> list[str | None]:
        """The texts the customer received, by the sandbox's own record."""
        return [message.sending.text for message in self.sandbox.accepted.select(igsid=igsid)]

    async def rows(self, query: str) -> list[dict[str, Any]]:
        """What the database holds, asked past the wire."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return [dict(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    async def settled(self) -> bool:
        """Whether nothing waits to be decided or sent, and no echo to be taken."""
        return await self._has_none(OPEN)

    async def rests(self) -> bool:
        """Whether nothing will happen by itself for five seconds: no call is under way, and no reply comes due."""
        return await self._has_none(RESTLESS)

    async def _has_none(self, query: str) -> bool:
        [before] = await self.rows(query)
        if before["?column?"] or self.sandbox.postback.pending:
            return False
        # An echo that came in since the first look is on no list of the sandbox any more.
        [after] = await self.rows(query)
        return not after["?column?"]

    def errors(self) -> list[str]:
        """What any process logged as an error."""
        lines = [line for process in self.processes for line in process.lines()]
        return [line["event"] for line in lines if line["level"].lower() in ("error", "critical")]


@asynccontextmanager
async def open_town(database_url: str, directory: Path, **sandbox: Any) -> AsyncIterator[Town]:
    """The town on a fresh database, with no process yet. `sandbox` are settings of Meta's stand-in."""
    play = Sandbox(SandboxSettings(account_ids=(ACCOUNT, PAGE), access_token=TOKEN, app_secret=SECRET, **sandbox))
    async with aiohttp.ClientSession() as http, open_wire(database_url) as wire:
        front = Front(http)
        entrance = web.Application()
        entrance.router.add_post("/webhook", front.pass_on)
        graph, door = TestServer(make_app(play)), TestServer(entrance)
        async with graph, door:
            play.configure(webhook_url=str(door.make_url("/webhook")))
            town = Town(play, database_url, wire, front, http, _environ(graph, wire), directory)
            try:
                yield town
            finally:
                for process in town.processes:
                    if process.popen.returncode is None:
                        process.popen.kill()
                        await process.popen.wait()


def _environ(graph: TestServer, wire: Wire) -> dict[str, str]:
    """Production as an operator would set it up, and nothing of this machine's own settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("IGBOT_", "DATABASE_URL", "PORT"))}
    return {
        **own,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "IGBOT_ENV": "production",
        "IGBOT_APP_SECRET": SECRET,
        "IGBOT_VERIFY_TOKEN": "journeys-verify-token",
        "IGBOT_ACCESS_TOKEN": TOKEN,
        "IGBOT_ACCOUNT_ID": f"{ACCOUNT},{PAGE}",
        "IGBOT_ENCRYPTION_KEY": KEY,
        "IGBOT_GRAPH_URL": str(graph.make_url("")).rstrip("/"),
        "IGBOT_DATABASE_URL": wire.url,
        "IGBOT_RULES_DIR": str(REPEATING),
        "IGBOT_HOST": "127.0.0.1",
        "IGBOT_PORT": "0",
        "IGBOT_MANAGEMENT_PORT": "0",
        "IGBOT_TLS": "proxy",
        "IGBOT_TRUSTED_PROXIES": "127.0.0.0/8",
        "IGBOT_LOOP_GUARD": "0",
        "IGBOT_RATE_CUSTOMER": "1000",
    }
