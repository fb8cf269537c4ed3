"""`igbot init`: the first files of an igbot of one's own, and what to do next."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from igbot.cli.first_files import Written

FIELDS = (
    "messages, messaging_postbacks, message_reactions, message_edits, message_echoes (Instagram login), "
    "messaging_seen, messaging_referral, messaging_handover, standby"
)


def init(
    *,
    directory: Annotated[
        Path, typer.Option("--dir", help="Where to; it is made if it is not there.", file_okay=False)
    ] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Write a first .env with fresh keys, config/ and rules.d/, and say what comes next. Nothing is overwritten."""
    from igbot.cli.first_files import FROM_META, write_first_files
    from igbot.cli.output import emit_json

    done = write_first_files(directory)
    if as_json:
        place, written, left = str(directory.absolute()), list(done.written), list(done.left_alone)
        emit_json({"directory": place, "written": written, "left_alone": left, "to_fill_in": list(FROM_META)})
        return
    _tell_files(done, directory)
    _tell_next(directory)


def _tell_files(done: "Written", directory: Path) -> None:
    for name in done.written:
        typer.echo(f"written     {directory / name}")
    for name in done.left_alone:
        typer.echo(f"left alone  {directory / name}" + (_why(directory / name)))


def _why(path: Path) -> str:
    return ": it was there already" if path.exists() else ": there are rules already"


def _tell_next(directory: Path) -> None:
    from igbot.cli.first_files import FROM_META
    from igbot.settings.catalogue import SETTINGS

    here = "" if directory == Path() else f"cd {directory}\n     "
    typer.echo("\nTo see it answer, without an account at Meta:")
    typer.echo(f'     {here}igbot simulate "how much is shipping?"')
    typer.echo("\nTo go live:")
    typer.echo(
        "  1. Make the rules your own: rules.d/10-shop.yaml. `igbot rules lint` and `igbot rules test` check them."
    )
    typer.echo(f"  2. Fill in what only Meta can give you, in {directory / '.env'}:")
    for name in FROM_META:
        typer.echo(f"     {name:<20}{SETTINGS[name].how}")
    typer.echo("  3. Say who does HTTPS, in the same file: a certificate, or the proxy in front of igbot.")
    typer.echo("  4. `igbot serve`. What is still missing it names, all at once, before it listens.")
    typer.echo("  5. App Dashboard > Webhooks > Instagram, while it runs:")
    typer.echo("     Callback URL        https://YOUR-HOST/webhook (with the port, if it is not 443)")
    typer.echo("     Verify token        the value of IGBOT_VERIFY_TOKEN")
    typer.echo(f"     Fields              {FIELDS}")
    typer.echo("     `igbot verify-test --url https://YOUR-HOST` plays Meta's verification before Meta does.")
