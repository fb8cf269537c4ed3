"""`igbot rules lint` on real files: what a person, a script and GitHub read, and the exit codes."""

import json
import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from igbot.cli.rules import app
from igbot.errors import IgbotError, UsageError

GOOD = """\
version: 1
rules:
  - {name: price, keywords: [price, prices], reply: Ask away.}
  - {name: person, keywords: [human], handoff: true}
  - {name: other, fallback: true, limit: {times: 2, within: 1h}, reply: "I am a bot, sorry?"}
"""
WARNED = GOOD.replace("[price, prices]", "[price, prices, PRICE]")
BROKEN = GOOD.replace("keywords: [price", "keyword: [a], keywords: [price")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in, with an empty `rules.d`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "rules.d").mkdir()
    return tmp_path


def lint(*arguments: str) -> Result:
    """Runs the command."""
    return CliRunner().invoke(app, ["lint", *arguments])


def test_clean_rules_are_one_line_and_exit_0(home: Path) -> None:
    """The folder of the settings, where none is named."""
    (home / "rules.d" / "shop.yaml").write_text(GOOD)
    result = lint()
    assert (result.exit_code, result.output) == (0, "3 rules in 1 file: nothing to complain about.\n")


def test_an_error_shows_its_line_a_caret_and_the_way_out(home: Path) -> None:
    """Exit 1: the server would not take the rules."""
    (home / "rules.d" / "shop.yaml").write_text(BROKEN)
    result = lint("rules.d")
    assert result.exit_code == 1
    assert result.output == (
        'rules.d/shop.yaml:3:19  error  R003  a rule has no key "keyword"\n'
        "    3 |   - {name: price, keyword: [a], keywords: [price, prices], reply: Ask away.}\n"
        '      |                   ^^^^^^^ did you mean "keywords"?\n'
        "3 rules in 1 file: 1 error.\n"
    )


def test_warnings_count_as_errors_only_when_strict(home: Path) -> None:
    """For a check before a merge."""
    (home / "rules.d" / "shop.yaml").write_text(WARNED)
    assert lint().exit_code == 0
    assert "warn   R021" in lint().output
    assert lint("--strict").exit_code == 1


def test_a_caret_stands_under_wide_letters_and_after_tabs(home: Path) -> None:
    """Widths as a terminal shows them."""
    (home / "a.yaml").write_text(GOOD.replace("[price, prices]", "[价格, 价格]").replace("[human]", "[{is:\tno}]"))
    lines = lint("a.yaml").output.splitlines()
    assert lines[2] == "      | " + " " * 35 + "^^^^ delete it"
    assert lines[5].index("^^") == lines[4].index("no}")


@pytest.mark.parametrize("arguments", [["--json"], ["--format", "json"]])
def test_a_script_reads_one_object_a_line(home: Path, arguments: list[str]) -> None:
    """And nothing else on stdout."""
    (home / "rules.d" / "shop.yaml").write_text(WARNED.replace("Ask away.", "no"))
    result = lint(*arguments)
    assert result.exit_code == 1
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["code"] for each in found] == ["R021", "R004"]
    assert found[0] == {
        "code": "R021",
        "severity": "warning",
        "file": "rules.d/shop.yaml",
        "line": 3,
        "column": 45,
        "message": 'word "PRICE" is the same keyword as word "price" in line 3',
        "hint": "delete it",
    }


def test_github_shows_a_finding_beside_its_line(home: Path) -> None:
    """A workflow command, escaped."""
    (home / "a,b.yaml").write_text(BROKEN.replace("keyword:", '"key%word":'))
    line = lint("--format", "github", "a,b.yaml").output.splitlines()[0]
    assert line.startswith('::error file=a%2Cb.yaml,line=3,col=19,title=R003::a rule has no key "key%25word"')


def test_an_empty_folder_says_what_that_means() -> None:
    """Not silence."""
    result = lint("rules.d")
    assert result.exit_code == 0
    assert "no rule files (*.yaml) in rules.d" in result.output


def test_a_path_that_does_not_exist_is_wrong_usage() -> None:
    """Exit 2."""
    result = lint("nowhere")
    assert isinstance(result.exception, UsageError)
    assert result.exception.message == "nowhere does not exist"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among files")
def test_a_device_or_a_pipe_is_no_rule_file(home: Path) -> None:
    """Said at once: to read a pipe would be to wait for ever."""
    os.mkfifo(home / "pipe.test.yaml")
    for path in (os.devnull, "pipe.test.yaml"):
        for command in ("lint", "test"):
            result = CliRunner().invoke(app, [command, path])
            assert isinstance(result.exception, UsageError)
            assert result.exception.message == f"{path} is not a regular file"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_could_not_be_checked(home: Path) -> None:
    """Exit 3."""
    (home / "rules.d").chmod(0)
    result = lint("rules.d")
    (home / "rules.d").chmod(0o700)
    assert isinstance(result.exception, IgbotError)
    assert result.exception.exit_code == 3


def test_what_a_rule_file_holds_is_never_markup_for_the_terminal(home: Path) -> None:
    """Brackets stay brackets."""
    (home / "a.yaml").write_text(GOOD + "'[red]x[/red]': 1\n")
    assert 'a rule file has no key "[red]x[/red]"' in lint("a.yaml").output
