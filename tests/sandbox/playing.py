"""The two parties around a sandbox in tests: a bot that takes webhooks, and a client that calls the Graph API."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient

from igbot.sandbox.graph import Sandbox
from igbot.sandbox.options import SandboxSettings

ACCOUNT = "17841400000000001"
PAGE = "100200300400500"
TOKEN = "IGAAtestingtoken"
SECRET = "igbot-test-secret"
ANA = "9000000000000001"
BEN = "9000000000000002"


def settings(**changes: Any) -> SandboxSettings:
    """Settings of a sandbox for tests."""
    known: dict[str, Any] = {"account_ids": (ACCOUNT, PAGE), "access_token": TOKEN, "app_secret": SECRET}
    return SandboxSettings(**{**known, **changes})


@dataclass
class Bot:
    """Takes webhooks as igbot would; `statuses` are used up first, then it answers 200."""

    statuses: list[int] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""
    said_https: list[bool] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: web.Request) -> web.Response:
        """Checks the signature as the bot would, and keeps what it answers with 200."""
        body = await request.read()
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        if request.headers.get("X-Hub-Signature-256") != f"sha256={digest}":
            return web.Response(status=401)
        self.bodies.append(body)
        self.said_https.append(request.headers.get("X-Forwarded-Proto") == "https")
        self.arrived.set()
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            for entry in json.loads(body)["entry"]:
                self.items.extend(entry["messaging"])
        return web.Response(status=status)

    def echoes(self) -> list[str]:
        """The texts of the echoes it was told, in order."""
        return [item["message"]["text"] for item in self.items if item.get("message", {}).get("is_echo")]


@dataclass
class Client:
    """Calls the Graph API of a sandbox over HTTP."""

    http: TestClient[web.Request, web.Application]
    sandbox: Sandbox

    async def post(self, igsid: str, message: object, *, token: str | None = TOKEN, path: str = "") -> ClientResponse:
        """One `POST /me/messages`."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = {"recipient": {"id": igsid}, "message": message}
        return await self.http.post(path or "/v25.0/me/messages", json=body, headers=headers)

    async def send(self, igsid: str, text: str) -> str:
        """Sends a text which must be accepted; its mid."""
        answer = await self.post(igsid, {"text": text})
        content = await answer.json()
        assert answer.status == 200, content
        assert content["recipient_id"] == igsid
        return str(content["message_id"])

    async def refused(self, igsid: str, message: object) -> tuple[int, int | None]:
        """Code and subcode of the refusal of a message."""
        answer = await self.post(igsid, message)
        error = (await answer.json())["error"]
        assert answer.status >= 400
        return error["code"], error.get("error_subcode")

    async def read(self, path: str, **params: str) -> tuple[int, dict[str, Any]]:
        """One reading call with the token."""
        answer = await self.http.get(f"/v25.0{path}", params=params, headers={"Authorization": f"Bearer {TOKEN}"})
        return answer.status, await answer.json()

    async def control(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """One call of the sandbox's own routes."""
        sent: Mapping[str, Any] = {} if body is None else {"json": body}
        answer = await self.http.request(method, f"/sandbox{path}", **sent)
        return answer.status, await answer.json()

    def received(self, igsid: str | None = None) -> list[str | None]:
        """The texts customers received, by the sandbox's record."""
        return [message.sending.text for message in self.sandbox.accepted.select(igsid=igsid)]
