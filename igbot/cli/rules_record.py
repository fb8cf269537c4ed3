"""`igbot rules record`: a real conversation as a test of the rules."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igbot.errors import IgbotError, UsageError

if TYPE_CHECKING:
    from igbot.insight.recorded import Recorded
    from igbot.store.pool import Database

HEAD = """\
# Recorded by `igbot rules record`. Names that igbot knows of, numbers, e-mail addresses and links are masked; read the
# words yourself before you keep them.
"""
SUFFIX = ".test.yaml"


def record(
    conversation: Annotated[str, typer.Argument(metavar="CONVERSATION", help="The customer's Instagram-scoped id.")],
    *,
    last: Annotated[int, typer.Option("--last", min=1, max=1000, help="How many messages, the newest.")] = 40,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write it to this new file, NAME.test.yaml, instead of printing it.")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="The name or an id of the account, where several know the customer.")
    ] = None,
    env: Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")] = None,
) -> None:
    """Print a conversation as a case for `igbot rules test`, with names, numbers, addresses and links masked."""
    from igbot.cli.opening import quiet_log, settings_for, with_database
    from igbot.insight.recorded import conversation as read

    if out is not None:
        check_new(out)
    settings = settings_for(env)
    quiet_log(settings)

    async def work(database: "Database") -> "Recorded":
        async with database.connection() as conn:
            return await read(conn, conversation, own=settings.account_ids, account=account, last=last)

    case = HEAD + with_database(settings, work).written(settings.timezone)
    if out is None:
        typer.echo(case, nl=False)
    else:
        write_new(out, case)
        typer.echo(f"written to {out}: `igbot rules test` runs it where it lies in the folder of rules", err=True)


def check_new(path: Path) -> None:
    """Raises UsageError for a file that there is, or that `rules test` would not read by its name."""
    if not path.name.endswith(SUFFIX) or path.name == SUFFIX:
        raise UsageError(f"{path} is no name of a test", hint=f"it has to end in {SUFFIX}")
    if path.exists():
        raise UsageError(f"{path} is there already", hint="name another file; this one is left as it is")


def write_new(path: Path, text: str) -> None:
    """Writes a test where there is none yet. Raises UsageError, and IgbotError where it cannot be written."""
    check_new(path)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already", hint="name another file; this one is left as it is") from None
    except OSError as error:
        raise IgbotError(f"{path} cannot be written: {error.strerror or error}") from None
