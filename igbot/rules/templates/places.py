"""Where the inserts of a text stand, so that a fault is shown in the one that has it."""

from jinja2 import Environment, TemplateSyntaxError

from igbot.rules.expressions import expression
from igbot.rules.templates.plain_inserts import is_plain

_MARKER = expression(r"\{[{%#]")
_MOST_PARSED = 50
"""Inserts of one text that Jinja2 is asked about one by one."""


def beginnings(text: str, environment: Environment) -> dict[str, list[int]]:
    """Where what Jinja2 reads begins in a text, by its kind: `variable_begin` (an insert), `block_begin` …

    Raises TemplateSyntaxError for a text that is no template.
    """
    found: dict[str, list[int]] = {}
    end = 0
    for _, kind, value in environment.lex(text):
        start = text.find(value, end)
        if start >= 0:
            end = start + len(value)
            if kind.endswith("_begin"):
                found.setdefault(kind, []).append(start)
    return found


def first_fault(text: str, environment: Environment) -> int:
    """Where the insert begins by which a text is no template; the first one where none of them is wrong by itself."""
    starts = [found.start() for found in _MARKER.finditer(text)]
    doubtful = [number for number, start in enumerate(starts) if not is_plain(text, start)]
    for number in doubtful[:_MOST_PARSED]:
        end = starts[number + 1] if number + 1 < len(starts) else len(text)
        try:
            environment.parse(text[starts[number] : end])
        except (TemplateSyntaxError, RecursionError, ValueError, OverflowError):
            return starts[number]
    return starts[doubtful[0] if doubtful else 0]
