"""What stands above the rules, what observers still do then, and what is remembered of every message."""

from dataclasses import replace

import pytest

from igbot.rules.answers import Limit
from igbot.rules.conditions import Comparison, When
from igbot.rules.deciding.choice import Incoming, Options, Profile, Reason
from igbot.rules.deciding.memory import Memory
from igbot.rules.deciding.responding import Standing, window_ends
from tests.rules.deciding.building import ANA, NOW, OPEN_WINDOW, hours, observer, rule, rules, template, turn, words

GIVEN = rules(
    rule("price", words("price"), tags=("asked",)),
    observer("watch", words("price"), tags=("seen",), limits=(Limit(1, hours(2)),)),
)


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (OPEN_WINDOW, "rule"),
        (Standing(customer_at=NOW - hours(23.9)), "rule"),
        (Standing(customer_at=NOW - hours(24)), "window_closed"),
        (Standing(), "window_closed"),
        (Standing(paused_until=NOW, customer_at=NOW), "rule"),
        (Standing(paused_until=NOW + hours(1), customer_at=NOW), "paused"),
        (Standing(paused_until=NOW + hours(1)), "paused"),
        (Standing(known_account=False, paused_until=NOW + hours(1)), "unknown_account"),
    ],
)
def test_the_first_reason_to_be_silent_applies(standing: Standing, reason: Reason) -> None:
    """Else the rules decide; the message counts all the same."""
    choice = turn(GIVEN, "price", standing=standing)
    assert choice.reason == reason
    assert (choice.rule == "price") is (reason == "rule")
    assert bool(choice.replies) is (reason == "rule")
    assert (choice.memory.messages, choice.memory.last_message_at) == (1, NOW)


@pytest.mark.parametrize("standing", [Standing(), Standing(paused_until=NOW + hours(1), customer_at=NOW)])
def test_observers_run_while_the_bot_is_silent(standing: Standing) -> None:
    """Within their limits, and nothing but they."""
    choice = turn(GIVEN, "price", standing=standing)
    assert (choice.observers, choice.tagged, choice.considered) == (("watch",), ("seen",), ())
    again = turn(GIVEN, "price", replace(ANA, memory=choice.memory), standing=standing)
    assert (again.observers, again.tagged) == ((), ())
    assert again.memory.answered_by is None


def test_nothing_runs_for_an_account_that_is_not_ours() -> None:
    """Whose rules would it be?"""
    choice = turn(GIVEN, "price", standing=Standing(known_account=False))
    assert (choice.observers, choice.tagged) == ((), ())


def test_a_silent_decision_may_want_the_profile_for_its_observers() -> None:
    """And no decision wants it for rules that may not answer anyway."""
    paused = Standing(paused_until=NOW + hours(1))
    named = rules(observer("watch", words("a"), sets={"who": template("{customer.name}")}))
    assert turn(named, "a", standing=paused).wanted == "profile"
    assert turn(named, "a", replace(ANA, profile=Profile(name="Ana")), standing=paused).memory.facts == {"who": "Ana"}
    assert turn(rule("hi", words("a"), "{customer.name}"), "a", standing=paused).wanted is None


def test_lines_that_were_joined_are_one_message() -> None:
    """So that no turn is skipped; and the last time never goes back."""
    late = replace(ANA, memory=Memory(messages=4, last_message_at=NOW + hours(1)))
    memory = turn(GIVEN, Incoming("text", "price\nplease"), late).memory
    assert (memory.messages, memory.last_message_at) == (5, NOW + hours(1))
    second = rules(rule("second", When(turn=Comparison("==", 2))), rule("settling", words("price"), settle=hours(0.01)))
    first = turn(second, Incoming("text", "the\nprice\nplease")).memory
    assert turn(second, "and?", replace(ANA, memory=first)).rule == "second"


def test_the_rule_that_answered_last_is_remembered() -> None:
    """Until something else answers: the default reply is no rule's."""
    choice = turn(GIVEN, "price")
    assert (choice.memory.answered_by, choice.memory.answered_at) == ("price", NOW)
    quiet = turn(GIVEN, "hm", replace(ANA, memory=choice.memory), now=NOW + hours(0.1))
    assert (quiet.reason, quiet.memory.answered_by, quiet.memory.answered_at) == ("unmatched", "price", NOW)
    default = turn(GIVEN, "hm", replace(ANA, memory=choice.memory), options=Options("Sorry?"))
    assert (default.reason, default.memory.answered_by) == ("fallback", None)


def test_metas_time_and_ours_are_told_apart() -> None:
    """Idle time is between messages; dates, hours and limits are of the moment of the decision."""
    first = rule("first", When(first_message=True))
    sale = rule("sale", words("sale"), starts=NOW)
    choice = turn(rules(first, sale), "sale", sent_at=NOW - hours(3))
    assert (choice.rule, choice.memory.last_message_at, choice.memory.answered_at) == ("sale", NOW - hours(3), NOW)


def test_answers_and_used_up_rules_reach_the_rules() -> None:
    """As they reach `decide`."""
    once = rule("once", words("a"), limits=(Limit(1, None, per="all"),))
    assert turn(once, "a").rule == "once"
    assert turn(once, "a", used_up=["once"]).rule is None


def test_the_window_lasts_a_day() -> None:
    """From the customer's newest action; without one there is none."""
    assert window_ends(NOW) == NOW + hours(24)
    assert window_ends(None) is None
