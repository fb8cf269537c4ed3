"""JSON as strangers send it: read whatever can be read, write plain ASCII."""

import json
import re
from math import isfinite
from typing import Any

_MAX_DEPTH = 64
_MAX_DIGITS = 512
# Possessive, and a string need not end: else each quote of one that does not would have the rest read once more.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


def _integer(digits: str) -> int | str:
    # Python refuses to convert more than 4300 digits, which would lose the whole body for one number.
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def _real(digits: str) -> float | str:
    number = float(digits)
    return number if isfinite(number) else digits


_DECODER = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_real, parse_constant=str)
_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_CANONICAL = json.JSONEncoder(separators=(",", ":"), check_circular=False, sort_keys=True)


def parse(body: bytes, *, shallow: bool = False) -> Any:
    """The JSON value in `body`.

    Bad UTF-8 is read as U+FFFD, numbers too large for their type and NaN as strings; of doubled keys the last counts.
    `shallow` replaces what is nested deeper than 64 levels, as does a body too deep for Python to read.
    Raises ValueError where the body is no JSON.
    """
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    if not shallow:
        try:
            return _DECODER.decode(text)
        except RecursionError:
            pass
    return _DECODER.decode(_cut_deep(text))


def ascii_json(value: object) -> bytes:
    """`value` as compact ASCII JSON. Raises RecursionError where it is nested too deeply."""
    return _ENCODER.encode(value).encode("ascii")


def canonical_json(value: object) -> bytes:
    """The same bytes for equal values, whatever the order of their keys. Raises RecursionError as `ascii_json`."""
    return _CANONICAL.encode(value).encode("ascii")


def _cut_deep(text: str) -> str:
    kept: list[str] = []
    depth = done = 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "[{":
            depth += 1
            if depth == _MAX_DEPTH + 1:
                kept.append(text[done : token.start()])
        elif mark in "]}":
            depth -= 1
            if depth == _MAX_DEPTH:
                kept.append('"(nested too deeply)"')
                done = token.end()
    kept.append(text[done:] if depth <= _MAX_DEPTH else "")
    return "".join(kept)
