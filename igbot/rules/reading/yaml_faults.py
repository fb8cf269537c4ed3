"""What is wrong with a text that is not YAML, in the words of those who write rules, and where to look for it."""

from collections.abc import Sequence

import yaml

from igbot.rules.places import Place
from igbot.rules.reading.source import Source

_TYPOGRAPHIC = frozenset("“”„‟")
_CLOSING = {"[": "]", "{": "}"}
# What owners write most often, and what the parser says to it.
_WAYS_OUT = (
    ("mapping values are not allowed", 'put the text in quotes: it has a colon in it ("Our site: …")'),
    ("cannot start any token", "use spaces to indent, or put the text in quotes"),
    ("did not find expected '-' indicator", 'begin each item of the list with "- ", all at the same indentation'),
    ("could not find expected ':'", "a key is missing its colon, or a quote above is not closed"),
    (
        "did not find expected key",
        'check the indentation and the quotes here and in the lines above; use "…" around \'',
    ),
    ("scanning a block scalar", 'put it in quotes, for example: ">= 7d"'),
    ("scanning an alias", 'put it in quotes: "*" has a meaning of its own here'),
    ("scanning an anchor", 'put it in quotes: "&" has a meaning of its own here'),
    ("block sequence entries are not allowed", "begin the list on a line of its own, or write it as [one, two]"),
    ("unknown escape character", "use single quotes: in double ones a backslash has a meaning of its own"),
    ("did not find expected ',' or", "check the commas and brackets of this list"),
)


def explain(error: yaml.MarkedYAMLError, source: Source, opened: Sequence[Place]) -> tuple[Place, str, str]:
    """The place, what is wrong there, and what to do about it.

    `opened` are the places of the maps and lists that had not come to their end, the outermost first.
    """
    mark = error.problem_mark or error.context_mark
    place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
    if found := _unclosed(error, place, source, opened):
        return found
    place = source.clamped(place)
    problem = error.problem or "not readable"
    if "\\t" in problem or "tab character" in problem:
        return place, "not YAML: a tab cannot indent; use spaces", ""
    context = f" ({error.context})" if error.context else ""
    message = f"not YAML: {problem}{context}"
    line = source.line(place.line)
    if "}}" in line[: place.column] and "did not find expected" in problem:
        return place, message, "put the whole text in quotes: without them {{ has a meaning of its own"
    if _TYPOGRAPHIC & set(line):
        return place, message, "use straight quotes: “ and ” keep nothing together"
    return place, message, next((hint for words, hint in _WAYS_OUT if words in message), "")


def _unclosed(
    error: yaml.MarkedYAMLError, place: Place, source: Source, opened: Sequence[Place]
) -> tuple[Place, str, str] | None:
    """A quote or bracket that is never closed, where it is opened; None where something else is wrong."""
    rest = source.rest(place)
    if (begin := error.context_mark) and not rest.strip() and "quoted scalar" in (error.context or ""):
        at = Place(begin.line + 1, begin.column + 1)
        return at, "not YAML: this quote is never closed", "write the same quote at the end of the text"
    # A colon stands behind the first key that was taken for one more thing in the brackets.
    if not rest.startswith(":") and rest.strip():
        return None
    for at in reversed(opened):
        bracket = source.line(at.line)[at.column - 1 : at.column]
        if bracket in _CLOSING:
            return at, "not YAML: this bracket is never closed", f'write "{_CLOSING[bracket]}" where it ends'
    return None
