"""Meta's stand-in, spoilt by plan: each call and each echo meets what the seed has for it, in any order."""

import random
import time
from asyncio import Future
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.campaign.acts import Message, refuses, tells_nothing
from bench.campaign.evidence import Call
from bench.campaign.plan import Plan, Weather
from igbot.meta.error_table import row_for
from igbot.meta.graph_error import read_error
from igbot.sandbox.calls import Answer, GraphCall
from igbot.sandbox.faults import ErrorFault, Fault, Faults, HangFault, HtmlFault
from igbot.sandbox.graph import Sandbox
from igbot.sandbox.options import SandboxSettings
from igbot.sandbox.postback import Delivered, PostBack
from igbot.sandbox.record import AcceptedMessage

MAYBE_REPEATED = 15.0
"""Seconds after its delivery from which a message may meet its second call after one that a kill has swallowed, which
igbot repeats once and no more: such a call is not cut as well."""

_REFUSALS: Sequence[Fault] = (
    ErrorFault(code=613, message="Calls to this api have exceeded the rate limit."),
    ErrorFault(code=2, status=500, message="Service temporarily unavailable", transient=True),
    HtmlFault(status=503),
)
_STORM: Mapping[Weather, Sequence[Fault]] = {
    "closed": (),
    "errors": (HtmlFault(status=503), ErrorFault(code=2, status=500), HtmlFault(status=502, accepted=True)),
    "silence": (HangFault(), HangFault(), HangFault(accepted=True)),
}
_STOPPING = ("halt", "wait")
DEAD_TOKEN = 190


class PlannedFaults(Faults):
    """The faults of a plan. `written_at` is the time at which the message of a mid-less reply text was delivered;
    `weather` is what an outage does to every call, None while there is none."""

    def __init__(self, plan: Plan, *, written_at: Mapping[str, float]) -> None:
        super().__init__()
        self._plan = plan
        self._written_at = written_at
        self._blind = {customer.igsid for customer in plan.customers if not customer.looked_up}
        self._made: Counter[str] = Counter()
        self._chance = random.Random(f"look-ups {plan.seed}")
        self.weather: Weather | None = None
        self.injected: Counter[str] = Counter()
        self.refused: defaultdict[str, list[float]] = defaultdict(list)
        self.calls: list[Call] = []
        """Calls of the Send API, in order."""
        self.look_ups: list[float] = []
        """When the Conversations API was asked."""
        self.stops: list[tuple[float, int]] = []
        """When an answer said that the whole account must stop or wait, and its code."""

    def was_called(self, message: Message) -> bool:
        """Whether the reply to the message has been tried."""
        return any(self._made[reply] for reply in message.replies)

    def choose(self, *, route: str, igsid: str | None, text: str | None, account: str = "") -> Fault | None:
        """What spoils this call."""
        fault: Fault | None = None
        message = self._plan.by_reply.get(text or "")
        if self.weather is not None and _STORM[self.weather]:
            # What must never come does not come in an outage either.
            taken = message is not None and message.fate == "answered"
            fault = self._chance.choice([each for each in _STORM[self.weather] if taken or not each.accepted])
            # Each call counts: what is planned for one does not come on top.
            self._made[text or ""] += route == "send"
        elif route == "send" and message is not None:
            fault = self._of_call(message, text or "")
        elif route == "conversations" and igsid in self._blind:
            fault = self._chance.choice(_REFUSALS)
        if route == "conversations":
            self.look_ups.append(time.time())
            if fault is not None and igsid is not None:
                self.refused[igsid].append(time.time())
        elif route == "send":
            self._note(igsid or "", text or "", fault)
        if fault is not None:
            self.struck += 1
            self.injected[_name(route, fault, weather=self.weather)] += 1
        return fault

    def _of_call(self, message: Message, reply: str) -> Fault | None:
        call = self._made[reply]
        self._made[reply] += 1
        fault = message.spoilt(call)
        if tells_nothing(fault) and time.time() > self._written_at.get(reply, 0.0) + MAYBE_REPEATED:
            return None
        return fault

    def _note(self, igsid: str, text: str, fault: Fault | None) -> None:
        stops = isinstance(fault, ErrorFault) and _reaction(fault).startswith(_STOPPING)
        answered = not tells_nothing(fault)
        self.calls.append(Call(time.time(), igsid, text, answered, refuses(fault), not stops))
        if stops and isinstance(fault, ErrorFault):
            self.stops.append((time.time(), fault.code))

    def was_stopped(self, igsid: str, text: str, code: int) -> None:
        """The last call with a text was answered by what stops the account."""
        place = next(i for i in reversed(range(len(self.calls))) if self.calls[i].text == text)
        self.calls[place] = replace(self.calls[place], igsid=igsid, counted=False)
        self.stops.append((time.time(), code))


def _reaction(fault: ErrorFault) -> str:
    error = read_error(fault.body("A"))
    return row_for(error).reaction if error is not None else ""


def _name(route: str, fault: Fault, *, weather: Weather | None) -> str:
    if weather is not None:
        return f"outage: {weather}"
    if route != "send":
        return "look-up refused"
    code = f" {fault.code}" if isinstance(fault, ErrorFault) else ""
    subcode = f"/{fault.subcode}" if isinstance(fault, ErrorFault) and fault.subcode is not None else ""
    return f"{fault.kind.replace('_', ' ')}{code}{subcode}" + (", taken" if fault.accepted else "")


class PlannedMeta(Sandbox):
    """The stand-in with a plan. `post` brings webhook items to one of the bot's processes: one attempt."""

    def __init__(
        self,
        settings: SandboxSettings,
        plan: Plan,
        *,
        written_at: Mapping[str, float],
        post: Callable[[Sequence[Mapping[str, Any]]], Awaitable[Delivered]],
    ) -> None:
        super().__init__(settings)
        self._plan = plan
        self.planned = PlannedFaults(plan, written_at=written_at)
        self.faults = self.planned
        self.postback = _Postman(self, post=post)
        self.sent_with: set[str] = set()
        """The tokens that messages were sent with."""

    def answer(self, call: GraphCall) -> Answer:
        """The usual answer; a send that a dead token spoils is none of the calls that its reply has."""
        answer = super().answer(call)
        if answer.accepted is not None and call.token is not None:
            self.sent_with.add(call.token)
        if call.route == "send" and answer.code == DEAD_TOKEN:
            self.planned.was_stopped(call.igsid or "", call.text or "", DEAD_TOKEN)
        return answer

    def tell(self, message: AcceptedMessage, *, delay: float = 0.0) -> "list[Future[Delivered]]":
        """The echo of an accepted message: when it is planned, or never."""
        planned = self._plan.by_reply.get(message.sending.text or "")
        if planned is None:
            return super().tell(message, delay=delay)
        if planned.echo is None:
            self.planned.injected["echo never"] += 1
            return []
        if planned.echo:
            self.planned.injected["echo late"] += 1
        return super().tell(message, delay=planned.echo)


class _Postman(PostBack):
    """Posts to whichever process lives."""

    def __init__(self, meta: Sandbox, *, post: Callable[[Sequence[Mapping[str, Any]]], Awaitable[Delivered]]) -> None:
        super().__init__(lambda: meta.settings, by_account=meta.accounts.by_account, clock=meta.clock)
        self._bring = post

    async def post(self, items: Sequence[Mapping[str, Any]]) -> Delivered:
        """One attempt."""
        return await self._bring(items)
