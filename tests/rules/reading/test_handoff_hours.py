"""What a hand-off says at which hours."""

import pytest

from tests.rules.lint.finding import Case, check, found

HOURS = "schedules: {open: {mon-fri: ['09:00-17:00']}}"


@pytest.mark.parametrize(
    "case",
    [
        ("- {name: a, keywords: [b], handoff: {say_open: c}}", 4, 40, "while it is closed", "add say_closed:, or say:"),
        ("- {name: a, keywords: [b], handoff: {say_closed: c}}", 4, 40, "while it is open", "add say_open:, or say:"),
        (
            "- {name: a, keywords: [b], handoff: {say: c, say_open: d, say_closed: e}}",
            4,
            40,
            "say is never said",
            "delete say",
        ),
    ],
)
def test_hours_without_words_and_words_without_hours_are_told(case: Case) -> None:
    """At the key that stands alone, or that nobody hears."""
    check("R004", case, head=HOURS)


@pytest.mark.parametrize(
    "words", ["say: c", "say: c, say_open: d", "say: c, say_closed: d", "say_open: c, say_closed: d"]
)
def test_words_for_all_hours_are_left_alone(words: str) -> None:
    """Each hour has its words."""
    assert not found("R004", f"- {{name: a, keywords: [b], handoff: {{{words}}}}}", HOURS)


def test_a_reply_speaks_at_all_hours() -> None:
    """What is said besides while it is closed may be all that is missing."""
    assert not found("R004", "- {name: a, keywords: [b], reply: c, handoff: {say_closed: d}}", HOURS)
