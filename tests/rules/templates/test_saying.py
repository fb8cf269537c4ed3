"""Who is told which words."""

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from igbot.meta.outgoing import Attachment, Button, Outgoing, QuickReply
from igbot.rules.answers import HandoffPlan, Reply, Variant, Words
from igbot.rules.schedules import Schedule
from igbot.rules.templates.model import Filter, Insert
from igbot.rules.templates.saying import choose_handoff_words, choose_variant, choose_words, say_reply, say_words
from tests.rules.templates.filling import MADRID, MONDAY

TWO = Words({"en": ("Hi",), "es": ("Hola",), "": ("Hi",)})
PICTURE = Attachment("image", "https://shop.example/a.jpg")


def said(reply: Reply, *, language: str = "en", igsid: str = "1") -> tuple[tuple[Outgoing, ...], str | None]:
    """What one customer gets."""
    return say_reply(
        reply, {"message.text": ""}.get, language=language, zone=MADRID, now=MONDAY, igsid=igsid, rule="greet"
    )


@pytest.mark.parametrize(
    ("language", "expected"), [("es", "Hola"), ("es-MX", "Hola"), ("ES", "Hola"), ("en-GB", "Hi"), ("fr", "Hi")]
)
def test_a_text_is_said_in_the_customers_language(language: str, expected: str) -> None:
    """By the base tag too, else in the default language."""
    assert said(Reply(TWO), language=language)[0] == (Outgoing(expected),)


def test_a_language_spoken_elsewhere_is_better_than_a_foreign_one() -> None:
    """Portuguese from Brazil for somebody from Portugal."""
    words = Words({"en": ("Hi",), "pt-br": ("Oi",), "": ("Hi",)})
    assert choose_words(words, "pt-PT") == ("Oi",)


def test_dates_are_in_the_language_of_the_text_around_them() -> None:
    """A Spaniard who is answered in English reads an English day."""
    words = Words({"": ("We open ", Insert("now", (Filter("human"),)))})
    text = say_words(words, {"now": MONDAY}.get, language="es", zone=MADRID, now=MONDAY)
    assert text == "We open today at 11:00"


def test_a_picture_goes_ahead_of_its_text() -> None:
    """Two messages; what is under the text stays there."""
    replies = (QuickReply("Yes", "YES"),)
    buttons = (Button("Shop", url="https://shop.example"),)
    assert said(Reply(TWO, quick_replies=replies, buttons=buttons, attachment=PICTURE))[0] == (
        Outgoing(attachment=PICTURE),
        Outgoing("Hi", quick_replies=replies, buttons=buttons),
    )
    assert said(Reply(attachment=PICTURE))[0] == (Outgoing(attachment=PICTURE),)


def test_nothing_to_say_is_not_sent() -> None:
    """A text that was only a name without a value."""
    assert said(Reply(Words({"": (Insert("message.text"),)})))[0] == ()


def test_a_variant_is_the_customers_for_good() -> None:
    """The same person gets the same text, however often; many persons get them by weight."""
    variants = (Variant("a", 1, TWO), Variant("b", 3, TWO))
    assert {said(Reply(variants=variants), igsid="7")[1] for _ in range(5)} == {
        said(Reply(variants=variants), igsid="7")[1]
    }
    counts = Counter(choose_variant(variants, str(number), "greet").name for number in range(4000))
    assert 900 < counts["a"] < 1100
    assert counts.total() == 4000


def test_one_customer_is_not_always_first() -> None:
    """Another rule draws anew."""
    variants = (Variant("a", 1, TWO), Variant("b", 1, TWO))
    assert {choose_variant(variants, "7", f"rule-{number}").name for number in range(20)} == {"a", "b"}


def test_what_a_customer_gets_never_changes_with_the_program() -> None:
    """Written down, so that nobody changes the draw without noticing."""
    variants = tuple(Variant(name, 1, TWO) for name in "abcd")
    assert [choose_variant(variants, str(number), "greet").name for number in range(8)] == list("bcaadbcd")


def test_a_handoff_speaks_by_the_hour() -> None:
    """The schedule `open` decides; `say` is for where it has no words."""
    hours = {"open": Schedule("open", ZoneInfo("UTC"), {0: ((9 * 60, 17 * 60),)})}
    opened, closed, always = (Words({"": (text,)}) for text in ("open", "closed", "always"))
    night = datetime.fromisoformat("2026-11-23T22:00Z")
    both = HandoffPlan(say=always, say_open=opened, say_closed=closed)
    assert choose_handoff_words(both, hours, MONDAY) is opened
    assert choose_handoff_words(both, hours, night) is closed
    assert choose_handoff_words(both, {}, night) is always
    assert choose_handoff_words(HandoffPlan(say=always, say_open=opened), hours, night) is always
    assert choose_handoff_words(HandoffPlan(say_open=opened), hours, night) is None
