"""Names that are not filled in, because one brace is no two."""

import pytest

from tests.rules.lint.finding import Case, check, found

VARS = "vars: {shop: {site: lola.example}}"


@pytest.mark.parametrize(
    "case",
    [
        ("- {name: a, keywords: [b], reply: 'Hi {customer.name}!'}", 4, 41, "sent as it is", "{{ customer.name }}"),
        ("- {name: a, keywords: [b], reply: 'Hi { username }'}", 4, 41, "{ username }", "{{ customer.username }}"),
        ("- {name: a, keywords: [b], handoff: {say: 'See {shop.site}'}}", 4, 50, "{shop.site}", "{{ shop.site }}"),
    ],
)
def test_a_known_name_in_single_braces_is_told(case: Case) -> None:
    """At the braces, with what to write."""
    check("R045", case, head=VARS)


@pytest.mark.parametrize("text", ["a {smile} b", "{1}", "{}", "{{ customer.lang }}", "{a.b}"])
def test_other_braces_are_text(text: str) -> None:
    """Nobody knows what they should be filled with."""
    assert not found("R045", f"- {{name: a, keywords: [b], reply: 'x {text}'}}", VARS)
