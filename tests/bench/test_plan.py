"""The plan of a campaign: the seed decides everything, within what igbot promises to stand."""

from collections import Counter

import pytest

from bench.campaign.plan import LONG, NO_ANSWER, Plan, draw
from igbot.sandbox.faults import ErrorFault


def plan(*, seed: int = 1, messages: int = 600, kills: int = 6, cuts: int = 2, places: int = 2) -> Plan:
    """A plan of a hundred customers."""
    return draw(seed=seed, messages=messages, kills=kills, cuts=cuts, customers=100, places=places)


def test_the_same_seed_decides_the_same() -> None:
    """And another one something else."""
    assert plan() == plan()
    assert plan() != plan(seed=2)


@pytest.mark.parametrize("messages", [1, 7, 100, 601])
def test_every_message_has_its_own_words(messages: int) -> None:
    """As many as asked for, numbered in the order in which their customer writes them."""
    drawn = plan(messages=messages)
    assert drawn.messages == messages == sum(len(customer.messages) for customer in drawn.customers)
    assert len({customer.igsid for customer in drawn.customers}) == 100
    for customer in drawn.customers:
        assert [message.number for message in customer.messages] == list(range(len(customer.messages)))


def test_there_are_as_many_kills_and_cuts_as_asked_for_in_order() -> None:
    """All before the end, so that what they break is mended within the campaign."""
    drawn = plan(kills=200, cuts=50)
    for strikes in ([kill.at for kill in drawn.kills], [cut.at for cut in drawn.cuts]):
        assert strikes == sorted(strikes)
        assert 0 < strikes[0] <= strikes[-1] < 2 * drawn.messages
    assert len(drawn.kills) == 200
    assert len(drawn.cuts) == 50
    assert {kill.place for kill in drawn.kills} == {0, 1}
    assert {kill.starting for kill in drawn.kills} == {True, False}


@pytest.mark.parametrize("messages", [1, 2, 10])
def test_the_smallest_campaign_can_be_drawn(messages: int) -> None:
    """With kills and cuts and all."""
    assert plan(messages=messages, kills=3, cuts=3).messages == messages


def test_no_message_meets_more_than_igbot_promises_to_stand() -> None:
    """One call without an answer, as it is repeated once; answers that leave it open at most twice."""
    drawn = plan(messages=4 * LONG)
    for message in drawn.by_reply.values():
        assert sum(isinstance(fault, NO_ANSWER) for fault in message.faults) <= 1
        assert len(message.faults) <= 2


def test_only_a_long_campaign_makes_single_customers_wait_for_a_minute() -> None:
    """A short one has to end within one."""
    short, long = plan(messages=LONG - 1), plan(messages=LONG)
    assert all(customer.looked_up for customer in short.customers)
    assert not all(customer.looked_up for customer in long.customers)
    assert "hang" not in kinds(short)
    assert {"cut_before", "cut_after", "no_mid", "delay", "error", "html"} <= set(kinds(short))
    early = [m for customer in short.customers for m in customer.messages[-(len(customer.messages) // 2) :]]
    assert not any(isinstance(fault, NO_ANSWER) for message in early for fault in message.faults)


def test_rate_limits_are_few_and_short() -> None:
    """Each makes the whole account pause."""
    drawn = plan(messages=20 * LONG)
    limits = [f for m in drawn.by_reply.values() for f in m.faults if isinstance(f, ErrorFault) and f.code in (4, 613)]
    assert 0 < len(limits) <= 20
    assert all(limit.headers == {"Retry-After": "1"} for limit in limits)


def kinds(drawn: Plan) -> Counter[str]:
    """How often each kind of fault is planned."""
    return Counter(fault.kind for message in drawn.by_reply.values() for fault in message.faults)
