"""JSON answers, and the edge at which everything that goes wrong in a request becomes one."""

import json
from collections.abc import Mapping
from datetime import datetime

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from igbot.errors import DatabaseUnavailable
from igbot.telemetry.log import EventLog

RETRY_AFTER_SECONDS = "5"

_OK = b'{"status": "ok"}'
_REFUSALS = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def json_response(
    status: int, payload: object, *, headers: Mapping[str, str] | None = None, close: bool = False
) -> web.Response:
    """An answer with `payload` as ASCII JSON (times as ISO 8601); `close` ends the connection after it."""
    return _answer(status, json.dumps(payload, default=_plain).encode("ascii"), headers=headers, close=close)


def ok() -> web.Response:
    """The 200 of every kept delivery, without the cost of writing JSON anew."""
    return _answer(200, _OK)


def _answer(status: int, body: bytes, *, headers: Mapping[str, str] | None = None, close: bool = False) -> web.Response:
    response = web.Response(
        status=status,
        body=body,
        content_type="application/json",
        headers={hdrs.SERVER: "igbot", **(headers or {})},
    )
    if close:
        response.force_close()
    return response


def refusal(status: int, error: str, *, headers: Mapping[str, str] | None = None, close: bool = False) -> web.Response:
    """An answer that says no: `{"error": error}`."""
    return json_response(status, {"error": error}, headers=headers, close=close)


def unavailable(error: str) -> web.Response:
    """503: nothing was kept, the sender should come again."""
    return refusal(503, error, headers={hdrs.RETRY_AFTER: RETRY_AFTER_SECONDS})


def json_errors(log: EventLog) -> Middleware:
    """The outermost middleware: no handler's error leaves as anything but JSON, and none as a 5xx but 503."""

    @web.middleware
    async def answer_in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            headers = {name: value for name, value in error.headers.items() if name == hdrs.ALLOW}
            return refusal(error.status, _REFUSALS.get(error.status, "refused"), headers=headers)
        except DatabaseUnavailable:
            return unavailable("storage_unavailable")
        except Exception as error:
            log.error("request_failed", exc=error, method=request.method, path=request.path)
            return unavailable("unavailable")

    return answer_in_json


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
