"""What stands behind the bar in `{{ name | filter }}`: each filter, its argument, and how values are printed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from urllib.parse import quote

from babel.numbers import format_decimal
from jinja2.filters import do_title

from igbot.rules.expressions import expression
from igbot.rules.languages import ENGLISH, YES_NO, locale_of, nearest
from igbot.rules.templates.model import Filter, Value
from igbot.rules.templates.moments import Manner, dated, distance, human, moment_of, plain
from igbot.rules.templates.presentable import cut_graphemes

Argument = str | int | None
_ELLIPSIS = "…"
_NUMBER = expression(r"[-+]?[0-9]{1,18}(?:\.[0-9]{1,9})?")
_LARGEST_NUMBER = 10**18
# About as many digits as a text may have characters; a number beyond says nothing to anybody.
_MOST_BITS = 640


@dataclass(frozen=True, slots=True)
class Way:
    """One filter. `wants` is its argument, `example` how it is written. `anywhere`: the same in every language."""

    apply: Callable[[Value, Argument, Manner], Value]
    wants: Literal["nothing", "text", "number", "pattern or nothing"]
    example: str
    anywhere: bool = True


def printed(value: Value, manner: Manner) -> str:
    """A value as it stands in a reply; numbers as they are, since most are the numbers of something."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            yes, no = YES_NO[nearest(manner.language, YES_NO) or ENGLISH]
            return yes if value else no
        case datetime():
            return plain(value, manner)
        case timedelta():
            return distance(value, manner)
        case int() if value.bit_length() > _MOST_BITS:
            return ""
        case int() | float():
            return str(value)


def through(value: Value, filters: Iterable[Filter], manner: Manner) -> str:
    """A value after its filters, printed."""
    for step in filters:
        value = FILTERS[step.name].apply(value, step.argument, manner)
    return printed(value, manner)


def _default(value: Value, argument: Argument, _: Manner) -> Value:
    return argument if value is None or value == "" else value


def _truncate(value: Value, argument: Argument, manner: Manner) -> str:
    text, longest = printed(value, manner), int(argument or 0)
    if len(text) <= longest:
        return text
    cut = cut_graphemes(text, longest - len(_ELLIPSIS))
    # The last blank is looked for one character further on, so that a word that just fits is kept.
    words = text[: len(cut) + 1].rpartition(" ")[0] if text[len(cut) : len(cut) + 1] != " " else cut
    return (words or cut).rstrip() + _ELLIPSIS


def _date(value: Value, argument: Argument, manner: Manner) -> Value:
    moment = moment_of(value)
    try:
        return value if moment is None else dated(moment, None if argument is None else str(argument), manner)
    except (ValueError, OverflowError):  # a service's own idea of a date, such as the year 9999
        return value


def _human(value: Value, argument: Argument, manner: Manner) -> Value:
    moment = moment_of(value)
    if moment is not None:
        return human(moment, manner)
    return distance(value, manner) if isinstance(value, timedelta) else _number(value, argument, manner)


def _number(value: Value, _: Argument, manner: Manner) -> Value:
    if isinstance(value, str):
        number = Decimal(value) if _NUMBER.fullmatch(value) else None
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST_NUMBER:
        number = Decimal(str(value))
    else:
        number = None
    if number is None:
        return value
    return str(format_decimal(number, locale=locale_of(manner.language), decimal_quantization=False))


FILTERS: Mapping[str, Way] = {
    "default": Way(_default, "text", "default('…')"),
    "upper": Way(lambda value, _, manner: printed(value, manner).upper(), "nothing", "upper"),
    "lower": Way(lambda value, _, manner: printed(value, manner).lower(), "nothing", "lower"),
    "title": Way(lambda value, _, manner: do_title(printed(value, manner)), "nothing", "title"),
    "truncate": Way(_truncate, "number", "truncate(120)"),
    "url": Way(lambda value, _, manner: quote(printed(value, manner), safe="", errors="replace"), "nothing", "url"),
    "date": Way(_date, "pattern or nothing", "date('EEEE d MMMM')", anywhere=False),
    "human": Way(_human, "nothing", "human", anywhere=False),
    "number": Way(_number, "nothing", "number", anywhere=False),
}
"""A text that is no date stays as it is in `date`, one that is no number in `number`."""
