"""The bot that `igbot simulate` talks to: a running server, or the same app opened for the occasion."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from igbot.errors import IgbotError, UsageError

if TYPE_CHECKING:
    from igbot.cli.asking import Reply
    from igbot.settings.model import Settings
    from igbot.telemetry.redaction import Redactor

POLL_SECONDS = 0.02
PATIENCE_SECONDS = 30.0
FIRST_DOUBT_SECONDS = 3.0
OPEN_STATES = frozenset({"queued", "sending"})


class NoVerdict(IgbotError):
    """The bot did not answer as a bot would."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the bot listens. `shift` moves its clock; only an app opened for the occasion has one."""

    settings: "Settings"
    public_url: str
    management_url: str
    sandbox_url: str | None
    shift: Callable[[timedelta], datetime] | None

    async def post(self, body: bytes) -> tuple[int, str]:
        """POST a signed webhook; the HTTP status and the start of the answer."""
        return await post_signed(f"{self.public_url}/webhook", body, secret=self.settings.app_secrets[0])

    async def rules_trouble(self) -> str | None:
        """Why the rules in force are not those of the folder, if they are not."""
        health = (await self._ask("/readyz?figures=1")).body
        check = health["checks"]["rules"]
        return check["detail"] if check["status"] != "ok" and health["figures"]["rules"] is not None else None

    async def decision(self, mid: str) -> dict[str, Any]:
        """The decision on a message, once its replies have gone out.

        Raises NoVerdict after half a minute, and soon where there are no rules to decide by.
        """
        found = await self._finished(mid, FIRST_DOUBT_SECONDS)
        if found is not None:
            return found
        health = (await self._ask("/readyz?figures=1")).body
        if health["figures"]["rules"] is None:
            why = health["checks"]["rules"]["detail"]
            raise NoVerdict(f"there are no rules to decide by: {why}", hint="`igbot rules lint` says what is wrong")
        found = await self._finished(mid, PATIENCE_SECONDS - FIRST_DOUBT_SECONDS)
        if found is not None:
            return found
        health = (await self._ask("/readyz?figures=1")).body
        poor = [f"{name}: {check['detail']}" for name, check in health["checks"].items() if check["status"] != "ok"]
        raise NoVerdict(
            f"the bot took the message but did not finish with it within {PATIENCE_SECONDS:.0f} s",
            hint="; ".join(poor) or "its log says more: --verbose, or the running server's own",
        )

    async def _finished(self, mid: str, seconds: float) -> dict[str, Any] | None:
        from urllib.parse import quote

        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    reply = await self._ask(f"/dev/decisions/{quote(mid, safe='')}")
                    states = {r["status"] for r in reply.body.get("replies", [])}
                    if reply.status == 200 and not states & OPEN_STATES:
                        return reply.body
                    await asyncio.sleep(POLL_SECONDS)
        return None

    async def _ask(self, path: str) -> "Reply":
        from igbot.cli.asking import ask

        return await ask(self.settings, "GET", path, url=self.management_url)

    async def owner_writes(self, igsid: str, text: str, *, account_id: str) -> None:
        """A person answers for the account in the Instagram app.

        Raises UsageError where there is no sandbox to do it in, NoVerdict where it is gone.
        """
        import aiohttp

        if self.sandbox_url is None:
            raise UsageError("/owner needs the built-in sandbox; this server talks to another Graph API")
        url = f"{self.sandbox_url}/sandbox/customers/{igsid}/person"
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(url, json={"text": text, "account": account_id}) as response,
            ):
                response.raise_for_status()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NoVerdict(f"the sandbox did not take it ({type(error).__name__})") from None


async def post_signed(url: str, body: bytes, *, secret: str) -> tuple[int, str]:
    """POST a webhook body signed as Meta signs it. Raises NoVerdict if nobody answers."""
    from urllib.parse import urlsplit

    import aiohttp

    from igbot.meta.signature import sign

    # A self-signed certificate is what a development server has; elsewhere a certificate must be right.
    verify = urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1")
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": sign(secret, body)}
    timeout = aiohttp.ClientTimeout(total=30, sock_connect=5)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers=headers, ssl=verify, allow_redirects=False) as response,
        ):
            return response.status, (await response.text(errors="replace"))[:500]
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise NoVerdict(f"no answer from {url} ({reason})", hint="is `igbot serve` running there?") from None


@asynccontextmanager
async def find_target(settings: "Settings", *, redactor: "Redactor") -> AsyncIterator[Target]:
    """The development server of the data directory if one runs, else the app in this process.

    Raises UsageError where the data directory belongs to a running server for real customers.
    """
    from igbot import runfile

    run = runfile.read(settings.data_dir)
    if run is not None and await _answers(settings, run.management_url):
        if run.env not in ("development", "test"):
            raise UsageError(
                f"the server of this data directory runs in {run.env}; simulate keeps away from its customers",
                hint="give simulate a directory of its own in IGBOT_DATA_DIR, or name the server with --url",
            )
        yield Target(settings, run.public_url, run.management_url, run.sandbox_url, None)
        return
    async with _in_process(settings, redactor=redactor) as target:
        yield target


async def _answers(settings: "Settings", management_url: str) -> bool:
    from igbot.cli.asking import ServerUnreachable, ask

    try:
        await ask(settings, "GET", "/readyz", key="checks", url=management_url, seconds=5)
    except ServerUnreachable:
        return False
    return True


@asynccontextmanager
async def _in_process(settings: "Settings", *, redactor: "Redactor") -> AsyncIterator[Target]:
    from dataclasses import replace

    from igbot.starting import opened
    from igbot.telemetry.clock import system_clock

    offset = timedelta()

    def clock() -> datetime:
        return system_clock() + offset

    def shift(by: timedelta) -> datetime:
        nonlocal offset
        offset += by
        return clock()

    private = replace(settings, host="127.0.0.1", port=0, management_host="127.0.0.1", management_port=0)
    stopping = asyncio.Event()
    async with opened(private, stopping=stopping, clock=clock, redactor=redactor) as (run, sandbox_url):
        yield Target(private, run.public_url, run.management_url, sandbox_url, shift)
