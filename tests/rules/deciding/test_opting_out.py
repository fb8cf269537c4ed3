"""STOP and START: one confirmation each, and silence between them."""

from dataclasses import replace
from datetime import datetime

import pytest

from igbot.meta.events import CustomerKind
from igbot.rules.deciding.choice import Incoming, Options
from igbot.rules.deciding.memory import Memory
from igbot.rules.deciding.responding import Standing
from igbot.rules.opting import opting_words
from tests.rules.deciding.building import ANA, NOW, OPEN_WINDOW, hours, observer, rule, rules, said, turn, words

OUT = replace(OPEN_WINDOW, opted_out=True)
GIVEN = rules(
    rule("start", words("start"), tags=("began",)),
    rule("any", words("price", "stop it")),
    observer("watch", words("price", "stop", "start"), tags=("seen",)),
)


def test_stop_is_confirmed_once_and_obeyed() -> None:
    """Whatever rules there are: neither they nor observers see it."""
    choice = turn(GIVEN, "STOP!")
    assert (choice.reason, choice.opt, choice.rule, choice.observers, choice.tagged) == (
        "opted_out",
        "out",
        None,
        (),
        (),
    )
    assert said(choice) == ["You will get no more automatic answers here. Write START to have them again."]
    assert (choice.memory.messages, choice.memory.last_message_at) == (1, NOW)
    again = turn(GIVEN, "STOP!", standing=OUT)
    assert (again.reason, again.opt, again.replies) == ("opted_out", None, ())


def test_whatever_comes_while_opted_out_is_met_with_silence() -> None:
    """Observers do not run either."""
    choice = turn(GIVEN, "price", standing=OUT)
    assert (choice.reason, choice.replies, choice.observers, choice.memory.tags) == ("opted_out", (), (), frozenset())
    assert choice.memory.messages == 1


def test_start_undoes_it_and_is_confirmed() -> None:
    """From somebody who has not opted out it is a message like any other."""
    choice = turn(GIVEN, "Start", standing=OUT)
    assert (choice.reason, choice.opt, choice.rule) == ("opted_out", "in", None)
    assert said(choice) == ["You get automatic answers here again. Write STOP to end them."]
    ordinary = turn(GIVEN, "Start")
    assert (ordinary.reason, ordinary.rule, ordinary.opt, ordinary.tagged) == ("rule", "start", None, ("seen", "began"))


@pytest.mark.parametrize(
    "standing",
    [replace(OPEN_WINDOW, paused_until=NOW + hours(1)), OPEN_WINDOW],
    ids=["paused", "not paused"],
)
def test_a_pause_does_not_keep_the_customer_from_either(standing: Standing) -> None:
    """A person may be talking to them: it is confirmed all the same."""
    assert (turn(GIVEN, "stop", standing=standing).opt, len(turn(GIVEN, "stop", standing=standing).replies)) == (
        "out",
        1,
    )
    back = turn(GIVEN, "start", standing=replace(standing, opted_out=True))
    assert (back.opt, len(back.replies)) == ("in", 1)


@pytest.mark.parametrize("customer_at", [None, NOW - hours(24)])
def test_outside_the_window_it_is_obeyed_without_a_word(customer_at: datetime | None) -> None:
    """Nothing may be sent then."""
    late = Standing(customer_at=customer_at)
    stop = turn(GIVEN, "stop", standing=late)
    assert (stop.reason, stop.opt, stop.replies) == ("opted_out", "out", ())
    start = turn(GIVEN, "start", standing=replace(late, opted_out=True))
    assert (start.reason, start.opt, start.replies) == ("opted_out", "in", ())


def test_nobody_opts_out_of_an_account_that_is_not_ours() -> None:
    """It has no bot of ours."""
    choice = turn(GIVEN, "stop", standing=replace(OPEN_WINDOW, known_account=False))
    assert (choice.reason, choice.opt) == ("unknown_account", None)


@pytest.mark.parametrize(
    ("kind", "counts"),
    [("text", True), ("story_reply", True), ("quick_reply", True), ("postback", False), ("image", False)],
)
def test_what_is_typed_counts_and_a_tap_on_an_answer_that_reads_so(kind: CustomerKind, counts: bool) -> None:
    """A button inside a message and a caption are no word of the customer's own."""
    payload = "X" if kind in ("quick_reply", "postback") else None
    assert (turn(GIVEN, Incoming(kind, "Stop", payload)).opt == "out") is counts


def test_a_message_that_only_has_the_word_in_it_is_answered_by_rules() -> None:
    """So are lines that were joined."""
    assert turn(GIVEN, "stop it").rule == "any"
    assert turn(GIVEN, "price\nstop").rule == "any"


def test_the_customers_known_language_is_spoken() -> None:
    """The word itself is no sign of it: neither asked about, nor remembered."""
    asked = []

    def detect(text: str, _languages: object) -> str:
        asked.append(text)
        return "it"

    options = Options(detect=detect, language="es")
    bilingual = rules(rule("hi", words("hi"), {"en": "Hi", "it": "Ciao"}))
    german = replace(ANA, memory=Memory(language="de"))
    told = replace(ANA, memory=Memory(language="de", facts={"lang": "fr"}))
    assert said(turn(bilingual, "stop", german, options=options))[0].startswith("Du bekommst")
    assert said(turn(bilingual, "stop", told, options=options))[0].startswith("Tu ne")
    unknown = turn(bilingual, "stop", options=options)
    assert said(unknown)[0].startswith("Ya no")
    assert (asked, unknown.memory.language) == ([], None)


def test_the_owners_words_are_obeyed() -> None:
    """And named."""
    options = Options(opting=opting_words(stop={"en": ("enough",)}, start={"en": ("again",)}))
    assert "Write AGAIN to" in said(turn(GIVEN, "Enough!", options=options))[0]
    assert turn(GIVEN, "unsubscribe", options=options).opt is None


def test_neither_guard_nor_disclosure_touches_a_confirmation() -> None:
    """It is not counted, begins with nothing, and nothing holds it back."""
    options = Options(loop_guard=1, disclosure="I am a bot.")
    spent = replace(ANA, memory=Memory(messages=3, typed_answers=(NOW,), fallbacks=2))
    choice = turn(GIVEN, "stop", spent, options=options)
    assert said(choice) == ["You will get no more automatic answers here. Write START to have them again."]
    assert (choice.memory.typed_answers, choice.memory.fallbacks, choice.memory.disclosed_at) == ((NOW,), 2, None)
