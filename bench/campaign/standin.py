"""Meta's stand-in, spoilt by plan: each call and each echo meets what the seed has for it, in any order."""

import random
import time
from asyncio import Future
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bench.campaign.plan import NO_ANSWER, Message, Plan
from igbot.sandbox.faults import ErrorFault, Fault, Faults, HtmlFault
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


class PlannedFaults(Faults):
    """The faults of a plan. `written_at` is the time at which the message of a mid-less reply text was delivered."""

    def __init__(self, plan: Plan, *, written_at: Mapping[str, float]) -> None:
        super().__init__()
        self._plan = plan
        self._written_at = written_at
        self._blind = {customer.igsid for customer in plan.customers if not customer.looked_up}
        self._calls: Counter[str] = Counter()
        self._chance = random.Random(f"look-ups {plan.seed}")
        self.injected: Counter[str] = Counter()
        self.refused: defaultdict[str, list[float]] = defaultdict(list)

    def choose(self, *, route: str, igsid: str | None, text: str | None) -> Fault | None:
        """What spoils this call."""
        fault: Fault | None = None
        message = self._plan.by_reply.get(text or "")
        if route == "send" and message is not None:
            fault = self._of_call(message)
        elif route == "conversations" and igsid in self._blind:
            fault = self._chance.choice(_REFUSALS)
            self.refused[igsid].append(time.time())
        if fault is not None:
            self.struck += 1
            self.injected[_name(route, fault)] += 1
        return fault

    def _of_call(self, message: Message) -> Fault | None:
        call = self._calls[message.reply]
        self._calls[message.reply] += 1
        fault = message.faults[call] if call < len(message.faults) else None
        written_at = self._written_at.get(message.reply, 0.0)
        if isinstance(fault, NO_ANSWER) and time.time() > written_at + MAYBE_REPEATED:
            return None
        return fault


def _name(route: str, fault: Fault) -> str:
    code = f" {fault.code}" if isinstance(fault, ErrorFault) else ""
    if route != "send":
        return "look-up refused"
    return f"{fault.kind.replace('_', ' ')}{code}" + (", taken" if fault.accepted else "")


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
        self.postback = _Postman(lambda: self.settings, clock=self.clock, post=post)

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

    def __init__(
        self,
        settings: Callable[[], SandboxSettings],
        *,
        clock: Callable[[], Any],
        post: Callable[[Sequence[Mapping[str, Any]]], Awaitable[Delivered]],
    ) -> None:
        super().__init__(settings, clock=clock)
        self._bring = post

    async def post(self, items: Sequence[Mapping[str, Any]]) -> Delivered:
        """One attempt."""
        return await self._bring(items)
