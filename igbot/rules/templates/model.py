"""A reply's text once read: pieces of text, and places that are filled in for each message."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

Value = str | int | float | bool | datetime | None
"""What a name may stand for. Filters see it as it is; without a filter it is printed as text in the reply's language."""

Lookup = Callable[[str], Value]
"""The value of a name (`customer.first_name`, `match.1`, `slots.order.status`), None where there is none."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One step after a name, with its argument if it takes one."""

    name: str
    argument: str | int | None = None


@dataclass(frozen=True, slots=True)
class Insert:
    """A place that is filled in for each message."""

    name: str
    filters: tuple[Filter, ...] = ()

    @property
    def may_print_nothing(self) -> bool:
        """Whether an empty value stays empty."""
        return all(step.name != "default" for step in self.filters)


Template = tuple[str | Insert, ...]
