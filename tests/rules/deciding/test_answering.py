"""What a winner says and does: its texts filled in, language, variants, hand-off, effects, calls, the profile."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from igbot.meta.outgoing import Outgoing
from igbot.rules.answers import AlertPlan, CallPlan, HandoffPlan, Limit, Reply, Variant
from igbot.rules.conditions import CustomerCondition, When
from igbot.rules.deciding.choice import (
    Alert,
    Answered,
    Answers,
    CallRequest,
    Customer,
    Handoff,
    Incoming,
    Options,
    Profile,
)
from igbot.rules.deciding.memory import Memory
from igbot.rules.matching.matchers import Fuzzy, Keyword, Near, Pattern
from igbot.rules.rule import Rule
from igbot.rules.schedules import Schedule
from tests.rules.deciding.building import (
    ANA,
    NOW,
    choose,
    explain,
    hours,
    observer,
    rule,
    rules,
    said,
    says,
    template,
    text,
    word,
    words,
)

KNOWN = replace(ANA, profile=Profile("ana_g", "Ana García", follows=True))
MADRID = ZoneInfo("Europe/Madrid")
OPEN = Schedule("open", MADRID, {1: ((9 * 60, 14 * 60),), 2: ((9 * 60, 14 * 60),)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("message.text", "Order #12345 please"),
        ("message.kind", "text"),
        ("customer.username", "ana_g"),
        ("customer.name", "Ana García"),
        ("customer.first_name", "Ana"),
        ("customer.lang", "en"),
        ("customer.tags", "fan, vip"),
        ("customer.follows", "yes"),
        ("customer.set.size", "M"),
        ("customer.set.none", "?"),
        ("match.1", "12345"),
        ("match.no", "12345"),
        ("match.9", "?"),
        ("rule.name", "order"),
        ("schedule.open.is_open", "yes"),
        ("schedule.gone.next", "?"),
        ("slots.order", "?"),
        ("nonsense", "?"),
    ],
)
def test_names_stand_for_what_is_known(name: str, value: str) -> None:
    """Of the message, the customer, the match, the hours; a name without a value leaves its place to the default."""
    asked = rule("order", text(Pattern("#(?P<no>[0-9]+)")), f"{{{name}|?}}", schedules={"open": OPEN}, zone=MADRID)
    customer = replace(KNOWN, memory=Memory(tags=frozenset({"vip", "fan"}), facts={"size": "M"}))
    assert said(choose(asked, "Order #12345 please", customer)) == [value]


@pytest.mark.parametrize(
    ("when", "keyword"),
    [
        (words("ORDER"), "ORDER"),
        (text(Near(word("order"), (word("late"),))), "order"),
        (text(Fuzzy("ordre", 1, "ordre")), "ordre"),
        (text(Pattern("ord.r")), "-"),
        (text(none=("x",)), "-"),
    ],
)
def test_the_keyword_that_hit_is_as_the_owner_wrote_it(when: When, keyword: str) -> None:
    """A pattern is no word to show."""
    assert said(choose(rule("a", when, "{match.keyword|-}"), "my order is late")) == [keyword]


def test_the_first_pattern_that_hit_gives_the_groups() -> None:
    """In the order in which they are written, nested ones too."""
    nested = When(any=(text(Pattern("no ([a-z])")), text(Pattern("(?P<n>[0-9])([0-9])"))))
    assert said(choose(rule("a", nested, "{match.1|-}{match.2|-}{match.n|-}"), "no b 12")) == ["b21"]


def test_times_are_told_in_the_zone_of_the_rules_file() -> None:
    """And the next opening as the schedule knows it."""
    asked = rule("a", words("open"), "{schedule.open.next} {now}", schedules={"open": OPEN}, zone=MADRID)
    told = said(choose(asked, "open", now=NOW + hours(5)))[0]
    assert "25" in told
    assert "9:00" in told
    assert "5:00" in told


def test_a_reply_that_comes_out_empty_is_not_sent() -> None:
    """The rule still won."""
    choice = choose(rule("a", kinds=frozenset({"image"}), reply="{message.text}"), Incoming("image"))
    assert (choice.rule, choice.replies, choice.memory.answered_by) == ("a", (), "a")


def test_replies_are_said_in_order() -> None:
    """With the pace that the rule has."""
    paced = rule("a", words("a"), replies=(Reply(says("one")), Reply(says("two"))), delay=hours(0.001), typing=True)
    choice = choose(paced, "a")
    assert (said(choice), choice.delay, choice.typing) == (["one", "two"], hours(0.001), True)


GREETING = rule("hi", words("hi", "hola"), {"en": "Hello", "es": "Hola"})


@pytest.mark.parametrize(
    ("memory", "options", "greeting"),
    [
        (Memory(), Options(), "Hello"),
        (Memory(), Options(language="es"), "Hola"),
        (Memory(language="es"), Options(), "Hola"),
        (Memory(language="es-MX"), Options(), "Hola"),
        (Memory(language="fr"), Options(), "Hello"),
        (Memory(language="es"), Options(detect=lambda *_: "en"), "Hello"),
        (Memory(facts={"lang": "ES"}), Options(detect=lambda *_: "en"), "Hola"),
    ],
)
def test_a_customer_is_answered_in_their_language(memory: Memory, options: Options, greeting: str) -> None:
    """What a rule has set, then what they write, what they wrote before, the configuration's."""
    assert said(choose(GREETING, "hi", replace(ANA, memory=memory), options=options)) == [greeting]


def test_the_language_of_a_message_is_remembered() -> None:
    """Until another is told."""
    seen: list[tuple[str, ...]] = []

    def detect(text: str, languages: object) -> str | None:
        seen.append(tuple(languages))  # type: ignore[arg-type]
        return "es" if text == "hola" else None

    options = Options(detect=detect)
    first = choose(GREETING, "hola", options=options)
    assert first.memory.language == "es"
    assert said(choose(GREETING, "hi", replace(ANA, memory=first.memory), options=options)) == ["Hola"]
    assert seen == [("en", "es"), ("en", "es")]
    choose(rule("a", words("a")), "a", options=options)
    assert len(seen) == 2


def test_a_rule_that_sets_the_language_answers_in_it() -> None:
    """At once, and from then on."""
    spanish = replace(GREETING, sets={"lang": template("es")})
    choice = choose(spanish, "hi")
    assert (said(choice), choice.memory.facts, choice.facts) == (["Hola"], {"lang": "es"}, {"lang": "es"})


def test_a_customer_always_gets_the_same_variant() -> None:
    """Different customers get different ones, and the decision names it."""
    variants = (Variant("a", 1, says("A")), Variant("b", 1, says("B")))
    given = rules(rule("offer", words("offer"), replies=(Reply(variants=variants),)))
    got = {}
    for number in range(40):
        choice = choose(given, "offer", Customer(str(number), "shop"))
        assert said(choose(given, "the offer", Customer(str(number), "shop"), now=NOW + hours(9))) == said(choice)
        got[choice.variant] = said(choice)
    assert got == {"a": ["A"], "b": ["B"]}


PLAN = HandoffPlan(hours(1), ("owner",), template("Asked: {message.text}"), says("Say"), says("Open"), says("Closed"))


def test_a_hand_off_says_its_words_last() -> None:
    """By the hour where there are opening hours; without words it says nothing, but tells the owner what was asked."""
    person = rule("person", words("human"), "One moment.", handoff=PLAN, schedules={"open": OPEN})
    choice = choose(person, "Human")
    assert said(choice) == ["One moment.", "Open"]
    assert choice.handoff == Handoff(hours(1), ("owner",), "Asked: Human")
    assert said(choose(person, "human", now=NOW + hours(9))) == ["One moment.", "Closed"]
    assert said(choose(replace(person, schedules={}), "human")) == ["One moment.", "Say"]
    quiet = choose(rule("quiet", words("human"), None, handoff=HandoffPlan()), "human")
    assert (quiet.replies, quiet.handoff) == ((), Handoff(hours(12), ("owner",), "human"))


def test_the_winner_tags_and_keeps_facts() -> None:
    """Which its own reply can name already; an empty fact is forgotten."""
    sets = {"size": template("{match.1}"), "hair": template("{customer.set.gone}")}
    size = rule("size", text(Pattern("size ([a-z])")), "{customer.set.size} {customer.tags} {customer.set.hair|-}")
    size = replace(size, sets=sets, tags=("sized", "new"), untags=("old", "none"))
    memory = Memory(tags=frozenset({"old", "vip"}), facts={"hair": "red", "size": "s"})
    choice = choose(size, "size m", replace(ANA, memory=memory))
    assert said(choice) == ["m new, sized, vip -"]
    assert (choice.memory.tags, choice.memory.facts) == (frozenset({"vip", "sized", "new"}), {"size": "m"})
    assert (choice.tagged, choice.untagged, choice.facts) == (
        ("sized", "new"),
        ("old", "none"),
        {"size": "m", "hair": ""},
    )


def test_a_long_fact_is_cut() -> None:
    """At 500 characters."""
    choice = choose(rule("a", words("a"), sets={"x": template("é" * 600)}), "a")
    assert len(choice.memory.facts["x"]) == 500


def test_an_alert_has_a_text_of_its_own_or_the_customers() -> None:
    """In one line, without what hides or turns letters; a picture is named by its kind."""
    plain = rule("a", words("scam"), alert=AlertPlan())
    assert choose(plain, "a\nscam \u202e!").alerts == (Alert("a", "warning", "a: a scam !"),)
    told = replace(plain, alert=AlertPlan("critical", "phone", template("{message.text}!")))
    assert choose(told, "scam").alerts == (Alert("a", "critical", "scam!", "phone"),)
    picture = rule("b", kinds=frozenset({"image"}), alert=AlertPlan("info"))
    assert choose(picture, Incoming("image")).alerts == (Alert("b", "info", "b: image"),)


def test_observers_act_beside_the_winner() -> None:
    """All that fit, in the order of the files, never answering and never in the way."""
    given = rules(
        observer("second", words("scam"), file="b.yaml", tags=("angry",), alert=AlertPlan()),
        observer("first", words("scam"), file="a.yaml", sets={"mood": template("bad")}, priority=-5),
        observer("third", words("lawyer"), tags=("law",)),
        rule("calm", words("scam"), "{customer.tags} {customer.set.mood}", tags=("calmed",), untags=("angry",)),
        rule("gone", When(customer=CustomerCondition(tags_any=frozenset({"angry"}))), priority=900),
    )
    choice = choose(given, "scam")
    assert (choice.rule, said(choice), choice.observers) == ("calm", ["calmed bad"], ("first", "second"))
    assert (choice.memory.tags, choice.tagged, choice.untagged) == (frozenset({"calmed"}), ("calmed",), ("angry",))
    assert [each.rule for each in choice.considered] == ["calm"]
    assert choose(given, "lawyer").reason == "unmatched"
    assert choose(given, "lawyer").memory.tags == {"law"}
    assert [(each.rule, each.fits, each.because) for each in explain(given, "scam")][:3] == [
        ("calm", True, 'word "scam"'),
        ("first", True, 'observes: word "scam"'),
        ("second", True, 'observes: word "scam"'),
    ]


def ordering(**keys: Any) -> Rule:
    """A rule that asks the owner's service."""
    call = CallPlan("orders-api", {"number": template("{match.1}")}, "order", timedelta(seconds=3), 1, **keys)
    return rule(
        "order", text(Pattern("#([0-9]+)")), "It is {slots.order.status|?}, {slots.order.lines.0.name|?}", call=call
    )


REQUEST = CallRequest("order", "orders-api", {"number": "12"}, timedelta(seconds=3), 1, waits=True)
CUSTOMER_MEMORY = Memory(messages=4)


def test_a_call_is_wanted_before_its_rule_answers() -> None:
    """Nothing else happens meanwhile, nothing is remembered."""
    given = rules(ordering(), observer("watch", text(Pattern("#")), tags=("seen",)))
    choice = choose(given, "#12", replace(ANA, memory=CUSTOMER_MEMORY))
    assert choice.wanted == REQUEST
    assert (choice.rule, choice.replies, choice.tagged, choice.memory) == ("order", (), (), CUSTOMER_MEMORY)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": "sent", "lines": [{"name": "hat"}]}, "It is sent, hat"),
        ({"status": {"no": "text"}, "lines": "none"}, "It is ?, ?"),
        (["not", "a", "map"], "It is ?, ?"),
        (None, "It is ?, ?"),
        ({"status": 3.5, "lines": []}, "It is 3.5, ?"),
    ],
)
def test_the_answer_of_a_call_fills_its_slots(answer: object, told: str) -> None:
    """By keys and places; what is no single value is as good as nothing."""
    choice = choose(ordering(), "#12", answers={"order": Answered(True, answer)})
    assert (choice.wanted, said(choice), choice.observers) == (None, [told], ())


FAILED: Answers = {"order": Answered(False, why="no answer within 3 s")}


def test_a_failed_call_passes_its_rule_over() -> None:
    """To the next, telling why."""
    choice = choose(rules(ordering(), rule("next", text(Pattern("[0-9]")))), "#12", answers=FAILED)
    assert choice.rule == "next"
    assert choice.considered[0].because == "call orders-api: no answer within 3 s"


def test_a_failed_call_may_hand_off_or_be_ignored() -> None:
    """As the rule says."""
    handed = choose(ordering(on_error="handoff"), "#12", answers=FAILED)
    assert (handed.rule, handed.handoff, handed.replies) == ("order", Handoff(hours(12), ("owner",), "#12"), ())
    assert handed.withheld == "call orders-api: no answer within 3 s"
    assert said(choose(ordering(on_error="ignore"), "#12", answers=FAILED)) == ["It is ?, ?"]


def test_one_rule_after_another_may_call() -> None:
    """Each with its own answer; a rule whose limit is used up does not."""
    second = replace(ordering(), name="second", priority=-1)
    given = rules(ordering(), second)
    choice = choose(given, "#12", answers=FAILED)
    assert choice.wanted == replace(REQUEST, rule="second")
    answers: Answers = {**FAILED, "second": Answered(True, {"status": "late"})}
    assert said(choose(given, "#12", answers=answers)) == ["It is late, ?"]
    limited = replace(ordering(), limits=(Limit(1, None, per="all"),))
    assert choose(limited, "#12", used_up={"order"}).wanted is None


def test_nobody_waits_for_the_call_of_an_observer() -> None:
    """It is made once the message is decided."""
    watching = observer("watch", words("scam"), call=CallPlan("crm", {"text": template("{message.text}")}))
    choice = choose(watching, "scam!")
    assert choice.wanted is None
    assert choice.calls == (CallRequest("watch", "crm", {"text": "scam!"}, timedelta(seconds=5), 2, waits=False),)


HELLO = rule("hello", words("hi"), "Hi {customer.first_name|you}")
FOLLOWERS = rule("followers", replace(words("hi"), customer=CustomerCondition(follows=True)), priority=5)


@pytest.mark.parametrize(
    "asking",
    [
        HELLO,
        FOLLOWERS,
        rule("a", words("hi"), handoff=HandoffPlan(note=template("{customer.name}"))),
        rule("a", words("hi"), call=CallPlan("crm", {"who": template("{customer.username}")})),
        rule("a", words("hi"), sets={"who": template("{customer.username}")}),
        rule("a", words("hi"), replies=(Reply(variants=(Variant("a", 1, says("{customer.follows}")),)),)),
        observer("a", words("hi"), alert=AlertPlan(text=template("{customer.name}"))),
        rule("a", When(none=(When(customer=CustomerCondition(usernames=("eva",))),))),
    ],
)
def test_the_profile_is_wanted_where_the_decision_depends_on_it(asking: Rule) -> None:
    """Not yet asked for; once it is known, empty or not, nothing is wanted."""
    given = rules(asking)
    assert given.needs_profile
    assert choose(given, "hi").wanted == "profile"
    assert choose(given, "hi", replace(ANA, profile=Profile()), answers={"a": Answered(True)}).wanted is None


def test_the_profile_is_not_wanted_for_anything_else() -> None:
    """Rules that do not fit, that say nothing of it, or whose other conditions already fail."""
    given = rules(replace(HELLO, when=words("name")), FOLLOWERS, rule("price", words("price")))
    assert choose(given, "price").wanted is None
    assert not rules(rule("a", words("hi"), "{customer.lang} {customer.tags}")).needs_profile
    assert said(choose(HELLO, "hi", KNOWN)) == ["Hi Ana"]
    assert choose(rules(FOLLOWERS, HELLO), "hi", KNOWN).rule == "followers"


def test_only_typed_text_waits_for_more_lines() -> None:
    """Settling is told beside a call that is wanted, as lines are joined first."""
    slow = replace(ordering(), settle=timedelta(seconds=3))
    assert choose(slow, "#12").settle == timedelta(seconds=3)
    assert choose(slow, "#12", answers=FAILED).settle == timedelta(0)
    tapped = choose(replace(slow, call=None), Incoming("quick_reply", "#12", "X"))
    assert (tapped.rule, tapped.settle) == ("order", timedelta(0))
    assert choose(replace(slow, call=None), "#12").settle == timedelta(seconds=3)


def test_customers_texts_are_never_read_as_templates() -> None:
    """Nor cut in the middle of what belongs together."""
    echo = rule("a", text(Keyword.of("contains", "{{")), "{message.text}")
    assert choose(echo, "{{ customer.name }} {% x %}").replies == (Outgoing("{{ customer.name }} {% x %}"),)
