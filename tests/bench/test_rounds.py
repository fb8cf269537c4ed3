"""Every contender has its turn in every round, and none is stopped by another's trouble."""

from collections.abc import Iterator
from itertools import count

import pytest

from bench.outcome import Table
from bench.rounds import play
from bench.subject import Contender, NotMeasurable, Sample
from tests.bench.tables import subject


class Course:
    """Contenders that write down their turns; `fail` lets one of them raise."""

    def __init__(self) -> None:
        self.turns: list[str] = []
        self.table = Table.of(subject(), quick=False)
        self._disk: Iterator[int] = count(7_000)

    def contender(self, name: str, *, fails: Exception | None = None) -> Contender:
        async def once() -> Sample:
            self.turns.append(name)
            if fails is not None:
                raise fails
            return {"rate": float(len(self.turns))}

        return Contender(name, once)

    async def run(self, *contenders: Contender, rounds: int) -> None:
        """Play them."""
        await play(
            contenders,
            self.table,
            rounds=rounds,
            disk=lambda: float(next(self._disk)),
            busy_seconds=lambda: 0.0,
            say=lambda _: None,
            look_seconds=0,
        )


async def test_rounds_are_interleaved() -> None:
    """All in turn, then all again, with the disk measured before each round."""
    course = Course()
    await course.run(course.contender("a"), course.contender("b"), rounds=3)
    assert course.turns == ["a", "b", "a", "b", "a", "b"]
    assert course.table.values("b", "rate") == [2.0, 4.0, 6.0]
    assert course.table.fdatasync == [7_000.0, 7_001.0, 7_002.0]
    assert course.table.others == [0.0, 0.0, 0.0]
    assert [set(beside) for beside in course.table.cpu] == [{"a", "b"}] * 3


async def test_what_cannot_be_measured_is_left_out_and_named() -> None:
    """The others go on, and no second try costs them time."""
    course = Course()
    missing = NotMeasurable("there is no pgbench here")
    await course.run(course.contender("a", fails=missing), course.contender("b"), rounds=2)
    assert course.turns == ["a", "b", "b"]
    assert course.table.unmeasured() == ["acks, a: there is no pgbench here"]
    assert len(course.table.values("b", "rate")) == 2


async def test_a_bug_in_one_contender_costs_only_its_own_figures(capsys: pytest.CaptureFixture[str]) -> None:
    """The trace goes to standard error, a line of it into the table."""
    course = Course()
    await course.run(course.contender("a", fails=ZeroDivisionError("oh")), course.contender("b"), rounds=1)
    assert course.table.unmeasured() == ["acks, a: it failed: ZeroDivisionError: oh"]
    assert course.table.values("b", "rate") == [2.0]
    assert "Traceback" in capsys.readouterr().err
