"""Meta's stand-in with a plan: each call meets what is planned for it, whatever the order of the calls."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from bench.campaign.acts import Customer, Message, tells_nothing
from bench.campaign.plan import Plan, draw
from bench.campaign.standin import PlannedFaults, PlannedMeta
from igbot.sandbox.calls import read_call
from igbot.sandbox.faults import ErrorFault, HangFault
from igbot.sandbox.options import SandboxSettings
from igbot.sandbox.postback import Delivered

PLAN = draw(seed=3, messages=12_000, kills=0, cuts=0, customers=500, places=1)


def faults(*, written_at: Mapping[str, float] | None = None, plan: Plan = PLAN) -> PlannedFaults:
    """The faults of the plan, all messages written just now unless said otherwise."""
    return PlannedFaults(plan, written_at=written_at or dict.fromkeys(plan.by_reply, time.time()))


def a_message(*, unanswered: bool) -> Message:
    """One whose first call is spoilt."""
    plain = (m for m in PLAN.by_reply.values() if m.faults and not m.always)
    return next(m for m in plain if tells_nothing(m.faults[0]) == unanswered)


def a_customer(*, looked_up: bool) -> Customer:
    """Somebody."""
    return next(customer for customer in PLAN.customers if customer.looked_up == looked_up)


def test_each_call_meets_its_own_fault_and_later_ones_none() -> None:
    """The first calls as planned, then all goes well."""
    message, book = a_message(unanswered=False), faults()
    met = [book.choose(route="send", igsid="1", text=message.replies[0]) for _ in range(3)]
    assert met == [*message.faults, *(None for _ in range(3 - len(message.faults)))]
    assert book.struck == len(message.faults) == sum(book.injected.values())


def test_what_is_refused_for_good_is_refused_each_time() -> None:
    """However often somebody tries."""
    message = next(m for m in PLAN.by_reply.values() if m.fate == "refused")
    book = faults()
    met = [book.choose(route="send", igsid="1", text=message.replies[0]) for _ in range(3)]
    assert met == [message.faults[0]] * 3
    assert [call.refused for call in book.calls] == [True] * 3


def test_calls_are_noted_by_what_they_brought_back() -> None:
    """What stops the account is none of the calls that a reply has, and a call without an answer is known as such."""
    book, unanswered = faults(), a_message(unanswered=True)
    stop = next(
        m
        for m in PLAN.by_reply.values()
        if m.faults and isinstance(m.faults[0], ErrorFault) and m.faults[0].code == 190
    )
    for message in (stop, unanswered):
        assert not book.was_called(message)
        book.choose(route="send", igsid="1", text=message.replies[0])
        assert book.was_called(message)
    assert [(call.counted, call.answered) for call in book.calls] == [(False, True), (True, False)]
    assert [code for _, code in book.stops] == [190]


def test_an_outage_spoils_every_call_instead_of_the_plan() -> None:
    """A reply has four calls in all: what is planned for one does not come on top of what an outage has cost."""
    book, message = faults(), a_message(unanswered=False)
    book.weather = "silence"
    assert isinstance(book.choose(route="send", igsid="1", text=message.replies[0]), HangFault)
    assert isinstance(book.choose(route="conversations", igsid="1", text=None), HangFault)
    assert list(book.refused) == ["1"]
    assert not book.calls[0].answered
    book.weather = None
    assert book.was_called(message)
    met = [book.choose(route="send", igsid="1", text=message.replies[0]) for _ in message.faults]
    assert met == [*message.faults[1:], None]


def test_a_call_that_may_be_a_repetition_is_answered() -> None:
    """igbot repeats once: a kill has perhaps swallowed the first call."""
    message = a_message(unanswered=True)
    assert faults().choose(route="send", igsid="1", text=message.replies[0]) == message.faults[0]
    book = faults(written_at={message.replies[0]: time.time() - 16})
    assert book.choose(route="send", igsid="1", text=message.replies[0]) is None


def test_look_ups_of_some_customers_are_refused_and_noted() -> None:
    """The judge needs to know when."""
    book, blind, seen = faults(), a_customer(looked_up=False), a_customer(looked_up=True)
    assert book.choose(route="conversations", igsid=blind.igsid, text=None) is not None
    assert book.choose(route="conversations", igsid=seen.igsid, text=None) is None
    assert list(book.refused) == [blind.igsid]


def stand_in(posted: list[Any] | None = None) -> PlannedMeta:
    """One that brings echoes to `posted`."""

    async def post(items: Sequence[Mapping[str, Any]]) -> Delivered:
        if posted is not None:
            posted.extend(items)
        return Delivered(200)

    settings = SandboxSettings(
        account_ids=("1",), access_token="t", app_secret="s", webhook_url="http://127.0.0.1/", seen=False
    )
    return PlannedMeta(settings, PLAN, written_at={}, post=post)


def test_a_dead_token_is_none_of_a_replys_calls() -> None:
    """It says no to all of them, and nothing to this one."""
    meta, text = stand_in(), "You wrote: anything"
    body = b'{"recipient":{"id":"91"},"message":{"text":"You wrote: anything"}}'
    for token, status in (("t", 200), ("dead", 401)):
        meta.planned.choose(route="send", igsid="91", text=text)
        call = read_call("POST", "/v25.0/me/messages", params={}, authorization=f"Bearer {token}", body=body)
        assert meta.answer(meta.resolve(call)).status == status
    assert [call.counted for call in meta.planned.calls] == [True, False]
    assert [code for _, code in meta.planned.stops] == [190]


async def test_echoes_come_when_they_are_planned_or_never() -> None:
    """Late ones wait, the others go at once."""
    posted: list[Any] = []
    meta = stand_in(posted)
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

    return Sending(f"9{message.customer}", text=message.replies[0])
