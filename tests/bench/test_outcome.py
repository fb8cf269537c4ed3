"""What is worked out of rounds: medians, ratios inside a round, verdicts."""

import pytest

from bench.outcome import Spread, judge, spread
from bench.subject import Goal
from tests.bench.tables import table


def test_a_median_stands_with_its_spread() -> None:
    """One slow round moves the spread, not the figure."""
    assert spread([10.0, 12.0, 1.0]) == Spread(10.0, 1.0, 12.0)
    assert spread([]) is None


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    """Contenders are held against each other within a round, in which the disk was the same for both."""
    both = table({"ours": [100.0, 10.0, 300.0], "theirs": [50.0, 10.0, 100.0]})
    assert both.ratios("ours", "theirs", "rate") == [2.0, 1.0, 3.0]


def test_a_round_that_one_of_them_missed_has_no_ratio() -> None:
    """A round without a sample is left out, and does not shift the others."""
    both = table({"ours": [100.0, None, 300.0], "theirs": [50.0, 10.0, None]})
    assert both.ratios("ours", "theirs", "rate") == [2.0]
    assert both.ratios("ours", "nobody", "rate") == []


@pytest.mark.parametrize(
    ("goal", "reached"),
    [
        (Goal("rate", "ours", at_least=200.0), True),
        (Goal("rate", "ours", at_least=201.0), False),
        (Goal("wait", "ours", at_most=0.2), True),
        (Goal("wait", "ours", at_most=0.1), False),
        (Goal("rate", "ours", "theirs", at_least=2.0), True),
        (Goal("rate", "ours", "theirs", at_least=2.1), False),
    ],
)
def test_a_goal_is_held_against_the_median(goal: Goal, reached: bool) -> None:
    """At least, at most, alone or as a ratio; the limit itself counts as reached."""
    measured = table({"ours": [100.0, 200.0, 300.0], "theirs": [50.0, 100.0, 150.0]}, goal)
    assert [verdict.reached for verdict in judge(measured)] == [reached]


def test_goals_of_the_disk_are_not_judged_on_a_slow_one() -> None:
    """The figure is told, and why there is no verdict; goals that do not depend on the disk are judged."""
    goals = (Goal("rate", "ours", at_least=1.0, fast_disk=True), Goal("rate", "ours", at_least=1.0))
    slow, other = judge(table({"ours": [100.0]}, *goals, disk=4_999.0))
    assert (slow.value, slow.reached) == (100.0, None)
    assert "slow disk" in slow.reason
    assert other.reached is True
    assert judge(table({"ours": [100.0]}, *goals, disk=5_000.0))[0].reached is True


def test_a_quick_run_judges_nothing() -> None:
    """Its figures only say that everything runs."""
    assert judge(table({"ours": [1.0]}, Goal("rate", "ours", at_least=9.0), quick=True))[0].reached is None


def test_a_goal_without_its_figure_is_not_judged() -> None:
    """A missing contender makes no goal a missed one; that it is missing is told elsewhere."""
    assert judge(table({"ours": [None]}, Goal("rate", "ours", at_least=9.0)))[0].reason == "not measured"
