"""Single values out of JSON whose types cannot be trusted."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from igbot.meta.text import storable

MAX_ID_BYTES = 512
"""Several ids in UTF-8 stand in one index row, which PostgreSQL bounds; Meta's are far shorter."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def identifier(value: object) -> str | None:
    """An id as text: Meta sends strings and numbers. None where it is absent, empty, too long or neither."""
    if type(value) is int:
        value = str(value)
    if type(value) is not str or not 0 < len(value) <= MAX_ID_BYTES:
        return None
    plain = storable(value)
    return plain if plain.isascii() or len(plain.encode()) <= MAX_ID_BYTES else None


def table(value: object) -> Mapping[str, Any]:
    """The JSON object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else _NOTHING


def rows(value: object) -> list[Any]:
    """The JSON array; a lone object counts as an array of one, anything else as an empty one."""
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict) else []


def words(value: object) -> str:
    """The storable string, or `""` in place of anything else."""
    return storable(value) if isinstance(value, str) else ""


def flag(value: object) -> bool:
    """True for `true`, `1` and `"true"`, which all have been seen where Meta documents a boolean."""
    return value in (True, "true")


def whole(value: object) -> int | None:
    """An integer that fits PostgreSQL's `integer`, also from a numeric string; None in place of anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 11:
        value = int(value)
    if type(value) is int and -(2**31) <= value < 2**31:
        return value
    return None
