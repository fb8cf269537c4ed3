"""Characters that no text of a rule can have, and texts in which there is nothing to see."""

from igbot.rules.expressions import expression

_UNKEEPABLE = expression(r"(?V1)[[\p{Cc}\p{Cs}]--[\n\t]]")
_BREAK = expression(r"[\n\t\u2028\u2029]")
# The blanks of Hangul are letters and that of Braille a symbol, but neither has any ink.
_BLANK = expression(r"(?V1)[\s\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]*")


def has_lines(text: str) -> bool:
    """Whether a text has more than one line, or columns."""
    return not text.isprintable() and _BREAK.search(text) is not None


def unkeepable(text: str) -> str:
    """The first control character but for line breaks and tabs, or half a character; `""` where there is none.

    PostgreSQL keeps neither in JSON.
    """
    if text.isprintable():
        return ""
    found = _UNKEEPABLE.search(text)
    return found[0] if found else ""


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen: it is empty, or of white space and what has no width."""
    return _BLANK.fullmatch(text) is not None
