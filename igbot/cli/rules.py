"""`igbot rules`: what an owner does with rules before and while they are live."""

from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igbot.cli.rules_explain import explain
from igbot.cli.rules_gaps import gaps
from igbot.cli.rules_record import record
from igbot.cli.rules_replay import replay
from igbot.cli.rules_test import run_tests
from igbot.errors import ExitCode

if TYPE_CHECKING:
    from igbot.cli.findings import Running
    from igbot.cli.rules_folder import Folder
    from igbot.rules.loading import Loaded
    from igbot.rules.model import Finding

HELP = "Check and test rules, see why they answer, and have the running server take them."
app = typer.Typer(help=HELP, no_args_is_help=True)


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


@app.callback(help=HELP)
def rules() -> None:
    """What an owner does with rules."""


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
    from igbot.cli.opening import settings_for
    from igbot.cli.rules_folder import from_here, read_rules
    from igbot.cli.rules_linting import running_set, untested
    from igbot.rule_settings import surroundings_of

    chosen = Format.JSON if as_json else output
    settings = settings_for(None)
    folder = read_rules(path or from_here(settings.rules_dir))
    loaded = folder.load(replace(surroundings_of(settings), now=datetime.now(UTC)))
    missing = untested(folder, loaded.rules, settings)
    found = [folder.shown(finding) for finding in (*loaded.findings, *((missing,) if missing else ()))]
    if chosen is Format.JSON:
        printing.print_json(found)
    elif chosen is Format.GITHUB:
        printing.print_github(found)
    else:
        printing.print_text(found)
        running = running_set(settings) if folder.root.resolve() == settings.rules_dir.resolve() else None
        typer.echo(_summary(loaded, folder, found, running))
    if printing.is_bad(found, strict=strict):
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
    from igbot.cli.rules_folder import Folder, from_here
    from igbot.rules.model import Finding

    settings = settings_for(env)
    verdict = asyncio.run(ask(settings, "POST", "/rules/reload", key="loaded")).body
    if as_json:
        emit_json(verdict)
    elif verdict["loaded"]:
        typer.echo(f"{printing.counted_as(verdict['rules'], 'rule') or 'no rules'} in force, set {verdict['digest']}.")
    else:
        folder = Folder(from_here(settings.rules_dir), ())
        printing.print_text([folder.shown(Finding(**finding)) for finding in verdict["findings"]])
        typer.echo("Rejected: the server keeps the rules it had.")
    if not verdict["loaded"]:
        raise typer.Exit(ExitCode.BAD)


@app.command()
def schema(
    tests: Annotated[bool, typer.Option("--tests", help="That of *.test.yaml files instead.")] = False,
) -> None:
    """Print the JSON Schema of rule files, by which editors complete and check them."""
    import json

    from igbot.rules.schema import schema as of_rules
    from igbot.rules.schema import test_schema as of_tests

    typer.echo(json.dumps(of_tests() if tests else of_rules(), indent=2, ensure_ascii=False))


app.command("test")(run_tests)
app.command()(explain)
app.command()(replay)
app.command()(gaps)
app.command()(record)


def _summary(loaded: "Loaded", folder: "Folder", found: "list[Finding]", running: "Running | None") -> str:
    from igbot.cli.findings import Checked, summary

    files = len(folder.files)
    if not files and not found:
        return f"no rule files (*.yaml) in {folder.root}: every message gets the text of IGBOT_FALLBACK_REPLY"
    digest = loaded.ruleset.digest if loaded.ruleset else None
    return summary(found, Checked(loaded.rules_read, loaded.lists_read, files, digest), running)
