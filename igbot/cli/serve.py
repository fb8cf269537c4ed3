"""`igbot serve`: the bot."""

import asyncio
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from igbot import runfile
    from igbot.runtime import Running
    from igbot.settings.model import Settings


DATABASE_GRACE = 8.0


def serve(
    *,
    env: Annotated[str | None, typer.Option(help="production, development, test, or a config/<name>.yaml.")] = None,
    host: Annotated[str | None, typer.Option(help="Address of the public listener.")] = None,
    port: Annotated[str | None, typer.Option(help="Port of the public listener; 0 takes a free one.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes on the same port (not on Windows).")] = 1,
    join: Annotated[int | None, typer.Option(hidden=True, help="Be a further worker of this process.")] = None,
) -> None:
    """The bot. With `--env development` it needs nothing else: embedded PostgreSQL, a sandbox for Meta, own HTTPS."""
    import os

    from igbot.cli import event_loop
    from igbot.errors import UsageError
    from igbot.settings.reading import read_settings

    if workers > 1 and not hasattr(socket, "SO_REUSEPORT"):
        raise UsageError("--workers: processes cannot share a port on this system", hint="run one")
    options = {name: value for name, value in (("env", env), ("host", host), ("port", port)) if value is not None}
    if join is not None:
        options["management.port"] = "0"
    settings = read_settings(environ=os.environ, options=options, cwd=Path.cwd(), serving=True)
    event_loop.run(_serve(settings, workers=workers, join=join))


async def _serve(settings: "Settings", *, workers: int, join: int | None) -> None:
    from igbot.cli import event_loop
    from igbot.runtime import stop_on_signals
    from igbot.starting import opened
    from igbot.store.embedded.attach import EmbeddedServer
    from igbot.telemetry.clock import system_clock
    from igbot.telemetry.log import event_log
    from igbot.telemetry.setup import configure_logging

    marks = {"test": True} if settings.test_mode else {}
    redactor = configure_logging(
        level=settings.log_level, format=settings.log_format, secrets=settings.secrets(), marks=marks, stream=sys.stderr
    )
    log = event_log("serve")
    for line in settings.ignored:
        log.warning("setting_ignored", reason=line)
    stopping = asyncio.Event()
    stop_on_signals(stopping.set)
    shared = workers > 1 or join is not None
    managed = False
    async with opened(settings, stopping=stopping, clock=system_clock, redactor=redactor, shared=shared) as place:
        log.info("serving", public=place[0].public_url, management=place[0].management_url, sandbox=place[1])
        event_loop.spare_the_collector()
        if join is None:
            managed = await _lead(*place, workers=workers, stopping=stopping)
        else:
            from igbot.workers import end_with

            await end_with(join, stopping)
    if managed and settings.database_url is None:
        # systemd kills what is left of a service once its main process has gone: let the database end first.
        await EmbeddedServer(settings.data_dir).wait_for_end(seconds=DATABASE_GRACE)


async def _lead(run: "Running", sandbox_url: str | None, *, workers: int, stopping: asyncio.Event) -> bool:
    """Be found by other commands, have as many workers as asked for, until `stopping`; true if systemd started us."""
    import os

    from igbot import runfile
    from igbot.telemetry.log import event_log
    from igbot.telemetry.notify import sd_notify
    from igbot.workers import more_workers

    settings = run.app.settings
    port = run.public_url.rpartition(":")[2]
    command = ["serve", "--env", settings.env, "--host", settings.host, "--port", port, "--join", str(os.getpid())]
    environ = os.environ | ({"IGBOT_GRAPH_URL": sandbox_url} if sandbox_url else {})
    before = runfile.write(settings.data_dir, run_file(run, sandbox_url))
    try:
        async with more_workers(
            workers - 1, command=command, environ=environ, stopping=stopping, log=event_log("serve")
        ):
            managed = sd_notify("READY=1")
            await stopping.wait()
            sd_notify("STOPPING=1")
    finally:
        runfile.remove(settings.data_dir, before=before)
    return managed


def run_file(run: "Running", sandbox_url: str | None) -> "runfile.RunFile":
    """What other commands need to find this server."""
    import os

    from igbot import runfile

    env = run.app.settings.env
    return runfile.RunFile(os.getpid(), env, run.public_url, run.management_url, sandbox_url)
