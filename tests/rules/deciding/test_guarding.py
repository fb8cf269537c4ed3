"""The loop guard: how many automatic answers a customer gets to typed text before the bot falls silent."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from igbot.rules.answers import HandoffPlan, Limit
from igbot.rules.deciding.choice import Choice, Customer, Incoming, Options
from igbot.rules.deciding.memory import Memory
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.rule import FALLBACK_KINDS
from tests.rules.deciding.building import ANA, NOW, OPEN_WINDOW, hours, observer, rule, rules, turn, words

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
THREE = Options(loop_guard=3)
FALLBACK = rule("sorry", kinds=FALLBACK_KINDS, fallback=True)
GIVEN = rules(
    rule("price", words("price"), settle=timedelta(seconds=4)),
    rule("red", words("never typed"), kinds=frozenset({"quick_reply"})),
    rule("tap", kinds=frozenset({"quick_reply", "postback"})),
    FALLBACK,
    observer("watch", words("price"), tags=("seen",)),
)


class Talk:
    """A customer who goes on writing."""

    def __init__(self, given: RuleSet = GIVEN, options: Options = THREE, customer: Customer = ANA) -> None:
        self.given, self.options, self.customer, self.now = given, options, customer, NOW

    def writes(self, message: Incoming | str, after: timedelta = SECOND) -> Choice:
        """One more message, and what is decided."""
        self.now += after
        standing = replace(OPEN_WINDOW, customer_at=self.now)
        choice = turn(self.given, message, self.customer, now=self.now, standing=standing, options=self.options)
        self.customer = replace(self.customer, memory=choice.memory)
        return choice

    def reasons(self, *messages: Incoming | str) -> list[str]:
        """The reasons of several decisions."""
        return [self.writes(message).reason for message in messages]


def test_after_so_many_answers_the_next_typed_text_silences_the_bot() -> None:
    """For an hour, with one alert to everybody; observers still run."""
    talk = Talk()
    assert talk.reasons("price", "price", Incoming("story_reply", "price")) == ["rule"] * 3
    choice = talk.writes("price")
    assert (choice.reason, choice.rule, choice.replies, choice.handoff) == ("loop_guard", None, (), None)
    assert (choice.guarded, choice.matched) == (hours(1), "3 automatic answers within 10m")
    assert (choice.observers, choice.settle) == (("watch",), timedelta(0))
    [alert] = choice.alerts
    assert (alert.rule, alert.level, alert.channel) == ("loop_guard", "warning", None)
    assert alert.text == "3 automatic answers within 10m: the bot is silent for this customer for 1h"
    assert choice.memory.typed_answers == ()
    assert talk.reasons("price", "price", "price", "price") == ["rule", "rule", "rule", "loop_guard"]


def test_only_answers_of_the_last_ten_minutes_count() -> None:
    """By our clock."""
    talk = Talk()
    talk.writes("price")
    assert talk.writes("price", 5 * MINUTE).reason == "rule"
    assert talk.writes("price", 5 * MINUTE - SECOND).reason == "rule"
    assert talk.writes("price", SECOND).reason == "rule"
    assert talk.writes("price", SECOND).reason == "loop_guard"
    assert len(talk.customer.memory.typed_answers) == 0


def test_taps_and_messages_that_nobody_answers_do_not_count() -> None:
    """Whoever taps is led by the bot's own buttons; and a tap is answered even where the guard would fall."""
    tap, silent = (
        Incoming("postback", "Red", "RED"),
        rules(rule("price", words("price")), rule("tap", kinds={"postback"})),
    )
    talk = Talk(silent)
    assert talk.reasons(tap, tap, tap, tap, "hm", "hm", "hm", "hm") == ["rule"] * 4 + ["unmatched"] * 4
    assert talk.reasons("price", "price", "price", tap, tap) == ["rule"] * 5
    assert talk.reasons("price", tap) == ["loop_guard", "rule"]


def test_no_more_is_remembered_than_counts() -> None:
    """And nothing where the guard is off."""
    talk = Talk(options=Options(loop_guard=100))
    for _ in range(30):
        talk.writes("price", MINUTE)
    assert len(talk.customer.memory.typed_answers) == 10
    talk.options = Options()
    assert talk.writes("price").reason == "rule"
    assert (talk.customer.memory.typed_answers, talk.customer.memory.fallbacks) == ((), 0)
    assert Talk(options=Options()).reasons(*["hm"] * 20) == ["fallback"] * 20


def test_a_fourth_fallback_in_a_row_is_not_said() -> None:
    """The bot falls silent instead; three are."""
    talk = Talk(options=Options(loop_guard=8))
    assert talk.reasons("hm", "what", "eh") == ["fallback"] * 3
    choice = talk.writes("?")
    assert (choice.reason, choice.replies, choice.guarded) == ("loop_guard", (), hours(1))
    assert (choice.matched, choice.memory.fallbacks, choice.memory.typed_answers) == ("3 fallbacks in a row", 0, ())
    assert choice.memory.answered_by == "sorry"
    assert talk.writes("hm").reason == "fallback"


def test_the_default_reply_is_a_fallback_too() -> None:
    """Where no rule is one."""
    talk = Talk(rules(), Options("Sorry?", loop_guard=8))
    assert talk.reasons("a", "b", "c", "d") == ["fallback"] * 3 + ["loop_guard"]


@pytest.mark.parametrize("between", ["price", Incoming("quick_reply", "Red", "RED")], ids=["a word", "a tap"])
def test_an_answer_of_a_rule_ends_the_row(between: Incoming | str) -> None:
    """Also right before the guard would fall."""
    talk = Talk(options=Options(loop_guard=50))
    assert talk.reasons("a", "b", "c", between, "d", "e", "f", "g") == [
        *("fallback", "fallback", "fallback", "rule", "fallback", "fallback", "fallback", "loop_guard")
    ]


def test_what_is_not_typed_is_no_part_of_a_row() -> None:
    """A picture may be answered by the fallback for ever."""
    talk = Talk(options=Options(loop_guard=50))
    picture = Incoming("image")
    assert talk.reasons("a", "b", "c", picture, picture) == ["fallback"] * 5
    assert talk.reasons("d", picture) == ["loop_guard", "fallback"]


def test_a_row_ends_with_a_day_of_silence_or_a_person() -> None:
    """Three questions in three weeks are no loop."""
    talk = Talk()
    talk.reasons("a", "b")
    assert talk.writes("c", hours(24)).memory.fallbacks == 1
    paused = turn(
        GIVEN, "d", talk.customer, standing=replace(OPEN_WINDOW, paused_until=NOW + hours(1)), options=talk.options
    )
    assert (paused.reason, paused.memory.fallbacks) == ("paused", 0)


@pytest.mark.parametrize(
    "fallback",
    [
        replace(FALLBACK, limits=(Limit(3, None, then="handoff"),)),
        replace(FALLBACK, limits=(Limit(2, None, then="silent"),)),
        replace(FALLBACK, limits=(Limit(2, None),)),
    ],
    ids=["handoff", "silent", "next"],
)
def test_a_fallback_with_a_limit_of_its_own_goes_its_way(fallback: object) -> None:
    """The guard has nothing to hold back where it hands over to a person, or says nothing."""
    talk = Talk(rules(fallback), Options(loop_guard=8))  # type: ignore[arg-type]
    choices = [talk.writes(text) for text in ("a", "b", "c", "d", "e")]
    assert "loop_guard" not in {choice.reason for choice in choices}
    assert all(choice.guarded is None for choice in choices)


def test_a_fallback_that_hands_over_is_said_and_ends_the_row() -> None:
    """It is what the guard would have somebody do."""
    talk = Talk(rules(replace(FALLBACK, handoff=HandoffPlan())), Options(loop_guard=8))
    assert talk.reasons("a", "b", "c", "d", "e") == ["fallback"] * 5
    assert talk.customer.memory.fallbacks == 0


def test_a_fourth_fallback_waits_for_more_lines_as_the_others_did() -> None:
    """They may make it a message that a rule understands."""
    patient = rules(replace(FALLBACK, settle=4 * SECOND), rule("price", words("price")))
    talk = Talk(patient, Options(loop_guard=8))
    talk.reasons("a", "b", "c")
    before = talk.customer
    choice = talk.writes("and the")
    assert (choice.reason, choice.settle) == ("loop_guard", 4 * SECOND)
    talk.customer = before
    assert talk.writes("and the\nprice").rule == "price"


def test_more_answers_than_the_guard_has_just_been_set_to_are_enough() -> None:
    """The owner has lowered it."""
    memory = Memory(messages=5, last_message_at=NOW, typed_answers=(NOW,) * 5)
    choice = turn(GIVEN, "price", replace(ANA, memory=memory), options=Options(loop_guard=2))
    assert (choice.reason, choice.matched) == ("loop_guard", "2 automatic answers within 10m")


@pytest.mark.parametrize("moment", [NOW - hours(1), NOW + hours(1)])
def test_a_message_of_another_time_counts_by_when_it_is_answered(moment: datetime) -> None:
    """Meta's time of it does not matter."""
    talk = Talk()
    talk.reasons("price", "price", "price")
    late = turn(GIVEN, "price", talk.customer, now=talk.now, sent_at=moment, options=THREE)
    assert late.reason == "loop_guard"
