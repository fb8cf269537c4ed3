"""The collector goes on while rules are read, but never looks through all that lives; then large sets are spared it."""

import gc
import warnings
import weakref
from collections.abc import Iterator

import pytest

from igbot.rulebook.collector import MANY, full_rounds_put_off, put_out_of_sight
from igbot.rules.deciding.ruleset import RuleSet
from tests.rules.writing import rules


class Circle:
    """What refers to itself is freed by the collector alone."""

    def __init__(self) -> None:
        self.itself = self


def many(count: int) -> RuleSet:
    """A set of so many rules."""
    return rules("".join(f"- {{name: r{number}, keywords: [w{number}], reply: x}}\n" for number in range(count)))


@pytest.fixture(autouse=True)
def sight() -> Iterator[None]:
    """What a test puts out of the collector's sight comes back; what other tests threw away is none of its business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    yield
    gc.unfreeze()


def test_circles_of_others_are_freed_meanwhile() -> None:
    """Or each reading would leave behind what all others threw away in its time."""
    with full_rounds_put_off():
        gone = weakref.ref(Circle())
        kept: list[list[int]] = [[] for _ in range(100_000)]
        assert gone() is None
    assert len(kept) == 100_000


def test_there_is_no_full_round_meanwhile() -> None:
    """However much is made."""
    gc.collect()
    before = gc.get_stats()[2]["collections"]
    with full_rounds_put_off():
        kept: list[list[int]] = [[] for _ in range(300_000)]
        assert gc.get_stats()[2]["collections"] == before
    assert len(kept) == 300_000


def test_the_collector_is_as_before_even_after_a_failure() -> None:
    """Whatever it was set to."""
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="oops"), full_rounds_put_off():
        raise ValueError("oops")
    assert gc.get_threshold() == before


def test_a_large_set_is_out_of_sight_and_a_small_one_is_not() -> None:
    """What was thrown away in circles before is not kept with it."""
    put_out_of_sight(many(3))
    assert gc.get_freeze_count() == 0
    large, gone = many(MANY), weakref.ref(Circle())
    put_out_of_sight(large)
    assert gc.get_freeze_count() > MANY
    assert gone() is None
