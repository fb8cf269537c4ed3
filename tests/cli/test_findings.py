"""The last line of `igbot rules lint`, and what is told beside the findings."""

from datetime import timedelta
from pathlib import Path

import pytest

from igbot.cli.findings import Checked, Running, is_bad, summary
from igbot.rules.model import Finding, Severity
from tests.cli.rules_folder import command

RULES = """\
version: 1
rules:
  - {name: help, keywords: [human], handoff: true, test: {yes: [human]}}
  - {name: other, fallback: true, once: true, reply: I am a bot}
"""


def found(*severities: Severity) -> list[Finding]:
    """Findings of which only the severity matters."""
    return [Finding("R000", severity, "a.yaml", 1, 1, "") for severity in severities]


@pytest.mark.parametrize(
    ("checked", "findings", "line"),
    [
        (Checked(14, 2, 2), found("error", "warning", "warning"), "14 rules, 2 lists in 2 files: 1 error, 2 warnings."),
        (Checked(1, 1, 1), found("hint"), "1 rule, 1 list in 1 file: 1 hint."),
        (Checked(3, 0, 1), [], "3 rules in 1 file: nothing to complain about."),
        (Checked(0, 0, 0), found("error"), "no rules in no files: 1 error."),
    ],
)
def test_the_last_line_counts_what_there_is(checked: Checked, findings: list[Finding], line: str) -> None:
    """And leaves out what there is none of."""
    assert summary(findings, checked) == line


@pytest.mark.parametrize(
    ("digest", "age", "end"),
    [
        (None, timedelta(hours=2, minutes=59), "Not loaded; still running set 4f1c9e (2 h old)."),
        (None, timedelta(days=3), "Not loaded; still running set 4f1c9e (3 d old)."),
        ("0" * 16, timedelta(seconds=61), "Not loaded yet; still running set 4f1c9e (1 min old)."),
        ("4f1c9e0123456789", timedelta(seconds=-1), "Running: set 4f1c9e (0 s old)."),
        (None, None, "Not loaded; still running set 4f1c9e."),
    ],
)
def test_a_running_server_is_told_of(digest: str | None, age: timedelta | None, end: str) -> None:
    """Whether it answers by what was checked."""
    line = summary([], Checked(1, 0, 1, digest), Running("4f1c9e0123456789", age))
    assert line == f"1 rule in 1 file: nothing to complain about. {end}"


def test_only_errors_are_bad_unless_strict() -> None:
    """Hints never are."""
    assert is_bad(found("error"), strict=False)
    assert not is_bad(found("warning"), strict=False)
    assert is_bad(found("warning"), strict=True)
    assert not is_bad(found("hint"), strict=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of rules, of which one has no test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "rules.d" / "tests").mkdir(parents=True)
    (tmp_path / "rules.d" / "a.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path / "rules.d"


def test_rules_that_no_test_is_about_are_named_where_there_are_tests(folder: Path) -> None:
    """A hint, which is never an error; without any test it would be all of them."""
    assert "R067" not in command("lint").output
    tests = folder / "tests" / "a.test.yaml"
    tests.write_text("cases: [{name: a, say: human, expect: {rule: help}}]", encoding="utf-8")
    result = command("lint", "--strict")
    assert result.exit_code == 0
    assert "rules.d/a.yaml:4:12  hint   R067  no test of other\n" in result.output
    tests.write_text("cases: [{name: a, table: [[x, other]]}]", encoding="utf-8")
    assert "R067" not in command("lint").output


def test_no_server_is_no_word_about_one(folder: Path) -> None:
    """Nobody is asked where none was started."""
    assert folder.is_dir()
    assert command("lint").output.endswith("2 rules in 1 file: nothing to complain about.\n")
