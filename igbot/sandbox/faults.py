"""Faults on request: what a test asks for, which call it fits, and how often it still applies."""

import random
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from igbot.sandbox.refusals import error_body

Route = Literal[
    "send",
    "action",
    "me",
    "profile",
    "conversations",
    "conversation",
    "message",
    "subscribed_apps",
    "refresh",
    "exchange",
    "debug",
    "app",
]
"""The calls of the Graph API the sandbox knows; `action` is one that sends no message but shows typing or the like."""

MAX_WAIT = 3600.0
MAX_RAW_BYTES = 16 * 1024 * 1024
Seconds = Annotated[float, Field(ge=0, le=MAX_WAIT)]
Status = Annotated[int, Field(ge=200, le=599)]


class Strict(BaseModel):
    """Untrusted JSON of a control route: unknown keys are errors, values never change later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ErrorFault(Strict):
    """A Graph error; with `accepted` the message was delivered all the same, as code 1 and 2 may mean."""

    kind: Literal["error"] = "error"
    status: Status = 400
    code: int
    subcode: int | None = None
    message: str = "The sandbox was asked to fail."
    type: str = "OAuthException"
    transient: bool | None = None
    headers: dict[str, str] = {}
    accepted: bool = False

    def body(self, trace: str) -> dict[str, Any]:
        """The error object Meta would answer with."""
        return error_body(
            self.code,
            f"(#{self.code}) {self.message}",
            subcode=self.subcode,
            type_=self.type,
            transient=self.transient,
            trace=trace,
        )


class HtmlFault(Strict):
    """A page of some proxy instead of JSON."""

    kind: Literal["html"] = "html"
    status: Status = 502
    headers: dict[str, str] = {}
    accepted: bool = False


class RawFault(Strict):
    """An answer of any bytes: of no sense, of another language, without an end.

    `body` is repeated until it is `size` bytes long, where that is given; `cut`: the connection ends in its middle.
    """

    kind: Literal["raw"] = "raw"
    status: Status = 200
    body: str = ""
    size: Annotated[int, Field(ge=1, le=MAX_RAW_BYTES)] | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = {}
    cut: bool = False
    accepted: bool = False

    @property
    def content(self) -> bytes:
        """The bytes of the whole body, ill-formed characters as they are."""
        content = self.body.encode("utf-8", "surrogatepass")
        if self.size is None or not content:
            return content
        return (content * (self.size // len(content) + 1))[: self.size]


class NoMidFault(Strict):
    """A 200 without a message id, the message being delivered unless `accepted` is false."""

    kind: Literal["no_mid"] = "no_mid"
    accepted: bool = True


class DelayFault(Strict):
    """The usual answer, late; with `accepted` the message is delivered before the wait, not after it."""

    kind: Literal["delay"] = "delay"
    seconds: Seconds
    accepted: bool = False


class HangFault(Strict):
    """No answer ever, the connection stays open until the client leaves or `seconds` are over."""

    kind: Literal["hang"] = "hang"
    seconds: Seconds = MAX_WAIT
    accepted: bool = False


class CutBeforeFault(Strict):
    """The connection is cut, nothing was delivered."""

    kind: Literal["cut_before"] = "cut_before"

    @property
    def accepted(self) -> bool:
        """Never."""
        return False


class CutAfterFault(Strict):
    """The message is delivered, then the connection is cut."""

    kind: Literal["cut_after"] = "cut_after"

    @property
    def accepted(self) -> bool:
        """Always."""
        return True


class HeadersFault(Strict):
    """The usual answer with headers added, such as usage figures."""

    kind: Literal["headers"] = "headers"
    headers: dict[str, str]

    @property
    def accepted(self) -> bool:
        """Always: the call runs as usual."""
        return True


Fault = Annotated[
    ErrorFault
    | HtmlFault
    | RawFault
    | NoMidFault
    | DelayFault
    | HangFault
    | CutBeforeFault
    | CutAfterFault
    | HeadersFault,
    Field(discriminator="kind"),
]


class Match(Strict):
    """Which calls a fault is for; what is absent matches all. `text` is a part of the message's words.

    `account` is the id that an account has in webhooks: calls with its token.
    """

    igsid: str | None = None
    text: str | None = None
    route: Route | None = None
    account: str | None = None

    def fits(self, *, route: str, text: str | None, account: str = "") -> bool:
        """Whether the call fits; the customer is looked at by `Faults`."""
        if self.route is not None and route != self.route:
            return False
        if self.account is not None and account != self.account:
            return False
        return self.text is None or (text is not None and self.text in text)


class FaultRule(Strict):
    """A fault, the calls it is for, how many times (None: always) and with which probability."""

    match: Match = Match()
    times: Annotated[int, Field(ge=1)] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    seed: int = 0
    fault: Fault


FAULT_RULES: TypeAdapter[list[FaultRule]] = TypeAdapter(list[FaultRule])


class _Standing:
    """A rule in force: what is left of it, and its own source of chance."""

    __slots__ = ("chance", "left", "number", "rule")

    def __init__(self, number: int, rule: FaultRule) -> None:
        self.number = number
        self.rule = rule
        self.left = rule.times
        self.chance = random.Random(rule.seed)

    def strikes(self, *, route: str, text: str | None, account: str) -> bool:
        if not self.rule.match.fits(route=route, text=text, account=account):
            return False
        return self.rule.probability >= 1 or self.chance.random() < self.rule.probability


class Faults:
    """The faults in force. The first that fits strikes; those for one customer are found without a search."""

    def __init__(self) -> None:
        self._for_all: list[_Standing] = []
        self._for_one: dict[str, list[_Standing]] = {}
        self._added = 0
        self.struck = 0

    def add(self, rules: Iterable[FaultRule]) -> None:
        """Puts rules in force, after those that already are."""
        for rule in rules:
            self._added += 1
            self._group(rule.match.igsid).append(_Standing(self._added, rule))

    def clear(self) -> None:
        """Takes all faults back."""
        self._for_all.clear()
        self._for_one.clear()

    def choose(self, *, route: str, igsid: str | None, text: str | None, account: str = "") -> Fault | None:
        """The fault that strikes this call, counted as used; None for a call that goes its usual way."""
        if not self._for_all and not self._for_one:
            return None
        of_customer: Sequence[_Standing] = self._for_one.get(igsid, ()) if igsid is not None else ()
        for standing in sorted([*self._for_all, *of_customer], key=lambda each: each.number):
            if standing.strikes(route=route, text=text, account=account):
                self._use(standing)
                return standing.rule.fault
        return None

    def in_force(self) -> list[dict[str, Any]]:
        """The standing faults in order, with `left` (None: always)."""
        standing = [*self._for_all, *(each for group in self._for_one.values() for each in group)]
        standing.sort(key=lambda each: each.number)
        return [{**each.rule.model_dump(exclude_none=True), "left": each.left} for each in standing]

    def _group(self, igsid: str | None) -> list[_Standing]:
        return self._for_all if igsid is None else self._for_one.setdefault(igsid, [])

    def _use(self, standing: _Standing) -> None:
        self.struck += 1
        if standing.left is None:
            return
        standing.left -= 1
        if standing.left > 0:
            return
        igsid = standing.rule.match.igsid
        self._group(igsid).remove(standing)
        if igsid is not None and not self._for_one[igsid]:
            del self._for_one[igsid]
