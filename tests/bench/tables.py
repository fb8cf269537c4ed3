"""Small tables of rounds, as if they had been measured."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from bench.machine import Machine
from bench.outcome import Entry, Run, Table
from bench.subject import Contender, Figure, Goal, Ground, Subject

RATE = Figure("rate", "acks/s", 0)
WAIT = Figure("wait", "p99 ms", 2, more_is_better=False)
MACHINE = Machine("2026-11-23 10:00", "A CPU [x]", 2, 24.0, "An OS", "ext4", {"Python": "3.11.7"})


def never(_ground: Ground) -> AbstractAsyncContextManager[Sequence[Contender]]:
    """The opening of a subject that nobody opens."""
    raise AssertionError("it is opened")


def subject(*goals: Goal, baseline: str | None = None) -> Subject:
    """A subject with the figures above."""
    return Subject("acks", "Acks", "How it was done.", (RATE, WAIT), never, goals, baseline)


def table(
    measured: Mapping[str, Sequence[float | None]],
    *goals: Goal,
    disk: float = 9_000.0,
    quick: bool = False,
    baseline: str | None = None,
) -> Table:
    """A table with the given rates of each contender, round by round, and waits of a thousandth of them."""
    made = Table.of(subject(*goals, baseline=baseline), quick=quick)
    made.entries = [
        Entry(name, [None if each is None else {"rate": each, "wait": each / 1000} for each in rates])
        for name, rates in measured.items()
    ]
    rounds = max(len(rates) for rates in measured.values())
    made.fdatasync = [disk] * rounds
    made.others = [1.0] * rounds
    made.cpu = [dict.fromkeys(measured, 150.0) for _ in range(rounds)]
    return made


def run(*tables: Table) -> Run:
    """A run of these tables."""
    return Run(MACHINE, list(tables))
