"""Keeps Python's garbage collector from holding up everybody while, and after, thousands of rules are read."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from igbot.rules.deciding.ruleset import RuleSet

MANY = 1_000
"""Rules of a set that is put out of the collector's sight: it would look through fewer within some milliseconds."""
# A young round looks through two thousand objects, well within a millisecond, and an older one through four times as
# many; a full one would look through all that lives.
_WHILE_READING = (2_000, 4, 1_000_000)


@contextmanager
def full_rounds_put_off() -> Iterator[None]:
    """No full round of the collector meanwhile, of which each would hold the interpreter for 100 ms and more.

    Young rounds go on: what other tasks leave in circles is still freed. For one reader at a time.
    """
    before = gc.get_threshold()
    gc.set_threshold(*_WHILE_READING)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def put_out_of_sight(rules: RuleSet) -> None:
    """Spares the collector a large set that has just been read, which stays for long: its full rounds stay short.

    Objects without circles, as these are, are freed all the same when nobody has them any more.
    """
    if rules.count >= MANY:
        # Once out of sight, circles of other tasks would never be freed.
        gc.collect(1)
        gc.freeze()
