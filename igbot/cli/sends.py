"""`igbot pause` and `igbot resume`: all sends of an account."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from igbot.errors import ExitCode, IgbotError

if TYPE_CHECKING:
    from igbot.accounts.stopping import Sends
    from igbot.store.pool import Database

Account = Annotated[
    str | None, typer.Option("--account", help="Its name or one of its ids; else all accounts of the settings.")
]
Env = Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def pause(*, account: Account = None, env: Env = None, as_json: AsJson = False) -> None:
    """Stop all sends of an account. Messages are still received and decided on; the replies wait until `resume`."""
    from igbot.cli.output import moment

    for each in _change("pause", account, env, as_json=as_json):
        held = f", as they have been since {moment(each.was_paused_at)}" if each.was_paused_at else ""
        typer.echo(f"{_title(each)}: sends are paused{held}; {_waiting(each)}.")
        if each.halted_reason:
            typer.echo(f"  They were stopped before: {each.halted_reason}")
    if not as_json:
        typer.echo("Messages are still received and decided on. `igbot resume` lets the replies out.")


def resume(*, account: Account = None, env: Env = None, as_json: AsJson = False) -> None:
    """Let the sends of an account go on, after `pause` or after what had stopped them. A rate limit is still kept."""
    from igbot.cli.output import moment

    for each in _change("resume", account, env, as_json=as_json):
        if each.was_halted:
            typer.echo(f"{_title(each)}: sends are tried again; {_waiting(each)}. They were stopped: {each.was_halted}")
        elif each.was_paused_at:
            typer.echo(f"{_title(each)}: sends go on; {_waiting(each)}.")
        else:
            typer.echo(f"{_title(each)}: sends were not paused; {_waiting(each)}.")
        if each.send_after:
            typer.echo(
                f"  Before {moment(each.send_after)} nothing goes out ({each.send_after_reason}): that wait stays."
            )


def _change(what: str, account: str | None, env: str | None, *, as_json: bool) -> "tuple[Sends, ...]":
    """The accounts as they stand now; none where they were printed as JSON."""
    from dataclasses import asdict

    from igbot.cli.opening import quiet_log, settings_for, with_database
    from igbot.cli.output import emit_json

    settings = settings_for(env)
    quiet_log(settings)

    async def work(database: "Database") -> "tuple[Sends, ...]":
        return await _changed(database, what, account, settings.account_ids)

    changed = with_database(settings, work)
    if not as_json:
        return changed
    emit_json({"accounts": [_shape(asdict(each)) for each in changed]})
    return ()


async def _changed(database: "Database", what: str, account: str | None, own: tuple[str, ...]) -> "tuple[Sends, ...]":
    from igbot.accounts.stopping import pause_sends, resume_sends
    from igbot.insight.accounts import accounts_meant
    from igbot.meta.events import AccountId
    from igbot.store.listening import wake
    from igbot.telemetry.clock import system_clock

    act = pause_sends if what == "pause" else resume_sends
    async with database.connection() as conn:
        meant = [AccountId(each) for each in await accounts_meant(conn, own=own, account=account)]
        if not meant:
            raise NoAccount(
                "no account is known yet in this database", hint="`igbot serve` enters its accounts when it starts"
            )
        changed = await act(conn, meant, now=system_clock())
        await wake(conn, "outbox")
        return changed


class NoAccount(IgbotError):
    """The database is new: there is nothing to pause."""

    exit_code = ExitCode.BAD


def _shape(sends: dict[str, Any]) -> dict[str, Any]:
    return {"account": sends.pop("account_id"), **sends}


def _title(sends: "Sends") -> str:
    return f"{sends.name} ({sends.account_id})" if sends.name else sends.account_id


def _waiting(sends: "Sends") -> str:
    from igbot.cli.output import replies

    return f"{replies(sends.waiting)} {'waits' if sends.waiting < 2 else 'wait'}"
