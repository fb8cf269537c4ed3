"""Every row of igbot's table of Meta's errors as a fault to meet, and what such an error has to lead to. Pure."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from igbot.meta.error_table import TABLE, Row, row_for
from igbot.meta.graph_error import GraphError
from igbot.sandbox.faults import ErrorFault

Effect = Literal["passing", "message", "recipient", "thread", "wait", "halt"]
"""What an error leads to: the message is answered in the end (passing); it is refused for good, it alone, or with all
that was decided for this customer before, or with all until the other app gives the conversation back (thread); the
whole account waits, or stops until somebody acts, and then it is answered."""

EFFECTS: Sequence[tuple[str, Effect]] = (
    ("retry", "passing"),
    ("unknown", "passing"),
    ("wait account", "wait"),
    ("wait app", "wait"),
    ("refuse recipient", "recipient"),
    ("refuse thread", "thread"),
    ("refuse", "message"),
    ("halt", "halt"),
)
"""By what the name of a reaction begins with; the first that fits."""

_DRAWS = 2_000
_STATUSES = (400, 400, 403, 200, 500)
"""Meta's statuses say nothing: a refusal may come with any."""
_NEVER_AGAIN = 1


@dataclass(frozen=True, slots=True)
class Case:
    """A row, an error that it speaks of, and what that leads to. `tries`: how many such calls a reply is given up
    after; None where it is never repeated, or never given up."""

    row: Row
    fault: ErrorFault
    effect: Effect
    tries: int | None

    @property
    def is_trouble(self) -> bool:
        """Whether it says that Meta itself is in trouble, not that it has looked at the call."""
        return self.row.outage or self.row.reaction == "unknown"


def effect_of(row: Row) -> Effect:
    """What an error of the row has to lead to. Raises ValueError for a reaction that nobody has told the bench of."""
    for name, effect in EFFECTS:
        if row.reaction.startswith(name):
            return effect
    raise ValueError(f"the campaign does not know what {row.reaction!r} leads to: say it in bench/campaign/rows.py")


def case_of(row: Row, chance: random.Random) -> Case:
    """An error that the row speaks of, as Meta would send it.

    Raises ValueError where every error that the row names is another row's.
    """
    for _ in range(_DRAWS):
        code, subcode = _one_of(row.code, chance), None if row.subcode is None else _one_of(row.subcode, chance)
        if isinstance(row.subcode, range) and chance.random() < 0.5:
            subcode = None
        if code is None:
            continue
        said = f"{row.says or 'The campaign was asked to fail'}: {row.meaning}"
        # As it will be read: Meta puts the code before its words.
        error = GraphError(code, subcode, f"(#{code}) {said}", "OAuthException", None, False)
        if row_for(error) is row:
            return _case(row, code, subcode, said, chance)
    raise ValueError(f"no error comes to the row of {row.code}/{row.subcode}, {row.meaning!r}")


def _case(row: Row, code: int, subcode: int | None, said: str, chance: random.Random) -> Case:
    effect = effect_of(row)
    unknown = row.reaction == "unknown"
    # What is never called again has to have been taken, or nobody could be right.
    accepted = unknown and (row.calls == _NEVER_AGAIN or chance.random() < 0.5)
    status = 400 if row is TABLE[-1] else chance.choice(_STATUSES)
    fault = ErrorFault(code=code, subcode=subcode, message=said, status=status, accepted=accepted)
    tries = row.calls if effect == "passing" and row.calls != _NEVER_AGAIN else None
    return Case(row, fault, effect, tries)


def cases(chance: random.Random) -> list[Case]:
    """One of each row, shuffled."""
    drawn = [case_of(row, chance) for row in TABLE]
    chance.shuffle(drawn)
    return drawn


def dealt(chance: random.Random, *effects: Effect) -> Iterator[Case]:
    """Cases of these effects without end: every row once, then every row once more."""
    while True:
        yield from [case for case in cases(chance) if case.effect in effects]


def _one_of(wanted: int | range, chance: random.Random) -> int | None:
    return wanted if isinstance(wanted, int) else chance.randrange(max(wanted.start, 1), min(wanted.stop, 10_000_000))
