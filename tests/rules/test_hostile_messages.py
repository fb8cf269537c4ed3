"""Messages of the worst kind: matched or not, never executed, never an exception; what is said of them can be sent."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.meta.events import CUSTOMER_KINDS, CustomerKind
from igbot.rules.deciding.choice import Answered, Choice, Customer, Incoming, Options, Profile
from igbot.rules.deciding.decision import consider_all
from igbot.rules.deciding.memory import Memory, from_stored, to_stored
from igbot.rules.deciding.responding import Standing, respond
from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.loading import load_rules
from igbot.rules.model import RuleFile

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OURS = r"""
version: 1
rules:
  - name: echo
    keywords: [echo, { regex: 'order (?P<no>.*)' }]
    set: { last: "{{ message.text }}", no: "{{ match.no | default('-') }}" }
    alert: { text: "{{ message.text }}" }
    reply: >-
      {{ message.text }}|{{ message.text | upper }}|{{ message.text | title }}|{{ message.text | truncate(10) }}|
      {{ message.text | url }}|{{ message.text | number }}|{{ message.text | date }}|{{ match.keyword | default('-') }}
  - { name: say, keywords: [say], reply: "You said {{ message.text }}" }
  - { name: again, keywords: [again], reply: "Again: {{ customer.set.last | default('-') }}" }
  - name: many
    keywords: [{ fuzzy: discount }, { similar: do you have any offer }, { word: late, near: [parcel] }, { is: hi },
      { contains: "€" }, { starts: hello }, { ends: bye }, "🔥", 价格, { regex: '(b+)+$', raw: true },
      { regex: 'x.{0,200}y' }]
    reply: many
  - name: looks
    priority: -1
    when: { any: [{ text: { has_link: true } }, { text: { has_email: true } }, { text: { has_phone: true } },
      { text: { has_number: true } }, { text: { question: true } }, { text: { min_words: 20 } }] }
    reply: looks
  - { name: heart, when: { emoji: ["❤"] }, reply: heart }
  - name: tap
    kinds: [quick_reply, postback, referral]
    payload: "P_*"
    set: { tapped: "{{ message.text }}" }
    reply: "Tapped {{ message.text }}"
  - { name: ours-off, enabled: false, keywords: [asleep], reply: asleep }
  - { name: over, until: 2026-01-01, keywords: [over], reply: over }
  - { name: watch, observe: true, keywords: [broken], tag: [broken] }
  - { name: last, fallback: true, reply: "Pardon? {{ message.text | default('-') }}" }
"""
_WITH_TEXT: tuple[CustomerKind, ...] = ("text", "story_reply", "image")
THEIRS = "version: 1\naccounts: [theirs]\nrules: [{ name: theirs, keywords: [theirs], reply: theirs }]\n"
ODD = (
    *(
        "\0",
        "\ud800",
        "\udfff\ud800",
        "\ufeff",
        "\u200b",
        "\u202e",
        "\u0301",
        "\u0489",
        "\u0315\u0300",
        "\ufdfa",
        "\x1b[31m",
    ),
    *(
        "{{",
        "}}",
        "{%",
        "%s",
        "{0}",
        "👩‍",
        "👍🏽",
        "🇪🇸",
        "İ",
        "ı",
        "ﬀ",
        "ΐ",
        "①",
        "½",
        "٣",
        "\u2028",
        "\x85",
        "\r\n",
        "1e999",
    ),
    *("echo ", "order ", "discount ", "late ", "parcel ", "价", "ก", "https://", "@", "+", "?", "x", "b", "€", " "),
)


@pytest.fixture(scope="module")
def ruleset() -> RuleSet:
    """The rules of two accounts."""
    loaded = load_rules([RuleFile("a.yaml", OURS.encode()), RuleFile("b.yaml", THEIRS.encode())])
    assert loaded.ruleset is not None, loaded.findings
    return loaded.ruleset


def answer(ruleset: RuleSet, message: Incoming, memory: Memory | None = None) -> Choice:
    """What a customer of `ours` is told; all of it must be fit to be sent and kept."""
    customer = Customer("1", "ours", memory or Memory(), Profile())
    standing = Standing(customer_at=NOW)
    choice = respond(ruleset, message, customer, standing, sent_at=NOW, now=NOW, options=Options())
    assert choice == respond(ruleset, message, customer, standing, sent_at=NOW, now=NOW, options=Options())
    consider_all(ruleset, message, customer, now=NOW)
    stored = to_stored(choice.memory)
    assert from_stored(json.loads(json.dumps(stored))) == choice.memory
    for text in (
        *(reply.text for reply in choice.replies),
        *(alert.text for alert in choice.alerts),
        json.dumps(stored),
    ):
        text.encode()
        assert not {"\0", "\x1b", "\u202e"} & set(text)
        assert "\\u0000" not in text
    return choice


def says(ruleset: RuleSet, text: str, memory: Memory | None = None) -> list[str]:
    """The texts that answer a text."""
    return [reply.text for reply in answer(ruleset, Incoming("text", text), memory).replies]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        *(("🔥", "many"), ("😀😀", "last"), ("👩‍👧", "last"), ("", "last"), ("\u200b", "last"), ("\0", "last")),
        *(
            ("\u202eecho", "echo"),
            ("ｅｃｈｏ", "echo"),
            ("𝐞𝐜𝐡𝐨", "echo"),
            ("ec\u200bho", "echo"),
            ("مرحبا echo", "echo"),
        ),
        *(
            ("еcho", "last"),
            ("e\u0301cho", "echo"),
            ("e\u0336c\u0489ho", "echo"),
            ("echo\ud83d", "echo"),
            ("echoes", "last"),
        ),
        *(("RULE:heart", "last"), ("P_A", "last"), ("asleep", "last"), ("over", "last"), ("theirs", "last")),
        *(
            ("hi!!! 🔥", "many"),
            ("hi there", "last"),
            ("disocunt", "many"),
            ("9€", "many"),
            ("BBB", "last"),
            ("bbb", "many"),
        ),
    ],
)
def test_odd_texts_fit_or_do_not(ruleset: RuleSet, text: str, rule: str) -> None:
    """Letters that only look alike in Cyrillic are others; those of font apps, unseen characters and halves are not."""
    assert answer(ruleset, Incoming("text", text)).rule == rule


@pytest.mark.parametrize("text", ["{{ 7*7 }}", "{{ customer.set.last }}", "{% raw %}", "{# x #}", "%s {0.__class__}"])
def test_template_syntax_of_a_customer_is_text(ruleset: RuleSet, text: str) -> None:
    """It is said as it was written, also when it comes back by way of a fact that was kept."""
    assert says(ruleset, f"say {text}") == [f"You said say {text}"]
    kept = answer(ruleset, Incoming("text", f"echo {text}")).memory
    assert says(ruleset, "again", kept) == [f"Again: echo {text}"]


@pytest.mark.parametrize("unit", ODD)
@pytest.mark.parametrize("begin", ["", "echo ", "order "])
def test_a_mebibyte_of_anything_is_decided(ruleset: RuleSet, unit: str, begin: str) -> None:
    """Only the beginning of it is looked at, and little of it is said again."""
    size = len(unit.encode("utf-8", "surrogatepass"))
    choice = answer(ruleset, Incoming("text", begin + unit * (1024 * 1024 // size)))
    assert all(len(reply.text) < 5000 for reply in choice.replies)


@given(st.lists(st.one_of(st.sampled_from(ODD), st.characters(), st.text(max_size=3)), max_size=60).map("".join))
def test_no_text_whatever_raises_or_leaves_anything_unsendable(text: str) -> None:
    """Halves of characters and control characters among all others, in all that is said and kept."""
    loaded = load_rules([RuleFile("a.yaml", OURS.encode())])
    assert loaded.ruleset is not None
    for kind in _WITH_TEXT:
        answer(loaded.ruleset, Incoming(kind, text))


@pytest.mark.parametrize("kind", sorted(CUSTOMER_KINDS))
def test_every_kind_with_every_field_is_decided(ruleset: RuleSet, kind: CustomerKind) -> None:
    """Whatever stands in the fields of a message, of whichever kind it is."""
    for odd in (*ODD, "x" * 10_240, "P_" + "\0" * 10_240, "RULE:", "RULE:\ud800", "*", ""):
        answer(ruleset, Incoming(kind, odd, odd, odd, odd, odd, odd, key=odd))


def test_what_a_button_echoes_is_cleaned(ruleset: RuleSet) -> None:
    """The title that comes back with a tap loses what moves a terminal or turns the writing."""
    choice = answer(ruleset, Incoming("quick_reply", "Re\x07d\0 \x1b[31m{{ x }}\u202e", "P_RED"))
    assert choice.rule == "tap"
    assert [reply.text for reply in choice.replies] == ["Tapped Red [31m{{ x }}"]
    assert choice.memory.facts == {"tapped": "Red [31m{{ x }}"}


@pytest.mark.parametrize("name", ["ours-off", "over", "theirs", "watch", "nobody", "", "echo\0", "ECHO", "x" * 10_240])
def test_a_tap_picks_no_rule_that_may_not_answer(ruleset: RuleSet, name: str) -> None:
    """One that is off, over, another account's, an observer or none at all is not picked by a `RULE:` payload."""
    choice = answer(ruleset, Incoming("quick_reply", "Which", f"RULE:{name}"))
    assert choice.rule == "last"
    assert not choice.observers


@pytest.mark.parametrize(
    "given_back",
    [
        *(None, True, 5, "x", [], [1], {}, {"status": None}, {"status": {"a": 1}}, {"status": ["a"]}),
        *({"status": "\0\ud800\u202e"}, {"status": "{{ 7*7 }}" * 999}, {"status": 10**400}, {"status": float("nan")}),
    ],
)
def test_whatever_a_service_answers_can_be_said(given_back: Any) -> None:
    """A reply that inserts it is filled in, with its default where there is nothing, and never read as a template."""
    text = (
        "version: 1\nrules:\n  - name: a\n    keywords: [order]\n    call: { name: orders, save: order }\n"
        "    set: { status: \"{{ slots.order.status | default('-') }}\" }\n"
        "    reply: \"It is {{ slots.order.status | default('-') }}, {{ slots.order.0 | default('-') }}.\"\n"
    )
    ruleset = load_rules([RuleFile("a.yaml", text.encode())]).ruleset
    assert ruleset is not None
    choice = respond(
        ruleset,
        Incoming("text", "order"),
        Customer("1", "ours"),
        Standing(customer_at=NOW),
        sent_at=NOW,
        now=NOW,
        options=Options(),
        answers={"a": Answered(True, given_back)},
    )
    said = choice.replies[0].text + json.dumps(to_stored(choice.memory))
    said.encode()
    assert said.startswith("It is ")
    assert "49" not in said
    assert "\\u0000" not in said


def test_a_clock_that_went_wrong_decides_all_the_same(ruleset: RuleSet) -> None:
    """A message from the future, or from before anything was, is decided like any other."""
    for moved in (timedelta(days=-20_000), timedelta(days=20_000)):
        choice = respond(
            ruleset,
            Incoming("text", "echo"),
            Customer("1", "ours", Memory(3, NOW, "echo", NOW)),
            Standing(customer_at=NOW),
            sent_at=NOW + moved,
            now=NOW,
            options=Options(),
        )
        assert choice.rule == "echo"
