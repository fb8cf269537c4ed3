"""What a message must bring for a rule to fit at all: so that a set of thousands of rules asks only a few of them."""

from collections.abc import Iterable, Mapping
from typing import Literal

from igbot.rules.deciding.trees import TextTree, Tree

Sort = Literal["text", "payload", "prefix", "emoji", "story", "post", "ad"]
Anchor = tuple[Sort, int | str]
"""One of these is always there when the rule fits: a keyword by its number, a payload whole or its beginning, an id."""
Anchors = frozenset[Anchor]


def anchors(tree: Tree, uses: Mapping[int, int]) -> Anchors | None:
    """The anchors of a rule; None where it may fit a message that brings none.

    Of several conditions that must all hold, the one whose anchors are the rarest (`uses`) is taken.
    """
    found: list[Anchors | None] = [anchors(each, uses) for each in tree.every]
    if tree.text:
        found.append(_text_anchors(tree.text, uses))
    if tree.payloads:
        found.append(frozenset(_of_payload(payload) for payload in tree.payloads))
    if tree.brought:
        asked: tuple[tuple[Sort, tuple[str, ...]], ...] = (
            ("emoji", tree.brought.emojis),
            ("story", tree.brought.stories),
            ("post", tree.brought.posts),
            ("ad", tree.brought.ads),
        )
        found += [frozenset((sort, each) for each in given) for sort, given in asked if given]
    if tree.any:
        found.append(_all_of(anchors(each, uses) for each in tree.any))
    return _rarest(found, uses)


def _text_anchors(tree: TextTree, uses: Mapping[int, int]) -> Anchors | None:
    found: list[Anchors | None] = []
    if tree.every:
        found.append(frozenset({("text", min(tree.every, key=lambda number: uses.get(number, 0)))}))
    found += [_text_anchors(each, uses) for each in tree.every_trees]
    if tree.any or tree.any_trees:
        own: Anchors = frozenset([("text", number) for number in tree.any])
        nested = [_text_anchors(each, uses) for each in tree.any_trees]
        found.append(_all_of([own, *nested]) if nested else own)
    return _rarest(found, uses)


def _of_payload(payload: str) -> Anchor:
    return ("prefix", payload[:-1]) if payload.endswith("*") else ("payload", payload)


def _all_of(parts: Iterable[Anchors | None]) -> Anchors | None:
    """The anchors where one of several parts is enough."""
    together: set[Anchor] = set()
    for part in parts:
        if part is None:
            return None
        together |= part
    return frozenset(together)


def _rarest(parts: Iterable[Anchors | None], uses: Mapping[int, int]) -> Anchors | None:
    known = [part for part in parts if part is not None]
    if len(known) < 2:
        return known[0] if known else None
    return min(known, key=lambda part: (_weight(part, uses), len(part)))


def _weight(part: Anchors, uses: Mapping[int, int]) -> int:
    return sum(uses.get(which, 0) if sort == "text" and isinstance(which, int) else 0 for sort, which in part)
