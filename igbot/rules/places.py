"""Where something stands in a rule file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A line and column (from 1), and how many characters from there are meant."""

    line: int
    column: int
    width: int = 1


NOWHERE = Place(1, 1)
"""Of what was not read from a file."""
