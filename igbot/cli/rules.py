"""`igbot rules`: what an owner does with rules before and while they are live."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igbot.errors import ExitCode, IgbotError, UsageError

if TYPE_CHECKING:
    from igbot.rules.loading import Loaded
    from igbot.rules.model import Finding

app = typer.Typer(help="Check rules, and have the running server take them.", no_args_is_help=True)


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


@app.callback()
def rules() -> None:
    """Check rules, and have the running server take them."""


@app.command()
def lint(
    path: Annotated[
        Path | None,
        # What cannot be read is "could not check" (3), where typer's own test would say "wrong usage" (2).
        typer.Argument(readable=False, help="A folder of rules or one file; else the folder of the settings."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    output: Annotated[Format, typer.Option("--format", help="For people, scripts or GitHub.")] = Format.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Find what is wrong with the rules. Exit code 1: the server would not take them."""
    from igbot.cli import findings as printing

    chosen = Format.JSON if as_json else output
    root = path or _configured_folder()
    loaded, files = _load(root)
    found = [_shown_under(root, finding) for finding in loaded.findings]
    if chosen is Format.JSON:
        printing.print_json(found)
    elif chosen is Format.GITHUB:
        printing.print_github(found)
    else:
        printing.print_text(found)
        typer.echo(_summary(loaded, files, root))
    bad = {"error", "warning"} if strict else {"error"}
    if any(finding.severity in bad for finding in found):
        raise typer.Exit(ExitCode.BAD)


@app.command()
def reload(
    env: Annotated[str | None, typer.Option("--env", help="Environment whose settings are used.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Have the running server take the rules now. Exit code 1: it refused them and keeps the old ones."""
    import asyncio

    from igbot.cli import findings as printing
    from igbot.cli.asking import ask
    from igbot.cli.opening import settings_for
    from igbot.cli.output import emit_json
    from igbot.rules.model import Finding

    settings = settings_for(env)
    verdict = asyncio.run(ask(settings, "POST", "/rules/reload", key="loaded")).body
    if as_json:
        emit_json(verdict)
    elif verdict["loaded"]:
        typer.echo(f"{_counted(verdict['rules'], 'rule') or 'no rules'} in force, set {verdict['digest']}.")
    else:
        folder = _from_here(settings.rules_dir)
        printing.print_text([_shown_under(folder, Finding(**finding)) for finding in verdict["findings"]])
        typer.echo("Rejected: the server keeps the rules it had.")
    if not verdict["loaded"]:
        raise typer.Exit(ExitCode.BAD)


def _configured_folder() -> Path:
    from igbot.cli.opening import settings_for

    return _from_here(settings_for(None).rules_dir)


def _from_here(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _load(root: Path) -> "tuple[Loaded, int]":
    """The findings about a folder or a file, and how many files there were."""
    from igbot.rulebook.folder import load_folder
    from igbot.rules.loading import load_rules
    from igbot.rules.model import RuleFile
    from igbot.rules.reading.strict_yaml import MAX_BYTES

    if not root.exists():
        raise UsageError(f"{root} does not exist", hint="name a folder of rules, or set IGBOT_RULES_DIR")
    try:
        if root.is_file():
            with root.open("rb") as opened:
                return load_rules([RuleFile(root.name, opened.read(MAX_BYTES + 1))]), 1
        next(root.iterdir(), None)
    except OSError as error:
        raise IgbotError(f"{root} cannot be read: {error.strerror or error}", hint="check its permissions") from None
    loaded, files = load_folder(root)
    return loaded, len(files)


def _shown_under(root: Path, finding: "Finding") -> "Finding":
    """The finding with a path that an editor can open from here."""
    shown = root if root.is_file() or not finding.file else root / finding.file
    return replace(finding, file=shown.as_posix())


def _summary(loaded: "Loaded", files: int, root: Path) -> str:
    if not files and not loaded.findings:
        return f"no rule files (*.yaml) in {root}: every message gets the text of IGBOT_FALLBACK_REPLY"
    counted = [
        _counted(sum(finding.severity == severity for finding in loaded.findings), severity)
        for severity in ("error", "warning", "hint")
    ]
    verdict = ", ".join(filter(None, counted)) or "nothing to complain about"
    return f"{_counted(loaded.rules_read, 'rule') or 'no rules'} in {_counted(files, 'file') or 'no files'}: {verdict}."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""
