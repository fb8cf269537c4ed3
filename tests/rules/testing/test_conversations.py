"""Conversations on a frozen clock: pauses, limits, lines that belong together, calls, and what came before."""

from datetime import timedelta

import pytest

from igbot.rules.testing.judging import said
from tests.rules.testing.playing import SHOP, Shop, case

NEW = "cases:\n  - name: it\n    steps:\n"


def steps(*lines: str) -> str:
    """A file with one conversation."""
    return NEW + "".join(f"      - {{{line}}}\n" for line in lines)


def test_a_hand_off_keeps_the_bot_quiet_for_as_long_as_it_says(shop: Shop) -> None:
    """And no longer."""
    told = shop.told(
        steps(
            'say: human, expect: {rule: person, handoff: true, reply: One of us will answer.}',
            'say: price, at: "+119m", expect: {silent: paused, messages: 0}',
            'say: price, at: "+120m", expect: {rule: prices}',
        )
    )  # fmt: skip
    assert told == []


def test_a_person_who_answers_keeps_the_bot_quiet_and_each_answer_renews_it(shop: Shop) -> None:
    """For twelve hours from the last one."""
    told = shop.told(
        steps(
            "say: price, expect: {rule: prices}",
            'owner_says: "Hi, Eva here", at: "+1m"',
            'owner_says: "Still here", at: "+6h"',
            'say: price, at: "+13h", expect: {silent: paused}',
            'say: price, at: "+19h", expect: {rule: prices}',
        )
    )
    assert told == []


def test_the_pause_after_a_person_is_that_of_the_settings() -> None:
    """Where it is off, the bot goes on."""
    talk = steps('owner_says: "Hi", at: "+0s"', 'say: price, at: "+1m", expect: {rule: prices}')
    assert Shop.of(SHOP, takeover_pause=None).told(talk) == []
    assert Shop.of(SHOP, takeover_pause=timedelta(seconds=30)).told(talk) == []
    assert Shop.of(SHOP).told(talk) != []


def test_observers_run_while_the_bot_is_quiet(shop: Shop) -> None:
    """A complaint to a person is still a complaint."""
    told = shop.told(
        steps(
            "say: human, expect: {handoff: true}",
            "say: it is broken, expect: {silent: paused, observers: [watch], alerts: 1, tags: [complaint]}",
        )
    )
    assert told == []


def test_the_owner_hands_back_and_the_bot_answers_again(shop: Shop) -> None:
    """Nothing is sent by the hand-back itself, and nothing at all after 24 hours."""
    told = shop.told(
        steps(
            "say: human, expect: {handoff: true}",
            "tick: owner_resume, expect: {silent: true}",
            "say: price, expect: {rule: prices}",
            'tick: owner_resume, at: "+30h", expect: {silent: window_closed}',
        )
    )
    assert told == []
    assert (
        shop.told(case("history: [{customer: hi, at: '-30h'}], tick: owner_resume, expect: {silent: window_closed}"))
        == []
    )


def test_once_is_once_and_is_remembered_from_history(shop: Shop) -> None:
    """`rule` of a bot's earlier message counts against its limits."""
    assert shop.told(steps("say: gift, expect: {rule: gift}", 'say: gift, at: "+300d", expect: {rule_not: gift}')) == []
    told = shop.told(
        case(
            "history: [{customer: gift, at: '-9d'}, {bot: one, at: '-9d', rule: gift}], say: gift, expect: {rule: back}"
        )
    )
    assert told == []


def test_a_limit_for_all_customers_counts_in_a_test_too(shop: Shop) -> None:
    """Its uses are those of the case."""
    told = shop.told(
        steps(
            "say: race, expect: {rule: race}",
            'say: race, at: "+10m", expect: {rule: race}',
            'say: race, at: "+20m", expect: {rule_not: race}',
            'say: race, at: "+61m", expect: {rule: race}',
        )
    )
    assert told == []


def test_a_rule_that_says_nothing_any_more_is_silent_by_its_limit(shop: Shop) -> None:
    """It wins all the same."""
    assert (
        shop.told(steps("say: quiet, expect: {rule: quiet}", "say: quiet, expect: {rule: quiet, silent: limit}")) == []
    )


def test_history_tells_who_the_customer_is(shop: Shop) -> None:
    """First contact, a long silence, a pause by a person or by a rule."""
    told = shop.told(
        """\
        cases:
          - {name: new, customer: {first_name: Ana}, say: hm, expect: {rule: welcome, reply: Hello Ana}}
          - {name: known, customer: {known: true}, say: hm, expect: {rule: other}}
          - {name: long ago, history: [{customer: hi, at: "-8d"}], say: hm, expect: {rule: back}}
          - {name: lately, history: [{customer: hi, at: "-6d"}], say: hm, expect: {rule: other}}
          - {name: person, history: [{customer: a, at: "-2h"}, {owner: b, at: "-1h"}], say: c, expect: {silent: paused}}
          - name: handed off
            history: [{customer: human, at: "-1h"}, {bot: One of us, at: "-1h", rule: person}]
            say: hm
            expect: {silent: paused}
        """
    )
    assert told == []


def test_the_clock_decides_about_opening_hours(shop: Shop) -> None:
    """In the time zone of the rules."""
    told = shop.told(
        """\
        now: "2026-11-24T15:59:00Z"
        cases:
          - {name: open, say: hours?, expect: {rule: hours}}
          - {name: shut, now: "2026-11-24T16:00:00Z", say: hours?, expect: {rule: shut}}
        """
    )
    assert told == []


def test_lines_that_come_quickly_are_answered_as_one(shop: Shop) -> None:
    """With the last of them; the others say so."""
    [result] = shop.run(
        steps(
            "say: a story, expect: {silent: settle, rule: story, messages: 0}",
            'say: of mine, at: "+5s", expect: {silent: settle}',
            'say: the end, at: "+10s", expect: {rule: story, messages: 1}',
            'say: price, at: "+30s", expect: {rule: prices}',
        )
    )
    assert result.failures == ()
    assert said(result.outcomes[2].replies) == "I read: a story of mine the end"


def test_a_line_that_comes_too_late_is_a_message_of_its_own(shop: Shop) -> None:
    """As is one without a time: it comes once the one before is answered."""
    assert shop.told(steps("say: story, expect: {rule: story}", 'say: price, at: "+6s", expect: {rule: prices}')) == []
    assert shop.told(steps("say: story, expect: {rule: story}", "say: price, expect: {rule: prices}")) == []


def test_a_tap_or_a_person_ends_the_wait_for_more_lines(shop: Shop) -> None:
    """What was written so far is decided first."""
    told = shop.told(
        steps(
            "say: story, expect: {rule: story, reply_contains: 'I read: story'}",
            'event: {quick_reply: SIZE_S}, at: "+1s", expect: {rule: size-tapped}',
        )
    )
    assert told == []
    talk = steps("say: story, expect: {silent: paused}", 'owner_says: "Let me", at: "+1s"')
    assert shop.told(talk) == []


def test_a_message_that_is_taken_back_in_time_is_not_answered(shop: Shop) -> None:
    """While its answer waits for more lines, or for its time; after that it is too late."""
    assert shop.told(steps("say: story, expect: {silent: deleted}", "unsend: true, expect: {silent: true}")) == []
    assert shop.told(steps("say: slow, expect: {silent: deleted}", 'unsend: true, at: "+9s"')) == []
    assert shop.told(steps("say: slow, expect: {rule: slow, silent: false}", 'unsend: true, at: "+11s"')) == []
    told = shop.told(
        steps(
            'say: "story: one", expect: {silent: settle}',
            'say: two, at: "+1s", expect: {silent: deleted}',
            'unsend: true, at: "+2s"',
        )
    )
    assert [line.split("|")[0] for line in told] == ["1 silent: settle "]


def test_a_person_keeps_back_an_answer_that_has_not_left(shop: Shop) -> None:
    """Two answers would be one too many."""
    assert shop.told(steps("say: slow, expect: {silent: paused}", 'owner_says: "Coming", at: "+5s"')) == []


@pytest.mark.parametrize("stub", ["{orders: {status: sent}}", "{orders: {status: 'sent', no: 5}, other: [1]}"])
def test_a_call_is_answered_by_its_stub(shop: Shop, stub: str) -> None:
    """For a case, or for a step of it."""
    assert shop.told(case(f"say: order, stub: {stub}, expect: {{rule: order, reply: It is sent.}}")) == []
    assert shop.told(steps(f"say: order, stub: {stub}, expect: {{reply: It is sent.}}")) == []


def test_a_call_that_fails_passes_the_rule_over(shop: Shop) -> None:
    """As `on_error` says."""
    assert shop.told(case("say: order, stub: {orders: fails}, customer: {known: true}, expect: {rule: other}")) == []


def test_a_call_without_a_stub_is_an_error(shop: Shop) -> None:
    """Tests never use the network; what would follow is not told either."""
    told = shop.told(steps("say: order, expect: {rule: order}", "say: price, expect: {rule: sizes}"))
    assert told == [
        '1 call: an answer in stub | rule "order" calls orders, and tests never use the network: '
        "say what it answers, as in stub: {orders: {status: sent}}"
    ]


def test_a_language_that_is_given_is_spoken(shop: Shop) -> None:
    """It is not guessed from the words then."""
    told = shop.told(
        """\
        cases:
          - {name: es, customer: {lang: es-MX}, say: size, expect: {reply: De S a XL.}}
          - {name: en, customer: {lang: en}, say: size, expect: {reply: S to XL.}}
        """
    )
    assert told == []


def test_what_a_rule_did_carries_from_step_to_step(shop: Shop) -> None:
    """Tags and facts stay."""
    assert shop.told(steps("say: gift", "say: price, expect: {tags: [gifted], set: {likes: gifts}}")) == []


def test_rows_of_a_table_know_nothing_of_each_other(shop: Shop) -> None:
    """Each begins afresh."""
    assert (
        shop.told(
            "customer: {known: true}\n" + case("table: [[human, person], [price, prices], [gift, gift], [gift, gift]]")
        )
        == []
    )
