"""README is checked, so that it cannot lie for long."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from igbot.cli import app
from igbot.errors import ExitCode
from igbot.rules.loading import load_rules
from igbot.rules.model import RuleFile

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(heading: str, language: str) -> list[str]:
    """The fenced blocks of one section."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.M | re.S)


def commands(group: typer.Typer, prefix: str = "") -> set[str]:
    """Every command of the program, with its group."""
    command = typer.main.get_command(group)
    found = set()
    for name, sub in getattr(command, "commands", {}).items():
        subs = getattr(sub, "commands", None)
        found |= {f"{prefix}{name} {each}" for each in subs} if subs else {f"{prefix}{name}"}
    return found


@pytest.mark.parametrize("example", blocks("Write rules", "yaml"))
def test_every_rule_example_loads_without_an_error(example: str) -> None:
    """An owner who copies an example gets rules that work."""
    loaded = load_rules([RuleFile("readme.yaml", example.encode())])
    assert [f for f in loaded.findings if f.severity == "error"] == []
    assert loaded.ruleset is not None
    assert loaded.ruleset.count > 0


@pytest.mark.parametrize("command", sorted(commands(app)))
def test_every_command_is_named(command: str) -> None:
    """What is not on the page does not exist for a stranger."""
    last = command.split()[-1]
    assert f"igbot {command}" in README or f"`{last}" in README


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_exit_code_is_in_the_table(code: ExitCode) -> None:
    """Scripts rely on exit codes."""
    assert re.search(rf"^\| {int(code)} \| \w", README, re.M)


def test_the_room_list_names_every_folder_of_the_program() -> None:
    """A newcomer finds each room on the page."""
    rooms = {path.parent.name for path in (ROOT / "igbot").glob("*/__init__.py")}
    listed = set(re.split(r"[\s·]+", blocks("Where a change goes", "")[0]))
    assert rooms <= listed


def test_each_path_in_the_tables_exists() -> None:
    """A table that sends people to a file that is not there is worse than none."""
    paths = set(re.findall(r"`((?:\w+/)+\w+\.py|\w+\.py)`", README))
    missing = {p for p in paths if not (ROOT / "igbot" / p).exists() and not (ROOT / p).exists()}
    assert missing == set()


def run_ci(folder: Path, readme: str) -> "subprocess.CompletedProcess[str]":
    """`.ci/run` in a folder with this page."""
    (folder / ".ci").mkdir()
    script = folder / ".ci" / "run"
    script.write_bytes((ROOT / ".ci" / "run").read_bytes())
    (folder / "README.md").write_text(readme, encoding="utf-8")
    return subprocess.run(["bash", str(script)], capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(shutil.which("bash") is None, reason="the script is for bash")
def test_ci_runs_the_test_command_of_this_page(tmp_path: Path) -> None:
    """`.ci/run` reads the command out of the README instead of repeating it."""
    done = run_ci(tmp_path, "# x\n\n## Test it\n\n```sh\necho first\necho 3 passed\n```\n")
    assert (done.returncode, done.stdout.splitlines()) == (0, ["first", "3 passed"])


@pytest.mark.skipif(shutil.which("bash") is None, reason="the script is for bash")
def test_ci_fails_when_any_line_of_the_command_fails(tmp_path: Path) -> None:
    """A red lint is not covered by green tests."""
    assert run_ci(tmp_path, "## Test it\n\n```sh\nfalse\necho passed\n```\n").returncode != 0
