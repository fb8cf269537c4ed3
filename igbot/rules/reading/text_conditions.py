"""Reads the tree of conditions on a message's text (`when.text`)."""

from igbot.rules.conditions import TextCondition, TextNode
from igbot.rules.reading.keywords import FORMS, OPTIONS, read_matcher
from igbot.rules.reading.scope import Words
from igbot.rules.reading.source import Listing, Mapping, Node, Scalar
from igbot.rules.reading.values import check_keys, read_boolean, read_integer, read_list, read_map

BRANCHES = ("any", "all", "none")
COUNTS = ("min_words", "max_words", "min_chars")
SIGNS = ("question", "has_link", "has_email", "has_phone", "has_number")
TEXT_KEYS = frozenset({*BRANCHES, *COUNTS, *SIGNS})
MOST_COUNTED = 2000


def read_text_condition(node: Node, words: Words) -> TextCondition | None:
    """`when.text` or a tree inside it; None (with findings) where nothing of it can be used."""
    report = words.report
    if isinstance(node, Scalar | Listing):
        written = f"[{node.value[:40]}]" if isinstance(node, Scalar) else "[…]"
        report.error("R004", node, "text wants a map of conditions", hint=f"write text: {{any: {written}}}")
        return None
    tree = read_map(node, "text", report)
    if tree is None:
        return None
    check_keys(tree, "text", report, known=TEXT_KEYS)
    if not tree.entries:
        report.error("R004", tree, "text asks for nothing", hint="add any: [some, words]")
        return None
    condition = TextCondition(
        any=_read_branch(tree, "any", words),
        every=_read_branch(tree, "all", words),
        none=_read_branch(tree, "none", words),
        min_words=_read_count(tree, "min_words", words),
        max_words=_read_count(tree, "max_words", words),
        min_chars=_read_count(tree, "min_chars", words),
        question=_read_sign(tree, "question", words),
        has_link=_read_sign(tree, "has_link", words),
        has_email=_read_sign(tree, "has_email", words),
        has_phone=_read_sign(tree, "has_phone", words),
        has_number=_read_sign(tree, "has_number", words),
    )
    least, most = condition.min_words, condition.max_words
    if least is not None and most is not None and least > most:
        report.error("R025", tree, f"no text has at least {least} and at most {most} words", hint="swap the two")
    return condition


def _read_branch(tree: Mapping, name: str, words: Words) -> tuple[TextNode, ...]:
    node = tree.get(name)
    if node is None:
        return ()
    found = (_read_node(item, words) for item in read_list(node, name, words.report))
    return tuple(each for each in found if each is not None)


def _read_node(node: Node, words: Words) -> TextNode | None:
    if not isinstance(node, Mapping) or not node.entries.keys() & TEXT_KEYS:
        return read_matcher(node, words)
    for key, _ in node:
        if key.value in FORMS or key.value in OPTIONS:
            message = f'"{key.value}" cannot stand beside any, all and none'
            words.report.error("R003", key, message, hint="make it an entry of its own in their list")
            return None
    return read_text_condition(node, words)


def _read_count(tree: Mapping, name: str, words: Words) -> int | None:
    node = tree.get(name)
    return read_integer(node, name, words.report, lowest=1, highest=MOST_COUNTED) if node else None


def _read_sign(tree: Mapping, name: str, words: Words) -> bool | None:
    node = tree.get(name)
    return read_boolean(node, name, words.report) if node else None
