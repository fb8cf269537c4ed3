"""`igbot verify-test`: would Meta accept this webhook address and verify token?"""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from igbot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from igbot.settings.model import Settings

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def verify_test(
    *,
    url: Annotated[
        str | None, typer.Option(help="The base address or the webhook's own; else the server of this machine")
    ] = None,
    token: Annotated[str | None, typer.Option(help="The verify token; else the one of the settings")] = None,
    env: Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Play Meta's verification: right token, wrong token, missing parameters. Exit 1 if Meta would refuse."""
    from igbot.cli.output import emit_json
    from igbot.web.verify_test import play_verification

    if url is None or token is None:
        own_url, own_token = _own(env)
        url, token = url or own_url, token or own_token
    if not token:
        raise UsageError(
            "There is no verify token to try: IGBOT_VERIFY_TOKEN is not set.",
            hint="Give one with --token, or name the server's environment (`--env development`).",
        )
    played = asyncio.run(play_verification(url, token=token))
    if as_json:
        emit_json(played.as_json())
    else:
        for check in played.checks:
            typer.echo(check.as_line())
    if not played.passed:
        raise typer.Exit(ExitCode.BAD)


def _own(env: str | None) -> tuple[str, str]:
    """Address and token of this machine's server: of the one that runs, else as the settings have them."""
    from igbot import runfile
    from igbot.cli.opening import settings_for

    settings = settings_for(env)
    run = runfile.read(settings.data_dir)
    if run is None:
        return _address(settings), settings.verify_token
    # Without --env the token belongs to whatever environment the server was started in.
    return run.public_url, (settings if env else settings_for(run.env)).verify_token


def _address(settings: "Settings") -> str:
    host = _WILDCARDS.get(settings.host, settings.host)
    scheme = "https" if settings.tls == "native" else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"
