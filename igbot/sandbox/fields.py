"""Graph's `fields=` language: `id,messages.limit(20){id,from,message}` as a tree."""

from collections.abc import Mapping
from dataclasses import dataclass

import regex

from igbot.sandbox.refusals import bad_parameter

_TOKEN = regex.compile(r"\s*(?:(?P<name>[a-z_]+)(?:\.limit\((?P<limit>[0-9]{1,4})\))?|(?P<mark>[{},]))")
MAX_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class Field:
    """One name of the list: how many at most, and which fields of each."""

    limit: int | None
    fields: Mapping[str, "Field"]


def read_fields(text: str) -> dict[str, Field]:
    """The tree of a `fields` parameter; empty text gives none.

    Raises RefusalError where Graph would not understand it either.
    """
    if len(text) > MAX_LENGTH:
        raise bad_parameter("Param fields is too long")
    stack: list[dict[str, Field]] = [{}]
    name: str | None = None
    position = 0
    end = len(text.rstrip())
    while position < end:
        token = _TOKEN.match(text, position)
        if token is None:
            raise _syntax_error(text, position)
        position = token.end()
        if token["name"]:
            name = token["name"]
            stack[-1][name] = Field(int(token["limit"]) if token["limit"] else None, {})
            continue
        if token["mark"] == "{" and name is not None:
            inner: dict[str, Field] = {}
            stack[-1][name] = Field(stack[-1][name].limit, inner)
            stack.append(inner)
        elif token["mark"] == "}" and len(stack) > 1:
            stack.pop()
        elif token["mark"] != ",":
            raise _syntax_error(text, position)
        name = None
    if len(stack) > 1:
        raise _syntax_error(text, position)
    return stack[0]


def _syntax_error(text: str, position: int) -> Exception:
    return bad_parameter(f"Syntax error at character {position} of the fields parameter: {text[:80]}")
