"""The table of Meta's errors as faults: each row has one that it alone speaks of."""

import random

import pytest

from bench.campaign.rows import Case, case_of, cases, dealt, effect_of
from igbot.meta.error_table import TABLE, Row
from igbot.meta.outcomes import Halted, Outcome, Refused, Retry, Unknown, Wait, classify
from igbot.sandbox.calls import written
from igbot.telemetry.clock import system_clock

EFFECT_OF_OUTCOME = {Retry: "passing", Unknown: "passing", Wait: "wait", Halted: "halt"}


def outcome(case: Case) -> Outcome:
    """What igbot makes of the answer."""
    body = written(case.fault.body("Atrace"))
    return classify(case.fault.status, body, case.fault.headers, now=system_clock())


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.code}/{row.subcode}")
@pytest.mark.parametrize("seed", range(3))
def test_every_row_has_an_error_that_igbot_takes_for_what_the_row_says(row: Row, seed: int) -> None:
    """With any status and any of the codes that the row names, so that no row stands there in vain."""
    case = case_of(row, random.Random(seed))
    found = outcome(case)
    if isinstance(found, Refused):
        assert case.effect == ("recipient" if found.scope == "recipient" else case.effect)
        assert case.effect in ("message", "recipient", "thread")
    else:
        assert case.effect == EFFECT_OF_OUTCOME[type(found)]


def test_every_row_is_dealt_once_before_any_comes_again() -> None:
    """A new row is met by every campaign that is long enough, whatever it says."""
    deck = dealt(random.Random(1), "message", "thread")
    wanted = {id(case.row) for case in cases(random.Random(2)) if case.effect in ("message", "thread")}
    assert {id(next(deck).row) for _ in wanted} == wanted == {id(next(deck).row) for _ in wanted}


def test_a_row_that_no_error_comes_to_is_told() -> None:
    """An earlier one has all of it."""
    with pytest.raises(ValueError, match="no error comes to the row"):
        case_of(Row(190, 463, "halt", "again"), random.Random(1))


def test_a_reaction_that_the_campaign_does_not_know_is_told() -> None:
    """Somebody has to say what the campaign should expect of it."""
    with pytest.raises(ValueError, match="say it in"):
        effect_of(Row(1, 2, "ponder", "a new idea"))  # type: ignore[arg-type]  # that is the point


def test_what_is_never_called_again_was_taken() -> None:
    """Else the customer would rightly have no answer."""
    [row] = [row for row in TABLE if row.calls == 1]
    assert case_of(row, random.Random(1)).fault.accepted
