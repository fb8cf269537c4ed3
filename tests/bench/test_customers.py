"""What customers write in a bench, and what counts as answered."""

from pathlib import Path

import pytest

from bench.customers import Delivery, answered_at, deliveries, write_rules
from bench.graph_endpoint import ACCOUNT_IDS, Answer
from bench.subject import NotMeasurable
from igbot.meta.events import AccountId
from igbot.meta.signature import is_signed
from igbot.meta.webhook import read_webhook
from igbot.rulebook.folder import read_folder
from igbot.rules.loading import load_rules
from igbot.telemetry.clock import system_clock


def load(count: int, series: str = "a") -> list[Delivery]:
    """Some deliveries of three customers."""
    return deliveries(count, customers=3, secret="secret", series=series)


def test_each_delivery_is_one_signed_message_that_igbot_knows() -> None:
    """A text of the right customer, with a mid that no other has; signed for these bytes."""
    made = [*load(7), *load(7, "b")]
    accounts = {each: AccountId(ACCOUNT_IDS[0]) for each in ACCOUNT_IDS}
    mids = set()
    for each in made:
        [event] = read_webhook(each.body, accounts=accounts, received_at=system_clock())
        assert (event.kind, event.igsid, event.known_account) == ("text", each.igsid, True)
        assert is_signed(each.signature, each.body, secrets=["secret"])
        mids.add(event.mid)
    assert len(mids) == 14
    assert len({each.text for each in made}) == 14
    assert len({each.igsid for each in made[:3]}) == 3
    assert made[3].igsid == made[0].igsid


def answers(sent: list[Delivery]) -> list[Answer]:
    """All of them, in another order."""
    return [Answer(float(number), each.igsid, f"You wrote: {each.text}") for number, each in enumerate(sent)][::-1]


def test_times_of_answers_come_in_the_order_of_the_messages() -> None:
    """Whatever order the answers came in."""
    sent = load(5)
    assert answered_at(sent, answers(sent)) == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_missing_answer_is_no_measurement() -> None:
    """It says how many are missing, and which is the first."""
    sent = load(5)
    with pytest.raises(NotMeasurable, match=r"of 5 messages 2 were not answered, the first that of 'bench a 3'"):
        answered_at(sent, answers(sent)[2:])


def test_an_answer_twice_or_to_somebody_else_is_no_measurement() -> None:
    """Doubled and strange ones are counted."""
    sent = load(2)
    with pytest.raises(NotMeasurable, match=r"0 were not answered; 1 answers came twice, 1 answer nothing"):
        answered_at(sent, [*answers(sent), *answers(sent)[:1], Answer(9.0, "91", "Which number has your order?")])


@pytest.mark.parametrize("count", [3, 200])
def test_the_rules_are_as_many_as_asked_for_and_right(tmp_path: Path, count: int) -> None:
    """igbot finds no error in them."""
    loaded = load_rules(read_folder(write_rules(tmp_path / "rules", count=count)).files)
    assert loaded.ruleset is not None, loaded.findings
    assert loaded.rules_read == count
