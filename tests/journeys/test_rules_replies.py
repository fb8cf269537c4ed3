"""What rules show beside plain words, as Meta gets it: buttons, pictures, choices, variants, other languages."""

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.shop import ANA, BEN, Shop, open_shop, rules_in

RULES = """
version: 1
rules:
  - name: lookbook
    keywords: [lookbook]
    reply:
      - attach: { image: "https://lola.example/look.jpg" }
        text: "This is our autumn."
        quick_replies:
          - { title: More, payload: MORE }
          - { title: Enough, payload: ENOUGH }
      - text: "What now?"
        buttons:
          - { title: See it all, url: "https://lola.example/autumn" }
          - { title: Talk to us, payload: TALK_BOOK }
  - name: talk
    kinds: [postback]
    payload: "TALK_*"
    reply: "One of us will write to you."
  - name: more
    kinds: [quick_reply]
    payload: MORE
    reply: "There is no more."
  - name: tip
    keywords: [tip]
    reply:
      variants:
        - { name: scarf, text: "Try it with a scarf." }
        - { name: boots, text: "Try it with boots." }
  - name: boots-size
    label: Sizes of boots
    keywords: [boots]
    on_tie: ask
    reply: "35 to 42."
  - name: boots-price
    label: Prices of boots
    keywords: [boots]
    on_tie: ask
    reply: "From 90 €."
"""
SPEAKING = """
version: 1
rules:
  - name: hours
    keywords: [hours, horario]
    reply:
      text:
        en: "Monday to Friday, nine to seven."
        es: "De lunes a viernes, de nueve a siete."
  - name: languages
    keywords: [language]
    reply: { text: "Which one?", quick_replies: [{ title: Español, payload: LANGUAGE_ES }] }
  - name: in-spanish
    payload: LANGUAGE_ES
    set: { lang: es }
    reply: "Vale."
  - name: fallback
    fallback: true
    reply: { text: { en: "Sorry?", es: "¿Perdón?" } }
"""


async def taps(shop: Shop, igsid: str, button: dict[str, Any], *, kind: str) -> None:
    """A customer taps a button as it was received."""
    await shop.writes(igsid, kind=kind, text=button["title"], payload=button["payload"])
    await shop.quiet()


async def test_pictures_words_and_buttons_arrive_as_the_rule_has_them(database_url: str, tmp_path: Path) -> None:
    """A picture, then its words with the choices under them, then a template; a tap on each kind reaches its rule."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        await shop.writes(ANA, "your lookbook?")
        await shop.quiet()
        picture, words, template = (each.sending for each in shop.sandbox.accepted.select(igsid=ANA))
        [image] = picture.attachments
        assert image == {"type": "image", "payload": {"url": "https://lola.example/look.jpg"}}
        assert (picture.text, picture.quick_replies) == (None, ())
        assert words.text == "This is our autumn."
        assert [each["payload"] for each in words.quick_replies] == ["MORE", "ENOUGH"]
        assert template.words == "What now?"
        assert template.buttons == [
            {"type": "web_url", "title": "See it all", "url": "https://lola.example/autumn"},
            {"type": "postback", "title": "Talk to us", "payload": "TALK_BOOK"},
        ]
        await taps(shop, ANA, template.buttons[1], kind="postback")
        await taps(shop, ANA, words.quick_replies[0], kind="quick_reply")
        assert shop.received(ANA)[3:] == ["One of us will write to you.", "There is no more."]
        assert await shop.reply_states(ANA) == ["sent"] * 5
        [shown] = await shop.rows("SELECT kind, text, attachments FROM message WHERE kind = 'image'")
        assert shown["text"] == ""
        assert "look.jpg" in shown["attachments"]


async def test_one_customer_always_gets_the_same_variant(database_url: str, tmp_path: Path) -> None:
    """Whichever it is, over a restart too, and its name is kept with the message; others get the other one."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        customers = [f"97{number:014d}" for number in range(12)]
        for igsid in customers:
            await shop.writes(igsid, "a tip")
        await shop.quiet()
        await shop.stops()
        await shop.starts()
        for igsid in customers:
            await shop.writes(igsid, "another tip")
        await shop.quiet()
        said = {"scarf": "Try it with a scarf.", "boots": "Try it with boots."}
        kept = await shop.rows("SELECT igsid, variant FROM message WHERE direction = 'in' ORDER BY message_id")
        for igsid in customers:
            assert shop.received(igsid) == [said[row["variant"]] for row in kept if row["igsid"] == igsid]
            assert len(set(shop.received(igsid))) == 1
        assert {row["variant"] for row in kept} == set(said)


async def test_a_tie_is_left_to_the_customer(database_url: str, tmp_path: Path) -> None:
    """Two rules are equally good: their labels are asked about, and the tap has the one that was meant answer."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, RULES)) as shop:
        await shop.writes(ANA, "boots?")
        await shop.quiet()
        [question] = (each.sending for each in shop.sandbox.accepted.select(igsid=ANA))
        assert question.text == "Which one do you mean?"
        assert [(each["title"], each["payload"]) for each in question.quick_replies] == [
            ("Sizes of boots", "RULE:boots-size"),
            ("Prices of boots", "RULE:boots-price"),
        ]
        await taps(shop, ANA, question.quick_replies[1], kind="quick_reply")
        assert shop.received(ANA)[1:] == ["From 90 €."]
        told = await shop.rows("SELECT reason, rule FROM message WHERE direction = 'in' ORDER BY message_id")
        assert [tuple(row.values()) for row in told] == [("rule", None), ("rule", "boots-price")]


async def test_customers_are_answered_in_their_language(database_url: str, tmp_path: Path) -> None:
    """Spanish in, Spanish out, English in, English out; what is known of a customer holds for what tells nothing."""
    pytest.importorskip("py3langid", reason="needs extra languages")
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, SPEAKING)) as shop:
        await shop.writes(ANA, "¿Cuál es vuestro horario de esta semana?")
        await shop.writes(BEN, "Could you tell me your opening hours, please?")
        await shop.quiet()
        assert shop.received(ANA) == ["De lunes a viernes, de nueve a siete."]
        assert shop.received(BEN) == ["Monday to Friday, nine to seven."]
        await shop.writes(ANA, "12345")
        await shop.writes(BEN, "12345")
        await shop.quiet()
        assert [shop.received(igsid)[-1] for igsid in (ANA, BEN)] == ["¿Perdón?", "Sorry?"]


async def test_a_language_that_was_chosen_holds_whatever_is_written(database_url: str, tmp_path: Path) -> None:
    """`set: {lang: es}` decides, in what language the customer may write, and over a restart."""
    async with open_shop(database_url, tmp_path, rules=rules_in(tmp_path, SPEAKING)) as shop:
        await shop.writes(ANA, "another language please")
        await shop.quiet()
        [question] = (each.sending for each in shop.sandbox.accepted.select(igsid=ANA))
        await taps(shop, ANA, question.quick_replies[0], kind="quick_reply")
        await shop.stops()
        await shop.starts()
        await shop.writes(ANA, "Could you tell me your opening hours, please?")
        await shop.quiet()
        assert shop.received(ANA)[1:] == ["Vale.", "De lunes a viernes, de nueve a siete."]
