"""The command line. Each command imports what it needs when it runs, so that `igbot --help` is quick."""

import os
import sys
from typing import Annotated

import typer

from igbot import __version__
from igbot.cli import rules
from igbot.cli.archive import archive
from igbot.cli.conversations import app as conversations
from igbot.cli.health import health
from igbot.cli.init import init
from igbot.cli.outbox import app as outbox
from igbot.cli.output import print_error
from igbot.cli.sandbox import sandbox
from igbot.cli.sends import pause, resume
from igbot.cli.serve import serve
from igbot.cli.simulate import simulate
from igbot.cli.token import app as token
from igbot.cli.verify_test import verify_test
from igbot.cli.why import why
from igbot.errors import ExitCode, IgbotError

EPILOG = "Exit codes: 0 fine · 1 the thing checked is bad · 2 wrong usage or settings · 3 could not check."

app = typer.Typer(
    name="igbot",
    help="Answers a shop's Instagram Direct Messages by the owner's rules: once, in order, inside Meta's policies.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(init)
app.command()(serve)
app.command()(simulate)
app.add_typer(rules.app, name="rules")
app.add_typer(conversations, name="conversations")
app.command()(why)
app.command()(pause)
app.command()(resume)
app.add_typer(outbox, name="outbox")
app.add_typer(token, name="token")
app.command()(archive)
app.command()(health)
app.command("verify-test")(verify_test)
app.command()(sandbox)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"igbot {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Options of igbot itself."""


def main() -> None:
    """The `igbot` program."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a customer's emoji on a Windows console or a C locale must not end a command
            reconfigure(errors="replace")
    output = sys.stdout
    code = _run()
    closed = sys.stdout is not output  # typer puts another one in its place when it meets a broken pipe
    try:
        output.flush()
    except BrokenPipeError:
        closed = True
    if closed:
        # Whoever read our output has seen enough. Python would flush once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
        code = ExitCode.OK
    sys.exit(code)


def _run() -> int:
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(ExitCode.OK)
    except IgbotError as error:
        print_error(error)
        return int(error.exit_code)
    return int(ExitCode.OK)
