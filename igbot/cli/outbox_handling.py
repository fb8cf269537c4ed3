"""`igbot outbox retry` and `drop`: what the operator does about replies that came to nothing or still wait."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from igbot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    import asyncpg

    from igbot.accounts.stopping import Sends
    from igbot.outbox.dead_letters import Handled
    from igbot.settings.model import Settings
    from igbot.store.pool import Database

    Act = Callable[[asyncpg.Connection[Any], list[int], tuple[str, ...]], Awaitable[list[Handled]]]

Ids = Annotated[list[int] | None, typer.Argument(help="Their outbox_ids, as `igbot outbox list` shows them.")]
Account = Annotated[
    str | None, typer.Option("--account", help="Its name or one of its ids; else all accounts of the settings.")
]
Env = Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines.")]


def retry(
    ids: Ids = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Every dead reply.")] = False,
    even_if_sent: Annotated[
        bool, typer.Option("--even-if-sent", help="Also those that the customer may have already; Meta is asked first.")
    ] = False,
    account: Account = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Have dead replies sent again, with all their tries, while the customer's 24 hours last. Exit 1 if one is not."""
    from igbot.outbox import dead_letters
    from igbot.telemetry.clock import system_clock

    named = _named(ids, all_=all_)
    settings = _settings(env)

    async def act(
        conn: "asyncpg.Connection[Any]", meant: list[int], accounts: tuple[str, ...]
    ) -> "list[dead_letters.Handled]":
        margin, now = settings.window_margin, system_clock()
        return await dead_letters.retry(conn, meant, accounts, margin=margin, even_if_sent=even_if_sent, now=now)

    handled, sends = _handle(settings, account, named, act)
    words = {"queued": "queued again", "unknown": "Meta is asked for it first; if it has none, it is sent again"}
    _tell(handled, words, as_json=as_json)
    if not as_json and any(each.why == dead_letters.DOUBTFUL for each in handled):
        typer.echo("--even-if-sent has Meta asked for them, and those sent again that it does not have.", err=True)
    if not as_json and any(each.done for each in handled):
        _tell_waits(sends)
    _end(handled)


def drop(
    ids: Ids = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Every dead reply.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, where there are several.")] = False,
    account: Account = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Cancel replies for ever: dead ones, and by their ids also queued ones and those of unknown outcome."""
    from igbot.outbox import dead_letters
    from igbot.telemetry.clock import system_clock

    named = _named(ids, all_=all_)
    if not yes:
        _refuse_unasked(len(named or ()))
    settings = _settings(env)

    async def act(
        conn: "asyncpg.Connection[Any]", meant: list[int], accounts: tuple[str, ...]
    ) -> "list[dead_letters.Handled]":
        if not yes:
            _ask(len(meant))
        return await dead_letters.drop(conn, meant, accounts, now=system_clock())

    handled, _ = _handle(settings, account, named, act)
    _tell(handled, {"cancelled": "dropped"}, as_json=as_json)
    _end(handled)


def _settings(env: str | None) -> "Settings":
    from igbot.cli.opening import quiet_log, settings_for

    settings = settings_for(env)
    quiet_log(settings)
    return settings


def _named(ids: Sequence[int] | None, *, all_: bool) -> list[int] | None:
    """The replies that are named; None: all dead ones. Raises UsageError where none are meant, or some and all."""
    if bool(ids) == all_:
        raise UsageError("which replies?", hint="name their outbox_ids (`igbot outbox list` shows them), or say --all")
    if ids and not all(0 < each < 2**63 for each in ids):
        raise UsageError("an outbox_id is a number above 0", hint="`igbot outbox list` shows them")
    return list(ids) if ids else None


def _refuse_unasked(number: int) -> None:
    """Raises UsageError for several replies where nobody can be asked."""
    from igbot.cli.lines import typed

    if number > 1 and not typed():
        raise UsageError(f"{number} replies would be dropped for ever", hint="say --yes if that is meant")


def _ask(number: int) -> None:
    _refuse_unasked(number)
    if number > 1 and not typer.confirm(f"Drop {number} replies for ever?", err=True):
        raise typer.Exit(ExitCode.BAD)


def _handle(
    settings: "Settings", account: str | None, named: list[int] | None, act: "Act"
) -> "tuple[list[Handled], tuple[Sends, ...]]":
    """What became of the replies, and how the sends of their accounts stand; a running server notices at once."""
    from igbot.accounts.stopping import sends_of
    from igbot.cli.opening import with_database
    from igbot.insight.accounts import accounts_meant
    from igbot.outbox.dead_letters import dead_replies
    from igbot.store.listening import wake
    from igbot.telemetry.clock import system_clock

    async def work(database: "Database") -> "tuple[list[Handled], tuple[Sends, ...]]":
        async with database.connection() as conn:
            accounts = await accounts_meant(conn, own=settings.account_ids, account=account)
            meant = await dead_replies(conn, accounts) if named is None else named
            handled = await act(conn, meant, accounts)
            await wake(conn, "outbox")
            return handled, await sends_of(conn, accounts, now=system_clock())

    return with_database(settings, work)


def _tell(handled: "Sequence[Handled]", words: dict[str, str], *, as_json: bool) -> None:
    from igbot.cli.output import emit_json

    for each in handled:
        if as_json:
            emit_json(asdict(each))
        else:
            told = words[each.status] if each.done and each.status else f"left alone: {each.why}"
            note = " (the customer may have it: its outcome was never known)" if each.status == "cancelled" else ""
            typer.echo(f"{each.outbox_id}: {told}{note if each.done and each.doubtful else ''}")
    if not handled:
        typer.echo("no reply is dead", err=True)


def _tell_waits(sends: "Sequence[Sends]") -> None:
    from igbot.cli.output import moment

    for each in sends:
        whose = each.name or each.account_id
        if each.halted_reason:
            typer.echo(f"The sends of {whose} are stopped ({each.halted_reason}): `igbot resume` tries them again.")
        elif each.paused_at:
            typer.echo(f"The sends of {whose} are paused by the operator: `igbot resume` lets them go on.")
        elif each.send_after:
            typer.echo(f"The sends of {whose} go on at {moment(each.send_after)} ({each.send_after_reason}).")


def _end(handled: "Sequence[Handled]") -> None:
    if not all(each.done for each in handled):
        raise typer.Exit(ExitCode.BAD)
