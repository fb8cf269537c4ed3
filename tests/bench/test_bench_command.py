"""`python -m bench`: what it says to a person who gives it something wrong."""

from pathlib import Path

import pytest

import bench.__main__ as command
from bench.catalogue import SUBJECTS, find
from bench.record import write_record
from tests.bench.tables import run, table


def test_an_unknown_name_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit 2, nothing measured."""
    assert command.main(["acks", "akcs"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "'akcs'" in said
    assert all(name in said for name in (*SUBJECTS, "campaign"))


def test_a_missing_extra_is_answered_with_how_to_install_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, exit 2."""
    monkeypatch.setattr(command, "NEEDED", ("no_such_package",))
    assert command.main(["acks"]) == 2
    assert capsys.readouterr().err == "bench: no_such_package is not installed: pip install -e '.[bench]'\n"


@pytest.mark.parametrize("wrong", ["--rounds=0", "--rounds=x", "--seconds=0", "--seconds=nan", "--seconds=x", "--no"])
def test_numbers_that_make_no_sense_are_refused(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, with the option's name."""
    with pytest.raises(SystemExit) as refused:
        command.main(["acks", wrong])
    assert refused.value.code == 2
    assert wrong.partition("=")[0] in capsys.readouterr().err


def test_subjects_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """One a line."""
    assert command.main(["--list"]) == 0
    assert capsys.readouterr().out.splitlines() == list(SUBJECTS)


def test_a_kept_run_is_printed_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without measuring anything; its verdict is the exit code."""
    for needed in command.NEEDED:
        pytest.importorskip(needed)
    write_record(run(table({"ours": [5.0]})), tmp_path / "run.json")
    assert command.main(["--from", str(tmp_path / "run.json")]) == 0
    assert "Acks" in capsys.readouterr().out


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_subject_is_found_by_its_own_name(name: str) -> None:
    """Its goals speak of figures that it has."""
    pytest.importorskip("psutil")
    subject = find(name)
    assert subject.name == name
    figures = {figure.name for figure in subject.figures}
    assert {goal.figure for goal in subject.goals} | set(subject.chart) <= figures
    assert all((goal.at_least is None) != (goal.at_most is None) for goal in subject.goals)
