"""One HTTP call of one of the owner's web services. One call, one outcome: trying again is the queue's business."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aiohttp

from igbot.calls.queue import Call, Ended
from igbot.calls.signature import idempotency_key, signed_headers

MOST_BYTES = 64 * 1024
"""The longest answer that is taken."""
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
        # PostgreSQL keeps no NUL in JSON, and neither infinities nor what is no number.
        answer: Any = json.loads(content.decode("utf-8-sig").replace("\\u0000", "\\ufffd"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        return Ended(False, why=f"its answer is no JSON (Content-Type {headers.get('Content-Type', 'none')[:60]!r})")
    if not isinstance(answer, dict):
        return Ended(False, why="its answer is JSON, but no object")
    return Ended(True, _storable(answer))


def _storable(answer: dict[str, Any]) -> dict[str, Any]:
    """Without lone surrogates, which JSON can hold and a database cannot."""
    whole: dict[str, Any] = json.loads(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))
    return whole


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """The whole body; None where it is longer than anything a reply could use."""
    content = bytearray()
    async for piece in response.content.iter_any():
        content += piece
        if len(content) > MOST_BYTES:
            return None
    return bytes(content)
