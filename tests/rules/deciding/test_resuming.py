"""An observer that ends a pause: by its own words a customer gets the bot back."""

from dataclasses import replace

from igbot.rules.answers import HandoffPlan, Limit
from igbot.rules.deciding.choice import Profile
from igbot.rules.deciding.responding import Standing
from tests.rules.deciding.building import (
    ANA,
    NOW,
    OPEN_WINDOW,
    hours,
    observer,
    rule,
    rules,
    said,
    template,
    turn,
    words,
)

PAUSED = replace(OPEN_WINDOW, paused_at=NOW - hours(1), paused_until=NOW + hours(11), resumable=True)
AGAIN = observer("again", words("bot"), resume=True, tags=("back",))
GIVEN = rules(AGAIN, rule("here", words("bot"), "Here I am."), rule("price", words("price")))


def test_the_message_that_ends_the_pause_is_answered_as_any_other() -> None:
    """And those after it; what does not fit the observer ends nothing."""
    choice = turn(GIVEN, "bot", standing=PAUSED)
    assert (choice.reason, choice.rule, said(choice), choice.resumed) == ("rule", "here", ["Here I am."], True)
    assert (choice.observers, choice.tagged) == (("again",), ("back",))
    quiet = turn(GIVEN, "price", standing=PAUSED)
    assert (quiet.reason, quiet.resumed, quiet.replies) == ("paused", False, ())


def test_where_nothing_is_paused_nothing_is_resumed() -> None:
    """The observer does the rest of what it does."""
    choice = turn(GIVEN, "bot")
    assert (choice.resumed, choice.observers) == (False, ("again",))
    over = turn(GIVEN, "bot", standing=replace(PAUSED, paused_until=NOW))
    assert (over.rule, over.resumed) == ("here", False)


def test_some_pauses_are_not_the_rules_to_end() -> None:
    """The loop guard's, another app's: `Standing` says so."""
    choice = turn(GIVEN, "bot", standing=replace(PAUSED, resumable=False))
    assert (choice.reason, choice.resumed, choice.observers) == ("paused", False, ("again",))


def test_what_else_stands_above_the_rules_holds() -> None:
    """The window and the opt-out."""
    closed = turn(GIVEN, "bot", standing=replace(PAUSED, customer_at=None))
    assert (closed.reason, closed.resumed) == ("window_closed", True)
    out = turn(GIVEN, "bot", standing=replace(PAUSED, opted_out=True))
    assert (out.reason, out.resumed) == ("opted_out", False)
    unknown = turn(GIVEN, "bot", standing=replace(PAUSED, known_account=False))
    assert (unknown.reason, unknown.resumed) == ("unknown_account", False)


def test_an_observer_that_does_not_run_ends_no_pause() -> None:
    """Not in force, another account's, or its limit reached."""
    for idle in (
        replace(AGAIN, enabled=False),
        replace(AGAIN, accounts=frozenset({"other"})),
        replace(AGAIN, ends=NOW),
        replace(AGAIN, limits=(Limit(1, None, per="all"),)),
    ):
        assert turn(rules(idle), "bot", standing=PAUSED, used_up=["again"]).reason == "paused"


def test_a_rule_that_hands_off_again_pauses_again() -> None:
    """The pause is over and another begins."""
    both = rules(AGAIN, rule("human", words("bot"), handoff=HandoffPlan(hours(2))))
    choice = turn(both, "bot", standing=PAUSED)
    assert (choice.resumed, choice.handoff is not None) == (True, True)


def test_what_the_answer_still_needs_to_know_is_asked_for() -> None:
    """The decision is made anew then, and ends the pause only then."""
    named = rules(AGAIN, rule("here", words("bot"), template_reply := "{customer.name}"))
    assert template(template_reply)
    standing: Standing = PAUSED
    assert turn(named, "bot", standing=standing).wanted == "profile"
    known = turn(named, "bot", replace(ANA, profile=Profile(name="Ana")), standing=standing)
    assert (said(known), known.resumed) == (["Ana"], True)
