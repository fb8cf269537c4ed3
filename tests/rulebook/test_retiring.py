"""A set that is not in force any more goes after a while, piece by piece."""

from igbot.rulebook.retiring import LINGER_SECONDS, Retired, free_one_by_one
from tests.rules.writing import rules


def test_a_set_is_kept_for_those_who_still_decide_by_it() -> None:
    """Each for its own time."""
    retired = Retired()
    assert not retired.due(1e9)
    for start in (100.0, 100.5):
        retired.add(rules("- {name: price, keywords: [price], reply: x}"), start)
    assert not retired.due(100.0 + LINGER_SECONDS / 2)
    retired.free(100.0 + LINGER_SECONDS)
    assert not retired.due(100.0 + LINGER_SECONDS)
    assert retired.due(100.5 + LINGER_SECONDS)
    retired.free(101.0 + LINGER_SECONDS)
    assert not retired.due(1e9)


def test_pieces_go_one_after_the_other() -> None:
    """From the first to the last."""
    gone: list[int] = []

    class Piece:
        """Tells when it is freed."""

        def __init__(self, number: int) -> None:
            self.number = number

        def __del__(self) -> None:
            gone.append(self.number)

    pieces: list[object] = [Piece(number) for number in range(3)]
    free_one_by_one(pieces)
    assert gone == [0, 1, 2]
