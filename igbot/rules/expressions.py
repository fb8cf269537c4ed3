"""igbot's own regular expressions, searched without letting go of the interpreter."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import regex


@dataclass(frozen=True, slots=True)
class Expression:
    """The methods of a compiled pattern of the `regex` package.

    Of themselves these let other threads run during each search, for microseconds. A thread that does so again and
    again, as one that reads thousands of rules, keeps an event loop in another thread waiting for whole seconds: that
    one is woken each time, comes too late each time, and never gets to ask for its turn.
    """

    search: Callable[..., "regex.Match[str] | None"]
    match: Callable[..., "regex.Match[str] | None"]
    fullmatch: Callable[..., "regex.Match[str] | None"]
    finditer: Callable[..., "Iterator[regex.Match[str]]"]
    findall: Callable[..., list[Any]]
    split: Callable[..., list[Any]]
    sub: Callable[..., str]


def expression(pattern: str, flags: int = 0) -> Expression:
    """Compiles a pattern (a valid one, of ours) with flags of `regex`."""
    compiled = regex.compile(pattern, flags)
    return Expression(
        search=partial(compiled.search, concurrent=False),
        match=partial(compiled.match, concurrent=False),
        fullmatch=partial(compiled.fullmatch, concurrent=False),
        finditer=partial(compiled.finditer, concurrent=False),
        findall=partial(compiled.findall, concurrent=False),
        split=partial(compiled.split, concurrent=False),
        sub=partial(compiled.sub, concurrent=False),
    )
