"""The sandbox's own routes under `/sandbox/`: what customers do, what they received, faults and settings."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from igbot.sandbox import customer
from igbot.sandbox.faults import FaultRule, Match, Strict
from igbot.sandbox.graph import Sandbox
from igbot.sandbox.options import EchoTiming
from igbot.sandbox.presets import NAMES, preset

SANDBOX: web.AppKey[Sandbox] = web.AppKey("sandbox", Sandbox)

Read = TypeVar("Read")


class CustomerWrites(Strict):
    """Body of `POST /sandbox/customers/{igsid}/messages`; `deliver: false` only remembers it."""

    kind: str = "text"
    text: str = ""
    payload: str | None = None
    about: str | None = None
    url: str = customer.MEDIA_URL
    mid: str | None = None
    at: AwareDatetime | None = None
    account: str | None = None
    deliver: bool = True


class PersonWrites(Strict):
    """Body of `POST /sandbox/customers/{igsid}/person`."""

    text: Annotated[str, Field(min_length=1)]
    account: str | None = None


class PresetRule(Strict):
    """A fault by its name."""

    preset: str
    match: Match = Match()
    times: Annotated[int, Field(ge=1)] | None = None


class SettingsChange(Strict):
    """Body of `POST /sandbox/settings`; what is absent stays."""

    webhook_url: str | None = None
    echo: EchoTiming = "after"
    echo_delay: Annotated[float, Field(ge=0, le=3600)] = 0.0
    seen: bool = True
    strict: bool = False
    window_seconds: Annotated[float, Field(ge=0)] = 0.0
    new_token: bool = False
    require_proof: bool = False
    lookups_per_second: Annotated[int, Field(ge=1)] | None = None
    retry_for: Annotated[float, Field(ge=0)] = 0.0


_FAULT_RULES: TypeAdapter[list[FaultRule | PresetRule]] = TypeAdapter(list[FaultRule | PresetRule])
_CUSTOMER_WRITES = TypeAdapter(CustomerWrites)
_PERSON_WRITES = TypeAdapter(PersonWrites)
_SETTINGS_CHANGE = TypeAdapter(SettingsChange)


def _bad_request(detail: str, *, status: type[web.HTTPError] = web.HTTPBadRequest) -> web.HTTPError:
    return status(text=json.dumps({"error": detail}), content_type="application/json")


async def _read(request: web.Request, adapter: TypeAdapter[Read]) -> Read:
    """The body as what `adapter` reads.

    Raises 415 for anything but JSON, so that no web page can make a browser send it, and 400 for what does not fit.
    """
    if request.content_type != "application/json":
        raise _bad_request("Content-Type must be application/json", status=web.HTTPUnsupportedMediaType)
    try:
        return adapter.validate_json(await request.read())
    except ValidationError as error:
        problems = (f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors())
        raise _bad_request("; ".join(problems)) from error


def _after(request: web.Request) -> int:
    try:
        return int(request.query.get("after", "0"))
    except ValueError as error:
        raise _bad_request("after must be a number") from error


async def messages(request: web.Request) -> web.Response:
    """`GET /sandbox/messages[?igsid=][&account=][&after=N]`: what customers received, in order of acceptance."""
    accepted, asked = request.app[SANDBOX].accepted, request.query
    found = accepted.select(igsid=asked.get("igsid"), after=_after(request), account=asked.get("account"))
    return web.json_response({"total": accepted.total, "messages": [each.as_json() for each in found]})


async def calls(request: web.Request) -> web.Response:
    """`GET /sandbox/calls[?after=N]`: every call of the Graph API and how it ended."""
    log = request.app[SANDBOX].calls
    return web.json_response(
        {"total": log.total, "calls": [each.as_json() for each in log.select(after=_after(request))]}
    )


async def state(request: web.Request) -> web.Response:
    """`GET /sandbox/state`: figures, settings (no secrets) and what is still on its way to the bot."""
    return web.json_response(_state(request.app[SANDBOX]))


async def customer_writes(request: web.Request) -> web.Response:
    """`POST /sandbox/customers/{igsid}/messages`: a customer does something; the bot's status, or why none."""
    sandbox = request.app[SANDBOX]
    asked = await _read(request, _CUSTOMER_WRITES)
    try:
        did = sandbox.customer_does(
            request.match_info["igsid"],
            kind=asked.kind,
            text=asked.text,
            payload=asked.payload,
            about=asked.about,
            url=asked.url,
            mid=asked.mid,
            at=asked.at,
            account=asked.account,
        )
    except (ValueError, OverflowError) as error:
        raise _bad_request(str(error)) from error
    if not asked.deliver:
        return web.json_response({"mid": did.mid, "status": None, "error": None})
    result = await sandbox.deliver(did)
    return web.json_response({"mid": did.mid, "status": result.status, "error": result.error})


async def person_writes(request: web.Request) -> web.Response:
    """`POST /sandbox/customers/{igsid}/person`: a person answers in the Instagram app."""
    asked = await _read(request, _PERSON_WRITES)
    sandbox, igsid = request.app[SANDBOX], request.match_info["igsid"]
    try:
        mid, result = await sandbox.person_writes(igsid, asked.text, account=asked.account)
    except ValueError as error:
        raise _bad_request(str(error)) from error
    return web.json_response({"mid": mid, "status": result.status, "error": result.error})


async def faults(request: web.Request) -> web.Response:
    """`GET /sandbox/faults`: what is in force and how often it still strikes."""
    book = request.app[SANDBOX].faults
    return web.json_response({"struck": book.struck, "faults": book.in_force()})


async def add_faults(request: web.Request) -> web.Response:
    """`POST /sandbox/faults`: a list of faults, or of `{"preset": NAME}`, after those in force."""
    rules = []
    for asked in await _read(request, _FAULT_RULES):
        if isinstance(asked, FaultRule):
            rules.append(asked)
        elif asked.preset in NAMES:
            rules.append(preset(asked.preset, times=asked.times, match=asked.match))
        else:
            raise _bad_request(f"no preset {asked.preset!r}, one of {', '.join(NAMES)}")
    request.app[SANDBOX].faults.add(rules)
    return await faults(request)


async def clear_faults(request: web.Request) -> web.Response:
    """`DELETE /sandbox/faults`: everything goes its usual way again."""
    request.app[SANDBOX].faults.clear()
    return await faults(request)


async def change_settings(request: web.Request) -> web.Response:
    """`POST /sandbox/settings`: changes behaviour from now on; answers with the state."""
    asked = await _read(request, _SETTINGS_CHANGE)
    changes: dict[str, Any] = asked.model_dump(exclude_unset=True)
    if "window_seconds" in changes:
        changes["window"] = timedelta(seconds=changes.pop("window_seconds"))
    request.app[SANDBOX].configure(**changes)
    return await state(request)


def _state(sandbox: Sandbox) -> Mapping[str, Any]:
    settings, postback = sandbox.settings, sandbox.postback
    last = postback.last
    return {
        "now": sandbox.clock().isoformat(),
        "messages": sandbox.accepted.total,
        "calls": sandbox.calls.total,
        "conversations": sum(len(account.threads) for account in sandbox.accounts.each),
        "faults": len(sandbox.faults.in_force()),
        "webhooks": {
            "pending": postback.pending,
            "delivered": postback.delivered,
            "given_up": postback.given_up,
            "last_status": last.status if last else None,
            "last_error": last.error if last else None,
        },
        "settings": {
            "account_ids": list(settings.account_ids),
            "accounts": [{"ids": list(each.ids), "username": each.username} for each in settings.accounts],
            "webhook_url": settings.webhook_url,
            "echo": settings.echo,
            "echo_delay": settings.echo_delay,
            "seen": settings.seen,
            "strict": settings.strict,
            "window_seconds": settings.window.total_seconds(),
            "new_token": settings.new_token,
            "require_proof": settings.require_proof,
            "lookups_per_second": settings.lookups_per_second,
            "retry_for": settings.retry_for,
            "keep": settings.keep,
        },
    }


def add_control_routes(app: web.Application) -> None:
    """Adds everything under `/sandbox/` to an application that has its sandbox under `SANDBOX`."""
    app.router.add_get("/sandbox/messages", messages)
    app.router.add_get("/sandbox/calls", calls)
    app.router.add_get("/sandbox/state", state)
    app.router.add_get("/sandbox/faults", faults)
    app.router.add_post("/sandbox/faults", add_faults)
    app.router.add_delete("/sandbox/faults", clear_faults)
    app.router.add_post("/sandbox/settings", change_settings)
    app.router.add_post("/sandbox/customers/{igsid}/messages", customer_writes)
    app.router.add_post("/sandbox/customers/{igsid}/person", person_writes)
