"""The few shapes of which the schemas are made."""

from collections.abc import Sequence
from typing import Any

Shape = dict[str, Any]
"""A JSON Schema."""

DURATION = r"^(0|[1-9][0-9]{0,7})[smhd]$"
SLUG = "^[a-z0-9-]{1,64}$"
KEY = "^[A-Za-z_][A-Za-z0-9_]{0,63}$"
NAME = r"^[^\s!-,./:-@\[-^`{-~]{1,64}$"
"""Letters of any script, digits, - and _; written so that every editor's patterns understand it."""


def text(about: str, **more: Any) -> Shape:
    """A text that is not empty. `more` are further keywords of the schema."""
    return {"type": "string", "minLength": 1, "description": about, **more}


def choice(about: str, *known: str, default: str | None = None) -> Shape:
    """One of a few words."""
    shape: Shape = {"enum": list(known), "description": about}
    return shape if default is None else {**shape, "default": default}


def flag(about: str, *, default: bool | None = None) -> Shape:
    """`true` or `false`."""
    shape: Shape = {"type": "boolean", "description": about}
    return shape if default is None else {**shape, "default": default}


def whole(about: str, lowest: int, highest: int, **more: Any) -> Shape:
    """A whole number within bounds."""
    return {"type": "integer", "minimum": lowest, "maximum": highest, "description": about, **more}


def duration(about: str, **more: Any) -> Shape:
    """A length of time such as `30s`."""
    return text(f"{about} Written as 30s, 15m, 12h or 7d.", pattern=DURATION, **more)


def many(items: Shape, about: str, *, most: int | None = None, fewest: int = 1) -> Shape:
    """A list."""
    shape: Shape = {"type": "array", "items": items, "minItems": fewest, "description": about}
    return shape if most is None else {**shape, "maxItems": most}


def one_or_many(item: Shape, about: str, *, most: int | None = None) -> Shape:
    """One, or a list of them."""
    return {"anyOf": [item, many(item, about, most=most)], "description": about}


def table(keys: str, values: Shape, about: str) -> Shape:
    """A map whose keys are chosen by the owner and follow a pattern."""
    return {
        "type": "object",
        "patternProperties": {keys: values},
        "additionalProperties": False,
        "description": about,
    }


def filled_table(keys: str, values: Shape, about: str) -> Shape:
    """The same with at least one key."""
    return {**table(keys, values, about), "minProperties": 1}


def record(about: str, properties: Shape, *, required: Sequence[str] = (), **more: Any) -> Shape:
    """A map with known keys, at least one of them."""
    shape: Shape = {"type": "object", "description": about, "properties": properties, "additionalProperties": False}
    shape |= {"required": list(required)} if required else {"minProperties": 1}
    return {**shape, **more}


def ref(name: str, about: str = "") -> Shape:
    """A shape of `$defs`."""
    shape: Shape = {"$ref": f"#/$defs/{name}"}
    return {**shape, "description": about} if about else shape
