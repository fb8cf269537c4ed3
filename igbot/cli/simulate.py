"""`igbot simulate`: a message through the real pipeline, with no account at Meta."""

import asyncio
import os
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igbot.cli.answer import print_answer
from igbot.cli.said import KINDS, Asked, Said, new_igsid, webhook_body
from igbot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from igbot.cli.target import Target
    from igbot.settings.model import Settings


ONLY_STAMPED = "note: the clock of a running server cannot be moved; --at is the time of the message only"


def simulate(
    text: Annotated[str | None, typer.Argument(help="What the customer writes. Without it: a chat.")] = None,
    *,
    as_: Annotated[str | None, typer.Option("--as", metavar="IGSID", help="The customer; else a new one.")] = None,
    account: Annotated[
        str | None, typer.Option(help="Whom they write to: the name or an id of an account; else the first.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help=f"One of: {KINDS}; else text.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it is written and answered, ISO 8601; else now.")
    ] = None,
    payload: Annotated[Path | None, typer.Option(help="A whole webhook body from a file, instead of TEXT.")] = None,
    url: Annotated[str | None, typer.Option(help="Post the signed webhook to this server; print its verdict.")] = None,
    env: Annotated[str | None, typer.Option(help="Environment; else development.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="The bot's log on stderr.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a message.")] = False,
) -> None:
    """A customer's message through the real pipeline: prints the reply, the rule and why.

    A development server running on the same data directory is used; else the bot is opened for the occasion.
    """
    settings = _settings(env)
    if settings.production_like and url is None:
        raise UsageError(
            f"simulate does not write to customers of the environment {settings.env}",
            hint="leave out --env for development, or name a server with --url",
        )
    if url is not None and not settings.app_secrets:
        raise UsageError("there is no app secret to sign with", hint="set IGBOT_APP_SECRET as it is for that server")
    asked = Asked(text, as_, kind, at, payload, account)
    said = asked.read(settings)
    if said is None and (as_json or url is not None):
        raise UsageError(f"{'--json' if as_json else '--url'} needs TEXT or --payload: a chat has no such thing")
    if said is None:
        from igbot.cli.chat import chat

        asyncio.run(_with_target(settings, chat(as_ or new_igsid(), asked.account_id(settings)), verbose=verbose))
    elif url is not None:
        asyncio.run(_post_only(settings, said, url, as_json=as_json))
    else:
        asyncio.run(_with_target(settings, _Once(said, as_json=as_json), verbose=verbose))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


class _Once:
    """One message, its answer printed."""

    def __init__(self, said: Said, *, as_json: bool) -> None:
        self._said = said
        self._as_json = as_json

    async def __call__(self, target: "Target") -> None:
        from igbot.cli.output import emit_json

        if self._said.at is not None:
            _move_clock(target, self._said.at)
        started = time.monotonic()
        body, mids = webhook_body(target.settings, self._said)
        status, answer = await target.post(body)
        if status != 200:
            typer.echo(f"error: the bot refused the webhook: HTTP {status} {answer}", err=True)
            raise typer.Exit(ExitCode.BAD)
        if not mids:
            typer.echo("kept; it holds no message of a customer to this account, so nothing is decided", err=True)
            if self._as_json:
                emit_json({"mid": None, "igsid": None, "decision": None, "replies": [], "seconds": _since(started)})
        for mid in mids:
            found = await target.decision(mid)
            seconds = _since(started)
            if self._as_json:
                shape = {key: found[key] for key in ("mid", "igsid", "decision", "replies")}
                emit_json(shape | {"seconds": seconds})
            else:
                print_answer(self._said.text, found, seconds=seconds)


def _move_clock(target: "Target", at: datetime) -> None:
    """Has the bot live at that time too, so that schedules and dates decide for it, if its clock is ours to move."""
    if target.shift is None:
        typer.echo(ONLY_STAMPED, err=True)
    else:
        target.shift(at - target.shift(timedelta()))


async def _with_target(settings: "Settings", play: Any, *, verbose: bool) -> None:
    from igbot.cli.target import find_target
    from igbot.telemetry.setup import configure_logging

    level = "DEBUG" if verbose else "CRITICAL"
    redactor = configure_logging(level=level, format="console", secrets=settings.secrets(), marks={}, stream=sys.stderr)
    async with find_target(settings, redactor=redactor) as target:
        if trouble := await target.rules_trouble():
            typer.echo(f"note: {trouble}; the last good rules are in force", err=True)
        await play(target)


async def _post_only(settings: "Settings", said: Said, url: str, *, as_json: bool) -> None:
    from igbot.cli.output import emit_json
    from igbot.cli.target import post_signed
    from igbot.web.verify_test import webhook_url

    where = str(webhook_url(url))
    if said.at is not None:
        typer.echo(ONLY_STAMPED, err=True)
    body, mids = webhook_body(settings, said)
    status, answer = await post_signed(where, body, secret=settings.app_secrets[0])
    if as_json:
        emit_json({"url": where, "status": status, "answer": answer, "igsid": said.igsid, "mids": mids})
    else:
        typer.echo(f"HTTP {status} from {where}" + (f": {answer}" if status != 200 else f" ({', '.join(mids)})"))
    if status != 200:
        raise typer.Exit(ExitCode.BAD)


def _settings(env: str | None) -> "Settings":
    from igbot.settings.reading import read_settings

    options = {"env": env} if env else {}
    return read_settings(environ=os.environ, options=options, cwd=Path.cwd(), default_env="development")
