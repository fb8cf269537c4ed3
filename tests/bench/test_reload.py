"""What reloads are measured on."""

from pathlib import Path

import pytest

from bench.reloading.editions import save, write_edition
from bench.subjects.reload import FEW, MANY, RULES, SUBJECT
from igbot.rulebook.folder import read_folder
from igbot.rules.loading import load_rules


@pytest.mark.parametrize("rules", [10, 2_100])
def test_an_edition_has_as_many_rules_as_asked_for_and_loads(tmp_path: Path, rules: int) -> None:
    """In files that are not too large."""
    write_edition(tmp_path / "1", 1, rules=rules)
    loaded = load_rules(read_folder(tmp_path / "1").files)
    assert loaded.ruleset is not None, loaded.findings
    assert loaded.ruleset.count == rules


def test_a_saved_edition_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """Every rule of it is new."""
    folder, seen = tmp_path / "rules.d", []
    for number in (1, 2):
        write_edition(tmp_path / str(number), number, rules=10)
        save(tmp_path / str(number), folder)
        [file] = read_folder(folder).files
        seen.append(set(file.data.decode().splitlines()[2:]))
    assert {line.split(":")[0] for line in seen[0] & seen[1]} == {"  - name"}


def test_goals_are_of_contenders_that_there_are() -> None:
    """A goal of nobody would never be missed."""
    assert {FEW, MANY} == set(RULES)
    assert {goal.contender for goal in SUBJECT.goals} <= set(RULES)
