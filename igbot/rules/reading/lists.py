"""The shared word lists of all files; a list may name others, but not in a circle."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from igbot.rules.conditions import WordList
from igbot.rules.reading.draft import Named
from igbot.rules.reading.keywords import read_matchers
from igbot.rules.reading.patterns import Patterns
from igbot.rules.reading.scope import Words
from igbot.rules.reading.source import FileReport, Node, place_of
from igbot.rules.reading.values import read_text, unknown_name

MOST_NESTED = 40
"""Lists in lists in lists."""
LONGEST_LIST = 10_000
"""Words of one list, with those of the lists it names."""
MOST_LISTED = 500_000
"""Words that all rules together name through lists."""


@dataclass(slots=True)
class _List:
    """A list, read or being read. `count` is of its words with those of lists in it, which nest `height` deep."""

    words: WordList
    count: int = 0
    height: int = 1
    groups: frozenset[str] = frozenset()


@dataclass(slots=True)
class WordLists:
    """Finds lists by name, and reads each when it is first asked for."""

    written: Mapping[str, tuple[Named, FileReport]]
    patterns: Patterns
    read: dict[str, _List] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    listed: int = 0

    def all(self) -> dict[str, WordList]:
        """Every list by its name."""
        found = {name: self._read(name) for name in self.written}
        return {name: each.words for name, each in found.items() if each}

    def find(self, node: Node, words: Words) -> WordList | None:
        """The list that a node names; R050 for one that there is not, R054 for one that cannot be written out here."""
        name = read_text(node, "list", words.report)
        if name is None:
            return None
        if name not in self.written:
            unknown_name(node, "list", self.written, words.report)
            return None
        if name in self.open:
            circle = " → ".join([*self.open[self.open.index(name) :][:5], name])
            words.report.error("R054", node, f"lists name each other in a circle: {circle}", hint="delete one of them")
            return None
        found = self._read(name)
        if found is None or not self._is_affordable(found, node, words.report):
            return None
        words.groups.update(found.groups)
        return found.words

    def _is_affordable(self, found: _List, node: Node, report: FileReport) -> bool:
        """Counts what naming a list writes out, in the list that names it or else in all rules."""
        if self.open:
            around = self.read[self.open[-1]]
            around.count += found.count
            around.height = max(around.height, found.height + 1)
            message = f"a list may hold {LONGEST_LIST} words, and lists in it {MOST_NESTED} deep"
            hint = "make it shorter"
            fits = around.count <= LONGEST_LIST and around.height <= MOST_NESTED
        else:
            self.listed += found.count
            message = f"all rules together name more than {MOST_LISTED} words through lists"
            hint = "use long lists in fewer rules"
            fits = self.listed <= MOST_LISTED
        if not fits:
            report.error("R054", node, message, hint=hint)
        return fits

    def _read(self, name: str) -> _List | None:
        if name in self.read:
            return self.read[name]
        named, report = self.written[name]
        if len(self.open) >= MOST_NESTED:
            report.error("R054", named.name, f"lists are nested more than {MOST_NESTED} deep", hint="write words here")
            return None
        found = self.read[name] = _List(WordList(name, (), report.source.path, place_of(named.name)))
        words = Words(report, self.patterns, self.find)
        self.open.append(name)
        matchers = read_matchers(named.node, f"lists.{name}", words)
        self.open.pop()
        found.words = WordList(name, matchers, report.source.path, place_of(named.name))
        found.count += len(matchers)
        found.groups = frozenset(words.groups)
        return found
