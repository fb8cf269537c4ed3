"""Reads single values out of a rule file, and says what was wanted where something else stands."""

from collections.abc import Collection
from datetime import timedelta
from difflib import get_close_matches

import regex

from igbot.rules.reading.source import FileReport, Listing, Mapping, Node, Scalar

# What YAML 1.1 or 1.2 reads as something other than text, where it stands without quotes.
_NOT_TEXT = regex.compile(
    r"""(?:~|null|Null|NULL
    |yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|true|True|TRUE|false|False|FALSE
    |[-+]?0[box][0-9a-fA-F_]+
    |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?
    |[-+]?\.[0-9]+(?:[eE][-+]?[0-9]+)?
    |[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)
    |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?
    )""",
    regex.VERBOSE,
)
_INTEGER = regex.compile(r"[-+]?(?:0|[1-9][0-9]{0,9})")
_DURATION = regex.compile(r"([1-9][0-9]{0,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST_DURATION = timedelta(days=365)


def is_empty(node: Node) -> bool:
    """Whether nothing was written after the colon."""
    return isinstance(node, Scalar) and node.plain and node.value in ("", "~", "null", "Null", "NULL")


def _kind_of(node: Node) -> str:
    match node:
        case Mapping():
            return "a map"
        case Listing():
            return "a list"
        case Scalar():
            return "nothing" if is_empty(node) else f"{node.value[:40]!r}"


def read_text(node: Node, what: str, report: FileReport) -> str | None:
    """A text as written; None (with R004) for anything YAML may take for a number, a date, a yes or a no."""
    if not isinstance(node, Scalar) or is_empty(node):
        report.error("R004", node, f"{what} wants a text, not {_kind_of(node)}")
        return None
    if node.plain and _NOT_TEXT.fullmatch(node.value):
        message = f"{what} wants a text; without quotes YAML may take {node.value[:40]} for something else"
        report.error("R004", node, message, hint=f'quote it: "{node.value[:40]}"')
        return None
    return node.value


def read_boolean(node: Node, what: str, report: FileReport) -> bool | None:
    """`true` or `false`, without quotes."""
    if isinstance(node, Scalar) and node.plain and node.value in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return node.value.lower() == "true"
    report.error("R004", node, f"{what} wants true or false, not {_kind_of(node)}")
    return None


def read_integer(node: Node, what: str, report: FileReport, *, lowest: int, highest: int) -> int | None:
    """A whole number within bounds, without quotes."""
    if isinstance(node, Scalar) and node.plain and _INTEGER.fullmatch(node.value):
        number = int(node.value)
        if lowest <= number <= highest:
            return number
    report.error("R004", node, f"{what} wants a whole number from {lowest} to {highest}, not {_kind_of(node)}")
    return None


def read_duration(node: Node, what: str, report: FileReport) -> timedelta | None:
    """A length of time such as `30s`, `15m`, `12h` or `7d`, at most a year."""
    found = _DURATION.fullmatch(node.value) if isinstance(node, Scalar) else None
    if found and (length := timedelta(**{_UNITS[found[2]]: int(found[1])})) <= LONGEST_DURATION:
        return length
    message = f"{what} wants a time such as 30s, 15m, 12h or 7d, at most 365d, not {_kind_of(node)}"
    report.error("R004", node, message)
    return None


def read_list(node: Node, what: str, report: FileReport) -> tuple[Node, ...]:
    """The items of a list with at least one; anything else is R004."""
    if isinstance(node, Listing) and node.items:
        return node.items
    if isinstance(node, Listing):
        report.error("R004", node, f"{what} is an empty list", hint="delete the key or fill the list")
    else:
        hint = f"write [{node.value[:40]}]" if isinstance(node, Scalar) and not is_empty(node) else ""
        report.error("R004", node, f"{what} wants a list, not {_kind_of(node)}", hint=hint)
    return ()


def read_map(node: Node, what: str, report: FileReport) -> Mapping | None:
    """A map; anything else is R004."""
    if isinstance(node, Mapping):
        return node
    report.error("R004", node, f"{what} wants a map of keys, not {_kind_of(node)}")
    return None


def check_keys(
    node: Mapping, what: str, report: FileReport, *, known: Collection[str], later: Collection[str] = ()
) -> None:
    """R003 for every key that `what` does not have, or that this version does not build yet."""
    for key, _ in node:
        if key.value in later:
            message = f'"{key.value}" of {what} is part of the rule language but not built in this version'
            report.error("R003", key, message, hint="delete it")
        elif key.value not in known:
            hint = did_you_mean(key.value, known) or f"{what} has: {', '.join(sorted(known))}"
            report.error("R003", key, f'{what} has no key "{key.value[:60]}"', hint=hint)


def did_you_mean(written: str, known: Collection[str]) -> str:
    """A question with the known name that looks most like what was written, or nothing."""
    # Comparing is quadratic, and nobody mistypes sixty letters.
    close = get_close_matches(written[:60].lower(), known, n=1)
    return f'did you mean "{close[0]}"?' if close else ""
