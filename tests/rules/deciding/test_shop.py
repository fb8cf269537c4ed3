"""The rules of a whole shop, read from its file, as an owner would write them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from igbot.rules.deciding.choice import Choice, Incoming, Profile
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.loading import load_rules
from igbot.rules.model import RuleFile
from tests.rules.deciding.building import ANA, NOW, choose, hours, said, turn

SHOP = """
version: 1
timezone: Europe/Madrid
vars:
  shop: { name: Lola Wear, site: "https://lola.example" }
schedules:
  open: { mon-fri: ["09:00-14:00", "16:00-19:30"] }
lists:
  shipping: [shipping, delivery, envío, "how long does it take"]
  human: [human, person, persona]
defaults: { cooldown: 30s, kinds: [text, story_reply, quick_reply] }
rules:
  - { name: returns, keywords: [return, refund, devolución], reply: "See {{ shop.site }}/returns" }
  - name: shipping-cost
    priority: 50
    when: { text: { all: [{list: shipping}, {any: [cost, "how much", cuánto, {contains: "€"}]}], none: [wholesale] } }
    reply:
      text: { en: "4.90 €. Where do you live?", es: "4,90 €. ¿Dónde vives?" }
      quick_replies: [{ title: Spain, payload: SHIP_ES }, { title: Elsewhere, payload: SHIP_EU }]
  - { name: shipping-country, when: { kinds: [quick_reply, postback], payload: "SHIP_*" }, reply: "2-7 days." }
  - name: order
    when: { text: { any: [{regex: '(?:order|pedido)\\s*#?(?P<no>[0-9]{5,8})'}] } }
    reply: "Looking for {{ match.no }}."
  - name: story-love
    when: { kinds: [story_mention] }
    reply: "Thank you, {{ customer.first_name | default('lovely') }}!"
    limit: { times: 1, within: 24h }
  - name: want-human
    priority: 1000
    when: { text: { any: [{list: human}] } }
    handoff: { say_open: "One of us answers.", say_closed: "We open {{ schedule.open.next | date }}." }
  - { name: complaints, observe: true, keywords: [broken, scam], tag: [complaint], alert: { level: info } }
  - name: sorry
    priority: 60
    when: { text: { any: [{list: shipping}] }, customer: { tags: { any: [complaint] } } }
    reply: "Sorry again."
  - { name: fallback, fallback: true, limit: { times: 1, within: 12h, then: handoff }, reply: "Write HUMAN." }
"""


@pytest.fixture(name="shop", scope="module")
def _shop() -> RuleSet:
    loaded = load_rules([RuleFile("shop.yaml", SHOP.encode())])
    assert loaded.ruleset is not None, [each.message for each in loaded.findings if each.severity == "error"]
    return loaded.ruleset


@pytest.mark.parametrize(
    ("text", "rule", "matched", "reply"),
    [
        ("REFUND??", "returns", 'word "refund"', "See https://lola.example/returns"),
        ("¿Cuánto cuesta el envio?", "shipping-cost", 'word "cuánto"', "4.90 €. Where do you live?"),
        ("shipping cost for wholesale", "fallback", "", "Write HUMAN."),
        ("𝐒𝐡𝐢𝐩𝐩𝐢𝐧𝐠 ＣＯＳＴ", "shipping-cost", 'word "shipping"', "4.90 €. Where do you live?"),
        ("order #12345 ?", "order", 'regex "(?:order|pedido)\\s*#?(?P<no>[0-9]{5,8})"', "Looking for 12345."),
        ("the returning champion", "fallback", "", "Write HUMAN."),
        ("a scam, I want a refund", "returns", 'word "refund"', "See https://lola.example/returns"),
    ],
)
def test_what_is_written_is_answered(shop: RuleSet, text: str, rule: str, matched: str, reply: str) -> None:
    """By the rule that fits best."""
    choice = choose(shop, text)
    assert (choice.rule, choice.matched, said(choice)) == (rule, matched, [reply])


def test_a_whole_conversation(shop: RuleSet) -> None:
    """Each message with the memory of those before."""
    customer = replace(ANA, profile=Profile(name="Ana García"))
    choices: list[Choice] = []
    for minutes, message in (
        (0, Incoming("story_mention")),
        (1, Incoming("text", "how much is delivery?")),
        (2, Incoming("quick_reply", "Spain", "SHIP_ES")),
        (3, Incoming("text", "it is broken")),
        (4, Incoming("text", "shipping cost again?")),
        (5, Incoming("story_mention")),
        (6, Incoming("text", "blah")),
    ):
        choice = turn(shop, message, customer, now=NOW + timedelta(minutes=minutes))
        customer = replace(customer, memory=choice.memory)
        choices.append(choice)
    told = [(each.rule, said(each)) for each in choices]
    assert told == [
        ("story-love", ["Thank you, Ana!"]),
        ("shipping-cost", ["4.90 €. Where do you live?"]),
        ("shipping-country", ["2-7 days."]),
        ("fallback", ["Write HUMAN."]),
        ("sorry", ["Sorry again."]),
        (None, []),
        ("fallback", []),
    ]
    assert choices[3].observers == ("complaints",)
    assert choices[6].handoff is not None
    assert (customer.memory.messages, customer.memory.tags) == (7, frozenset({"complaint"}))


def test_a_person_is_promised_by_the_hour(shop: RuleSet) -> None:
    """Open at noon in Madrid, closed at night."""
    assert said(choose(shop, "a human please")) == ["One of us answers."]
    night = said(choose(shop, "una persona", now=NOW + hours(11)))[0]
    assert night.startswith("We open ")
    assert "25" in night
