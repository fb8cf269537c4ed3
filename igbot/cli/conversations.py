"""`igbot conversations`: what customers wrote and what they were answered."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igbot.cli.conversations_pausing import pause, resume
from igbot.errors import ExitCode

if TYPE_CHECKING:
    from igbot.store.pool import Database

app = typer.Typer(
    help="What customers wrote and what they were answered; archived conversations too.", no_args_is_help=True
)

Env = Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, with times in ISO 8601 UTC.")]


@app.command("list")
def list_(
    *,
    archived: Annotated[bool, typer.Option("--archived", help="Archived conversations only.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Live and archived ones.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 100,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Conversations, the newest first: live ones unless said otherwise. `--json` prints one a line."""
    from igbot.cli.opening import quiet_log, settings_for, with_database
    from igbot.cli.output import emit_json, print_table
    from igbot.conversations.history import Which, list_conversations
    from igbot.telemetry.clock import system_clock

    which: Which = "all" if all_ else "archived" if archived else "live"
    settings = settings_for(env)
    quiet_log(settings)

    async def work(database: "Database") -> list[dict[str, Any]]:
        async with database.connection() as conn:
            return await list_conversations(conn, which=which, limit=limit, now=system_clock())

    found = with_database(settings, work)
    if as_json:
        for talk in found:
            emit_json(talk)
        return
    columns = ("customer", "state", "messages", "last", "archived", "account", "test", "paused until")
    rows = [
        (
            t["igsid"],
            t["state"],
            t["messages"],
            t["last_at"],
            t["archived_at"],
            t["account"],
            "test" if t["test"] else "",
            t["paused_until"],
        )
        for t in found
    ]
    print_table(columns, rows)


@app.command("show")
def show(
    igsid: Annotated[str, typer.Argument(help="The customer's Instagram-scoped id.")],
    *,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """One conversation with all its messages, archived ones too."""
    from igbot.cli.opening import quiet_log, settings_for, with_database
    from igbot.cli.output import emit_json
    from igbot.conversations.history import show_conversations
    from igbot.telemetry.clock import system_clock

    settings = settings_for(env)
    quiet_log(settings)

    async def work(database: "Database") -> list[dict[str, Any]]:
        async with database.connection() as conn:
            return await show_conversations(conn, igsid, now=system_clock())

    found = with_database(settings, work)
    if not found:
        typer.echo(f"error: there is no conversation with {igsid}", err=True)
        raise typer.Exit(ExitCode.BAD)
    for talk in found:
        if as_json:
            emit_json(talk)
        else:
            _print_talk(talk)


app.command()(pause)
app.command()(resume)


def _print_talk(talk: dict[str, Any]) -> None:
    from rich.text import Text

    from igbot.cli.output import console, visible

    out = console()
    archived = f", archived {_when(talk['archived_at'])}" if talk["archived_at"] else ""
    until = f" until {_when(talk['paused_until'])}" if talk["paused_until"] else ""
    paused = f", paused{until}" if until and talk["state"] != "paused" else until
    state = talk["state"].replace("_", " ")
    out.print(Text(f"{talk['igsid']} with {talk['account']}: {state}{paused}{archived}", style="bold"))
    for message in talk["messages"]:
        line = Text(f"{_when(message['at'])}  ", style="dim")
        line.append(
            f"{message['author']:<10}", style={"bot": "cyan", "person": "magenta"}.get(message["author"], "green")
        )
        gone = "(deleted)" if message["deleted_at"] else f"({message['kind']})"
        line.append(visible(" ".join(message["text"].split())) or gone, style="")
        notes = [message["status"]] if message["direction"] == "out" else []
        notes += [f"rule {message['rule']}"] if message["rule"] and message["author"] == "bot" else []
        notes += ["seen"] if message["seen_at"] else []
        line.append(f"  [{', '.join(notes)}]" if notes else "", style="dim")
        out.print(line)


def _when(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
