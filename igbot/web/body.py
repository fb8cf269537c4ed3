"""Reading a request's body: bounded in size and time, flat in memory, never decompressed."""

import asyncio

from aiohttp import hdrs, web

MAX_BODY_BYTES = 4 * 1024 * 1024
BODY_SECONDS = 30.0


class BodyRefused(Exception):
    """The body cannot be taken; `status` and `error` are the answer."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


async def read_body(request: web.Request, *, seconds: float = BODY_SECONDS) -> bytes:
    """The raw bytes as they came over the wire, at most `MAX_BODY_BYTES` and within `seconds`.

    Raises BodyRefused for a compressed (400), oversized (413, declared or chunked), broken (400) or too slow (408)
    body. The listener must have been opened with `auto_decompress=False`.
    """
    if hdrs.CONTENT_ENCODING in request.headers:
        raise BodyRefused(400, "content_encoding")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise BodyRefused(413, "too_large")
    try:
        if request.content.is_eof():  # it came whole, with the head: nothing to wait for
            return await _read(request)
        async with asyncio.timeout(seconds):
            return await _read(request)
    except TimeoutError:
        raise BodyRefused(408, "request_timeout") from None
    except (web.RequestPayloadError, ConnectionError):
        raise BodyRefused(400, "bad_request") from None


async def _read(request: web.Request) -> bytes:
    content = request.content
    first = await content.readany()
    if content.at_eof():
        return first
    body = bytearray(first)
    while chunk := await content.readany():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise BodyRefused(413, "too_large")
    return bytes(body)
