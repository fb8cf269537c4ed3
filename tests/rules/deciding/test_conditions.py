"""Each condition of the rule language, alone and nested: when it holds, and what is said where it does not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from igbot.rules.conditions import (
    After,
    Comparison,
    CustomerCondition,
    ScheduleCondition,
    TextCondition,
    When,
    WordList,
)
from igbot.rules.deciding.choice import Customer, Incoming, Options, Profile
from igbot.rules.deciding.memory import Memory
from igbot.rules.matching.matchers import Keyword, Pattern
from igbot.rules.schedules import Schedule
from tests.rules.deciding.building import ANA, NOW, fits, hours, rule, rules, text, turn, why_not, word, words

SHIPPING = WordList("shipping", (word("shipping"), word("delivery")))


def remembering(**keys: Any) -> Customer:
    """A customer of whom something is known."""
    return replace(ANA, memory=Memory(**keys))


@pytest.mark.parametrize(
    ("when", "yes", "no", "why"),
    [
        (text("price", "cost"), "what cost?", "refund", "any: none of 2"),
        (text("price"), "price", "refund", 'any: word "price" is missing'),
        (text(every=("order", "where")), "where is my order", "my order", 'all: word "where" is missing'),
        (text(none=("wholesale",)), "shipping", "Wholesale!", 'none: "wholesale"'),
        (text("price", none=(Keyword.of("contains", "bulk"),)), "price", "bulky price", 'none: contains "bulk"'),
        (text(SHIPPING), "delivery", "returns", 'any: nothing of list "shipping"'),
        (text(every=(SHIPPING, "cost")), "delivery cost", "cost", 'all: nothing of list "shipping"'),
        (text(none=(SHIPPING,)), "cost", "the delivery", 'none: "delivery"'),
        (
            text(every=(SHIPPING, TextCondition(any=(word("cost"), word("price"))))),
            "price of shipping",
            "shipping",
            "any: none of 2",
        ),
        (
            text("cost", TextCondition(every=(word("how"), word("much")))),
            "how very much",
            "how many",
            "any: none of 3",
        ),
        (
            text("a", none=(TextCondition(every=(word("b"), word("c"))),)),
            "a b",
            "a b c",
            'none: "b"',
        ),
        (text(min_words=3), "one two three", "one two", "min_words: 2 is under 3"),
        (text(max_words=2), "one two", "one two three", "max_words: 3 is over 2"),
        (text(min_chars=5), "hello", "hell", "min_chars: 4 is under 5"),
        (text(question=True), "when?", "now", "question: there is none"),
        (text(question=False), "now", "¿cuándo?", "question: there is one"),
        (text(has_link=True), "see lola.shop", "see shop", "has_link: there is none"),
        (text(has_email=True), "me@lola.shop", "@lola", "has_email: there is none"),
        (text(has_phone=True), "+34 612 34 56 78", "order 1234", "has_phone: there is none"),
        (text(has_number=False), "none", "١٢", "has_number: there is one"),
        (text("price", min_words=2), "the price", "price", "min_words: 1 is under 2"),
    ],
)
def test_a_condition_on_the_text(when: When, yes: str, no: str, why: str) -> None:
    """Every part that is given must hold."""
    assert fits(when, yes)
    assert not fits(when, no)
    assert why_not(when, no) == why


@pytest.mark.parametrize("when", [text("a"), text(none=("a",)), text(max_words=5), text(has_link=False)])
def test_an_empty_text_fits_no_condition_on_the_text(when: When) -> None:
    """Not even one that only leaves something out; a picture has a text where it has a caption."""
    assert not fits(when, Incoming("image"))
    assert why_not(when, Incoming("image")) == "text: there is none"
    assert fits(When(none=(words("a"),)), Incoming("image"))
    assert fits(words("a"), Incoming("image", "a caption"))


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("where is my order", 4),
        ("don't e-mail 4.90, ok?", 4),
        ("🔥🔥 !!", 0),
        ("कीमत कितनी है", 3),
        ("请问价格多少", 3),
        ("价格 price", 2),
        ("ขอราคาหน่อย", 3),
        ("가격이 얼마", 2),
    ],
)
def test_words_are_counted_in_every_script(written: str, count: int) -> None:
    """By spaces and punctuation; in scripts without spaces by how long their words are on average."""
    assert fits(text(min_words=count, max_words=count), written)


@pytest.mark.parametrize(
    ("when", "yes", "no", "why"),
    [
        (When(payloads=("SHIP_ES",)), {"payload": "SHIP_ES"}, {"payload": "ship_es"}, "payload: 'ship_es' is not its"),
        (When(payloads=("X", "SHIP_*")), {"payload": "SHIP_EU"}, {"payload": "SHIP"}, "payload: 'SHIP' is not its"),
        (When(payloads=("X",)), {"payload": "X"}, {}, "payload: none came"),
        (When(emojis=("❤",)), {"emoji": "❤️"}, {"emoji": "👍"}, "emoji: 👍 is not its"),
        (When(emojis=("👍",)), {"emoji": "👍🏽"}, {}, "emoji: none came"),
        (When(stories=("s1", "s2")), {"story": "s2"}, {"story": "s3"}, "story: it is another one"),
        (When(posts=("p1",)), {"post": "p1"}, {}, "post: none came"),
        (When(ads=("a1",)), {"ad": "a1"}, {"ad": "a2"}, "ad: it is another one"),
        (When(test=True), {"test": True}, {}, "test: this is no test traffic"),
        (When(test=False), {}, {"test": True}, "test: this is test traffic"),
    ],
)
def test_a_condition_on_what_came(when: When, yes: dict[str, Any], no: dict[str, Any], why: str) -> None:
    """Payloads exactly or by their beginning, emoji whatever their skin tone, ids as they are."""
    assert fits(when, Incoming("text", "x", **yes))
    assert not fits(when, Incoming("text", "x", **no))
    assert why_not(when, Incoming("text", "x", **no)) == why


def test_kinds_hold_inside_conditions_too() -> None:
    """`any` of two kinds with conditions of their own."""
    when = When(any=(When(kinds=frozenset({"image"})), words("picture")))
    both = rules(rule("asked", when, kinds=frozenset({"text", "image"})))
    assert turn(both, Incoming("image")).rule == "asked"
    assert turn(both, "a picture").rule == "asked"
    assert turn(both, "nothing").rule is None
    assert why_not(When(every=(When(kinds=frozenset({"image"})),)), "x") == "kinds: text is not one of its"


@pytest.mark.parametrize(
    ("when", "yes", "no", "why"),
    [
        (When(first_message=True), {}, {"messages": 3}, "first_message: 3 came before"),
        (When(first_message=False), {"messages": 1}, {}, "first_message: nothing came before"),
        (When(turn=Comparison(">=", 3)), {"messages": 2}, {"messages": 1}, "turn: 2 is not >= 3"),
        (
            When(idle_for=Comparison(">=", timedelta(days=7))),
            {"messages": 1, "last_message_at": NOW - timedelta(days=7)},
            {"messages": 1, "last_message_at": NOW - hours(50)},
            "idle_for: 2d is not >= 7d",
        ),
        (
            When(idle_for=Comparison("<", hours(1))),
            {"messages": 1, "last_message_at": NOW - hours(0.5)},
            {},
            "idle_for: this is the first message",
        ),
        (
            When(after=After("order", hours(1))),
            {"answered_by": "order", "answered_at": NOW - hours(1)},
            {"answered_by": "order", "answered_at": NOW - hours(1.5)},
            "after: order answered longer than 1h ago",
        ),
        (
            When(after=After("order", hours(1))),
            {"answered_by": "order", "answered_at": NOW + hours(0.1)},
            {"answered_by": "returns", "answered_at": NOW},
            "after: order did not answer last",
        ),
    ],
)
def test_a_condition_on_what_was_before(when: When, yes: dict[str, Any], no: dict[str, Any], why: str) -> None:
    """How many messages, how long ago, which rule answered last."""
    assert fits(when, "x", remembering(**yes))
    assert not fits(when, "x", remembering(**no))
    assert why_not(when, "x", remembering(**no)) == why


@pytest.mark.parametrize(
    ("wanted", "yes", "no", "why"),
    [
        (
            CustomerCondition(tags_any=frozenset({"vip", "fan"})),
            {"tags": frozenset({"fan"})},
            {},
            "has no tag of fan, vip",
        ),
        (
            CustomerCondition(tags_every=frozenset({"vip", "fan"})),
            {"tags": frozenset({"fan", "vip"})},
            {"tags": frozenset({"fan"})},
            "tag vip is missing",
        ),
        (CustomerCondition(tags_none=frozenset({"vip"})), {}, {"tags": frozenset({"vip"})}, "has tag vip"),
        (CustomerCondition(languages=("es", "fr")), {"language": "es-mx"}, {"language": "pt"}, "speaks pt"),
        (CustomerCondition(languages=("es-mx",)), {"language": "es-MX"}, {"language": "es"}, "speaks es"),
        (CustomerCondition(languages=("en",)), {}, {"facts": {"lang": "es"}}, "speaks es"),
        (
            CustomerCondition(facts={"size": "M"}),
            {"facts": {"size": "M", "hair": "red"}},
            {"facts": {"size": "L"}},
            "set.size is not 'M'",
        ),
    ],
)
def test_a_condition_on_the_customer(
    wanted: CustomerCondition, yes: dict[str, Any], no: dict[str, Any], why: str
) -> None:
    """Tags, facts, and the language, of which `es-MX` is a kind of `es`."""
    assert fits(When(customer=wanted), "x", remembering(**yes))
    assert not fits(When(customer=wanted), "x", remembering(**no))
    assert why_not(When(customer=wanted), "x", remembering(**no)) == f"customer: {why}"


@pytest.mark.parametrize(
    ("wanted", "yes", "no", "why"),
    [
        (CustomerCondition(follows=True), Profile(follows=True), Profile(follows=False), "follows: no"),
        (CustomerCondition(follows=False), Profile(follows=False), Profile(), "whether they follow is not known"),
        (CustomerCondition(usernames=("@Ana",)), Profile("ana"), Profile("eva"), "is somebody else"),
        (CustomerCondition(usernames=("ana",)), Profile("ana"), Profile(), "the username is not known"),
    ],
)
def test_a_condition_on_the_profile(wanted: CustomerCondition, yes: Profile, no: Profile, why: str) -> None:
    """What Meta does not tell fits neither way."""
    assert fits(When(customer=wanted), "x", replace(ANA, profile=yes))
    assert not fits(When(customer=wanted), "x", replace(ANA, profile=no))
    assert why_not(When(customer=wanted), "x", replace(ANA, profile=no)) == f"customer: {why}"


def test_a_schedule_holds_while_it_is_open_or_closed() -> None:
    """By the clock of its own time zone, when it is decided."""
    schedule = Schedule("open", ZoneInfo("Europe/Madrid"), {1: ((9 * 60, 14 * 60),)})
    opened = When(schedule=ScheduleCondition("open", schedule))
    closed = When(schedule=ScheduleCondition("open", schedule, is_open=False))
    assert fits(opened, "x")
    assert not fits(closed, "x")
    assert not fits(opened, "x", now=NOW + hours(2))
    assert fits(closed, "x", now=NOW + hours(2))
    assert why_not(opened, "x", now=NOW + hours(2)) == "schedule: open is closed"
    assert why_not(closed, "x") == "schedule: open is open"


def test_conditions_nest() -> None:
    """`any`, `all` and `none` of conditions that need not be text."""
    when = When(
        any=(words("price"), When(payloads=("PRICE",))),
        every=(When(first_message=True),),
        none=(When(customer=CustomerCondition(tags_any=frozenset({"wholesale"}))),),
    )
    assert fits(when, "price")
    assert fits(when, Incoming("text", "x", "PRICE"))
    assert not fits(when, "cost")
    assert why_not(when, "cost") == "any: none of 2 conditions holds"
    assert why_not(when, "price", remembering(messages=1)) == "first_message: 1 came before"
    tagged = remembering(tags=frozenset({"wholesale"}))
    assert why_not(when, "price", tagged) == "none: condition 1 of 1 holds"
    assert why_not(When(any=(words("a"),)), "b") == 'any: word "a" is missing'


def test_a_pattern_is_a_keyword_like_any_other() -> None:
    """By itself, and left out."""
    number = Pattern("#?[0-9]{5,8}")
    assert fits(text(number), "order #12345")
    assert why_not(text(none=(number,)), "order #12345") == 'none: regex "#?[0-9]{5,8}"'


def test_the_language_of_a_message_counts_where_it_can_be_told() -> None:
    """What a rule has set goes first, then the message itself, what was told before, the configuration."""
    spanish = When(customer=CustomerCondition(languages=("es",)))

    def detect(said: str, languages: Any) -> str | None:
        assert languages == ["en", "es"]
        return "es" if said == "hola" else None

    options = Options(detect=detect)
    assert fits(spanish, "hola", options=options)
    assert not fits(spanish, "ok", options=options)
    assert fits(spanish, "ok", remembering(language="es"), options=options)
    assert not fits(spanish, "hola", remembering(facts={"lang": "en"}), options=options)
    assert fits(spanish, "ok", options=Options(language="ES"))
    assert not fits(spanish, Incoming("quick_reply", "hola", "P"), options=options)
