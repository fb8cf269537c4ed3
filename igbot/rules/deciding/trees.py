"""The conditions of rules with their keywords as numbers, so that asking them is a look-up among the keywords that hit.

What a keyword's number stands for is known to the set of rules; the trees themselves hold no text.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from igbot.rules.conditions import CustomerCondition, TextCondition, TextNode, When, WordList
from igbot.rules.matching.matchers import Matcher, Rank


@dataclass(frozen=True, slots=True)
class TextTree:
    """A `TextCondition` or a list. The numbers in `any` are in order, the one that counts most first, with their place
    in it; `every_best` is the one of `every` that counts most. `measured` is the condition that counts words and the
    like, where it does."""

    any: Mapping[int, int]
    any_trees: tuple["TextTree", ...]
    every: frozenset[int]
    every_best: int | None
    every_trees: tuple["TextTree", ...]
    none: frozenset[int]
    none_trees: tuple["TextTree", ...]
    measured: TextCondition | None


@dataclass(frozen=True, slots=True)
class Tree:
    """A `When`. `brought` is the node itself where it asks for more that a message brings than text and payloads,
    `moment` where it asks what came before, for the time or for test traffic."""

    text: TextTree | None
    payloads: tuple[str, ...]
    brought: When | None
    moment: When | None
    customer: CustomerCondition | None
    any: tuple["Tree", ...]
    every: tuple["Tree", ...]
    none: tuple["Tree", ...]


@dataclass(slots=True)
class Numbering:
    """Gives every matcher its number, the same to equal ones, and builds trees with them.

    `uses` counts in how many places each number stands where it must hit: how common a keyword is.
    """

    numbers: dict[Matcher, int] = field(default_factory=dict)
    uses: Counter[int] = field(default_factory=Counter)
    matchers: list[Matcher] = field(default_factory=list)
    ranks: list[Rank] = field(default_factory=list)
    """Of each of `matchers`."""
    _lists: dict[int, TextTree] = field(default_factory=dict)

    def tree(self, when: When) -> Tree:
        """The tree of a rule's conditions."""
        return Tree(
            text=self._text(when.text) if when.text else None,
            payloads=when.payloads,
            brought=when if when.kinds is not None or _asks_for_more(when) else None,
            moment=when if _asks_for_a_moment(when) else None,
            customer=when.customer,
            any=tuple(self.tree(each) for each in when.any),
            every=tuple(self.tree(each) for each in when.every),
            none=tuple(self.tree(each) for each in when.none),
        )

    def _text(self, condition: TextCondition) -> TextTree:
        any_ids, any_trees = self._parted(condition.any, flat=True)
        every_ids, every_trees = self._parted(condition.every, flat=False)
        none_ids, none_trees = self._parted(condition.none, flat=True)
        self.uses.update(any_ids)
        self.uses.update(every_ids)
        return TextTree(
            any=self._in_order(any_ids),
            any_trees=any_trees,
            every=frozenset(every_ids),
            every_best=next(iter(self._in_order(every_ids)), None),
            every_trees=every_trees,
            none=frozenset(none_ids),
            none_trees=none_trees,
            measured=condition if measures(condition) else None,
        )

    def _parted(self, nodes: Iterable[TextNode], *, flat: bool) -> tuple[list[int], tuple[TextTree, ...]]:
        """The numbers of the matchers among some nodes, and the trees of the others; `flat`: a list is its words."""
        ids: list[int] = []
        trees: list[TextTree] = []
        for node in nodes:
            if isinstance(node, TextCondition):
                trees.append(self._text(node))
            elif not isinstance(node, WordList):
                ids.append(self._number(node))
            else:
                words = self._list(node)
                self.uses.update(words.any)
                if flat:
                    ids.extend(words.any)
                    trees.extend(words.any_trees)
                else:
                    trees.append(words)
        return list(dict.fromkeys(ids)), tuple(trees)

    def _list(self, words: WordList) -> TextTree:
        # The same object serves all rules that name the list; the rules keep it alive while its id is used.
        if id(words) not in self._lists:
            self._lists[id(words)] = self._text(TextCondition(any=words.any))
        return self._lists[id(words)]

    def _number(self, matcher: Matcher) -> int:
        number = self.numbers.get(matcher)
        if number is None:
            number = self.numbers[matcher] = len(self.matchers)
            self.matchers.append(matcher)
            self.ranks.append(matcher.rank)
        return number

    def _in_order(self, ids: Iterable[int]) -> dict[int, int]:
        # Sorting keeps the order in which they are written where two count the same.
        ordered = sorted(ids, key=self.ranks.__getitem__, reverse=True)
        return {number: place for place, number in enumerate(ordered)}


def measures(condition: TextCondition) -> bool:
    """Whether a text is counted or searched for more than keywords."""
    return any(
        asked is not None
        for asked in (
            *(condition.min_words, condition.max_words, condition.min_chars, condition.question),
            *(condition.has_link, condition.has_email, condition.has_phone, condition.has_number),
        )
    )


def _asks_for_more(when: When) -> bool:
    return bool(when.emojis or when.stories or when.posts or when.ads)


def _asks_for_a_moment(when: When) -> bool:
    given = (when.schedule, when.first_message, when.idle_for, when.after, when.turn, when.test)
    return any(asked is not None for asked in given)
