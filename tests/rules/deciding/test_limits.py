"""How often rules answer: `limit`, `cooldown` and `once`, for one customer and for all."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest

from igbot.rules.answers import HandoffPlan, Limit
from igbot.rules.deciding.choice import Choice, Customer, Incoming
from igbot.rules.deciding.memory import without
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.rule import Rule
from tests.rules.deciding.building import ANA, NOW, choose, explain, hours, observer, rule, rules, said, says, words

DAY = timedelta(days=1)
ONCE = Limit(1, None)


def talk(given: RuleSet | Rule, ats: Sequence[float], customer: Customer = ANA) -> list[Choice]:
    """The decisions on the same message at several hours, each with the memory of the one before."""
    choices = []
    for number, at in enumerate(ats):
        message = Incoming("text", "sale", key=f"event {number}")
        choice = choose(given, message, customer, now=NOW + hours(at))
        customer = replace(customer, memory=choice.memory)
        choices.append(choice)
    return choices


def winners(choices: Sequence[Choice]) -> list[str | None]:
    """Who won."""
    return [choice.rule for choice in choices]


def limited(*limits: Limit, **keys: Any) -> Rule:
    """A rule with limits."""
    return rule("sale", words("sale"), limits=limits, **keys)


def test_a_used_up_rule_is_passed_over() -> None:
    """The next best answers, and the decision tells why not this one."""
    given = rules(limited(Limit(2, DAY)), rule("next", words("sale"), priority=-1))
    choices = talk(given, [0, 1, 2, 24, 24.5])
    assert winners(choices) == ["sale", "sale", "next", "sale", "next"]
    assert [(each.rule, each.fits, each.because) for each in choices[2].considered] == [
        ("sale", False, "limit: 2 answers within 1d, used up"),
        ("next", True, 'word "sale"'),
    ]


def test_once_is_for_ever() -> None:
    """And told so."""
    choices = talk(limited(ONCE), [0, 1, 99999])
    assert winners(choices) == ["sale", None, None]
    assert choices[2].considered[0].because == "limit: 1 answer, used up"


def test_all_limits_of_a_rule_hold() -> None:
    """A cooldown beside a limit."""
    both = limited(Limit(3, DAY), Limit(1, hours(1)))
    assert winners(talk(both, [0, 0.5, 1, 1.5, 2, 3, 24])) == ["sale", None, "sale", None, "sale", None, "sale"]


@pytest.mark.parametrize(("then", "hands_off"), [("silent", False), ("handoff", True)])
def test_a_used_up_rule_may_win_and_say_nothing(then: Literal["silent", "handoff"], hands_off: bool) -> None:
    """Silent, or by handing the customer to a person; it does nothing else then, and counts no use."""
    given = rules(limited(Limit(1, DAY, then=then), tags=("asked",)), rule("next", words("sale"), priority=-1))
    first, second = talk(given, [0, 1])
    assert (second.rule, second.reason, second.replies) == ("sale", "rule", ())
    assert second.withheld == "limit: 1 answer within 1d, used up"
    assert (second.handoff is not None) is hands_off
    assert (first.tagged, second.tagged) == (("asked",), ())
    assert second.memory.uses == first.memory.uses
    assert second.memory.answered_at == NOW


def test_a_hand_off_in_place_of_an_answer_has_its_own_words() -> None:
    """Those of the rule's `handoff`, without its replies."""
    plan = HandoffPlan(pause=hours(1), say=says("A person will answer."))
    choice = talk(rule("last", fallback=True, limits=(Limit(1, DAY, then="handoff"),), handoff=plan), [0, 1])[1]
    assert (choice.reason, choice.rule, said(choice)) == ("fallback", "last", ["A person will answer."])
    assert choice.handoff is not None
    assert choice.handoff.pause == hours(1)


def test_a_used_up_fallback_leaves_the_message_unmatched() -> None:
    """The default reply does not step in for it."""
    choice = talk(rule("last", fallback=True, limits=(ONCE,)), [0, 1])[1]
    assert (choice.reason, choice.rule, choice.replies) == ("unmatched", None, ())
    assert choice.considered[0].because == "limit: 1 answer, used up"


def test_a_limit_for_all_customers_is_counted_by_others() -> None:
    """Who says which rules have reached theirs; nothing of it is in a customer's memory."""
    given = rules(limited(Limit(100, DAY, per="all")), rule("next", words("sale"), priority=-1))
    assert given.limited_for_all == {"sale": Limit(100, DAY, per="all")}
    choice = choose(given, "sale")
    assert (choice.rule, choice.memory.uses) == ("sale", {})
    passed = choose(given, "sale", used_up={"sale"})
    assert passed.rule == "next"
    assert passed.considered[0].because == "limit: 100 answers to all customers within 1d, used up"
    assert explain(given, "sale", used_up={"sale"})[1].because == passed.considered[0].because


def test_observers_have_limits_too() -> None:
    """Used up, they do nothing."""
    given = rules(observer("watch", words("sale"), limits=(ONCE,), tags=("seen",)))
    first, second = talk(given, [0, 1])
    assert (first.observers, first.tagged) == (("watch",), ("seen",))
    assert (second.observers, second.tagged) == ((), ())


def test_only_what_a_limit_counts_is_remembered() -> None:
    """As many uses as it needs, none that are too old, none of rules without a limit for each customer."""
    given = rules(limited(Limit(2, DAY)), rule("price", words("price")))
    memory = talk(given, [0, 1, 30, 31])[-1].memory
    assert [use.key for use in memory.uses["sale"]] == ["event 2", "event 3"]
    later = choose(given, "price", replace(ANA, memory=memory), now=NOW + hours(60)).memory
    assert later.uses == {}
    unlimited = choose(limited(), "sale", replace(ANA, memory=memory), now=NOW + hours(32)).memory
    assert unlimited.uses == {}
    gone = choose(rule("other", words("x")), "x", replace(ANA, memory=memory), now=NOW + hours(99)).memory
    assert gone.uses == memory.uses


def test_an_answer_that_never_left_is_given_back() -> None:
    """By the key of the event it answered."""
    given = limited(Limit(1, DAY))
    choice = talk(given, [0])[0]
    back = without(choice.memory, frozenset({"event 0"}))
    assert back == replace(choice.memory, uses={})
    assert without(choice.memory, frozenset({"event 9"})) is choice.memory
    assert choose(given, "sale", replace(ANA, memory=back)).rule == "sale"


def test_a_winner_is_named_behind_any_number_of_used_up_rules() -> None:
    """The decision that is stored has it."""
    many = [rule(f"r{number}", words("sale"), limits=(ONCE,)) for number in range(30)]
    given = rules(*many, rule("last", words("sale"), priority=-1))
    customer = ANA
    at: datetime = NOW
    for _ in range(30):
        customer = replace(customer, memory=choose(given, "sale", customer, now=at).memory)
    choice = choose(given, "sale", customer)
    assert choice.rule == "last"
    assert choice.considered[-1].rule == "last"
    assert len(choice.considered) == 20
