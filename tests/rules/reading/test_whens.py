"""Which messages a rule is for: `when`, its shortcuts, and how they join."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest

from igbot.rules.conditions import After, Comparison, CustomerCondition, TextCondition, When
from igbot.rules.matching.matchers import Keyword
from igbot.rules.rule import ALL_KINDS, DEFAULT_KINDS, FALLBACK_KINDS
from tests.rules.writing import errors, findings, rule

HEAD = 'schedules: {open: {mon-fri: ["09:00-17:00"]}}'


def when(condition: str, more: str = "") -> When:
    """What a condition is read as."""
    return rule(f"- {{name: a, when: {condition}, reply: b{more}}}", HEAD).when


def word(text: str) -> Keyword:
    """A whole word."""
    return Keyword.of("word", text)


def test_text_is_a_tree() -> None:
    """Any, all and none nest, and stand beside counts and signs."""
    text = when(
        "{text: {all: [{any: [cost, price]}, {none: [x], min_words: 2}], none: [bulk], max_words: 9, min_chars: 3,"
        " question: true, has_link: false, has_email: true, has_phone: false, has_number: true}}"
    ).text
    assert text == TextCondition(
        every=(TextCondition(any=(word("cost"), word("price"))), TextCondition(none=(word("x"),), min_words=2)),
        none=(word("bulk"),),
        max_words=9,
        min_chars=3,
        question=True,
        has_link=False,
        has_email=True,
        has_phone=False,
        has_number=True,
    )


@pytest.mark.parametrize(
    ("condition", "read"),
    [
        ("{kinds: [story_mention]}", {"kinds": frozenset({"story_mention"})}),
        ("{kinds: [any]}", {"kinds": ALL_KINDS}),
        ("{payload: 'SHIP_*'}", {"payloads": ("SHIP_*",)}),
        ("{payload: [A, B]}", {"payloads": ("A", "B")}),
        ("{emoji: ['❤️', '👍🏽']}", {"emojis": ("❤", "👍")}),
        ("{story: '178', post: ['1', '2'], ad: x}", {"stories": ("178",), "posts": ("1", "2"), "ads": ("x",)}),
        ("{first_message: true, test: false}", {"first_message": True, "test": False}),
        ("{idle_for: '>= 7d'}", {"idle_for": Comparison(">=", timedelta(days=7))}),
        ("{turn: '<3'}", {"turn": Comparison("<", 3)}),
        ("{after: {rule: a, within: 1h}}", {"after": After("a", timedelta(hours=1))}),
        ("{after: {rule: a}}", {"after": After("a", timedelta(hours=24))}),
        (
            "{customer: {tags: {any: [x], all: [y], none: [z]}}}",
            {"customer": CustomerCondition(frozenset("x"), frozenset("y"), frozenset("z"))},
        ),
        (
            "{customer: {lang: [es, pt-BR], follows: true, username: '@Ana', set: {size: 'XL'}}}",
            {
                "customer": CustomerCondition(
                    languages=("es", "pt-br"), follows=True, usernames=("ana",), facts={"size": "XL"}
                )
            },
        ),
        (
            "{any: [{payload: A}, {none: [{turn: '== 1'}]}], all: [{test: true}]}",
            {
                "any": (When(payloads=("A",)), When(none=(When(turn=Comparison("==", 1)),))),
                "every": (When(test=True),),
            },
        ),
    ],
)
def test_every_condition_is_read(condition: str, read: dict[str, Any]) -> None:
    """With its defaults, and nothing else beside it."""
    assert {code for code, _, _ in errors(f"- {{name: a, when: {condition}, reply: b}}")} <= {"R044"}
    assert when(condition) == When(**read)


def test_a_schedule_is_found_by_its_name() -> None:
    """Open, or not open."""
    for condition, is_open in (("{schedule: open}", True), ("{schedule: {not: open}}", False)):
        found = when(condition).schedule
        assert found is not None
        assert (found.name, found.is_open, found.schedule.name) == ("open", is_open, "open")


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("{}", "R004"),
        ("x", "R004"),
        ("{texts: {any: [a]}}", "R003"),
        ("{text: [a, b]}", "R004"),
        ("{text: a}", "R004"),
        ("{text: {}}", "R004"),
        ("{text: {any: []}}", "R004"),
        ("{text: {some: [a]}}", "R003"),
        ("{text: {any: [{word: a, any: [b]}]}}", "R003"),
        ("{text: {min_words: 0}}", "R004"),
        ("{text: {min_words: 5, max_words: 4}}", "R025"),
        ("{text: {question: 1}}", "R004"),
        ("{kinds: [txt]}", "R004"),
        ("{kinds: text}", "R004"),
        ("{payload: ''}", "R004"),
        ("{payload: []}", "R004"),
        ("{emoji: '❤'}", "R004"),
        ('{emoji: ["\\u200b"]}', "R020"),
        ("{story: 17841}", "R004"),
        ("{schedule: closed}", "R050"),
        ("{schedule: {open: not}}", "R003"),
        ("{schedule: {}}", "R004"),
        ("{first_message: first}", "R004"),
        ("{idle_for: 7d}", "R004"),
        ("{idle_for: '>= soon'}", "R004"),
        ("{turn: 3}", "R004"),
        ("{turn: '=> 3'}", "R004"),
        ("{after: a}", "R004"),
        ("{after: {within: 1h}}", "R004"),
        ("{after: {rule: other}}", "R050"),
        ("{after: {rule: a, within: soon}}", "R004"),
        ("{customer: {}}", "R004"),
        ("{customer: {tag: x}}", "R003"),
        ("{customer: {tags: [x]}}", "R004"),
        ("{customer: {tags: {any: [Two Words]}}}", "R011"),
        ("{customer: {lang: [english]}}", "R047"),
        ("{customer: {set: {a b: c}}}", "R011"),
        ("{customer: {set: {a: 1}}}", "R004"),
        ("{any: {payload: x}}", "R004"),
        ("{any: [x]}", "R004"),
    ],
)
def test_what_is_no_condition_is_refused(condition: str, code: str) -> None:
    """In the line where it stands, behind the rule's first words."""
    found = errors(f"- {{name: a, when: {condition}, reply: b}}", HEAD)
    assert code in [each[0] for each in found]
    assert all((line, column) >= (4, 20) for each, line, column in found if each == code)


def test_a_comparison_without_quotes_says_what_to_do() -> None:
    """YAML reads the sign as something of its own."""
    found = findings("- name: a\n  when:\n    idle_for: >= 7d\n  reply: b", "R001")
    assert (found[0].line, found[0].hint) == (5, 'put it in quotes, for example: ">= 7d"')


def test_shortcuts_join_what_when_asks() -> None:
    """Everything must hold; two lists of which one must hit stay two."""
    read = when("{text: {any: [x], none: [y], min_words: 2}}", ", keywords: [a], not: [b]")
    assert read.text == TextCondition(
        any=(word("x"),), every=(TextCondition(any=(word("a"),)),), none=(word("b"), word("y")), min_words=2
    )
    assert when("{text: {none: [y]}}", ", keywords: [a]").text == TextCondition(any=(word("a"),), none=(word("y"),))
    assert when("{text: {all: [y]}}", ", keywords: [a, b], match: all").text == TextCondition(
        every=(word("a"), word("b"), word("y"))
    )
    payloads = when("{payload: 'A_*'}", ", payload: A_B")
    assert (payloads.payloads, payloads.every) == (("A_*",), (When(payloads=("A_B",)),))


def test_kinds_of_both_ways_must_hold() -> None:
    """None at all is an error."""
    assert set(when("{kinds: [text, image]}", ", kinds: [image, video]").kinds or ()) == {"image"}
    body = "- {name: a, kinds: [text], when: {kinds: [image]}, reply: b}"
    assert ("R025", 3, 22) in errors(body)


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("keywords: [x]", DEFAULT_KINDS),
        ("fallback: true", FALLBACK_KINDS),
        ("fallback: true, when: {kinds: [text]}", {"text"}),
        ("when: {emoji: ['❤']}", DEFAULT_KINDS | {"reaction"}),
        ("when: {post: '1'}", DEFAULT_KINDS | {"share"}),
        (
            "when: {any: [{kinds: [story_mention]}, {emoji: ['❤']}, {text: {any: [x]}}]}",
            DEFAULT_KINDS | {"story_mention", "reaction"},
        ),
        ("when: {kinds: [text], any: [{kinds: [image]}]}", {"text"}),
    ],
)
def test_kinds_that_conditions_speak_of_are_served(body: str, kinds: Collection[str]) -> None:
    """Else such a rule could never answer."""
    assert set(rule(f"- {{name: a, {body}, reply: b}}").kinds) == set(kinds)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("keywords: [x]", 1),
        ("keywords: [x], not: [y], match: all", 1),
        ("keywords: [x], when: {text: {min_words: 2}}", 1),
        ("keywords: [x], kinds: [text], payload: x", 3),
        ("when: {schedule: open, first_message: true, turn: '== 1'}", 3),
        ("kinds: [text], when: {kinds: [text], any: [{test: true}, {test: false}]}", 2),
        ("fallback: true", 0),
    ],
)
def test_conditions_are_counted_as_keys_of_when(body: str, count: int) -> None:
    """A shortcut counts as the key it stands for."""
    assert rule(f"- {{name: a, {body}, reply: b}}", HEAD).conditions == count
