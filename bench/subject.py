"""What a subject of the bench is: contenders measured round by round in turn, and goals held against their medians."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

Sample = Mapping[str, float]
"""One round of one contender: figure name → value, in the figure's unit."""


class NotMeasurable(Exception):
    """This machine cannot measure it; the text says in one line what is missing and what would help."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a run measures on.

    `database()` makes a fresh, empty, unmigrated database and yields its URL, dropped afterwards. `directory` is a
    temporary folder of the run. `seconds` is how long a timed round lasts, `connections` how many customers' lines a
    load uses. `quick`: sizes and times are cut so that everything runs in a minute; goals are then not judged.
    """

    database: Callable[[], AbstractAsyncContextManager[str]]
    directory: Path
    seconds: float
    connections: int
    quick: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A column: its name in the samples, its heading with the unit, and whether more is better."""

    name: str
    heading: str
    digits: int = 1
    more_is_better: bool = True


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do the job. `round` does it once and measures; raises NotMeasurable where it cannot."""

    name: str
    round: Callable[[], Awaitable[Sample]]


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure to reach: of `contender`, or its median per-round ratio to `against`.

    `at_least`/`at_most`: the limit, one of them given. `fast_disk`: counts only where the disk does 5,000 fdatasync/s.
    """

    figure: str
    contender: str
    against: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    fast_disk: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """One table. `open` prepares what all rounds share, yields the contenders in their order, and clears up.

    `chart` names the figures that are drawn (at most four); none: the first. `baseline` is the contender that all
    others are held against, by the first figure.
    """

    name: str
    title: str
    notes: str
    figures: Sequence[Figure]
    open: Callable[[Ground], AbstractAsyncContextManager[Sequence[Contender]]]
    goals: Sequence[Goal] = field(default=())
    baseline: str | None = None
    rounds: int = 5
    chart: Sequence[str] = ()


Opening = AsyncIterator[Sequence[Contender]]
