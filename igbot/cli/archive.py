"""`igbot archive`: idle conversations go to the archive, beside live traffic."""

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from igbot.store.pool import Database


def archive(
    *,
    older_than: Annotated[
        str | None, typer.Option(help="Idle for how long: 30d, 12h …; else IGBOT_ARCHIVE_AFTER")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, change nothing.")] = False,
    env: Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Archives idle conversations in batches. Safe beside `serve`, to interrupt, and to run twice at once."""
    from igbot.cli.opening import quiet_log, settings_for, with_database
    from igbot.cli.output import emit_json
    from igbot.settings.values import read_duration

    settings = settings_for(env)
    idle = settings.archive_after if older_than is None else read_duration(older_than, what="--older-than")
    quiet_log(settings)
    started = time.monotonic()

    async def work(database: "Database") -> dict[str, Any]:
        return await _archive(database, idle, dry_run=dry_run)

    result = with_database(settings, work) | {"seconds": round(time.monotonic() - started, 3)}
    if as_json:
        emit_json(result)
        return
    verb = "would be archived" if dry_run else "archived"
    count = result["remaining"] if dry_run else result["archived"]
    typer.echo(f"{count} conversations {verb}, {result['messages']} messages, in {result['seconds']:.1f} s")
    if result["remaining"] and not dry_run:
        typer.echo(f"{result['remaining']} are idle but still have something to do; the next run takes them")


async def _archive(database: "Database", idle: timedelta, *, dry_run: bool) -> dict[str, Any]:
    from igbot.cli.output import progress
    from igbot.conversations.archive import archive as move
    from igbot.conversations.archive import count_idle
    from igbot.telemetry.clock import system_clock

    before: datetime = system_clock() - idle
    async with database.connection() as conn:
        conversations, messages = await count_idle(conn, before=before)
    if dry_run:
        return {"archived": 0, "messages": messages, "remaining": conversations}
    with progress("archiving", conversations) as advance:
        done = await move(database, older_than=idle, now=system_clock, on_batch=lambda c, _: advance(c))
    return {"archived": done.archived, "messages": done.messages, "remaining": done.remaining}
