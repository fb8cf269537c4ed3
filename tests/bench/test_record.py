"""A run that is kept can be read again."""

from pathlib import Path

import pytest

from bench.record import NoRecord, read_record, write_record
from bench.subject import Goal
from tests.bench.tables import run, table


def test_a_kept_run_comes_back_whole(tmp_path: Path) -> None:
    """Every round, every goal, every reason, and the machine."""
    kept = table({"ours": [1.0, None], "theirs": [2.0, 3.0]}, Goal("rate", "ours", "theirs", at_least=0.5))
    kept.entries[0].reason = "the café's disk is full"
    path = tmp_path / "new" / "run.json"
    write_record(run(kept), path)
    assert read_record(path) == run(kept)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "machine": {}, "tables": []}'])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    """In words that name the file."""
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NoRecord, match=r"other\.json"):
        read_record(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Not a trace."""
    with pytest.raises(NoRecord, match=r"none\.json cannot be read"):
        read_record(tmp_path / "none.json")
