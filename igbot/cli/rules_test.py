"""`igbot rules test`: whether the rules still answer as their owner wrote down that they shall."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from igbot.errors import ExitCode, IgbotError, UsageError

if TYPE_CHECKING:
    from igbot.cli.rules_running import TestRun
    from igbot.settings.model import Settings


class Shape(StrEnum):
    """How verdicts are printed."""

    TEXT = "text"
    JSON = "json"


def run_tests(
    path: Annotated[
        Path | None,
        typer.Argument(readable=False, help="A folder or one *.test.yaml; else all of the settings' rules."),
    ] = None,
    *,
    word: Annotated[str | None, typer.Option("-k", metavar="WORD", help="Only cases with this in their name.")] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print failures only.")] = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="List every rule that never won, and where it is.")
    ] = False,
    fail_under: Annotated[
        int | None, typer.Option("--fail-under", min=0, max=100, help="Fail where less of the rules has won, in %.")
    ] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit's XML there, too.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Run again whenever a file is saved, until Ctrl-C.")] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Write the replies that came in place of those expected; asks first.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before --update writes.")] = False,
    output: Annotated[Shape, typer.Option("--format", help="For people or scripts.")] = Shape.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Run the rule tests: no database, no network, a clock that stands still. Exit code 1: something differs."""
    from igbot.cli.opening import settings_for
    from igbot.cli.rules_folder import folder_around, from_here

    shape = Shape.JSON if as_json else output
    if shape is Shape.JSON and (watch or update):
        raise UsageError("--watch and --update are for people", hint="leave out --format json")
    settings = settings_for(None)
    root = folder_around(path, from_here(settings.rules_dir))
    asked = Asked(settings, root, path, word, quiet, coverage, fail_under, junit, shape)
    if watch:
        with suppress(KeyboardInterrupt):
            watch_tests(asked, _changes(asked))
        return
    run = asked.run()
    if update:
        from igbot.cli.rules_update import update as write

        if write(run, yes=yes):
            run = asked.run()
    if not asked.tell(run):
        raise typer.Exit(ExitCode.BAD)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options ask for; `root` is the folder of rules that the tests are about."""

    settings: "Settings"
    root: Path
    path: Path | None = None
    word: str | None = None
    quiet: bool = False
    coverage: bool = False
    fail_under: int | None = None
    junit: Path | None = None
    shape: Shape = Shape.TEXT

    def run(self) -> "TestRun":
        """Reads the files as they are now and runs the tests. Raises UsageError where there are none of those named."""
        import os

        from igbot.cli.rules_folder import read_rules, read_tests
        from igbot.cli.rules_running import Runner

        ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
        folder = read_rules(self.root)
        run = Runner(folder, read_tests(self.root, self.path), self.settings, self.word, ci).run()
        if not run.counts and not run.findings:
            self._refuse_nothing()
        return run

    def _refuse_nothing(self) -> None:
        """Raises UsageError where tests were asked for by name and there are none."""
        if self.word:
            raise UsageError(f'no case has "{self.word}" in its name', hint="without -k all of them run")
        if self.path is not None:
            raise UsageError(f"there are no tests in {self.path}", hint="they are files whose names end in .test.yaml")

    def tell(self, run: "TestRun") -> bool:
        """Prints and writes the verdicts; whether all is well."""
        from igbot.cli.output import emit_json
        from igbot.cli.rules_shapes import json_of, write_junit
        from igbot.cli.rules_verdicts import print_run

        if self.junit is not None:
            write_junit(run, self.junit)
        if self.shape is Shape.JSON:
            emit_json(json_of(run))
        else:
            print_run(run, quiet=self.quiet, all_never=self.coverage)
        covered = run.coverage.percent if run.coverage else 0
        if self.fail_under is not None and covered < self.fail_under:
            typer.echo(f"covered {covered} %, and --fail-under wants {self.fail_under} %", err=True)
            return False
        return run.good


def watch_tests(asked: Asked, changes: Iterable[object]) -> None:
    """Runs the tests now and after each change. A file that is half saved, or gone for a moment, ends nothing."""
    _run_and_tell(asked)
    for _ in changes:
        typer.echo()
        _run_and_tell(asked)


def _run_and_tell(asked: Asked) -> None:
    from igbot.cli.output import print_error

    try:
        asked.tell(asked.run())
    except IgbotError as error:
        print_error(error)


def _changes(asked: Asked) -> Iterable[object]:
    from watchfiles import watch

    def matters(_: object, name: str) -> bool:
        return name.endswith((".yaml", ".yml", ".json"))

    return watch(asked.root, asked.path or asked.root, watch_filter=matters, raise_interrupt=True)
