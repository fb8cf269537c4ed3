"""The plan of a campaign: the seed decides everything, within what igbot promises to stand."""

from collections import Counter

import pytest

from bench.campaign.acts import ANSWER, Called, Edit, Message, Person, Unsend, tells_nothing
from bench.campaign.plan import Plan, draw
from bench.campaign.rows import effect_of
from bench.campaign.spoiling import LONG
from igbot.meta.error_table import TABLE, Row, row_for
from igbot.meta.graph_error import read_error
from igbot.sandbox.faults import ErrorFault, Fault


def plan(*, seed: int = 1, messages: int = 600, kills: int = 6, cuts: int = 2, places: int = 2) -> Plan:
    """A plan of a hundred customers."""
    return draw(seed=seed, messages=messages, kills=kills, cuts=cuts, customers=100, places=places)


def messages_of(drawn: Plan) -> list[Message]:
    """All of them."""
    return [message for customer in drawn.customers for message in customer.messages]


def row_of(fault: Fault) -> Row | None:
    """The row of Meta's errors that a fault is of."""
    error = read_error(fault.body("A")) if isinstance(fault, ErrorFault) else None
    return row_for(error) if error is not None else None


def test_the_same_seed_decides_the_same() -> None:
    """And another one something else."""
    assert plan() == plan()
    assert plan() != plan(seed=2)


@pytest.mark.parametrize("messages", [1, 7, 100, 601])
def test_every_message_has_its_own_words(messages: int) -> None:
    """As many as asked for, numbered in the order in which their customer writes them; a STOP is a STOP."""
    drawn = plan(messages=messages)
    own = [message.text for message in messages_of(drawn) if message.fate != "confirmed"]
    assert drawn.messages == len(messages_of(drawn)) == messages
    assert len(own) == len(set(own))
    assert len({customer.igsid for customer in drawn.customers}) == 100
    for customer in drawn.customers:
        assert [message.number for message in customer.messages] == list(range(len(customer.messages)))


def test_a_reply_is_known_by_its_words() -> None:
    """Also one to a message that was edited, by either."""
    drawn = plan()
    for message in messages_of(drawn):
        assert [drawn.by_reply[reply] for reply in message.replies] == [message] * len(message.replies)
        assert all(reply.startswith(ANSWER) for reply in message.replies)
        assert bool(message.replies) == (message.fate != "confirmed")


def test_customers_go_through_everything_that_keeps_a_reply_from_them() -> None:
    """Each fate, persons, deletions and edits; what overtakes a reply comes once that was tried."""
    drawn = plan()
    fates = Counter(message.fate for message in messages_of(drawn))
    assert set(fates) == {"answered", "confirmed", "refused", "blocked", "given up", "cancelled", "silent"}
    assert fates["answered"] > drawn.messages / 2
    acts = [act for customer in drawn.customers for act in customer.acts]
    assert {Person, Unsend, Edit, Called} <= {type(act) for act in acts}
    for customer in drawn.customers:
        for before, after in zip(customer.acts, customer.acts[1:], strict=False):
            if isinstance(before, Message) and before.fate == "cancelled":
                assert after == Called(before.number)


def test_every_row_of_metas_errors_is_met() -> None:
    """Those that stop the account once each, in time to be mended."""
    drawn = plan(messages=1_500)
    met = {id(row) for message in messages_of(drawn) for row in map(row_of, message.faults) if row is not None}
    assert [row.meaning for row in TABLE if id(row) not in met and effect_of(row) != "passing"] == []
    stops = [
        row
        for message in messages_of(drawn)
        if message.faults and (row := row_of(message.faults[0])) is not None and effect_of(row) in ("wait", "halt")
    ]
    assert len(stops) >= sum(effect_of(row) in ("wait", "halt") for row in TABLE)


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
    """With kills and cuts and all; Meta stays, and so does the token."""
    drawn = plan(messages=messages, kills=3, cuts=3)
    assert (drawn.messages, drawn.outages, drawn.token_dies) == (messages, (), None)


def test_meta_is_away_once_and_the_token_dies_once() -> None:
    """For seconds in a short campaign, for minutes in a long one; as often as asked for."""
    short, long = plan(), plan(messages=2 * LONG)
    for drawn, least, most in ((short, 2.0, 10.0), (long, 120.0, 600.0)):
        [outage] = drawn.outages
        assert least <= sum(seconds for _, seconds in outage.spells) <= most
        assert {"closed", "errors"} <= {weather for weather, _ in outage.spells}
        assert drawn.token_dies is not None
        assert drawn.token_dies < 2 * drawn.messages
    more = draw(seed=1, messages=600, kills=0, cuts=0, customers=100, places=1, outages=3)
    assert len(more.outages) == 3


def test_no_message_meets_more_than_igbot_promises_to_stand() -> None:
    """One call without an answer, as it is repeated once; answers that leave it open at most twice."""
    for message in messages_of(plan(messages=4 * LONG)):
        assert sum(tells_nothing(fault) for fault in message.faults) <= 1
        assert len(message.faults) <= 2
        assert message.always == (message.fate in ("refused", "given up"))


def test_only_a_long_campaign_makes_single_customers_wait_for_a_minute() -> None:
    """A short one has to end within one."""
    short, long = plan(messages=LONG - 1), plan(messages=LONG)
    assert all(customer.looked_up for customer in short.customers)
    assert not all(customer.looked_up for customer in long.customers)
    assert "hang" not in kinds(short)
    assert {"cut_before", "cut_after", "no_mid", "delay", "error", "html", "raw", "headers"} <= set(kinds(short))
    late = [m for customer in short.customers for m in customer.messages[(len(customer.messages) + 1) // 2 :]]
    assert not any(tells_nothing(fault) for message in late for fault in message.faults)


def kinds(drawn: Plan) -> Counter[str]:
    """How often each kind of fault is planned."""
    return Counter(fault.kind for message in messages_of(drawn) for fault in message.faults)
