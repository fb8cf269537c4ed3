"""Words of one rule or list: doubled, excluded again, too short, of the wrong form, or taken by igbot itself."""

import pytest

from igbot.rules.opting import opting_words
from igbot.rules.surroundings import Surroundings
from tests.rules.lint.finding import Case, check, found


@pytest.mark.parametrize(
    "case",
    [
        ("- {name: a, keywords: [Refund, REFUND], reply: b}", 3, 34, 'word "Refund" in line 3', "delete it"),
        ("- {name: a, not: [{is: x}, y, {is: X}], reply: b}", 3, 38, 'is "X"', "delete it"),
        ("- {name: a, when: {text: {all: [{any: [x, X]}]}}, reply: b}", 3, 45, "the same keyword", "delete it"),
        ("- {name: a, keywords: [{regex: x+}, {regex: x+}], reply: b}", 3, 47, "the same keyword", "delete it"),
    ],
)
def test_a_word_that_stands_twice(case: Case) -> None:
    """In normal form; the second one is to go."""
    check("R021", case)


def test_a_word_twice_in_a_shared_list_is_told_at_the_list() -> None:
    """Once, however many rules use it."""
    rules = "- {name: a, keywords: [{list: l}], reply: b}\n- {name: c, not: [{list: l}], reply: b}"
    (finding,) = found("R021", rules, "lists: {l: [x, y, X]}")
    assert (finding.line, finding.column) == (2, 19)


@pytest.mark.parametrize(
    "keywords", ["[envío, envio]", "[x, {is: x}]", "[x, {starts: x}]", "[{contains: x}, {contains: y}]"]
)
def test_words_that_differ_are_left_alone(keywords: str) -> None:
    """Accents are worth writing both ways, and a whole message is more than a word."""
    assert not found("R021", f"- {{name: a, keywords: {keywords}, reply: b}}")


@pytest.mark.parametrize(
    "case",
    [
        ("- {name: a, keywords: [x, y], not: [X], reply: b}", 3, 39, '"x" can never hit', "one of the two lists"),
        ("- {name: a, keywords: [x], not: [X], reply: b}", 3, 36, "this rule can never answer", "one of the two"),
        ("- {name: a, match: all, keywords: [x, y], not: [X], reply: b}", 3, 51, "this rule can never", "one of"),
        ("- {name: a, keywords: [free x, y], not: [x], reply: b}", 3, 44, 'part of "free x"', "one of the two"),
        ("- {name: a, match: all, keywords: [{is: x}, {is: y}], reply: b}", 3, 52, "at once", "match: any"),
        (
            "- {name: a, when: {text: {all: [{any: [x, y], none: [y]}]}}, reply: b}",
            3,
            56,
            "wanted and excluded",
            "one of",
        ),
    ],
)
def test_conditions_that_contradict_each_other(case: Case) -> None:
    """A word that is wanted and excluded, in full or as part of a phrase, and two whole messages at once."""
    check("R025", case)


@pytest.mark.parametrize(
    "rule",
    [
        "keywords: [x], not: [free x]",
        "keywords: [x, y], not: [z]",
        "keywords: [prices], not: [price]",
        "match: all, keywords: [{is: hi}, {is: 'hi!'}]",
    ],
)
def test_an_exception_is_no_contradiction(rule: str) -> None:
    """What is excluded is more than what is wanted."""
    assert not found("R025", f"- {{name: a, {rule}, reply: b}}")


@pytest.mark.parametrize(
    "case",
    [
        ("- {name: a, keywords: [{contains: hi}], reply: b}", 3, 37, '"shipping", "this", "which"', "plain word hi"),
        ("- {name: a, keywords: [{contains: zq}], reply: b}", 3, 37, "inside other words", "the plain word zq"),
        ("- {name: a, keywords: [x], not: [{contains: e}], reply: b}", 3, 47, "also fires in", "the plain word e"),
    ],
)
def test_a_short_part_of_a_word_is_everywhere(case: Case) -> None:
    """With examples of what it would hit."""
    check("R026", case)


@pytest.mark.parametrize("part", ["€", "价", "shi", "42", "👍"])
def test_short_parts_that_are_no_letters_are_left_alone(part: str) -> None:
    """Signs, digits, and scripts where one character is a word."""
    assert not found("R026", f"- {{name: a, keywords: [{{contains: '{part}'}}], reply: b}}")


@pytest.mark.parametrize(
    "case",
    [
        ("- {name: a, keywords: [가격], reply: b}", 3, 26, "Korean", "{starts: 가격}, or {contains: 가격}"),
        ("- {name: a, keywords: [hi, fiyatı, sipariş, değişim], reply: b}", 3, 38, "Turkish", "{starts: sipariş}"),
        ("- {name: a, keywords: [määrä], reply: b}", 3, 26, "Finnish", "{starts: määrä}"),
    ],
)
def test_words_that_always_have_something_hanging_on_them(case: Case) -> None:
    """Once a rule, at the first of them."""
    check("R035", case)


@pytest.mark.parametrize("word", ["{starts: 가격}", "precio", "preis", "größe", "цена", "ราคา"])
def test_words_of_other_languages_are_left_alone(word: str) -> None:
    """Also those that are already looked for by their beginning."""
    assert not found("R035", f"- {{name: a, keywords: [{word}], reply: b}}")


@pytest.mark.parametrize(
    "case",
    [
        (
            "- {name: a, keywords: [x, STOP], reply: b}",
            3,
            29,
            '"STOP" is how customers',
            "igbot obeys this word itself",
        ),
        ("- {name: a, keywords: [{is: Baja}], reply: b}", 3, 31, '"Baja" is how', "delete it"),
        ("- {name: a, match: all, keywords: [отписаться], reply: b}", 3, 38, "no more messages", "delete it"),
        ("- {name: a, observe: true, keywords: [iptal], tag: [b]}", 3, 41, "no more messages", "delete it"),
        ('- {name: a, keywords: [{is: "STOP!"}], reply: b}', 3, 31, '"STOP!" is how', "delete it"),
        ("- {name: a, keywords: [x, Stop.], reply: b}", 3, 29, '"Stop." is how', "delete it"),
        ("- {name: a, when: {any: [{text: {any: [stop]}}]}, reply: b}", 3, 42, '"stop" is how', "delete it"),
        ("- {name: a, when: {text: {any: [x, {any: [stop]}]}}, reply: b}", 3, 45, '"stop" is how', "delete it"),
    ],
)
def test_words_that_end_the_conversation_belong_to_igbot(case: Case) -> None:
    """An error: no rule would ever see them."""
    check("R064", case, severity="error")


@pytest.mark.parametrize(
    "rule",
    [
        "keywords: [stop by], not: [stop]",
        "match: all, keywords: [stop, order]",
        "when: {text: {any: [stop], min_words: 2}}",
        "when: {all: [{text: {any: [stop]}}, {text: {any: [order]}}]}",
    ],
)
def test_words_that_end_the_conversation_may_stand_beside_others(rule: str) -> None:
    """Only as the whole message are they obeyed."""
    assert not found("R064", f"- {{name: a, {rule}, reply: b}}")


@pytest.mark.parametrize(("word", "language"), [("stop", "en"), ("parar", "es"), ("sair", "pt"), ("стоп", "ru")])
def test_the_language_of_a_word_that_ends_the_conversation_is_told(word: str, language: str) -> None:
    """English where several have it and the rules speak none of them."""
    (finding,) = found("R064", f"- {{name: a, keywords: [{word}], reply: b}}", surroundings=Surroundings(language="tr"))
    assert f'in "{language}"' in finding.message


def test_the_language_of_the_rules_is_told_first() -> None:
    """Of those that have the word."""
    (finding,) = found("R064", "- {name: a, keywords: [stop], reply: b}", surroundings=Surroundings(language="es-MX"))
    assert 'in "es"' in finding.message


def test_the_owners_words_end_the_conversation_instead_of_the_languages_own() -> None:
    """Those of other languages still do; those by which it begins again are free."""
    opting = opting_words(stop={"en": ("No more",), "es": ("basta ya",), "pt": ("chega",)}, start={"en": ("again",)})
    body = '- {name: a, keywords: [unsubscribe, no more, parar, again, start, {is: "Sair!"}, stopp], reply: b}'
    findings = found("R064", body, surroundings=Surroundings(opting=opting))
    assert [each.message.split('"')[1] for each in findings] == ["no more", "stopp"]


def test_a_word_of_a_shared_list_may_not_end_the_conversation_either() -> None:
    """Told at the list."""
    (finding,) = found("R064", "- {name: a, keywords: [{list: l}], reply: b}", "lists: {l: [x, unsubscribe]}")
    assert (finding.line, finding.column) == (2, 16)
