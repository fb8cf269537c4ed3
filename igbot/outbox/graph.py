"""Calls of Meta's Graph API. One call, one outcome: trying again is the outbox's business, never this client's."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import aiohttp
import backoff

from igbot.accounts.graph_reads import GraphReads, Proof, read_body
from igbot.meta.conversations_api import SentMessage, UnreadableAnswerError, read_identity, read_messages
from igbot.meta.events import Igsid
from igbot.meta.outcomes import Outcome, classify, is_away, no_answer, not_sent
from igbot.meta.outgoing import Outgoing
from igbot.meta.profile import FIELDS, read_profile
from igbot.meta.sendapi import send_body, typing_body
from igbot.meta.usage import read_usage
from igbot.telemetry.clock import Clock

TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5)
TYPING_TIMEOUT = aiohttp.ClientTimeout(total=5)
"""The message waits for the call that shows typing: the other way round, typing would be shown after it."""
USAGE_HEADERS = ("X-App-Usage", "X-Business-Use-Case-Usage")
PAGE = 20
"""The newest messages of a conversation that Meta tells of (meta-platform reference §9)."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What came of the call that sends a message.

    `outcome` None: it never left (no connection, so surely nothing was sent). `usage` is how much of Meta's most used
    budget is used, in percent; 0: Meta did not say.
    """

    outcome: Outcome | None
    usage: int = 0


@dataclass(frozen=True, slots=True)
class LookUp:
    """What came of asking Meta what it has sent.

    `messages` are the newest of the conversation; None: not to be had now. `refusal` is what Meta said instead; None
    too: nothing, or nothing but that it is in trouble (`is_away`).
    """

    messages: list[SentMessage] | None
    refusal: Outcome | None = None


class GraphClient:
    """The Send API and the few look-ups igbot needs, for one host and version.

    `session` is the process's own; its connections are reused. `proof` makes the `appsecret_proof` of a token, which
    each call then carries; None: calls carry none.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        url: str,
        version: str,
        clock: Clock,
        proof: Proof | None = None,
    ) -> None:
        self._session = session
        self._base = f"{url.rstrip('/')}/{version}"
        self._clock = clock
        self._reads = GraphReads(session, proof=proof)

    async def send(self, igsid: Igsid, message: Outgoing, *, token: str) -> Sending:
        """POST one message."""
        try:
            async with self._post(send_body(igsid, message), token=token, timeout=TIMEOUT) as response:
                content = await read_body(response)
                outcome = classify(response.status, content, response.headers, now=self._clock())
                told = any(name in response.headers for name in USAGE_HEADERS)
                return Sending(outcome, read_usage(response.headers).percent if told else 0)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Sending(None)
        except aiohttp.InvalidURL:
            return Sending(not_sent("the Graph URL cannot be used"))
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            return Sending(no_answer(type(error).__name__))

    async def show_typing(self, igsid: Igsid, *, token: str) -> None:
        """Show the customer that somebody types. Whether it worked is not known, and no matter."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            async with self._post(typing_body(igsid), token=token, timeout=TYPING_TIMEOUT) as response:
                await read_body(response)

    async def look_up(self, igsid: Igsid, *, token: str, with_attachments: bool = False) -> LookUp:
        """The newest messages of the conversation as Meta has them (Conversations API).

        Attachments are told only where they are asked for, so that no look-up for words depends on them.
        """
        fields = "id,created_time,from,message" + (",attachments" if with_attachments else "")
        query = {"platform": "instagram", "user_id": igsid, "fields": f"messages.limit({PAGE}){{{fields}}}"}
        status, body = await self._get("me/conversations", query, token=token)
        with contextlib.suppress(UnreadableAnswerError):
            if status == 200:
                return LookUp(read_messages(body))
        refusal = classify(status, body, {}, now=self._clock()) if status else None
        return LookUp(None, None if refusal is None or is_away(refusal) else refusal)

    async def identity(self, *, token: str) -> tuple[int, set[str]]:
        """HTTP status (0: no answer) and the ids that `/me` gives for the token, after a few short tries."""
        ask = backoff.on_predicate(
            backoff.expo, lambda got: got[0] == 0 or got[0] >= 500, max_tries=2, factor=0.2, logger=None
        )(self._get)
        status, body = await ask("me", {"fields": "id,user_id,username"}, token=token, seconds=5)
        return status, read_identity(body) if status == 200 else set()

    async def profile(self, igsid: Igsid, *, token: str, seconds: float) -> dict[str, Any] | None:
        """What Meta tells of a customer (`meta.profile.read_profile`); None where it tells nothing, or not in time."""
        status, body = await self._get(igsid, {"fields": FIELDS}, token=token, seconds=seconds)
        return read_profile(body) if status == 200 else None

    def _post(
        self, body: Mapping[str, Any], *, token: str, timeout: aiohttp.ClientTimeout
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self._session.post(
            f"{self._base}/me/messages",
            params=self._reads.proven(token),
            data=json.dumps(body).encode(),
            headers=headers,
            timeout=timeout,
            allow_redirects=False,
        )

    async def _get(self, path: str, query: Mapping[str, str], *, token: str, seconds: float = 10) -> tuple[int, bytes]:
        return await self._reads.get(f"{self._base}/{path}", query, token=token, seconds=seconds)
