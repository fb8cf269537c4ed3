"""One call of the Graph API as plain values: which edge, of which id, with which parameters."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from igbot.sandbox.record import AcceptedMessage

_VERSION = regex.compile(r"v[0-9]{1,3}\.[0-9]{1,2}")
UNREADABLE = object()
"""Stands for a body that is not JSON."""


@dataclass(frozen=True, slots=True)
class GraphCall:
    """What a client asks; `target` is the id (or `me`) in the path, `igsid` and `text` are read for faults only."""

    method: str
    path: str
    route: str
    target: str
    params: Mapping[str, str]
    body: object
    token: str | None
    igsid: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What Meta would answer; `accepted` is the message a customer got by it."""

    status: int
    body: Mapping[str, Any]
    accepted: AcceptedMessage | None = None

    @property
    def code(self) -> int | None:
        """The code of an error answer."""
        error = self.body.get("error")
        return error["code"] if isinstance(error, dict) else None


def read_call(
    method: str, path: str, *, params: Mapping[str, str], authorization: str | None, body: bytes
) -> GraphCall:
    """A request as a call; anything can come in and nothing is refused yet."""
    route, target = _route(method, [part for part in path.split("/") if part])
    content = _read_body(body) if body else None
    token = _bearer(authorization) or params.get("access_token")
    igsid: str | None = params.get("user_id")
    text: str | None = None
    if isinstance(content, dict):
        if token is None and isinstance(content.get("access_token"), str):
            token = content["access_token"]
        recipient, message = content.get("recipient"), content.get("message")
        if isinstance(recipient, dict) and isinstance(recipient.get("id"), str | int):
            igsid = str(recipient["id"])
        if isinstance(message, dict):
            text = _words(message)
        if route == "send" and "sender_action" in content:
            route = "action"
    return GraphCall(method, path, route, target, params, content, token, igsid, text)


def _route(method: str, parts: Sequence[str]) -> tuple[str, str]:
    if parts and _VERSION.fullmatch(parts[0]):
        parts = parts[1:]
    match (method, *parts):
        case ("POST", target, "messages"):
            return "send", target
        case ("GET", "refresh_access_token"):
            return "refresh", ""
        case ("GET", "oauth", "access_token") | ("GET", "access_token"):
            return "exchange", ""
        case ("GET", "debug_token"):
            return "debug", ""
        case ("GET", "app"):
            return "app", ""
        case ("GET", target, "conversations"):
            return "conversations", target
        case ("GET" | "POST", target, "subscribed_apps"):
            return "subscribed_apps", target
        case ("GET", target):
            return "node", target
    return "unknown", ""


def _words(message: Mapping[str, Any]) -> str | None:
    """The text of a message or of its template."""
    attachment = message.get("attachment")
    payload = attachment.get("payload") if isinstance(attachment, dict) else None
    for holder in (message, payload):
        if isinstance(holder, dict) and isinstance(holder.get("text"), str):
            return str(holder["text"])
    return None


def _bearer(authorization: str | None) -> str | None:
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else None


def _read_body(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return UNREADABLE


def written(content: Mapping[str, Any]) -> bytes:
    """JSON as Graph writes it: ASCII, compact."""
    return json.dumps(content, separators=(",", ":")).encode("ascii")
