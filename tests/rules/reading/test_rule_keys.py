"""The other keys of a rule: names, limits, pace, modes, examples; and the defaults of a file."""

from datetime import timedelta

import pytest

from igbot.rules.answers import Limit
from igbot.rules.conditions import TextCondition, When
from igbot.rules.matching.matchers import Keyword
from igbot.rules.places import Place
from igbot.rules.reading.files import MOST_RULES
from igbot.rules.rule import DEFAULT_KINDS, FALLBACK_KINDS, Example, Rule
from tests.rules.writing import errors, findings, load, rule, with_rules

HOUR = timedelta(hours=1)


def read(keys: str, head: str = "") -> Rule:
    """A rule with some keys."""
    return rule(f"- {{name: a, keywords: [x], reply: b, {keys}}}", head)


def wrong(keys: str) -> list[str]:
    """The codes of its errors."""
    return [code for code, _, _ in errors(f"- {{name: a, keywords: [x], reply: b, {keys}}}")]


def test_a_plain_rule_has_the_defaults() -> None:
    """Nothing but words and an answer."""
    plain = rule("- {name: a, keywords: [x], reply: b}")
    assert plain.kinds == DEFAULT_KINDS
    assert (plain.priority, plain.enabled, plain.observe, plain.fallback, plain.typing) == (
        0,
        True,
        False,
        False,
        False,
    )
    assert (plain.limits, plain.examples, plain.settle, plain.delay) == ((), (), timedelta(0), timedelta(0))
    assert (plain.label, plain.accounts, plain.starts, plain.ends, plain.ask_on_tie) == (None, None, None, None, None)
    assert (plain.file, plain.line) == ("1.yaml", 3)


def test_the_places_of_keys_are_kept() -> None:
    """Of the name where it is written, of the others where the key is."""
    read = rule("- name: a\n  keywords: [x]\n  reply: b")
    assert read.place("name") == Place(3, 11)
    assert read.place("keywords") == Place(4, 5, 8)
    assert read.place("limit") == Place(3, 11)


def test_simple_keys_are_read() -> None:
    """With the values that are possible."""
    found = read("label: Shipping cost, about: for people, enabled: false, priority: -1000, on_tie: ask, typing: true")
    assert (found.label, found.enabled, found.priority, found.ask_on_tie, found.typing) == (
        "Shipping cost",
        False,
        -1000,
        True,
        True,
    )
    assert read("on_tie: first").ask_on_tie is False
    assert (read("settle: 20s, delay: 0s").settle, read("delay: 3s").delay) == (
        timedelta(seconds=20),
        timedelta(seconds=3),
    )


def test_limits_add_up() -> None:
    """`limit`, `cooldown` and `once` all hold; a cooldown of nothing takes a default back."""
    assert read("limit: {times: 3, within: 1h, per: all, then: silent}, cooldown: 30s, once: true").limits == (
        Limit(3, HOUR, "all", "silent"),
        Limit(1, timedelta(seconds=30)),
        Limit(1, None),
    )
    assert read("limit: {within: 1h}").limits == (Limit(1, HOUR),)
    assert read("limit: {times: 2}").limits == (Limit(2, None),)
    assert read("cooldown: 0s, once: false").limits == ()


def test_examples_are_read_with_their_places() -> None:
    """Texts that must and must not be answered."""
    assert read("test: {yes: [x, 'x y'], no: [z]}").examples == (
        Example("x", True, Place(3, 53)),
        Example("x y", True, Place(3, 56, 5)),
        Example("z", False, Place(3, 69)),
    )


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("labels: x", "R003"),
        ("flow: x", "R003"),
        ("ai: {sources: [faq]}", "R003"),
        ("label: A label of more than twenty", "R041"),
        ("label: ' '", "R041"),
        ("label: no", "R004"),
        ("about: 1", "R004"),
        ("enabled: 'true'", "R004"),
        ("enabled: yes", "R004"),
        ("priority: high", "R004"),
        ("priority: '5'", "R004"),
        ("priority: 1001", "R004"),
        ("priority: .nan", "R004"),
        ("priority: 1.5", "R004"),
        ("match: some", "R004"),
        ("limit: 3", "R004"),
        ("limit: {}", "R004"),
        ("limit: {times: 0}", "R004"),
        ("limit: {times: 1, within: 0s}", "R004"),
        ("limit: {times: 1, per: person}", "R004"),
        ("limit: {times: 1, then: stop}", "R004"),
        ("limit: {time: 1}", "R003"),
        ("cooldown: 30", "R004"),
        ("cooldown: 366d", "R004"),
        ("once: 1", "R004"),
        ("settle: 21s", "R004"),
        ("delay: 1m", "R004"),
        ("delay: -1s", "R004"),
        ("typing: 1", "R004"),
        ("observe: maybe", "R004"),
        ("on_tie: second", "R004"),
        ("test: [x]", "R004"),
        ("test: {}", "R004"),
        ("test: {maybe: [x]}", "R003"),
        ("test: {yes: x}", "R004"),
        ("test: {yes: [1]}", "R004"),
        ("fallback: true", "R004"),
        ("from: soon", "R051"),
    ],
)
def test_wrong_values_are_refused(keys: str, code: str) -> None:
    """Each with its code."""
    assert code in wrong(keys)


def test_more_examples_than_anybody_writes_are_refused() -> None:
    """They are tried at every load."""
    assert wrong(f"test: {{yes: [{'x,' * 101}]}}") == ["R004"]


@pytest.mark.parametrize(("written", "hint"), [("Opening Hours", "opening-hours"), ("é", "for"), ("a" * 65, "aaa")])
def test_a_bad_name_is_r011_with_a_good_one(written: str, hint: str) -> None:
    """Small letters, digits and dashes."""
    found = findings(f"- {{name: {written}, keywords: [x], reply: b}}", "R011")
    assert (found[0].line, found[0].column) == (3, 12)
    assert hint in found[0].hint or not found[0].hint


def test_a_rule_without_a_name_is_r011() -> None:
    """It cannot be logged."""
    assert errors("- {keywords: [x], reply: b}")[0] == ("R011", 3, 5)


@pytest.mark.parametrize(
    "keys", ["keywords: [x]", "payload: x", "not: [x]", "match: all", "priority: 3", "when: {test: true}"]
)
def test_the_fallback_asks_for_nothing(keys: str) -> None:
    """It answers what no other rule answers."""
    assert "R004" in [code for code, _, _ in errors(f"- {{name: a, fallback: true, reply: b, {keys}}}")]


def test_the_fallback_may_ask_for_kinds_and_not_observe() -> None:
    """Written either way."""
    assert errors("- {name: a, fallback: true, reply: b, kinds: [text, image]}") == []
    assert "R015" in [code for code, _, _ in errors("- {name: a, fallback: true, tag: [x], observe: true}")]


def test_defaults_are_keys_of_every_rule_in_the_file() -> None:
    """Where the rule does not have the key itself; other files are not concerned."""
    loaded = load(
        with_rules(
            "- {name: a, keywords: [x], reply: b}\n- {name: c, keywords: [x], reply: b, cooldown: 0s, priority: 2}",
            "defaults: {cooldown: 30s, priority: 1, not: [z]}",
        ),
        with_rules("- {name: d, keywords: [x], reply: b}"),
    )
    first, second, third = loaded.rules
    assert (first.limits, first.priority) == ((Limit(1, timedelta(seconds=30)),), 1)
    assert first.when.text == TextCondition(any=(Keyword.of("word", "x"),), none=(Keyword.of("word", "z"),))
    assert (second.limits, second.priority) == ((), 2)
    assert (third.limits, third.priority) == ((), 0)


def test_default_kinds_give_way_to_any_kinds_of_the_rule() -> None:
    """Also to those of `when` and of its branches; they are no condition of the rule's own."""
    head = "defaults: {kinds: [text, story_reply]}"
    bodies = {
        "keywords: [x]": {"text", "story_reply"},
        "when: {kinds: [story_mention]}": {"story_mention"},
        "kinds: [image]": {"image"},
        "when: {any: [{kinds: [image]}, {test: true}]}": {"text", "story_reply", "image"},
    }
    for body, kinds in bodies.items():
        found = rule(f"- {{name: a, {body}, reply: b}}", head)
        assert (set(found.kinds), found.conditions) == (kinds, 1)


def test_defaults_that_make_no_sense_in_a_fallback_are_left_out_there() -> None:
    """The file need not be split for it."""
    head = "defaults: {priority: 5, not: [x], keywords: [y], when: {text: {min_words: 2}}, payload: P, observe: true}"
    assert errors("- {name: a, fallback: true, reply: b}", head) == []
    found = rule("- {name: a, fallback: true, reply: b}", head)
    assert (found.when, found.priority, found.observe, found.kinds) == (When(), 0, False, FALLBACK_KINDS)


def test_defaults_that_make_no_sense_in_an_observer_are_left_out_there() -> None:
    """It keeps how often it tags, but nothing that is about answers."""
    head = """defaults:
      reply: hi
      handoff: true
      settle: 2s
      delay: 1s
      typing: true
      label: Hello
      on_tie: ask
      limit: {times: 2, within: 1h, then: handoff}"""
    body = "- {name: a, keywords: [x], observe: true, tag: [t]}\n- {name: b, keywords: [y]}"
    assert errors(body, head) == []
    first, second = load(with_rules(body, head)).rules
    assert first.limits == (Limit(2, timedelta(hours=1)),)
    assert (first.replies, first.handoff, first.settle, first.label) == ((), None, timedelta(0), None)
    assert (second.limits[0].then, second.label, second.handoff is None) == ("handoff", "Hello", False)


def test_a_file_of_observers_says_so_once() -> None:
    """A rule may say otherwise, and the defaults are its again."""
    head = "defaults: {observe: true, reply: hi}"
    body = "- {name: a, keywords: [x], tag: [t]}\n- {name: b, keywords: [y], observe: false}"
    assert errors(body, head) == []
    first, second = load(with_rules(body, head)).rules
    assert (first.observe, len(first.replies), second.observe, len(second.replies)) == (True, 0, False, 1)


@pytest.mark.parametrize(
    ("defaults", "code"),
    [
        ("{name: a}", "R004"),
        ("{fallback: true}", "R004"),
        ("{cooldwn: 1s}", "R003"),
        ("{flow: a}", "R003"),
        ("[]", "R004"),
        ("{priority: x}", "R004"),
    ],
)
def test_wrong_defaults_are_told_once(defaults: str, code: str) -> None:
    """Not for every rule."""
    body = "\n".join(f"- {{name: r{n}, keywords: [x{n}], reply: b}}" for n in range(5))
    assert [each for each, _, _ in errors(body, f"defaults: {defaults}")] == [code]


def test_too_many_rules_in_one_file_are_asked_to_be_split() -> None:
    """That is the only finding: what other files say of these rules is not held against them."""
    many = "".join(f"- {{name: r{number}, reply: b}}\n" for number in range(MOST_RULES + 1))
    other = "- {name: a, when: {after: {rule: r1, within: 1h}}, keywords: [x], reply: b}"
    (finding,) = (each for each in load(with_rules(many), with_rules(other)).findings if each.severity == "error")
    assert (finding.code, finding.line, finding.hint) == ("R001", MOST_RULES + 3, "split it into several")


def test_defaults_are_checked_in_a_file_that_has_no_rules_yet() -> None:
    """Or they would be wrong only when the first one is written."""
    for rules in ("", "rules:\n", "rules: []\n"):
        found = load(f"version: 1\ndefaults: {{keyword: [a], name: b}}\n{rules}").findings
        assert sorted(each.code for each in found if each.severity == "error") == ["R003", "R004"]


def test_defaults_cannot_blow_up_a_file() -> None:
    """A long list in thousands of rules."""
    body = "\n".join(f"- {{name: r{n}, reply: b}}" for n in range(3000))
    found = findings(body, "R004", f"defaults: {{keywords: [{', '.join(f'w{n}' for n in range(100))}]}}")
    assert (found[0].line, "100000" in found[0].message) == (2, True)
