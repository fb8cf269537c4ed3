"""What rules say: links, what nobody should ask for, and answers that bring themselves."""

import pytest

from tests.rules.lint.finding import Case, check, found


@pytest.mark.parametrize(
    "case",
    [
        ("- {name: a, keywords: [a], reply: 'see http://lola.example/x'}", 3, 42, "without encryption", "https://lola"),
        ("- {name: a, keywords: [a], reply: 'see https://bit.ly/x'}", 3, 42, "shortened", "the full link"),
        ("- {name: a, keywords: [a], reply: {text: {en: b, es: 'ver t.co/x'}}}", 3, 61, "shortened", "the full link"),
        ("- {name: a, keywords: [a], handoff: {say: 'http://b.example'}}", 3, 46, "without encryption", "https://b"),
        (
            "- {name: a, keywords: [a], reply: {variants: [{text: b}, {text: 'c http://d.example'}]}}",
            3,
            70,
            "without encryption",
            "https://d",
        ),
    ],
)
def test_links_that_people_distrust(case: Case) -> None:
    """At the link, in every text that a customer sees."""
    check("R065", case)


def test_links_in_buttons_attachments_and_vars_are_looked_at_as_well() -> None:
    """Shortened ones; others are refused there before."""
    button = "- {name: a, keywords: [a], reply: {text: b, buttons: [{title: T, url: 'https://bit.ly/x'}]}}"
    assert found("R065", button)
    assert found(
        "R065", "- {name: a, keywords: [a], reply: '{{ shop.site }}'}", 'vars: {shop: {site: "http://x.example"}}'
    )


@pytest.mark.parametrize("text", ["https://lola.example and not.co/x", "and/or", "a habit.ly thing/x"])
def test_whole_links_are_left_alone(text: str) -> None:
    """Near misses."""
    assert not found("R065", f"- {{name: a, keywords: [a], reply: '{text}'}}")


@pytest.mark.parametrize(
    "case",
    [
        (
            "- {name: a, keywords: [a], reply: Please send us your card number.}",
            3,
            57,
            '"card number"',
            "your own site",
        ),
        ("- {name: a, keywords: [a], reply: Hola. Dime tu contraseña}", 3, 51, '"contraseña"', "your own site"),
        ("- {name: a, keywords: [a], handoff: {say: 'What is your PIN code?'}}", 3, 59, '"PIN code"', "your own"),
        ("- {name: a, keywords: [a], reply: Guaranteed results in a week!}", 3, 37, "a promise", "you can prove"),
    ],
)
def test_what_nobody_should_ask_for_or_promise(case: Case) -> None:
    """Secrets that would stay in a chat, and what Meta's policies forbid."""
    check("R063", case)


@pytest.mark.parametrize(
    "text",
    [
        "Never send us your card number.",
        "We take every card. Send us a photo.",
        "No te pediremos nunca tu contraseña, no la envíes.",
        "Your password is changed on the site",
        "Results are not guaranteed results",
        "The code for 10 % off is HELLO10, send it to friends",
    ],
)
def test_a_warning_to_customers_is_no_request(text: str) -> None:
    """Near misses."""
    assert not found("R063", f"- {{name: a, keywords: [a], reply: '{text}'}}")


@pytest.mark.parametrize(
    "case",
    [
        (
            "- {name: a, keywords: [hello, hi], reply: Hello!}",
            3,
            45,
            'brings "a" again by the word "hello"',
            "cooldown",
        ),
        (
            "- {name: a, keywords: [x], reply: 'thank you so much'}\n- {name: c, keywords: [thank you], reply: b}",
            3,
            37,
            'brings "c" again by the word "thank you"',
            'give "c" a cooldown: 1m',
        ),
        ("- {name: a, keywords: [x], handoff: {say: X x}}", 3, 45, 'brings "a" again', "say more"),
    ],
)
def test_an_answer_that_is_almost_the_word_that_brings_it(case: Case) -> None:
    """Two bots would talk for ever."""
    check("R048", case)


@pytest.mark.parametrize(
    "rule",
    [
        "keywords: [shipping], reply: 'Shipping is 4.90 €, free over 60 €.'",
        "keywords: [hello], cooldown: 1m, reply: Hello!",
        "keywords: [hello], match: all, reply: Hello",
        "keywords: [hello], kinds: [story_reply], reply: Hello!",
        "keywords: [hello], reply: '{{ message.text }} 👋'",
    ],
)
def test_an_answer_that_says_more_or_ends_by_itself_is_left_alone(rule: str) -> None:
    """Near misses: most answers have the word in them that was asked about."""
    assert not found("R048", f"- {{name: a, {rule}}}")
