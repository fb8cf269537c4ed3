"""`igbot outbox`: replies that came to nothing or still wait, and what can be done about them."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igbot.cli.outbox_handling import drop, retry
from igbot.errors import UsageError

if TYPE_CHECKING:
    from igbot.outbox.dead_letters import Which
    from igbot.store.pool import Database

HELP = "Replies that came to nothing or still wait: see them, have them sent again, drop them."
app = typer.Typer(help=HELP, no_args_is_help=True)

Account = Annotated[
    str | None, typer.Option("--account", help="Its name or one of its ids; else all accounts of the settings.")
]
Env = Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines, with times in ISO 8601 UTC.")]

COLUMNS = ("outbox_id", "customer", "status", "attempts", "reason", "code", "rule", "asked", "reply")


class Status(StrEnum):
    """The states of a reply (README, How a reply travels)."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DEAD = "dead"


@app.callback(help=HELP)
def outbox() -> None:
    """What the operator does with replies."""


@app.command("list")
def list_(
    *,
    status: Annotated[Status | None, typer.Option("--status", help="Those in this state.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Those in any state.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 100,
    account: Account = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Replies with what speaks against them, the newest first: dead ones unless said otherwise."""
    from igbot.cli.opening import quiet_log, settings_for, with_database
    from igbot.cli.output import emit_json, print_table
    from igbot.insight.accounts import accounts_meant
    from igbot.outbox.dead_letters import list_replies

    if status and all_:
        raise UsageError("--status and --all are one or the other")
    which: Which = "all" if all_ else status.value if status else "dead"
    settings = settings_for(env)
    quiet_log(settings)

    async def work(database: "Database") -> tuple[list[dict[str, Any]], int]:
        async with database.connection() as conn:
            accounts = await accounts_meant(conn, own=settings.account_ids, account=account)
            return await list_replies(conn, which=which, accounts=accounts, limit=limit + 1), len(accounts)

    found, accounts = with_database(settings, work)
    for reply in found[:limit] if as_json else ():
        emit_json(reply)
    if not as_json and found:
        # Last, so that the others stay where a script looks for them.
        columns = (*COLUMNS, "account") if accounts > 1 else COLUMNS
        print_table(columns, [_cells(reply)[: len(columns)] for reply in found[:limit]])
    if not found:
        typer.echo(f"no reply is {which}" if which != "all" else "there are no replies", err=True)
    elif len(found) > limit:
        typer.echo(f"there are more than these {limit}, see --limit", err=True)


app.command()(retry)
app.command()(drop)


def _cells(reply: dict[str, Any]) -> tuple[object, ...]:
    event = reply["event"] or {}
    asked = event.get("text") or (f"({event['kind']})" if event else "")
    names = ("outbox_id", "igsid", "status", "attempts", "reason", "code", "rule")
    return *(reply[name] for name in names), asked, reply["text"], reply["account"]
