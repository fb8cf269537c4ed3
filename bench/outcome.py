"""What a run found, as plain values: every round kept, medians and verdicts worked out from them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.machine import Machine
from bench.subject import Figure, Goal, Subject

BUSY_MACHINE = 25.0
"""% of one core from which other programs must be expected to have changed the figures."""
FAST_DISK = 5_000.0
"""fdatasync/s from which goals that depend on the disk are judged."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Of several rounds."""

    median: float
    least: float
    most: float


@dataclass(slots=True)
class Entry:
    """One contender: its sample of each round, None where there is none; `reason`, where it could not be measured."""

    name: str
    samples: list[dict[str, float] | None] = field(default_factory=list)
    reason: str = ""


@dataclass(slots=True)
class Table:
    """One subject's rounds, and per round beside them: the disk's `fdatasync`/s, how busy `others` kept the machine
    before it, and by contender how busy the whole machine was during its turn (% of one core; 200: two cores)."""

    name: str
    title: str
    notes: str
    figures: list[Figure]
    goals: list[Goal]
    baseline: str | None
    chart: list[str]
    quick: bool
    entries: list[Entry] = field(default_factory=list)
    fdatasync: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    cpu: list[dict[str, float]] = field(default_factory=list)
    reason: str = ""

    @classmethod
    def of(cls, subject: Subject, *, quick: bool) -> "Table":
        """Of a subject, without any rounds yet."""
        return cls(
            name=subject.name,
            title=subject.title,
            notes=subject.notes,
            figures=list(subject.figures),
            goals=list(subject.goals),
            baseline=subject.baseline,
            chart=list(subject.chart),
            quick=quick,
        )

    def entry(self, name: str) -> Entry | None:
        """The contender of that name."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def values(self, contender: str, figure: str) -> list[float]:
        """What was measured, round by round."""
        entry = self.entry(contender)
        return [] if entry is None else [each[figure] for each in entry.samples if each and figure in each]

    def spread(self, contender: str, figure: str) -> Spread | None:
        """Of the rounds in which it was measured."""
        return spread(self.values(contender, figure))

    def ratios(self, contender: str, against: str, figure: str) -> list[float]:
        """Of the rounds in which both were measured: the disk and the neighbours were the same for both then."""
        one, other = self.entry(contender), self.entry(against)
        if one is None or other is None:
            return []
        pairs = zip(one.samples, other.samples, strict=False)
        return [a[figure] / b[figure] for a, b in pairs if a and b and a.get(figure) is not None and b.get(figure)]

    def unmeasured(self) -> list[str]:
        """What could not be measured, a line each."""
        own = [f"{self.name}: {self.reason}"] if self.reason else []
        return own + [f"{self.name}, {entry.name}: {entry.reason}" for entry in self.entries if entry.reason]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one goal. `reached` is None where it was not judged, for `reason`."""

    goal: Goal
    value: float | None
    reached: bool | None
    reason: str = ""


@dataclass(slots=True)
class Run:
    """Everything a call of the bench found."""

    machine: Machine
    tables: list[Table]


def spread(values: Sequence[float]) -> Spread | None:
    """None of no values."""
    return Spread(median(values), min(values), max(values)) if values else None


def is_busy(table: Table) -> bool:
    """Whether other programs took so much of the machine that the figures say little."""
    return bool(table.others) and median(table.others) >= BUSY_MACHINE


def judge(table: Table) -> list[Verdict]:
    """Every goal of the subject."""
    return [_verdict(table, goal) for goal in table.goals]


def _verdict(table: Table, goal: Goal) -> Verdict:
    if goal.against is None:
        found = spread(table.values(goal.contender, goal.figure))
    else:
        found = spread(table.ratios(goal.contender, goal.against, goal.figure))
    if found is None:
        return Verdict(goal, None, None, "not measured")
    value = found.median
    if table.quick:
        return Verdict(goal, value, None, "not judged: quick run")
    if goal.fast_disk and median(table.fdatasync or [0.0]) < FAST_DISK:
        return Verdict(goal, value, None, f"not judged: slow disk (below {FAST_DISK:,.0f} fdatasync/s)")
    reached = (goal.at_least is None or value >= goal.at_least) and (goal.at_most is None or value <= goal.at_most)
    return Verdict(goal, value, reached)
