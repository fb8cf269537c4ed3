"""How commands ask the running server over its management listener."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from igbot.errors import IgbotError, UsageError

if TYPE_CHECKING:
    from igbot.settings.model import Settings


class ServerUnreachable(IgbotError):
    """No server answers where the settings say one should."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the management listener."""

    status: int
    body: dict[str, Any]


def management_url(settings: "Settings") -> str:
    """Where the running server listens for us: its own run file, else the settings."""
    from igbot import runfile

    run = runfile.read(settings.data_dir)
    if run is not None:
        return run.management_url
    host = f"[{settings.management_host}]" if ":" in settings.management_host else settings.management_host
    return f"http://{'127.0.0.1' if host in ('0.0.0.0', '[::]') else host}:{settings.management_port}"


async def ask(
    settings: "Settings", method: str, path: str, *, key: str | None = None, url: str | None = None, seconds: float = 15
) -> Reply:
    """One request to the management listener, whose answer has `key`.

    Raises ServerUnreachable, also for an answer that is not igbot's, and UsageError where it wants another token.
    """
    import aiohttp

    base = url or management_url(settings)
    headers = {"Content-Type": "application/json"}
    if settings.management_token:
        headers["Authorization"] = f"Bearer {settings.management_token}"
    timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=3)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, base + path, headers=headers, data=b"{}" if method == "POST" else None) as response,
        ):
            status, body = response.status, json.loads(await response.read())
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, RecursionError):
        status, body = 0, None
    if status == 401 and isinstance(body, dict) and body.get("error") == "unauthorized":
        raise UsageError(
            "the management listener wants another token", hint="set IGBOT_MANAGEMENT_TOKEN as it is set for the server"
        )
    if not isinstance(body, dict) or (key is not None and key not in body):
        raise ServerUnreachable(
            f"no igbot server answers at {base}",
            hint="start it with `igbot serve`, or set IGBOT_MANAGEMENT_HOST, IGBOT_MANAGEMENT_PORT and IGBOT_DATA_DIR",
        )
    return Reply(status, body)
