"""Pictures: what is drawn, how, and that it is drawn."""

from pathlib import Path

import pytest

from bench.chart import draw, drawable, is_ours, wants_log_scale
from bench.subject import Goal
from tests.bench.tables import RATE, WAIT, run, table


def test_the_first_figure_is_drawn_unless_the_subject_names_others() -> None:
    """Only of what was measured."""
    measured = table({"ours": [5.0]})
    assert drawable(measured) == [RATE]
    measured.chart = ["wait", "rate"]
    assert drawable(measured) == [WAIT, RATE]
    assert drawable(table({"ours": [None]})) == []


def test_small_bars_stay_visible_beside_large_ones() -> None:
    """A logarithmic scale from a factor of thirty; none where there is a zero."""
    assert wants_log_scale([1.0, 30.0])
    assert not wants_log_scale([1.0, 29.0])
    assert not wants_log_scale([0.0, 100.0])


def test_the_bars_that_goals_are_about_stand_out() -> None:
    """At whatever rate; all of them where there are no goals."""
    aimed = table({"igbot at 1/s": [1.0]}, Goal("rate", "igbot at 1/s", at_least=1.0))
    assert is_ours(aimed, "igbot at 3/s")
    assert not is_ours(aimed, "other at 1/s")
    assert is_ours(table({"other": [1.0]}), "other")


def test_every_measured_subject_gets_a_small_picture(tmp_path: Path) -> None:
    """A PNG by the subject's name, also with gaps and on a logarithmic scale."""
    pytest.importorskip("matplotlib")
    measured = table({"ours": [500.0, 700.0], "theirs": [None, 1.0], "none": [None]}, Goal("rate", "ours", at_least=1))
    measured.chart = ["rate", "wait"]
    drawn = draw(run(measured), tmp_path / "new")
    assert [path.name for path in drawn] == ["acks.png"]
    assert drawn[0].read_bytes().startswith(b"\x89PNG")
    assert drawn[0].stat().st_size < 150_000
