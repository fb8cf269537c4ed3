"""Lengths of time in the words of the rule language."""

from datetime import timedelta

_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)), ("s", timedelta(seconds=1)))


def span(length: timedelta) -> str:
    """A length as rules write it: `7d`, `90m`, `30s`."""
    for unit, size in _UNITS:
        if length >= size and length % size == timedelta(0):
            return f"{length // size}{unit}"
    return f"{length.total_seconds():g}s"


def roughly(length: timedelta) -> str:
    """A measured length, in whole numbers of its largest unit."""
    unit, size = next(((unit, size) for unit, size in _UNITS if length >= size), _UNITS[-1])
    return f"{length // size}{unit}"
