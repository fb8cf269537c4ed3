"""A reply's text once read: pieces of text, and places that are filled in for each message."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

Value = str | int | float | bool | datetime | timedelta | None
"""What a name may stand for. Filters see it as it is; without one it is printed as text in the reply's language."""

Lookup = Callable[[str], Value]
"""The value of a name (`customer.first_name`, `match.1`, `slots.order.status`), None where there is none."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One step after a name, with its argument if it takes one."""

    name: str
    argument: str | int | None = None


@dataclass(frozen=True, slots=True)
class Insert:
    """A place that is filled in for each message: with the value of `name`, or with `constant` where that is given.

    A constant is one of `vars` whose filters depend on the reply's language or on the day.
    """

    name: str
    filters: tuple[Filter, ...] = ()
    constant: str | None = None

    @property
    def may_print_nothing(self) -> bool:
        """Whether an empty value stays empty."""
        return all(step.name != "default" for step in self.filters)


Template = tuple[str | Insert, ...]
"""What is said, in order; a text without anything to fill in is one piece."""
