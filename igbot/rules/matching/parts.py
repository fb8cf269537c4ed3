"""Texts that may begin or end inside a word, all of them looked for in one pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ahocorasick_rs import AhoCorasick

from igbot.rules.matching.words import bare_span, cuts_grapheme, may_cling, stands_alone

Role = Literal["starts", "ends", "contains", "word"]
"""Where a part must stand: at an edge of the message, anywhere, or (`word`) with no word cut."""


@dataclass(frozen=True, slots=True)
class Parts:
    """`roles` and `numbers` go with the automaton's patterns; None: there are none."""

    automaton: AhoCorasick | None
    roles: tuple[Role, ...]
    numbers: tuple[int, ...]

    def hits(self, text: str) -> Iterator[int]:
        """The numbers of all parts that stand in a text where they must; some more than once."""
        if self.automaton is None:
            return
        edges: tuple[int, int] | None = None
        roles, clings = self.roles, may_cling(text)
        for part, start, end in self.automaton.find_matches_as_indexes(text, overlapping=True):
            role = roles[part]
            if role == "contains":
                stands = not (clings and cuts_grapheme(text, start, end))
            elif role == "word":
                stands = stands_alone(text, start, end)
            else:
                edges = edges or bare_span(text)
                at_edge = start in (0, edges[0]) if role == "starts" else end in (len(text), edges[1])
                stands = at_edge and not cuts_grapheme(text, start, end)
            if stands:
                yield self.numbers[part]


def build_parts(entries: Sequence[tuple[str, Role, int]]) -> Parts:
    """The parts of (text in normal form and not empty, role, number)."""
    return Parts(
        automaton=AhoCorasick([text for text, _, _ in entries], store_patterns=False) if entries else None,
        roles=tuple(role for _, role, _ in entries),
        numbers=tuple(number for _, _, number in entries),
    )
