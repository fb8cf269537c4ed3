"""STOP, the loop guard and rules that end a pause, as tests of rules live through them."""

import pytest

from igbot.rules.deciding.choice import Options
from igbot.rules.opting import opting_words
from tests.rules.testing.playing import SHOP, Shop, case
from tests.rules.testing.test_conversations import steps

AGAIN = (
    SHOP
    + """\
  - {name: again, observe: true, resume: true, keywords: [bot]}
  - {name: here, keywords: [bot], reply: "Here I am."}
"""
)


def test_stop_and_start_in_a_conversation(shop: Shop) -> None:
    """Each is confirmed; in between there is silence, and no observer."""
    told = shop.told(
        steps(
            'say: Stop!, expect: {rule: none, messages: 1, reply_contains: "Write START"}',
            "say: stop, expect: {silent: opted_out}",
            "say: price broken, expect: {silent: opted_out, observers: [], alerts: 0}",
            'say: start, expect: {rule: none, reply_contains: "Write STOP"}',
            "say: price, expect: {rule: prices}",
        )
    )
    assert told == []


def test_a_tap_that_reads_stop_is_one(shop: Shop) -> None:
    """A button inside a message is not."""
    told = shop.told(
        steps(
            "event: {postback: SIZE_S, text: Stop}, expect: {rule: other}",
            "event: {quick_reply: SIZE_S, text: Stop}, expect: {reply_contains: START}",
            'say: "Hi", expect: {silent: opted_out}',
        )
    )
    assert told == []


def test_the_owners_words_hold_in_tests() -> None:
    """As they do live."""
    shop = Shop.of(SHOP, options=Options(opting=opting_words(stop={"en": ("enough",)}, start={})))
    assert shop.told(case("say: Enough, expect: {reply_contains: START}")) == []


def test_history_may_have_a_stop_in_it(shop: Shop) -> None:
    """And a START after it."""
    told = shop.told(
        """\
        cases:
          - name: out
            history: [{customer: stop, at: "-3d"}]
            say: price
            expect: {silent: opted_out}
          - name: back
            history: [{customer: stop, at: "-3d"}, {customer: start, at: "-2d"}]
            say: price
            expect: {rule: prices}
        """
    )
    assert told == []


def test_a_stop_among_lines_that_are_joined_is_obeyed_and_they_are_not_answered(shop: Shop) -> None:
    """What was decided at the same moment does not go out any more."""
    told = shop.told(
        steps(
            'say: a story, at: "+0s", expect: {silent: opted_out, rule: story}',
            'say: STOP, at: "+2s", expect: {rule: none, reply_contains: START}',
            'say: the end, at: "+3s", expect: {silent: opted_out}',
        )
    )
    assert told == []


def test_a_stop_keeps_back_an_answer_that_has_not_left(shop: Shop) -> None:
    """One that has left has left; a hand-off's own words go out."""
    told = shop.told(
        steps(
            'say: slow, at: "+0s", expect: {silent: opted_out}',
            'say: stop, at: "+5s"',
        )
    )
    assert told == []
    told = shop.told(steps('say: slow, at: "+0s", expect: {rule: slow, messages: 1}', 'say: stop, at: "+15s"'))
    assert told == []
    late = Shop.of(SHOP + '  - {name: p, keywords: [eva], delay: 9s, handoff: {say: "Eva will write."}}\n')
    talk = steps('say: eva, at: "+0s", expect: {reply: Eva will write.}', 'say: stop, at: "+5s"')
    assert late.told(talk) == []


def test_the_loop_guard_falls_in_a_test_as_it_does_live() -> None:
    """With its alert, and its hour of silence, that no rule ends."""
    shop = Shop.of(AGAIN, options=Options(loop_guard=2))
    told = shop.told(
        steps(
            "say: price, expect: {rule: prices, alerts: 0}",
            "say: price, expect: {rule: prices}",
            "say: price, expect: {silent: loop_guard, rule: none, alerts: [warning]}",
            'say: bot, at: "+59m", expect: {silent: paused, observers: [again]}',
            'say: price, at: "+60m", expect: {rule: prices}',
        )
    )
    assert told == []


def test_the_owner_may_end_the_guards_pause() -> None:
    """As `igbot conversations resume` does."""
    shop = Shop.of(SHOP, options=Options(loop_guard=1))
    told = shop.told(
        steps(
            "say: price",
            "say: price, expect: {silent: loop_guard}",
            "tick: owner_resume",
            "say: price, expect: {rule: prices}",
        )
    )
    assert told == []


@pytest.mark.parametrize("pause", ["say: human, expect: {handoff: true}", "owner_says: Hi"])
def test_an_observer_ends_a_hand_off_and_a_persons_pause(pause: str) -> None:
    """Its message is answered."""
    told = Shop.of(AGAIN).told(
        steps(
            "say: price, expect: {rule: prices}",
            pause,
            "say: price, expect: {silent: paused}",
            'say: bot, expect: {rule: here, observers: [again], reply: "Here I am."}',
            "say: price, expect: {rule: prices}",
        )
    )
    assert told == []


def test_a_hand_off_of_before_can_be_ended_too() -> None:
    """Known from the history."""
    history = 'history: [{customer: human, at: "-1h"}, {bot: One of us, at: "-1h", rule: person}]'
    assert Shop.of(AGAIN).told(case(f"{history}, say: bot, expect: {{rule: here}}")) == []
