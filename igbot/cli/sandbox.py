"""`igbot sandbox`: the stand-in for Meta's Graph API on its own, with faults on request."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from igbot.errors import UsageError

if TYPE_CHECKING:
    from aiohttp import web

    from igbot.sandbox.faults import FaultRule
    from igbot.settings.model import Account

DEFAULT_PORT = 8090


@dataclass(frozen=True, slots=True)
class SandboxCommand:
    """What the command line asked for, and whose stand-in it is: the built-in values where nothing is set."""

    host: str
    port: int
    fail: Sequence[str] = ()
    webhook: str | None = None
    app_secret_file: Path | None = None
    accounts: "Sequence[Account]" = ()
    app_secret: str | None = None


def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")
    ] = DEFAULT_PORT,
    fail: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:TIMES]", help="A fault, always or so many times; 'list' prints the names."),
    ] = None,
    webhook: Annotated[
        str | None, typer.Option(help="Where the bot listens: echoes and read receipts go there.")
    ] = None,
    app_secret_file: Annotated[
        Path | None, typer.Option(help="File with the app secret that signs webhooks; else the development one.")
    ] = None,
) -> None:
    """The local stand-in for Meta's Graph API, with faults on request. Runs until Ctrl-C.

    It takes its accounts, their tokens and IGBOT_APP_SECRET from where the bot does, so that both fit together.
    """
    if fail == ["list"]:
        from igbot.sandbox.presets import NAMES

        typer.echo("\n".join(NAMES))
        return
    from igbot.settings.reading import read_settings

    known = read_settings(environ=os.environ, options={}, cwd=Path.cwd(), default_env="development")
    command = SandboxCommand(
        host,
        port,
        fail=fail or (),
        webhook=webhook,
        app_secret_file=app_secret_file,
        accounts=known.accounts,
        app_secret=known.app_secrets[0] if known.app_secrets else None,
    )
    with suppress(KeyboardInterrupt):
        asyncio.run(_until_signalled(command))


async def run_sandbox(command: SandboxCommand, *, stop: asyncio.Event, announce: Callable[[str], None]) -> None:
    """Serves until `stop` is set; `announce` gets the lines a person needs, the address first.

    Raises UsageError for a fault that does not exist, an unreadable secret, a bad webhook URL and a port in use.
    """
    from aiohttp import web

    from igbot.development import stand_in_for
    from igbot.sandbox.app import make_app
    from igbot.sandbox.graph import Sandbox
    from igbot.settings import sandbox_values

    secret = _app_secret(command.app_secret_file, command.app_secret or sandbox_values.APP_SECRET)
    standing = Sandbox(stand_in_for(command.accounts, app_secret=secret, webhook_url=_webhook(command.webhook)))
    standing.faults.add(read_faults(command.fail))
    runner = web.AppRunner(make_app(standing), access_log=None)
    await runner.setup()
    try:
        address = await _listen(runner, command)
        announce(f"sandbox Graph API on {address}")
        announce(f"use it with IGBOT_GRAPH_URL={address}; what it received: {address}/sandbox/messages")
        for name in command.fail:
            announce(f"failing: {name}")
        await stop.wait()
    finally:
        await runner.cleanup()


def read_faults(names: Sequence[str]) -> "list[FaultRule]":
    """The faults of `--fail` options, each `NAME` or `NAME:TIMES`.

    Raises UsageError for an unknown name or a count below 1.
    """
    from igbot.sandbox.presets import NAMES, preset

    rules = []
    for given in names:
        name, colon, count = given.partition(":")
        if name not in NAMES:
            raise UsageError(f"--fail: there is no fault named {name!r}", hint=f"one of {', '.join(NAMES)}")
        times = int(count) if count.isascii() and count.isdigit() else None
        if colon and not times:
            raise UsageError(f"--fail: {given!r} is not NAME:TIMES", hint=f"TIMES is a number from 1, as in {name}:3")
        rules.append(preset(name, times=times))
    return rules


async def _until_signalled(command: SandboxCommand) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no handlers of this kind: there Ctrl-C arrives as KeyboardInterrupt.
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    await run_sandbox(command, stop=stop, announce=typer.echo)


async def _listen(runner: "web.AppRunner", command: SandboxCommand) -> str:
    from aiohttp import web

    try:
        await web.TCPSite(runner, command.host, command.port).start()
    except OSError as error:
        where = f"{command.host}:{command.port}"
        reason = error.strerror or str(error)
        raise UsageError(f"cannot listen on {where}: {reason}", hint="choose another with --port or --host") from error
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _app_secret(path: Path | None, default: str) -> str:
    if path is None:
        return default
    try:
        secret = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"--app-secret-file: cannot read {path}: {reason}") from error
    if not secret:
        raise UsageError(f"--app-secret-file: {path} is empty", hint="put the app secret into it, one line")
    return secret


def _webhook(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise UsageError("--webhook: not an http(s) URL", hint="such as https://127.0.0.1:8443/webhook")
    return url
