"""One HTTP call of one of the owner's web services. One call, one outcome: trying again is the queue's business."""

import json
from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Any

import aiohttp

from igbot.calls.queue import Call, Ended
from igbot.calls.signature import idempotency_key, signed_headers
from igbot.meta.text import storable

MOST_BYTES = 64 * 1024
"""The longest answer that is taken."""
DEEPEST = 32
_AGAIN_AT = frozenset({408, 425, 429})


async def call_service(session: aiohttp.ClientSession, call: Call, *, url: str, secret: str, now: datetime) -> Ended:
    """POST what the rule sends, signed. What the service answers with 2xx must be a JSON object (or nothing).

    Never raises for what the service does; `why` names neither its address nor what it said.
    """
    key = idempotency_key(mid=call.for_mid, event_key=call.for_key, rule=call.rule)
    body = call.body.encode()
    try:
        async with session.post(
            url,
            data=body,
            headers=signed_headers(body, secret=secret, key=key, now=now),
            timeout=aiohttp.ClientTimeout(total=call.timeout.total_seconds()),
            allow_redirects=False,
        ) as response:
            content = await _read(response)
            return _judge(response.status, content, response.headers)
    except TimeoutError:
        return Ended(False, why=f"no answer within {call.timeout.total_seconds():g} s", again=True)
    except (aiohttp.ClientError, ConnectionError, OSError) as error:
        return Ended(False, why=f"no answer ({type(error).__name__})", again=True)


def _judge(status: int, content: bytes | None, headers: Mapping[str, str]) -> Ended:
    if not 200 <= status < 300:
        return Ended(False, why=f"it answered HTTP {status}", again=status >= 500 or status in _AGAIN_AT)
    if content is None:
        return Ended(False, why=f"its answer is longer than {MOST_BYTES // 1024} KiB")
    if not content.strip():
        return Ended(True, {})
    try:
        answer: Any = json.loads(content.decode("utf-8-sig"), parse_float=_number, parse_constant=_number)
        kept = _storable(answer, deeper=DEEPEST)
    except (ValueError, RecursionError):
        return Ended(False, why=f"its answer is no JSON (Content-Type {headers.get('Content-Type', 'none')[:60]!r})")
    if not isinstance(kept, dict):
        return Ended(False, why="its answer is JSON, but no object")
    return Ended(True, kept)


def _storable(value: Any, *, deeper: int) -> Any:
    """The value without NUL and lone surrogates, which JSON can hold and a database cannot.

    Raises ValueError where it is nested deeper than anything a reply could use.
    """
    if deeper < 0:
        raise ValueError("nested too deeply")
    match value:
        case str():
            return storable(value)
        case list():
            return [_storable(each, deeper=deeper - 1) for each in value]
        case dict():
            return {storable(key): _storable(each, deeper=deeper - 1) for key, each in value.items()}
        case _:
            return value


def _number(digits: str) -> float:
    """A number that a database can hold; Python would take `NaN` and `1e400` as well."""
    number = float(digits)
    if not isfinite(number):
        raise ValueError(f"{digits} is no number")
    return number


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """The whole body; None where it is longer than anything a reply could use."""
    content = bytearray()
    async for piece in response.content.iter_any():
        content += piece
        if len(content) > MOST_BYTES:
            return None
    return bytes(content)
