"""One turn, without a database: who wrote what, who may answer, and what is to be written."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from igbot.answering.claim import EVENTS_A_TURN
from igbot.answering.claimed import OpenReply, PendingEvent
from igbot.answering.outcome import Fact, Pause, Turn
from igbot.answering.policy import ECHO_GRACE, Policy
from igbot.meta.events import Mid
from igbot.meta.outgoing import Attachment, Outgoing
from igbot.sandbox.customer import seen
from tests.answering.talking import ACCOUNT, ANA, DAY, HOUR, POLICY, RULES, START, customer_says, shop_says
from tests.answering.turning import pending, reasons, texts, turn_over
from tests.rules.writing import rules

RULESET = rules(RULES)
SECOND = timedelta(seconds=1)
QUIET = replace(POLICY, options=replace(POLICY.options, default_reply=""))


def turn_of(*events: PendingEvent, now: datetime = START, policy: Policy = POLICY, **changes: Any) -> Turn:
    """What a turn over these events comes to."""
    return turn_over(RULESET, *events, now=now, policy=policy, **changes)


def ours(outbox_id: int, text: str) -> OpenReply:
    """A reply on its way."""
    return OpenReply(outbox_id, Outgoing(text))


def test_a_message_gets_the_answer_of_its_rule() -> None:
    """With its reason, its rule, the set it was decided by, and the time after which it may not go out."""
    turn = turn_of(pending(customer_says("hello", "m1")))
    [message], [reply] = turn.messages, turn.replies
    assert (message.direction, message.author, message.reason) == ("in", "customer", "rule")
    assert message.choice is not None
    assert (message.choice.rule, message.choice.digest) == ("greeting", RULESET.digest)
    assert (reply.message.text, reply.part, reply.for_mid, reply.despite_pause) == ("Hi there!", 1, "m1", False)
    assert reply.expires_at == START + DAY
    assert [event.mid for event in turn.settled] == ["m1"]
    assert turn.again_at is None


def test_each_message_gets_its_own_decision_in_order() -> None:
    """Two messages are two decisions, and their answers follow each other."""
    first, second = customer_says("hello", "m1"), customer_says("repeat it", "m2", at=START + SECOND)
    turn = turn_of(pending(first), pending(second), now=START + 2 * SECOND)
    assert texts(turn) == ["Hi there!", "You said: repeat it"]
    assert [reply.for_mid for reply in turn.replies] == ["m1", "m2"]


def test_what_no_rule_fits_gets_the_default_reply() -> None:
    """Its reason is the fallback's, with no rule; an empty default reply is silence."""
    assert reasons(turn_of(pending(customer_says("asdf", "m1")))) == ["fallback"]
    quiet = turn_of(pending(customer_says("asdf", "m1")), policy=QUIET)
    assert (reasons(quiet), texts(quiet)) == (["unmatched"], [])


def test_a_tap_on_a_quick_reply_is_decided_by_its_payload() -> None:
    """The button's payload, not its title."""
    tap = customer_says("Red", "m1", kind="quick_reply", payload="RED")
    postback = customer_says("whatever", "m2", kind="postback", payload="RED")
    assert texts(turn_of(pending(tap), pending(postback))) == ["Red it is.", "Red it is."]


def test_a_long_answer_becomes_parts_in_order() -> None:
    """Over 1,000 bytes: several parts of one answer, numbered."""
    long = "".join(f'- name: long\n  keywords: [long]\n  reply: "{"word " * 300}"\n')
    turn = turn_over(rules(long), pending(customer_says("long", "m1")))
    assert [reply.part for reply in turn.replies] == [1, 2]
    assert {reply.for_key for reply in turn.replies} == {turn.settled[0].key}


# Whose words came back


def test_an_echo_of_a_known_mid_is_a_fact() -> None:
    """Nothing is answered and nothing is written into the history."""
    turn = turn_of(pending(shop_says("Hi there!", "mid-1"), our_echo=True))
    assert turn.facts == [Fact("echoed", Mid("mid-1"), START, test=False)]
    assert (turn.messages, turn.replies, turn.pause) == ([], [], None)


def test_an_echo_that_overtakes_the_answer_is_known_by_its_words() -> None:
    """The first open reply with the same words, whatever happened to the white space, is proved sent."""
    open_replies = (ours(4, "Other words"), ours(5, "Hi  there!\n"), ours(6, "Hi there!"))
    turn = turn_of(pending(shop_says("Hi there!", "mid-1")), open_replies=open_replies)
    assert turn.facts == [Fact("echoed", Mid("mid-1"), START, test=False, outbox_id=5)]


def test_two_echoes_with_the_same_words_are_two_replies() -> None:
    """Each open reply is used up by one echo."""
    echoes = pending(shop_says("Hi!", "mid-1")), pending(shop_says("Hi!", "mid-2", at=START + SECOND))
    turn = turn_of(*echoes, open_replies=(ours(5, "Hi!"), ours(6, "Hi!")))
    assert [(fact.mid, fact.outbox_id) for fact in turn.facts] == [("mid-1", 5), ("mid-2", 6)]


def test_a_picture_that_came_back_is_known_by_what_it_is() -> None:
    """It has no words; without an open picture of ours it is a person's, whatever pictures we sent before."""
    echo = pending(shop_says("", "mid-1"))
    raw = json.loads(echo.raw)
    raw["message"]["attachments"] = [{"type": "image", "payload": {"url": "https://cdn.example/1"}}]
    echo = replace(echo, raw=json.dumps(raw))
    picture = OpenReply(5, Outgoing(attachment=Attachment("image", "https://lola.example/map.png")))
    turn = turn_of(echo, open_replies=(ours(4, "Hi!"), picture))
    assert turn.facts == [Fact("echoed", Mid("mid-1"), START, test=False, outbox_id=5)]
    late = turn_of(echo, open_replies=(ours(4, "Hi!"),), said=frozenset({"", "Hi!"}), now=START + ECHO_GRACE)
    assert late.pause is not None


def test_an_unknown_echo_holds_the_conversation_for_a_while() -> None:
    """It may be ours, its answer on the way: what the customer wrote meanwhile waits for it."""
    echo, message = pending(shop_says("Eva here", "mid-9")), pending(customer_says("hello", "m1"))
    turn = turn_of(message, echo, now=START + SECOND)
    assert (turn.settled, turn.messages, turn.replies) == ([], [], [])
    assert turn.again_at is not None
    assert START + SECOND < turn.again_at <= START + ECHO_GRACE


def test_an_echo_that_stays_unknown_is_a_person_who_took_over() -> None:
    """After ten seconds: the bot pauses, and what came in the same turn is not answered."""
    echo, message = pending(shop_says("Eva here", "mid-9")), pending(customer_says("hello", "m1"))
    turn = turn_of(message, echo, now=START + ECHO_GRACE)
    assert turn.pause == Pause(START + ECHO_GRACE, START + ECHO_GRACE + timedelta(hours=12), "person")
    assert [(m.author, m.direction, m.reason) for m in turn.messages] == [
        ("person", "out", None),
        ("customer", "in", "paused"),
    ]
    assert turn.replies == []


def test_a_person_pauses_nothing_where_the_owner_turned_that_off() -> None:
    """The person's words are history, the customer gets the bot's answer."""
    echo, message = pending(shop_says("Eva here", "mid-9")), pending(customer_says("hello", "m1"))
    turn = turn_of(echo, message, now=START + ECHO_GRACE, policy=replace(POLICY, takeover_pause=None))
    assert turn.pause is None
    assert texts(turn) == ["Hi there!"]


def test_a_full_turn_with_an_unknown_echo_does_not_spin() -> None:
    """More events than one turn takes do not make it look again at once while the echo is waited for."""
    echo = pending(shop_says("Eva here", "mid-9"))
    others = [pending(customer_says("hello", f"m{number}")) for number in range(EVENTS_A_TURN - 1)]
    assert turn_of(echo, *others, now=START).again_at != START
    full = [pending(customer_says("hello", f"m{number}")) for number in range(EVENTS_A_TURN)]
    assert turn_of(*full, now=START).again_at == START


# Who may answer


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"paused_until": START + HOUR, "paused_reason": "person"}, "paused"),
        ({"paused_until": START, "paused_reason": "person"}, "rule"),
        ({"paused_until": START - HOUR, "paused_reason": "handoff"}, "rule"),
    ],
)
def test_a_paused_customer_is_not_answered_until_the_pause_is_over(changes: dict[str, Any], reason: str) -> None:
    """The message is kept with the reason; the end of the pause belongs to the bot again."""
    assert reasons(turn_of(pending(customer_says("hello", "m1")), **changes)) == [reason]


def test_a_message_older_than_the_window_is_not_answered() -> None:
    """Twenty-four hours after Meta's own time of it, not after its arrival."""
    event = pending(customer_says("hello", "m1", at=START - DAY))
    assert reasons(turn_of(event, now=START)) == ["window_closed"]
    assert reasons(turn_of(event, now=START - SECOND)) == ["rule"]


def test_a_late_old_message_is_answered_inside_the_window_of_a_newer_one() -> None:
    """The window is the conversation's."""
    event = pending(customer_says("hello", "m1", at=START - 2 * DAY))
    turn = turn_of(event, now=START, customer_at=START - HOUR)
    assert reasons(turn) == ["rule"]
    assert turn.customer_at == START - HOUR
    assert turn.replies[0].expires_at == START - HOUR + DAY


def test_a_reaction_does_not_open_the_window() -> None:
    """Meta documents that for messages and taps only."""
    turn = turn_of(pending(customer_says("", "", kind="reaction", about="mid-1")))
    assert turn.customer_at is None
    assert reasons(turn) == ["window_closed"]


@pytest.mark.parametrize(("kind", "reason"), [("standby", "standby"), ("text", "unknown_account")])
def test_what_another_app_or_another_account_answers_is_left_alone(kind: str, reason: str) -> None:
    """It is history with its reason, and no more."""
    event = pending(customer_says("hello", "m1"), kind=kind, known_account=kind == "standby")
    turn = turn_of(event)
    assert (reasons(turn), turn.replies) == ([reason], [])


def test_a_handoff_says_its_words_and_pauses_the_rest_of_the_turn() -> None:
    """Its own words go out although the customer is paused; the next message of the same turn is not answered."""
    items = customer_says("a human please", "m1"), customer_says("hello", "m2", at=START + SECOND)
    turn = turn_of(*map(pending, items), now=START + SECOND)
    assert turn.pause == Pause(START + SECOND, START + SECOND + 2 * HOUR, "handoff")
    assert [(reply.message.text, reply.despite_pause) for reply in turn.replies] == [("Eva will write to you.", True)]
    assert reasons(turn) == ["rule", "paused"]


@pytest.mark.parametrize(
    "kind", ["dashboard_test", "unknown", "raw", "edit", "deleted", "unreact", "handover", "optin"]
)
def test_what_is_no_customers_message_is_settled_in_silence(kind: str) -> None:
    """Kept, settled, never answered."""
    turn = turn_of(pending(customer_says("hello", "m1"), kind=kind))
    assert len(turn.settled) == 1
    assert (turn.messages, turn.replies, turn.facts) == ([], [], [])


def test_a_seen_mark_is_a_fact() -> None:
    """By the mid it names."""
    turn = turn_of(pending(seen(ANA, ACCOUNT, mid="mid-1", at=START)))
    assert turn.facts == [Fact("seen", Mid("mid-1"), START, test=False)]


# What goes wrong


def test_an_event_that_raises_ends_the_turn_and_keeps_what_came_before() -> None:
    """Its neighbours before it are settled, those after it wait."""
    broken = pending(customer_says("hello", "m2"), raw="{no json")
    turn = turn_of(pending(customer_says("hello", "m1")), broken, pending(customer_says("hello", "m3")))
    assert [event.mid for event in turn.settled] == ["m1"]
    assert turn.failed == broken
    assert isinstance(turn.failure, ValueError)
    assert texts(turn) == ["Hi there!"]


def test_an_event_that_failed_before_is_taken_alone() -> None:
    """So that it cannot take its neighbours with it."""
    first = pending(customer_says("hello", "m1"), attempts=1)
    turn = turn_of(first, pending(customer_says("hello", "m2")))
    assert turn.settled == [first]
    assert turn.again_at == START


def test_the_raw_bytes_of_an_event_are_all_a_turn_needs() -> None:
    """The content is read out of the stored JSON."""
    event = pending(customer_says("héllo", "m1"))
    assert event.content().text == "héllo"
    assert json.loads(event.raw)["message"]["mid"] == "m1"


def test_what_the_other_app_says_on_standby_is_not_the_customers() -> None:
    """The echo of another app's answer is history of the shop's side, and pauses nothing."""
    event = pending(shop_says("We open at ten", "m1"), kind="standby")
    turn = turn_of(event)
    assert [(m.direction, m.author, m.reason) for m in turn.messages] == [("out", "person", None)]
    assert (turn.pause, turn.replies) == (None, [])
