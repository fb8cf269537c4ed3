"""`igbot token`: give, look at, refresh and re-seal access tokens, whose values are never shown and never arguments."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from igbot.errors import ExitCode

if TYPE_CHECKING:
    from igbot.cli.token_refreshing import RefreshedToken
    from igbot.store.pool import Database

app = typer.Typer(
    help="The access tokens that answers are sent with: sealed in the database, never shown.", no_args_is_help=True
)

Account = Annotated[str | None, typer.Option("--account", help="Its name or one of its ids.")]
Env = Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, with times in ISO 8601 UTC.")]
READ_AT_MOST = 100_000
"""Characters of standard input; far more than any token has."""


@app.command("set")
def set_(*, account: Account = None, env: Env = None, as_json: AsJson = False) -> None:
    """Store a token, from standard input or a hidden prompt. A running server takes it within ten seconds.

    Meta is asked whose it is first: exit 1 for a token that is another account's, or none any more.
    """
    from igbot.accounts.vault import token_in
    from igbot.cli.opening import quiet_log, settings_for
    from igbot.cli.output import emit_json
    from igbot.cli.token_desk import Desk
    from igbot.cli.token_giving import give

    settings = settings_for(env)
    redactor = quiet_log(settings)
    desk = Desk.of(settings, hide=redactor.hide)
    chosen = desk.one(account)
    token = token_in(_given())
    redactor.hide(token)
    given = asyncio.run(give(desk, chosen, token))
    if as_json:
        emit_json({"account": chosen.name, "account_id": given.account_id, "confirmed": given.confirmed})
    elif given.confirmed:
        typer.echo(f"{chosen.name} ({given.account_id}): the token is stored; Meta says that it is this account's.")
    else:
        typer.echo(f"{chosen.name} ({given.account_id}): the token is stored.")
    if not given.confirmed:
        typer.echo(f"warning: whose it is could not be checked: {given.doubt}", err=True)


def _given() -> str:
    import sys

    if sys.stdin.isatty():
        return str(
            typer.prompt("Access token (it is not shown)", hide_input=True, err=True, default="", show_default=False)
        )
    return sys.stdin.read(READ_AT_MOST)


@app.command("status")
def status(*, env: Env = None, as_json: AsJson = False) -> None:
    """How each account's token is: where from, how old, its end, what the last check found. Exit 1 if one is bad."""
    from dataclasses import asdict

    from igbot.cli.opening import quiet_log, settings_for
    from igbot.cli.output import emit_json, print_table
    from igbot.cli.token_desk import Desk
    from igbot.cli.token_states import states

    settings = settings_for(env)
    desk = Desk.of(settings, hide=quiet_log(settings).hide)
    found = asyncio.run(states(desk))
    if as_json:
        emit_json({"accounts": [asdict(each) for each in found]})
    else:
        columns = ("account", "login", "from", "stored", "refreshed", "ends", "days left", "checked", "trouble")
        rows = [
            (
                each.account,
                each.login,
                each.origin,
                each.stored_at,
                each.refreshed_at,
                _end(each.login, each.expires_at),
                each.days_left,
                each.checked_at,
                each.trouble,
            )
            for each in found
        ]
        print_table(columns, rows)
    if any(each.trouble for each in found):
        raise typer.Exit(ExitCode.BAD)


def _end(login: str, expires_at: datetime | None) -> datetime | str:
    if expires_at is not None:
        return expires_at
    return "no date" if login == "facebook" else "not known"


@app.command("refresh")
def refresh(
    *,
    account: Account = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also where igbot has had the token for less than 24 hours.")
    ] = False,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """Have Meta prolong tokens of Instagram login by 60 days, as a running server does by itself in time.

    The old token is kept until Meta has confirmed the new one. Page tokens (Facebook login) have nothing to refresh.
    """
    from dataclasses import asdict

    from igbot.cli.opening import quiet_log, settings_for
    from igbot.cli.output import emit_json
    from igbot.cli.token_desk import Desk
    from igbot.cli.token_refreshing import refreshed

    settings = settings_for(env)
    desk = Desk.of(settings, hide=quiet_log(settings).hide)
    done = asyncio.run(refreshed(desk, desk.some(account), force=force))
    if as_json:
        shapes = [asdict(each) for each in done]
        emit_json({"accounts": [{name: shape[name] for name in shape if name != "code"} for shape in shapes]})
    else:
        for each in done:
            typer.echo(_refreshed_in_words(each), err=each.code != ExitCode.OK)
    if code := max((each.code for each in done), default=ExitCode.OK):
        raise typer.Exit(code)


def _refreshed_in_words(done: "RefreshedToken") -> str:
    from igbot.cli.output import moment

    who = f"{done.account} ({done.account_id})" if done.account_id else done.account
    if not done.refreshed:
        return f"{who}: not refreshed: {done.reason}"
    until = f"it lasts until {moment(done.expires_at)}" if done.expires_at else "Meta did not say how long it lasts"
    doubt = "" if done.confirmed else "; the old one is kept until Meta has confirmed it"
    return f"{who}: refreshed; {until}{doubt}"


@app.command("rekey")
def rekey(*, env: Env = None, as_json: AsJson = False) -> None:
    """Seal everything again with the first key of IGBOT_ENCRYPTION_KEY; afterwards the other keys can be dropped.

    Put the new key in front of the old one, restart every server, run this, take the old key away, restart again.
    """
    from igbot.accounts.rekey import Rekeyed
    from igbot.accounts.rekey import rekey as seal_again
    from igbot.cli.opening import quiet_log, settings_for, with_database
    from igbot.cli.output import emit_json
    from igbot.cli.token_desk import Desk

    settings = settings_for(env)
    desk = Desk.of(settings, hide=quiet_log(settings).hide)

    async def work(database: "Database") -> Rekeyed:
        async with database.connection() as conn:
            return await seal_again(conn, desk.vault)

    done = with_database(settings, work)
    if as_json:
        left = [{"account_id": account_id, "what": what} for account_id, what in done.left]
        emit_json({"accounts": done.accounts, "values": done.values, "left": left, "old_marks": done.old_marks})
    else:
        typer.echo(f"{_counted(done.values, 'value')} of {_counted(done.accounts, 'account')} sealed again")
    _tell_left(done.left, done.old_marks)
    if done.left:
        raise typer.Exit(ExitCode.BAD)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _tell_left(left: Sequence[tuple[str, str]], old_marks: Sequence[str]) -> None:
    for account_id, what in left:
        typer.echo(f"error: {account_id}: {what} was left as it is: no key of IGBOT_ENCRYPTION_KEY opens it", err=True)
    if left:
        typer.echo("hint: add the key it was sealed with; or give a new token with `igbot token set`", err=True)
    for account_id in old_marks:
        note = "the mark of its variable is an older igbot's; start `igbot serve` once before you drop the old key"
        typer.echo(f"warning: {account_id}: {note}", err=True)
