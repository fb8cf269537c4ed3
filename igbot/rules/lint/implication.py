"""Proves that every message with one word has another one too. What cannot be proved counts as untrue."""

from collections.abc import Iterator

from igbot.rules.conditions import TextCondition, TextNode, WordList
from igbot.rules.expressions import expression
from igbot.rules.matching.matchers import Keyword, Matcher, Near, bare
from igbot.rules.matching.words import cuts_grapheme, places, stands_alone, tokens

LONGEST_PHRASE = 10
"""Words of a phrase whose parts are looked at."""
MOST_PAIRS = 2500
"""Pairs of words of two lists that are compared; of more only equal ones are seen."""

_LATIN = expression(r"\p{Latin}")
# A customer answers "1" by the emoji of it: the same as a whole message, but not the same word.
_KEYCAP = expression(r"[0-9#*]$")

Groups = tuple[tuple[TextNode, ...], ...]
"""What a text condition asks, one group after the other: of each group at least one."""


def implies(first: Matcher, second: Matcher) -> bool:
    """Whether each message that `first` hits is hit by `second`."""
    if first == second:
        return True
    if isinstance(first, Near):
        first = first.word
    if not isinstance(first, Keyword) or not isinstance(second, Keyword):
        return False
    if first.kind == second.kind and first.text == second.text:
        return True
    match second.kind:
        case "is":
            return first.kind == "is" and bare(first.folded) == bare(second.folded)
        case "word":
            return _has_word(first, second)
        case "contains":
            return _has_part(first, second)
        case _:
            return False


def _has_word(first: Keyword, second: Keyword) -> bool:
    if first.kind == "word":
        inside = first.folded
    elif first.kind == "is" and not _KEYCAP.search(first.folded):
        inside = bare(first.folded)
    else:
        return False
    return any(stands_alone(inside, *place) for place in places(inside, second.folded))


def _has_part(first: Keyword, second: Keyword) -> bool:
    if first.kind in ("word", "is"):
        # Of short words the accents count, and a longer word may have been found without its own.
        if not second.ignores_accents and _LATIN.search(second.text):
            return False
        inside = bare(first.folded) if first.kind == "is" else first.folded
        return any(not cuts_grapheme(inside, *place) for place in places(inside, second.folded))
    plain = first.text.isascii() and second.text.isascii()
    alike = second.ignores_accents or not first.ignores_accents
    return first.kind == "contains" and plain and alike and second.text in first.text


def phrases_in(text: str) -> Iterator[str]:
    """Every run of words in a text that begins and ends with a word character, the text itself too."""
    if is_plain_words(text):
        if " " not in text:
            yield text
            return
        words = text.split(" ")[:LONGEST_PHRASE]
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                yield " ".join(words[start:end])
        return
    spans = tokens(text)[:LONGEST_PHRASE]
    for number, (begin, _) in enumerate(spans):
        for _, finish in spans[number:]:
            yield text[begin:finish]


def is_plain_words(text: str) -> bool:
    """Whether a text is nothing but words of ASCII letters and digits with single blanks between them."""
    return text.isascii() and (text.isalnum() or text.replace(" ", "").isalnum())


def groups_of(text: TextCondition) -> Groups:
    """What must hold of a text condition, except for what must not be there."""
    return ((text.any,) if text.any else ()) + tuple((node,) for node in text.every)


def text_implies(asked: Groups, excluded: tuple[TextNode, ...], of: TextCondition, wanted: TextCondition) -> bool:
    """Whether each message with what is `asked` and nothing of `excluded` fulfils `wanted`.

    `of` is the condition they were taken from; it tells about lengths and links.
    """
    if wanted.any and not any(_group_implies(group, wanted.any) for group in asked):
        return False
    if not all(any(_group_implies(group, (node,)) for group in asked) for node in wanted.every):
        return False
    if not _all_excluded(wanted.none, excluded):
        return False
    return all(asks in (None, given) for asks, given in zip(_measures(wanted), _measures(of), strict=True))


def _group_implies(group: tuple[TextNode, ...], wanted: tuple[TextNode, ...]) -> bool:
    """Whether whichever of a group is there, one of what is wanted is there too."""
    if len(group) * len(wanted) > MOST_PAIRS:
        return set(group) <= set(wanted)
    return all(_implies_any(one, wanted) for one in group)


def _implies_any(one: TextNode, wanted: tuple[TextNode, ...]) -> bool:
    if isinstance(one, WordList):
        named = any(isinstance(other, WordList) and other.name == one.name for other in wanted)
        return named or (bool(one.any) and _group_implies(one.any, wanted))
    if isinstance(one, TextCondition):
        asked = groups_of(one)
        nested = [other for other in wanted if isinstance(other, TextCondition)]
        return any(_group_implies(group, wanted) for group in asked) or any(
            one == other or text_implies(asked, one.none, one, other) for other in nested
        )
    return any(_matcher_implies(one, other) for other in wanted)


def _matcher_implies(one: Matcher, other: TextNode) -> bool:
    if isinstance(other, WordList):
        return any(_matcher_implies(one, each) for each in other.any)
    if isinstance(other, TextCondition):
        return text_implies(((one,),), (), TextCondition(), other)
    return implies(one, other)


def _all_excluded(nodes: tuple[TextNode, ...], excluded: tuple[TextNode, ...]) -> bool:
    if len(nodes) * len(excluded) > MOST_PAIRS:
        return set(nodes) <= set(excluded)
    return all(any(_implies_any(node, (other,)) for other in excluded) for node in nodes)


def _measures(text: TextCondition) -> tuple[int | bool | None, ...]:
    lengths = (text.min_words, text.max_words, text.min_chars)
    return (*lengths, text.question, text.has_link, text.has_email, text.has_phone, text.has_number)


def alone(word: Keyword, node: TextNode) -> bool | None:
    """Whether a message of nothing but `word` fits a text condition; None where this cannot be told."""
    if isinstance(node, WordList):
        return _either([alone(word, each) for each in node.any])
    if isinstance(node, TextCondition):
        if any(asks is not None for asks in _measures(node)):
            return None
        parts = [alone(word, each) for each in node.every]
        parts += [_not(alone(word, each)) for each in node.none]
        return _each([*parts, _either([alone(word, each) for each in node.any])] if node.any else parts)
    if not isinstance(node, Keyword) or node.kind in ("starts", "ends"):
        return True if node == word else None
    match node.kind:
        case "is":
            return bare(word.folded) == bare(node.folded)
        case "word":
            return any(stands_alone(word.folded, *place) for place in places(word.folded, node.folded))
        case _:
            return node.text in word.text or (node.ignores_accents and node.folded in word.folded)


def _not(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


def _either(verdicts: list[bool | None]) -> bool | None:
    return True if True in verdicts else None if None in verdicts else False


def _each(verdicts: list[bool | None]) -> bool | None:
    return False if False in verdicts else None if None in verdicts else True
