"""The Graph API over HTTP: every request answered as Meta would, or spoilt by the fault that strikes it."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import web

from igbot.sandbox.calls import Answer, GraphCall, read_call, written
from igbot.sandbox.faults import (
    CutAfterFault,
    CutBeforeFault,
    DelayFault,
    ErrorFault,
    Fault,
    HangFault,
    HeadersFault,
    HtmlFault,
    NoMidFault,
    RawFault,
)
from igbot.sandbox.graph import Sandbox
from igbot.sandbox.postback import ATTEMPT_TIMEOUT
from igbot.sandbox.record import Call

HTML = (
    b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry, something went wrong.</h1></body></html>"
)
LOOK_EVERY = 0.25
"""Seconds between looks at whether the client of a hanging call has left."""

_LOG = logging.getLogger("igbot.sandbox")


class GraphRoutes:
    """The handler of all paths that are not the sandbox's own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._stopping = asyncio.Event()

    async def stop(self, _app: web.Application) -> None:
        """Lets go of hanging calls, so that the server can end."""
        self._stopping.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers one call, whatever came in; a body over the limit is the server's own 413."""
        sandbox = self._sandbox
        body = await request.read() if request.can_read_body else b""
        call = sandbox.resolve(
            read_call(
                request.method,
                request.path,
                params=request.query,
                authorization=request.headers.get("Authorization"),
                body=body,
            )
        )
        account = sandbox.tokens.owner(call.token)
        record = sandbox.calls.begin(
            at=sandbox.clock(), method=call.method, path=call.path, route=call.route, igsid=call.igsid, account=account
        )
        fault = sandbox.faults.choose(route=call.route, igsid=call.igsid, text=call.text, account=account)
        try:
            if fault is None:
                return await self._usual(request, call, record)
            record.fault = fault.kind
            return await self._spoilt(request, call, record, fault)
        except ConnectionError:
            return _cut(request)
        except Exception:
            _LOG.exception("sandbox_request_failed")
            record.status = 500
            return web.json_response({"error": {"message": "An unknown error has occurred.", "code": 1}}, status=500)

    async def _usual(
        self, request: web.Request, call: GraphCall, record: Call, *, headers: Mapping[str, str] | None = None
    ) -> web.StreamResponse:
        sandbox = self._sandbox
        answer = sandbox.answer(call)
        _note(record, answer)
        response = _response(answer, headers)
        if answer.accepted is None:
            return response
        match sandbox.settings.echo:
            case "after":
                # Written out here, so that the echo cannot overtake the answer inside this process.
                try:
                    await response.prepare(request)
                    await response.write_eof()
                finally:
                    sandbox.tell(answer.accepted)
            case "before":
                # A bot that is away would otherwise wait for itself.
                await asyncio.wait(sandbox.tell(answer.accepted), timeout=ATTEMPT_TIMEOUT)
            case "late":
                sandbox.tell(answer.accepted, delay=sandbox.settings.echo_delay)
        return response

    async def _spoilt(self, request: web.Request, call: GraphCall, record: Call, fault: Fault) -> web.StreamResponse:
        match fault:
            case HeadersFault():
                return await self._usual(request, call, record, headers=fault.headers)
            case DelayFault(accepted=False):
                await self._wait(request, fault.seconds)
                return await self._usual(request, call, record)
        answer = self._accept(call, record) if fault.accepted else None
        if answer is not None and answer.code is not None:
            # What is refused in any case, with a dead token say, is not taken, and no answer may tell that it was.
            _note(record, answer)
            return _response(answer, None)
        match fault:
            case DelayFault():
                await self._wait(request, fault.seconds)
            case HangFault():
                await self._wait(request, fault.seconds)
                return _cut(request)
            case CutBeforeFault() | CutAfterFault():
                return _cut(request)
            case HtmlFault():
                record.status, record.code = fault.status, None
                return web.Response(status=fault.status, body=HTML, headers=fault.headers, content_type="text/html")
            case RawFault():
                return await _raw(request, record, fault)
            case NoMidFault():
                answer = Answer(200, {"recipient_id": call.igsid})
            case ErrorFault():
                answer = Answer(fault.status, fault.body(self._sandbox.new_trace()))
        if answer is None:
            raise TypeError(f"no answer for the fault {fault.kind}")
        _note(record, answer)
        return _response(answer, fault.headers if isinstance(fault, ErrorFault) else None)

    def _accept(self, call: GraphCall, record: Call) -> Answer:
        """Runs the call although its answer will be spoilt; its echo cannot wait for an answer, so it goes at once."""
        sandbox = self._sandbox
        answer = sandbox.answer(call)
        if answer.accepted is not None:
            record.mid = answer.accepted.mid
            echo = sandbox.settings.echo
            if echo != "never":
                sandbox.tell(answer.accepted, delay=sandbox.settings.echo_delay if echo == "late" else 0.0)
        return answer

    async def _wait(self, request: web.Request, seconds: float) -> None:
        """Waits, unless the client leaves or the server stops before."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0 and request.transport is not None and not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), min(left, LOOK_EVERY))


def _note(record: Call, answer: Answer) -> None:
    record.status, record.code = answer.status, answer.code
    if answer.accepted is not None:
        record.mid = answer.accepted.mid


def _response(answer: Answer, headers: Mapping[str, str] | None) -> web.Response:
    return web.Response(
        status=answer.status, body=written(answer.body), headers=headers, content_type="application/json"
    )


async def _raw(request: web.Request, record: Call, fault: RawFault) -> web.StreamResponse:
    """The bytes as they are asked for; one that is cut says that twice as many will come."""
    content = fault.content
    record.status, record.code = fault.status, None
    if not fault.cut:
        return web.Response(status=fault.status, body=content, headers=fault.headers, content_type=fault.content_type)
    response = web.StreamResponse(status=fault.status, headers=fault.headers)
    response.content_type = fault.content_type
    response.content_length = 2 * len(content) + 1
    await response.prepare(request)
    await response.write(content)
    record.status = None
    return _cut(request)


def _cut(request: web.Request) -> web.Response:
    """Cuts the connection; the response goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
