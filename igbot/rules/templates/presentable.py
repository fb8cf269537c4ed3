"""Customers' text as it may stand in a reply: short, in one line, and without what turns or hides letters."""

from igbot.rules.expressions import expression

LONGEST_INSERT = 200
"""Characters of a customer's text that are inserted."""
_SHORTER = {"customer.username": 30, "customer.name": 64, "customer.first_name": 64}

_CONTROLS = expression(r"(?V1)[[\p{Cc}\p{Cs}\u2028\u2029]--\s]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_GRAPHEME = expression(r"\X")


def longest(name: str) -> int:
    """How many characters of the value of a name are inserted at most; names and usernames are never longer at Meta."""
    return _SHORTER.get(name, LONGEST_INSERT)


def presentable(text: str, limit: int = LONGEST_INSERT) -> str:
    """A customer's text as it may stand in a reply: cut, in one line, without controls and turned writing direction."""
    return cut_graphemes(_CONTROLS.sub("", " ".join(text[: 4 * limit].split())), limit)


def cut_graphemes(text: str, longest: int) -> str:
    """As many whole graphemes as fit into `longest` characters; a first one that alone is longer is cut."""
    if len(text) <= longest:
        return text
    end = 0
    for found in _GRAPHEME.finditer(text):
        if found.end() > longest:
            break
        end = found.end()
    return text[: end or longest]
