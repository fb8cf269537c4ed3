"""`igbot conversations pause` and `resume`: a person takes over, and gives back."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from igbot.errors import UsageError

if TYPE_CHECKING:
    from igbot.conversations.pausing import Standing
    from igbot.settings.model import Settings
    from igbot.store.pool import Database

Igsid = Annotated[str, typer.Argument(help="The customer's Instagram-scoped id.")]
Account = Annotated[
    str | None, typer.Option("--account", help="Its name or one of its ids, where several know the customer.")
]
Env = Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, with times in ISO 8601 UTC.")]

USUAL = timedelta(hours=12)
BECAUSE = {
    "handoff": "a rule had handed over to a person",
    "person": "a person had answered in the Instagram app",
    "operator": "the operator had paused it",
    "thread_control": "another app had the conversation",
    "loop_guard": "there had been too many answers in a row",
}
"""Why a conversation was paused, in words."""


def pause(
    igsid: Igsid,
    *,
    length: Annotated[
        str | None, typer.Option("--for", help="For how long: 12h, 2d …; else IGBOT_TAKEOVER_PAUSE, or 12h.")
    ] = None,
    account: Account = None,
    env: Env = None,
    as_json: AsJson = False,
) -> None:
    """A person answers this customer: the bot is silent, and its replies that wait are cancelled."""
    from igbot.cli.opening import quiet_log, settings_for
    from igbot.cli.output import emit_json, moment, replies

    settings = settings_for(env)
    lasts = _length(length, settings)
    quiet_log(settings)
    now = _changed(settings, igsid, account, lasts)
    if as_json:
        emit_json(_shape(now))
        return
    until = moment(now.paused_until) if now.paused_until else ""
    typer.echo(f"The bot is silent for {igsid} until {until}{_before(now, until)}.")
    if now.cancelled:
        typer.echo(f"{replies(now.cancelled)} of the bot's that waited will not go out.")
    if now.on_its_way:
        typer.echo(f"{replies(now.on_its_way)} cannot be held back: the call is under way.")
    _tell_opted_out(now)


def resume(igsid: Igsid, *, account: Account = None, env: Env = None, as_json: AsJson = False) -> None:
    """The bot answers this customer again, from the next message on. What was cancelled stays cancelled."""
    from igbot.cli.opening import quiet_log, settings_for
    from igbot.cli.output import emit_json

    settings = settings_for(env)
    quiet_log(settings)
    now = _changed(settings, igsid, account, None)
    if as_json:
        emit_json(_shape(now))
        return
    if now.was is None:
        typer.echo(f"The bot was not paused for {igsid}; nothing has changed.")
    else:
        typer.echo(f"The pause for {igsid} has ended ({BECAUSE.get(now.was, now.was)}).")
        if now.opted_out_at is None:
            typer.echo("The next message is answered; what was cancelled, or written meanwhile, is not.")
    if now.was == "thread_control":
        typer.echo("Until the other app passes the conversation back, Meta may refuse our replies.")
    _tell_opted_out(now)


def _length(given: str | None, settings: "Settings") -> timedelta:
    from igbot.settings.values import read_duration

    lasts = (settings.takeover_pause or USUAL) if given is None else read_duration(given, what="--for")
    if not lasts:
        raise UsageError("--for must be longer than 0", hint="`igbot conversations resume` ends a pause")
    return lasts


def _changed(settings: "Settings", igsid: str, account: str | None, lasts: timedelta | None) -> "Standing":
    """Pause the one conversation that is meant, or resume it (None)."""
    from igbot.cli.opening import with_database
    from igbot.conversations.pausing import pause_conversation, resume_conversation
    from igbot.insight.accounts import conversation_meant
    from igbot.store.listening import wake
    from igbot.telemetry.clock import system_clock

    async def work(database: "Database") -> "Standing":
        async with database.connection() as conn:
            meant = await conversation_meant(conn, igsid, own=settings.account_ids, account=account)
            whose = meant["account_id"], meant["igsid"]
            if lasts is None:
                return await resume_conversation(conn, *whose, now=system_clock())
            stands = await pause_conversation(conn, *whose, length=lasts, now=system_clock())
            await wake(conn, "inbox", "outbox")
            return stands

    return with_database(settings, work)


def _before(now: "Standing", until: str) -> str:
    """How a pause that is taken the place of would have ended, and why it was."""
    from igbot.cli.output import moment

    if now.was is None or now.was_until is None:
        return ""
    was_until = moment(now.was_until)
    how = "as it was already" if was_until == until else f"instead of until {was_until}"
    return f", {how} ({BECAUSE.get(now.was, now.was)})"


def _shape(now: "Standing") -> dict[str, Any]:
    return {
        "account": now.account_id,
        "igsid": now.igsid,
        "state": now.state,
        "paused_until": now.paused_until,
        "opted_out_at": now.opted_out_at,
        "was_paused": now.was,
        "was_paused_until": now.was_until,
        "cancelled": now.cancelled,
        "on_its_way": now.on_its_way,
    }


def _tell_opted_out(now: "Standing") -> None:
    from igbot.cli.output import moment

    if now.opted_out_at is not None:
        typer.echo(f"The customer has opted out (STOP, {moment(now.opted_out_at)}) and gets no answer either way: only")
        typer.echo("the customer can take that back, by writing START.")
