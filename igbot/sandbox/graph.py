"""The stand-in itself: all of its state, and Meta's answer to every call."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from igbot.sandbox import customer, lookups
from igbot.sandbox.accounts import PlayedAccount, PlayedAccounts
from igbot.sandbox.attachments import as_echoed
from igbot.sandbox.calls import UNREADABLE, Answer, GraphCall
from igbot.sandbox.faults import Faults
from igbot.sandbox.fields import Field, read_fields
from igbot.sandbox.options import CHANGEABLE, SandboxSettings
from igbot.sandbox.postback import Delivered, PostBack
from igbot.sandbox.record import AcceptedMessage, AcceptedMessages, Calls
from igbot.sandbox.refusals import (
    RefusalError,
    bad_parameter,
    error_body,
    no_such_object,
    outside_window,
    unknown_path,
    unknown_recipient,
)
from igbot.sandbox.sending import Sending, read_sending
from igbot.sandbox.threads import ThreadMessage, Threads
from igbot.sandbox.tokens import APP_ID, Tokens, check_proof

MID_PREFIX = "aWdfZAG1"
HUMAN_AGENT_WINDOW = timedelta(days=7)
LOOKUPS = frozenset({"conversations", "conversation", "message"})
OPEN_ROUTES = frozenset({"refresh", "exchange", "debug", "unknown"})
"""Routes that check their token themselves, or have none."""

_LOG = logging.getLogger("igbot.sandbox")


@dataclass(frozen=True, slots=True)
class CustomerDid:
    """Something a customer did: its mid (None for kinds without one) and the webhook item that tells it."""

    mid: str | None
    item: Mapping[str, Any]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """Meta's side of the conversation, held in memory.

    Posting back to the bot needs `running()`, which the application of `make_app` enters by itself. `accepted` is the
    record of what customers received, `calls` of what was asked; `tokens` are those it believes. Where an account is to
    be named, any of its ids will do.
    """

    def __init__(self, settings: SandboxSettings, *, clock: Callable[[], datetime] = _utc_now) -> None:
        self.settings = settings
        self.clock = clock
        self.faults = Faults()
        self.accepted = AcceptedMessages(keep=settings.keep)
        self.calls = Calls(keep=settings.keep)
        self.accounts = PlayedAccounts(settings.accounts, keep=settings.keep)
        self.postback = PostBack(lambda: self.settings, by_account=self.accounts.by_account, clock=clock)
        # Of two accounts with one token, the token is the first one's.
        owners = {account.token: account.account_id for account in reversed(settings.accounts)}
        self.tokens = Tokens(dict(reversed(owners.items())), clock=clock)
        # The bot outlives the sandbox: a mid must not come back in the sandbox's next life.
        self._life = secrets.token_hex(5)
        self._mids = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Sandbox"]:
        """Keeps posting back to the bot as long as it is entered."""
        async with self.postback.running():
            yield self

    def configure(self, **changes: Any) -> None:
        """Changes settings from now on.

        Raises ValueError for a name that does not exist or stands fixed, and for values that cannot be.
        """
        if wrong := sorted(set(changes) - CHANGEABLE):
            raise ValueError(f"cannot be changed: {', '.join(wrong)} (one of {', '.join(sorted(CHANGEABLE))})")
        self.settings = replace(self.settings, **changes)

    def new_mid(self) -> str:
        """A message id nobody has had before."""
        self._mids += 1
        return f"{MID_PREFIX}{self._life}_{self._mids}"

    # What people do

    def customer_does(
        self,
        igsid: str,
        *,
        kind: str = "text",
        text: str = "",
        payload: str | None = None,
        about: str | None = None,
        url: str = customer.MEDIA_URL,
        mid: str | None = None,
        at: datetime | None = None,
        account: str | None = None,
    ) -> CustomerDid:
        """A customer writes, taps, reacts: remembered in the conversation, and returned as a webhook item to post.

        `mid` and `at` are made where absent; `account` None is the first. Raises ValueError as `customer_message` does,
        and for an account that does not exist.
        """
        played = self.accounts.named(account)
        mid = (mid or self.new_mid()) if kind in customer.OWN_MID_KINDS else None
        at = at or self.clock()
        account_id = played.settings.account_id
        item = customer.customer_message(
            igsid, account_id, at=at, mid=mid, kind=kind, text=text, payload=payload, about=about, url=url
        )
        played.threads.customer_wrote(igsid, at=at, opens_window=kind in customer.WINDOW_KINDS)
        if mid is not None:
            attachments = tuple(item.get("message", {}).get("attachments", ()))
            played.threads.add(ThreadMessage(mid, igsid, igsid, at, None if attachments else text, attachments))
        return CustomerDid(mid, item)

    async def deliver(self, *did: CustomerDid) -> Delivered:
        """Posts what customers did to the bot: one signed delivery, one attempt."""
        return await self.postback.post([each.item for each in did])

    async def person_writes(self, igsid: str, text: str, *, account: str | None = None) -> tuple[str, Delivered]:
        """A person answers the customer in the Instagram app: the bot is told by an echo it never sent.

        Returns the mid and the result of the first attempt; the echo is repeated until the bot takes it.
        """
        mid, at, played = self.new_mid(), self.clock(), self.accounts.named(account)
        account_id = played.settings.account_id
        played.threads.add(ThreadMessage(mid, igsid, account_id, at, text))
        first_attempt = self.postback.queue(igsid, customer.echo(igsid, account_id, mid=mid, at=at, text=text))
        return mid, await first_attempt

    # What Meta answers

    def resolve(self, call: GraphCall) -> GraphCall:
        """The call with its node named: an id alone may be the account, a conversation, a message or a customer."""
        if call.route != "node":
            return call
        played = self._caller(call)
        if played.is_meant(call.target):
            return replace(call, route="me")
        if played.threads.conversation(call.target) is not None:
            return replace(call, route="conversation")
        if call.target.startswith(MID_PREFIX) or played.threads.message(call.target) is not None:
            return replace(call, route="message")
        return replace(call, route="profile", igsid=call.target)

    def answer(self, call: GraphCall) -> Answer:
        """Meta's answer to a resolved call, with all that follows from it recorded; never raises."""
        try:
            if self.settings.require_proof:
                check_proof(call, app_secret=self.settings.app_secret)
            if call.route in ("send", "action"):
                return self._send(call)
            return Answer(200, self._read(call))
        except RefusalError as refusal:
            return Answer(refusal.status, refusal.body(self.new_trace()))
        except Exception:
            _LOG.exception("sandbox_call_failed")
            return Answer(500, error_body(1, "An unknown error has occurred.", trace=self.new_trace()))

    def new_trace(self) -> str:
        """A value for `fbtrace_id`."""
        return f"A{secrets.token_hex(8)}"

    def tell(self, message: AcceptedMessage, *, delay: float = 0.0) -> list[asyncio.Future[Delivered]]:
        """Queues echo and read receipt of an accepted message; returns the futures of their first attempts."""
        igsid, account_id = message.sending.igsid, message.account
        echo = customer.echo(
            igsid,
            account_id,
            mid=message.mid,
            at=message.at,
            text=message.sending.text,
            attachments=as_echoed(message.sending.attachments),
        )
        told = [self.postback.queue(igsid, echo, delay=delay)]
        if self.settings.seen:
            read = customer.seen(igsid, account_id, mid=message.mid, at=self.clock())
            told.append(self.postback.queue(igsid, read, delay=delay))
        return told

    @property
    def threads(self) -> Threads:
        """The conversations of the first account."""
        return self.accounts.first.threads

    def _caller(self, call: GraphCall) -> PlayedAccount:
        """The account whose token a call came with."""
        return self.accounts.named(self.tokens.owner(call.token))

    def _send(self, call: GraphCall) -> Answer:
        self.tokens.check(call.token)
        played = self._caller(call)
        if not played.is_meant(call.target):
            raise no_such_object(call.target, method="post")
        if call.body is UNREADABLE:
            raise bad_parameter("The body of the request is not valid JSON")
        sending = read_sending(call.body)
        self._reachable(played, sending)
        if sending.action is not None:
            return Answer(200, {"recipient_id": sending.igsid})
        mid, at = self.new_mid(), self.clock()
        account_id = played.settings.account_id
        message = self.accepted.add(sending, mid=mid, at=at, account=account_id)
        played.threads.add(ThreadMessage(mid, sending.igsid, account_id, at, sending.text, sending.attachments))
        return Answer(200, {"recipient_id": sending.igsid, "message_id": mid}, accepted=message)

    def _reachable(self, played: PlayedAccount, sending: Sending) -> None:
        thread = played.threads.of(sending.igsid)
        if self.accounts.has(sending.igsid):
            raise unknown_recipient()
        if thread is None or not thread.wrote:
            if self.settings.strict or self.accounts.know(sending.igsid, but=played):
                raise unknown_recipient()
            return
        window = max(self.settings.window, HUMAN_AGENT_WINDOW) if sending.by_person else self.settings.window
        if thread.written_at is not None and self.clock() - thread.written_at > window:
            raise outside_window()

    def _read(self, call: GraphCall) -> Mapping[str, Any]:
        if call.route not in OPEN_ROUTES:
            self.tokens.check(call.token)
        played = self._caller(call)
        if call.route in LOOKUPS:
            played.pace_lookups(self.settings.lookups_per_second, self.clock())
        fields = read_fields(call.params.get("fields", ""))
        match call.route:
            case "me":
                return lookups.account(played.settings, fields)
            case "profile" if not self.accounts.has(call.target):
                strict = self.settings.strict or self.accounts.know(call.target, but=played)
                return lookups.profile(call.target, played.threads.of(call.target), fields, strict=strict)
            case "conversations" if played.is_meant(call.target):
                return lookups.conversations(played.settings, played.threads, call.params, fields)
            case "subscribed_apps" if played.is_meant(call.target):
                return played.subscription.answer(call)
            case "conversation" | "message":
                return _look_up(played, call, fields)
            case "refresh" | "exchange":
                return self.tokens.refresh(call, app_secret=self.settings.app_secret, new_token=self.settings.new_token)
            case "debug":
                return self.tokens.facts(call, app_secret=self.settings.app_secret)
            case "app":
                return {"id": APP_ID, "name": "Sandbox shop"}
            case "conversations" | "subscribed_apps" | "profile":
                raise no_such_object(call.target, method=call.method)
        raise unknown_path(call.path)


def _look_up(played: PlayedAccount, call: GraphCall, fields: Mapping[str, Field]) -> Mapping[str, Any]:
    if (thread := played.threads.conversation(call.target)) is not None:
        return lookups.conversation(played.settings, thread, fields)
    if (message := played.threads.message(call.target)) is not None:
        return lookups.message(played.settings, message, fields)
    raise no_such_object(call.target, method="get")
