"""Texts that may begin or end inside a word, all of them looked for in one pass."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from ahocorasick_rs import AhoCorasick

from igbot.rules.matching.words import bare_span, cuts_grapheme, may_cling, stands_alone

Role = Literal["starts", "ends", "contains", "word"]
"""Where a part must stand: at an edge of the message, anywhere, or (`word`) with no word cut."""
Item = TypeVar("Item")
_FILLED_EVERY = 64


@dataclass(frozen=True, slots=True)
class Parts:
    """`wanted` has for each of the automaton's texts the roles and numbers of the parts that look so; None: there are
    none."""

    automaton: AhoCorasick | None
    wanted: tuple[tuple[tuple[Role, int], ...], ...]

    def hits(self, text: str) -> Iterator[int]:
        """The numbers of all parts that stand in a text where they must; some more than once."""
        if self.automaton is None:
            return
        edges: tuple[int, int] | None = None
        wanted, clings = self.wanted, may_cling(text)
        for part, start, end in self.automaton.find_matches_as_indexes(text, overlapping=True):
            for role, number in wanted[part]:
                if role == "contains":
                    stands = not (clings and cuts_grapheme(text, start, end))
                elif role == "word":
                    stands = stands_alone(text, start, end)
                else:
                    edges = edges or bare_span(text)
                    at_edge = start in (0, edges[0]) if role == "starts" else end in (len(text), edges[1])
                    stands = at_edge and not cuts_grapheme(text, start, end)
                if stands:
                    yield number


def build_parts(entries: Sequence[tuple[str, Role, int]]) -> Parts:
    """The parts of (text in normal form and not empty, role, number)."""
    by_text: dict[str, list[tuple[Role, int]]] = {}
    for text, role, number in entries:
        by_text.setdefault(text, []).append((role, number))
    return Parts(
        automaton=build_automaton(by_text),
        wanted=tuple(spread([tuple(each) for each in by_text.values()], lambda _: ())),
    )


def build_automaton(texts: Collection[str]) -> AhoCorasick | None:
    """Looks for texts in normal form, none empty and each once; what it finds goes by their `spread` numbers.

    None where there are no texts.
    """
    return AhoCorasick(spread(texts, _never_found), store_patterns=False) if texts else None


def spread(items: Iterable[Item], filler: Callable[[int], Item]) -> list[Item]:
    """The items with a filler, made of its place, before every few of them.

    As it is built, the automaton moves its states that end a text before all others. Texts that begin with each other
    (`w1`, `w12`, `w123`: hardly a state that ends none) would make it do that in time that grows with their square.
    """
    found: list[Item] = []
    for place, item in enumerate(items):
        if place % _FILLED_EVERY == 0:
            found.append(filler(place))
        found.append(item)
    return found


def _never_found(place: int) -> str:
    # No text in normal form has a zero-width space.
    return f"\u200b{place} {'x' * _FILLED_EVERY}"
