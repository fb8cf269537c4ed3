"""A whole bot in the test's own process, Meta's stand-in beside it, and one clock for both that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from aiohttp import web
from aiohttp.test_utils import TestServer

from igbot.meta.signature import sign
from igbot.runtime import Running
from igbot.sandbox.app import make_app
from igbot.sandbox.faults import Fault, FaultRule, Match
from igbot.sandbox.graph import CustomerDid, Sandbox
from igbot.sandbox.options import SandboxSettings
from igbot.settings.model import Rates, Settings
from igbot.settings.reading import read_settings
from igbot.starting import opened
from igbot.telemetry.redaction import Redactor
from tests.waiting import eventually

ACCOUNT = "17841400000000777"
PAGE = "100200300400500"
ANA, BEN = "9000000000000001", "9000000000000002"
SECRET = "journeys-app-secret"
TOKEN = "EAAjourneystoken"
SAMPLE_RULES = Path(__file__).parents[2] / "rules.d"
REPEATING = Path(__file__).parent / "rules"
"""Rules that answer every message with its own words, so that a reply tells what it answers."""

FREELY = Rates(text=1e9, media=1e9, customer=1e9, look_ups=1e9)
"""So many a second that no message waits for its turn while the clock stands still; those that settings can name would
have it wait for a microsecond."""

OPEN = """
SELECT (SELECT count(*) FROM inbox WHERE status = 'pending')
    + (SELECT count(*) FROM outbox WHERE status IN ('queued', 'sending', 'unknown'))
"""


WAITING = """
SELECT FROM outbox_lane l JOIN account a USING (account_id)
WHERE l.igsid = $1 AND l.lease_until IS NULL AND (l.due_at > $2 OR a.send_after > $2)
"""


@dataclass
class Hands:
    """A clock that stands still until the test moves it."""

    now: datetime = datetime(2026, 9, 1, 10, 11, 12, 345000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Alarm:
    """A channel for alerts that remembers what it was told."""

    titles: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        """Takes one notification as Apprise's `json://` sends it."""
        told = await request.json()
        self.titles.append(told["title"])
        self.texts.append(told["message"])
        return web.Response()


@dataclass
class Shop:
    """The running bot and everyone around it."""

    environ: Mapping[str, str]
    directory: Path
    sandbox: Sandbox
    clock: Hands
    alarm: Alarm
    http: aiohttp.ClientSession
    database: "asyncpg.Connection[Any]"
    bot: AsyncExitStack
    settings: Settings = field(init=False)
    run: Running = field(init=False)

    def is_configured(self) -> None:
        """The settings are read, as they are now, for the next start. Who names no rates sends freely."""
        settings = read_settings(environ=self.environ, options={}, cwd=self.directory, serving=True)
        accounts = tuple(replace(a, rates=FREELY) if a.rates == Rates() else a for a in settings.accounts)
        self.settings = replace(settings, host="127.0.0.1", port=0, management_port=0, accounts=accounts)

    async def starts(self) -> None:
        """A bot begins to work, and Meta posts to it from now on."""
        opening = opened(self.settings, stopping=asyncio.Event(), clock=self.clock, redactor=Redactor())
        self.run, _ = await self.bot.enter_async_context(opening)
        self.sandbox.configure(webhook_url=f"{self.run.public_url}/webhook")
        await eventually(self.run.app.membership.token_looked_at.is_set)
        assert self.run.app.rulebook.current is not None, self.run.app.rules_watch.trouble

    async def stops(self) -> None:
        """The bot ends as on SIGTERM; `starts` goes on with what is in the database."""
        await self.bot.aclose()

    async def writes(self, igsid: str, text: str = "", **did: Any) -> str:
        """A customer writes; the bot has taken it. The message's mid."""
        done = self.sandbox.customer_does(igsid, text=text, **did)
        await self.arrives(done)
        return done.mid or ""

    async def arrives(self, *did: CustomerDid) -> None:
        """One signed delivery with what customers did reaches the bot, and is taken."""
        result = await self.sandbox.deliver(*did)
        assert result.status == 200, result

    async def post(self, body: bytes) -> int:
        """The HTTP status for a body that Meta has signed."""
        headers = {"X-Hub-Signature-256": sign(SECRET, body), "Content-Type": "application/json"}
        async with self.http.post(f"{self.run.public_url}/webhook", data=body, headers=headers, ssl=False) as answer:
            return answer.status

    def received(self, igsid: str) -> list[str | None]:
        """The texts the customer received, by the sandbox's own record."""
        return [message.sending.text for message in self.sandbox.accepted.select(igsid=igsid)]

    def fails(self, fault: Fault, *, times: int | None = 1, **match: Any) -> None:
        """The next calls that match (of the Send API unless said otherwise) are spoilt."""
        rule = FaultRule(match=Match(**{"route": "send", **match}), times=times, fault=fault)
        self.sandbox.faults.add([rule])

    def calls(self, route: str) -> int:
        """How often the bot has called an edge of the Graph API."""
        return sum(call.route == route for call in self.sandbox.calls.select())

    def forward(self, **time: float) -> None:
        """Moves the clock on and has the loops look at it at once."""
        self.clock.now += timedelta(**time)
        self.run.app.wakes.inbox.set()
        self.run.app.wakes.outbox.set()
        self.run.app.wakes.calls.set()

    async def rows(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        """What the database holds, asked past the bot."""
        return [dict(row) for row in await self.database.fetch(query, *arguments)]

    async def is_quiet(self) -> bool:
        """Whether nothing is under way: all is decided and sent, and all echoes were taken and understood."""
        if await self.is_open():
            return False
        await self.sandbox.postback.settled()
        # An echo that came in since the first look is on no list of the sandbox any more.
        return not await self.is_open()

    async def is_open(self) -> bool:
        """Whether the database holds anything that is not decided or not sent."""
        return bool((await self.rows(OPEN))[0]["?column?"])

    async def quiet(self) -> None:
        """Returns once nothing is under way, the clock standing still."""
        await eventually(self.is_quiet)

    async def comes_about(self, check: Callable[[], object]) -> None:
        """Returns once `check` holds; whenever nothing more happens by itself, the clock goes on by 21 s.

        For tests in which a connection breaks: when the bot notices, and what it therefore waits for, is not the
        test's to say. 21 s are the wait for an echo, and more than the back-off of a first attempt.
        """
        for _ in range(15):
            with suppress(AssertionError):
                await eventually(check, within=2)
                return
            self.forward(seconds=21)
        await eventually(check)

    async def waits_for_the_clock(self, igsid: str) -> None:
        """Returns once an open reply to a customer was tried, and may be tried again only at a later time."""

        async def waits() -> bool:
            return bool(await self.rows(WAITING, igsid, self.clock.now))

        await eventually(waits)

    async def reply_states(self, igsid: str) -> list[str]:
        """Where each reply to a customer stands, in order."""
        rows = await self.rows("SELECT status FROM outbox WHERE igsid = $1 ORDER BY outbox_id", igsid)
        return [row["status"] for row in rows]

    async def becomes(self, igsid: str, *states: str) -> None:
        """Returns once the replies to a customer stand at these states."""

        async def stand() -> bool:
            return await self.reply_states(igsid) == list(states)

        await eventually(stand)

    async def reasons(self, igsid: str) -> list[str | None]:
        """The decisions on what a customer wrote, in Meta's order."""
        rows = await self.rows(
            "SELECT reason FROM message WHERE igsid = $1 AND direction = 'in' ORDER BY at, message_id", igsid
        )
        return [row["reason"] for row in rows]


@asynccontextmanager
async def open_shop(
    database_url: str,
    directory: Path,
    *,
    rules: Path = SAMPLE_RULES,
    through: str | None = None,
    environ: Sequence[tuple[str, str]] = (),
    **sandbox: Any,
) -> AsyncIterator[Shop]:
    """A shop on a fresh database, with the sample rules unless others are given.

    `through` is another way to the database, for the bot alone; `sandbox` are settings of Meta's stand-in. Files of the
    configuration are looked for in `directory`.
    """

    clock, alarm = Hands(), Alarm()
    play = Sandbox(
        SandboxSettings(account_ids=(ACCOUNT, PAGE), access_token=TOKEN, app_secret=SECRET, **sandbox), clock=clock
    )
    ear = web.Application()
    ear.router.add_post("/", alarm.receive)
    async with TestServer(make_app(play)) as graph, TestServer(ear) as channel, aiohttp.ClientSession() as http:
        whole = {
            "IGBOT_ENV": "development",
            "IGBOT_DATABASE_URL": through or database_url,
            "IGBOT_GRAPH_URL": str(graph.make_url("")).rstrip("/"),
            "IGBOT_DATA_DIR": str(directory / "data"),
            "IGBOT_RULES_DIR": str(rules),
            "IGBOT_APP_SECRET": SECRET,
            "IGBOT_ACCESS_TOKEN": TOKEN,
            "IGBOT_ACCOUNT_ID": f"{ACCOUNT},{PAGE}",
            "IGBOT_ALERT_URLS": f"json://{channel.host}:{channel.port}/",
            "IGBOT_LOOP_GUARD": "0",
            **dict(environ),
        }
        database = await asyncpg.connect(database_url)
        try:
            async with AsyncExitStack() as bot:
                shop = Shop(whole, directory, play, clock, alarm, http, database, bot)
                shop.is_configured()
                await shop.starts()
                yield shop
        finally:
            await database.close()


def rules_in(directory: Path, text: str) -> Path:
    """A folder of rules with one file that holds these."""
    folder = directory / "rules"
    folder.mkdir()
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    return folder
