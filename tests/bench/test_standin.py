"""Meta's stand-in with a plan: each call meets what is planned for it, whatever the order of the calls."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from bench.campaign.plan import NO_ANSWER, Customer, Message, Plan, draw
from bench.campaign.standin import PlannedFaults, PlannedMeta
from igbot.sandbox.options import SandboxSettings
from igbot.sandbox.postback import Delivered

PLAN = draw(seed=3, messages=6_000, kills=0, cuts=0, customers=500, places=1)


def faults(*, written_at: Mapping[str, float] | None = None, plan: Plan = PLAN) -> PlannedFaults:
    """The faults of the plan, all messages written just now unless said otherwise."""
    return PlannedFaults(plan, written_at=written_at or dict.fromkeys(plan.by_reply, time.time()))


def a_message(*, unanswered: bool) -> Message:
    """One whose first call is spoilt."""
    return next(m for m in PLAN.by_reply.values() if m.faults and isinstance(m.faults[0], NO_ANSWER) == unanswered)


def a_customer(*, looked_up: bool) -> Customer:
    """Somebody."""
    return next(customer for customer in PLAN.customers if customer.looked_up == looked_up)


def test_each_call_meets_its_own_fault_and_later_ones_none() -> None:
    """The first calls as planned, then all goes well."""
    message, book = a_message(unanswered=False), faults()
    met = [book.choose(route="send", igsid="1", text=message.reply) for _ in range(3)]
    assert met == [*message.faults, *(None for _ in range(3 - len(message.faults)))]
    assert book.struck == len(message.faults) == sum(book.injected.values())


def test_a_call_that_may_be_a_repetition_is_answered() -> None:
    """igbot repeats once: a kill has perhaps swallowed the first call."""
    message = a_message(unanswered=True)
    assert faults().choose(route="send", igsid="1", text=message.reply) == message.faults[0]
    book = faults(written_at={message.reply: time.time() - 16})
    assert book.choose(route="send", igsid="1", text=message.reply) is None


def test_look_ups_of_some_customers_are_refused_and_noted() -> None:
    """The judge needs to know when."""
    book, blind, seen = faults(), a_customer(looked_up=False), a_customer(looked_up=True)
    assert book.choose(route="conversations", igsid=blind.igsid, text=None) is not None
    assert book.choose(route="conversations", igsid=seen.igsid, text=None) is None
    assert list(book.refused) == [blind.igsid]


async def test_echoes_come_when_they_are_planned_or_never() -> None:
    """Late ones wait, the others go at once."""
    posted: list[Any] = []

    async def post(items: Sequence[Mapping[str, Any]]) -> Delivered:
        posted.extend(items)
        return Delivered(200)

    settings = SandboxSettings(
        account_ids=("1",), access_token="t", app_secret="s", webhook_url="http://127.0.0.1/", seen=False
    )
    meta = PlannedMeta(settings, PLAN, written_at={}, post=post)
    async with meta.running():
        for wanted in (lambda e: e is None, lambda e: e == 0.0, lambda e: e):
            message = next(m for m in PLAN.by_reply.values() if wanted(m.echo))
            sending = meta.accepted.add(_sending(message), mid=meta.new_mid(), at=meta.clock())
            for told in meta.tell(sending):
                if message.echo == 0.0:
                    await told
    assert len(posted) == 1
    assert meta.planned.injected == {"echo never": 1, "echo late": 1}


def _sending(message: Message) -> Any:
    from igbot.sandbox.sending import Sending

    return Sending(f"9{message.customer}", text=message.reply)
