"""Frees rule sets that are not in force any more in small pieces: all at once would hold up the event loop."""

from igbot.rules.deciding.ruleset import RuleSet, take_apart

LINGER_SECONDS = 1.0
"""How long a set is kept for those who still decide by it: the last one to let go of it would free it all at once."""


class Retired:
    """Sets that were in force, each with the time (any clock that goes on, in seconds) at which it was replaced."""

    def __init__(self) -> None:
        self._sets: list[tuple[float, RuleSet]] = []

    def add(self, rules: RuleSet, now: float) -> None:
        """Takes over a set, of which the caller has no other reference."""
        self._sets.append((now, rules))

    def due(self, now: float) -> bool:
        """Whether there is one that nobody needs any more."""
        return bool(self._sets) and now - self._sets[0][0] >= LINGER_SECONDS

    def free(self, now: float) -> None:
        """Frees those that are due; in a thread."""
        while self.due(now):
            free_one_by_one(take_apart(self._sets.pop(0)[1]))


def free_one_by_one(pieces: list[object]) -> None:
    """Empties a list whose items nobody else holds; in a thread: others have their turn between any two items."""
    # Tables come first in a set's pieces: what they hold is then freed with its rule.
    pieces.reverse()
    while pieces:
        pieces.pop()
