"""Finds the few rules that may fit a message, the one that may be best first."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import merge

from igbot.meta.events import CustomerKind
from igbot.rules.deciding.anchors import Anchor, anchors
from igbot.rules.deciding.choice import Incoming
from igbot.rules.deciding.trees import Tree
from igbot.rules.matching.normalise import normalise
from igbot.rules.rule import Rule

Places = tuple[int, ...]
SortKey = tuple[int, ...]
"""Smaller is better: what the order counts, negated, and the place in the files, so that no two are equal."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule with its conditions in numbers. `place` is where it stands among all in the files, `bound` the best that
    its sort key can be, `says_profile` whether what it says or sends names what Meta tells of a customer."""

    rule: Rule
    place: int
    tree: Tree
    bound: SortKey
    says_profile: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Some rules by what a message must bring for them. `entries` are in the order of their bounds; the numbers in the
    others are places there. `by_kind` has the rules that may fit a message which brings nothing of the kind."""

    entries: tuple[Entry, ...]
    by_keyword: Mapping[int, Places]
    by_other: Mapping[Anchor, Places]
    prefix_lengths: tuple[int, ...]
    by_kind: Mapping[CustomerKind, Places]

    def candidates(self, message: Incoming, hits: set[int]) -> Iterator[Entry]:
        """The rules that can fit, in the order of their bounds; each has still to be asked."""
        found: set[int] = set()
        by_keyword = self.by_keyword
        for number in hits:
            if number in by_keyword:
                found.update(by_keyword[number])
        if self.by_other:
            for anchor in self._brought(message):
                found.update(self.by_other.get(anchor, ()))
        places: Iterable[int] = sorted(found)
        always = self.by_kind.get(message.kind)
        if always:
            places = merge(places, always) if found else always
        for place in places:
            yield self.entries[place]

    def _brought(self, message: Incoming) -> Iterator[Anchor]:
        payload = message.payload
        if payload is not None:
            yield "payload", payload
            for length in self.prefix_lengths:
                if length <= len(payload):
                    yield "prefix", payload[:length]
        if message.emoji is not None:
            yield "emoji", normalise(message.emoji)
        if message.story is not None:
            yield "story", message.story
        if message.post is not None:
            yield "post", message.post
        if message.ad is not None:
            yield "ad", message.ad


def build_table(entries: Iterable[Entry], uses: Mapping[int, int]) -> Table:
    """The table of some rules; `uses` tells how common each keyword is among all rules."""
    ordered = tuple(sorted(entries, key=lambda entry: entry.bound))
    by_keyword: defaultdict[int, list[int]] = defaultdict(list)
    by_other: defaultdict[Anchor, list[int]] = defaultdict(list)
    by_kind: defaultdict[CustomerKind, list[int]] = defaultdict(list)
    for place, entry in enumerate(ordered):
        found = anchors(entry.tree, uses)
        if found is None:
            for kind in entry.rule.kinds:
                by_kind[kind].append(place)
            continue
        for sort, which in found:
            if sort == "text" and isinstance(which, int):
                by_keyword[which].append(place)
            else:
                by_other[sort, which].append(place)
    return Table(
        entries=ordered,
        by_keyword={number: tuple(places) for number, places in by_keyword.items()},
        by_other={anchor: tuple(places) for anchor, places in by_other.items()},
        prefix_lengths=tuple(sorted({len(str(which)) for sort, which in by_other if sort == "prefix"})),
        by_kind={kind: tuple(places) for kind, places in by_kind.items()},
    )
