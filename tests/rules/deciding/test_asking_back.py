"""Ties that are asked about, and the taps on what was asked."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from igbot.meta.outgoing import Outgoing, QuickReply
from igbot.rules.answers import Limit
from igbot.rules.conditions import After, Comparison, CustomerCondition, ScheduleCondition, TextCondition, When
from igbot.rules.deciding.choice import Incoming, Options
from igbot.rules.deciding.memory import Memory
from igbot.rules.rule import Rule
from igbot.rules.schedules import Schedule
from tests.rules.deciding.building import ANA, NOW, answer, choose, explain, hours, rule, rules, said, word, words


def labelled(name: str, **keys: Any) -> Rule:
    """A rule that can be asked about."""
    return rule(name, **{"when": words("size"), "label": name.title(), **keys})


ASKING = Options(ask_on_tie=True)
VIP = When(customer=CustomerCondition(tags_any=frozenset({"vip"})))


def test_equally_good_rules_are_asked_about() -> None:
    """With their labels as quick replies, in the customer's language; no rule has answered then."""
    given = rules(labelled("shirts"), labelled("shoes"), labelled("hats"), rule("best", words("best")))
    choice = choose(given, "what size", options=replace(ASKING, language="es"))
    assert (choice.reason, choice.rule, choice.asked) == ("rule", None, ("shirts", "shoes", "hats"))
    assert choice.replies == (
        Outgoing(
            "¿A cuál te refieres?",
            (QuickReply("Shirts", "RULE:shirts"), QuickReply("Shoes", "RULE:shoes"), QuickReply("Hats", "RULE:hats")),
        ),
    )
    assert choice.memory.answered_by is None
    assert choose(given, "best size", options=ASKING).asked == ("shirts", "shoes", "hats")


@pytest.mark.parametrize(
    ("second", "options"),
    [
        (labelled("shoes", priority=-1), ASKING),
        (labelled("shoes", conditions=0), ASKING),
        (labelled("shoes", label=None), ASKING),
        (labelled("shoes", label="Shirts"), ASKING),
        (labelled("shoes", ask_on_tie=False), ASKING),
        (labelled("shoes", ask_on_tie=True), Options()),
    ],
)
def test_nothing_is_asked_without_a_real_tie(second: Rule, options: Options) -> None:
    """One is better, one has no label of its own, or one of the two does not ask."""
    assert choose(rules(labelled("shirts"), second), "size", options=options).rule == "shirts"


def test_rules_ask_by_themselves_where_the_configuration_does_not() -> None:
    """`on_tie: ask` in both."""
    given = rules(labelled("shirts", ask_on_tie=True), labelled("shoes", ask_on_tie=True), labelled("hats"))
    assert choose(given, "size").asked == ("shirts", "shoes")


def test_a_tap_picks_the_rule_that_was_asked_about() -> None:
    """Whatever kinds and words it asks for, as long as it is in force; a name that is none is any other payload."""
    given = rules(
        labelled("shirts"),
        labelled("shoes", ends=NOW + hours(1)),
        rule("watch", words("size"), observe=True),
        rule("else", When(payloads=("RULE:*",))),
    )
    tap = Incoming("quick_reply", "Shoes", "RULE:shoes")
    choice = choose(given, tap, options=ASKING)
    assert (choice.reason, choice.rule, choice.matched, said(choice)) == ("rule", "shoes", "asked back", ["shoes"])
    assert explain(given, tap)[0].because == "asked back"
    assert answer(given, tap, now=NOW + hours(1)) == "else"
    assert answer(given, replace(tap, payload="RULE:gone")) == "else"
    assert answer(given, replace(tap, payload="RULE:watch")) == "else"


@pytest.mark.parametrize(
    "shoes",
    [
        labelled("shoes", label=None),
        labelled("shoes", observe=True),
        labelled("shoes", fallback=True),
        labelled("shoes", enabled=False),
        labelled("shoes", accounts=frozenset({"other"})),
        labelled("shoes", starts=NOW + hours(1)),
        labelled("shoes", when=VIP),
        labelled("shoes", when=When(first_message=False)),
        labelled("shoes", when=When(turn=Comparison(">", 1))),
        labelled("shoes", when=When(test=True)),
        labelled("shoes", when=When(after=After("hello", hours(1)))),
        labelled("shoes", when=When(schedule=ScheduleCondition("never", Schedule("never", ZoneInfo("UTC"), {})))),
        labelled("shoes", when=When(every=(words("size"), When(none=(When(first_message=True),))))),
        labelled("shoes", when=When(any=(VIP, replace(words("size"), test=True)))),
        labelled("shoes", limits=(Limit(1, None, per="all"),)),
    ],
)
def test_a_tap_picks_no_rule_that_could_not_be_asked_about(shoes: Rule) -> None:
    """Without a label, a fallback, out of force, or not for this customer and moment: then it is any other payload."""
    given = rules(labelled("shirts"), shoes, rule("else", When(payloads=("RULE:*",))))
    choice = choose(given, Incoming("quick_reply", "Shoes", "RULE:shoes"), options=ASKING, used_up={"shoes"})
    assert (choice.rule, choice.matched) == ("else", 'payload "RULE:*"')


@pytest.mark.parametrize(
    "when",
    [
        words("shoe size"),
        When(stories=("s1",)),
        When(text=TextCondition(none=(word("shoes"),))),
        When(none=(words("shoes"), When(kinds=frozenset({"quick_reply"})), VIP)),
        When(any=(VIP, words("size"))),
        When(every=(words("size"), When(first_message=True))),
        When(none=(replace(VIP, payloads=("RULE:*",)), When(none=(When(test=False),)))),
    ],
)
def test_what_a_rule_asks_of_the_message_does_not_count_for_a_tap(when: When) -> None:
    """Its words and kinds were in the message that was asked about; what it asks of customer and moment holds here."""
    given = rules(labelled("shirts"), labelled("shoes", when=when), rule("else", When(payloads=("RULE:*",))))
    assert answer(given, Incoming("quick_reply", "Shoes", "RULE:shoes"), options=ASKING) == "shoes"


@pytest.mark.parametrize(
    "when",
    [
        replace(words("size"), first_message=True),
        replace(words("size"), turn=Comparison("==", 1)),
        replace(words("size"), after=After("hello", hours(1))),
    ],
)
def test_what_a_tap_could_not_pick_is_not_asked_about(when: When) -> None:
    """The tap is one message later, with a question before it: the first rule answers instead."""
    hello = replace(ANA, memory=Memory(answered_by="hello", answered_at=NOW))
    given = [labelled(name, when=when) for name in ("shirts", "shoes")]
    assert choose(rules(*given), "size", hello, options=ASKING).rule == "shirts"
    third = [labelled(name, when=replace(words("size"), turn=Comparison("<=", 2))) for name in ("hats", "gloves")]
    assert choose(rules(*third), "size", hello, options=ASKING).asked == ("hats", "gloves")
    lenient = [labelled(name, when=words("size")) for name in ("socks", "belts")]
    mixed = [replace(each, conditions=1) for each in (*lenient, *given)]
    assert choose(rules(*mixed), "size", hello, options=ASKING).asked == ("socks", "belts")


def test_a_picked_rule_that_is_passed_over_is_named_once() -> None:
    """Though its words are in the title of the button as well."""
    given = rules(labelled("size", kinds=frozenset({"quick_reply"}), limits=(Limit(1, None, per="all"),)))
    choice = choose(given, Incoming("quick_reply", "Size", "RULE:size"), used_up={"size"})
    assert [each.rule for each in choice.considered] == ["size"]
