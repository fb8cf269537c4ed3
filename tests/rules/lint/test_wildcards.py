"""Keywords as other programs write them."""

import pytest

from tests.rules.lint.finding import Case, check, found


@pytest.mark.parametrize(
    "case",
    [
        ("- {name: a, keywords: [ship*], reply: b}", 3, 26, '"ship*"', "write {starts: ship}"),
        ("- {name: a, keywords: ['*ship'], reply: b}", 3, 26, "very characters", "write {ends: ship}"),
        ("- {name: a, keywords: ['*ship*'], reply: b}", 3, 26, "very characters", "write {contains: ship}"),
        ("- {name: a, keywords: [ship|deliver], reply: b}", 3, 26, "very characters", "2 keywords: [ship, deliver]"),
        ("- {name: a, keywords: [/ship.*/i], reply: b}", 3, 26, "very characters", "{regex: 'ship.*'}"),
        ("- {name: a, keywords: [b], not: [{starts: 'ship*'}], reply: b}", 3, 45, "very", "{starts: ship}"),
    ],
)
def test_stars_bars_and_slashes_are_letters_here(case: Case) -> None:
    """With what does what was meant."""
    check("R034", case)


def test_words_of_lists_are_looked_at_as_well() -> None:
    """In the file of the list."""
    assert found("R034", "- {name: a, keywords: [{list: l}], reply: b}", "lists: {l: [ship*]}")


@pytest.mark.parametrize("word", ["f**k", "5*", "24/7", "and/or", "'|'", "'***'", "c/o", "a*b", "'//'"])
def test_signs_that_customers_write_are_left_alone(word: str) -> None:
    """Near misses."""
    assert not found("R034", f"- {{name: a, keywords: [{word}], reply: b}}")
