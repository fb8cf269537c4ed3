"""The inserts that owners write (`{{ name | filter('text') }}`), read without Jinja2's lexer, which takes 20 times as
long; everything else is left to it."""

from functools import lru_cache
from typing import cast

import regex
from jinja2 import nodes

from igbot.rules.expressions import expression

_NAME = r"[A-Za-z][A-Za-z0-9_]{0,63}"
_TEXT = r"'[^'\\]*'|\"[^\"\\]*\""
_NUMBER = r"[1-9][0-9]{0,8}"
_FILTER = rf"\|[ \n]*(?P<filter>{_NAME})[ \n]*(?:\([ \n]*(?:(?P<text>{_TEXT})|(?P<number>{_NUMBER}))[ \n]*\)[ \n]*)?"
_ONE_FILTER = expression(_FILTER)
_INSERT = expression(
    rf"\{{\{{[ \n]*(?P<root>{_NAME})(?P<path>(?:\.{_NAME})*+(?:\.{_NUMBER}(?![.0-9A-Za-z_]))?+)[ \n]*"
    rf"(?P<filters>(?:{regex.sub(r'P<[a-z]+>', ':', _FILTER)})*+)\}}\}}"
)
_WORDS_OF_JINJA = frozenset({"true", "false", "none", "not", "and", "or", "in", "is", "if", "else"})

Piece = str | nodes.Expr


def read_plain(text: str) -> list[Piece] | None:
    """The pieces of a text as Jinja2 would give them; None where it has anything but texts and plain inserts."""
    if "{%" in text or "{#" in text or "\r" in text:
        return None
    found: list[Piece] = []
    end = 0
    while (start := text.find("{{", end)) >= 0:
        insert = _INSERT.match(text, start)
        if insert is None or insert["root"].lower() in _WORDS_OF_JINJA:
            return None
        if start > end:
            found.append(text[end:start])
        found.append(_expression(insert[0]))
        end = insert.end()
    if end < len(text):
        found.append(text[end:])
    return found


def is_plain(text: str, start: int) -> bool:
    """Whether what begins at a place of a text is such an insert."""
    insert = _INSERT.match(text, start)
    return insert is not None and insert["root"].lower() not in _WORDS_OF_JINJA


# A set of thousands of rules fills in the same few things. Nobody changes what comes of it.
@lru_cache(maxsize=1024)
def _expression(written: str) -> nodes.Expr:
    insert = cast(regex.Match[str], _INSERT.match(written))
    node: nodes.Expr = nodes.Name(insert["root"], "load")
    for part in cast(str, insert["path"]).split(".")[1:]:
        if part.isdigit():
            node = nodes.Getitem(node, nodes.Const(int(part)), "load")
        else:
            node = nodes.Getattr(node, part, "load")
    for step in _ONE_FILTER.finditer(cast(str, insert["filters"])):
        arguments: list[nodes.Expr] = []
        if step["text"] is not None:
            arguments.append(nodes.Const(step["text"][1:-1]))
        elif step["number"] is not None:
            arguments.append(nodes.Const(int(step["number"])))
        node = nodes.Filter(node, step["filter"], arguments, [], None, None)
    return node
