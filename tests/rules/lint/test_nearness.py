"""Tolerant words that take the exact words of other rules for slips."""

import pytest

from tests.rules.lint.finding import found

TRACK = "- {name: a, keywords: [{fuzzy: track}], reply: b}\n"


@pytest.mark.parametrize("other", ["[truck]", "[x, {is: tracks}]", "[trcak]", "[{list: l}]"])
def test_a_tolerant_word_within_reach_of_an_exact_one(other: str) -> None:
    """One letter more, less or other, or two swapped; also in a list."""
    (finding,) = found("R029", TRACK + f"- {{name: c, keywords: {other}, reply: b}}", "lists: {l: [trick, hello]}")
    assert (finding.line, finding.column, finding.severity) == (4, 34, "warning")
    assert 'of "c" for a slip' in finding.message
    assert finding.hint.startswith("write none: [tr")


@pytest.mark.parametrize(
    "other",
    [
        "- {name: c, keywords: [crack, trucks, track, track record, {contains: truck}], reply: b}",
        "- {name: c, observe: true, keywords: [truck], tag: [x]}",
        "- {name: c, enabled: false, keywords: [truck], reply: b}",
        "- {name: c, not: [truck], keywords: [y], reply: b}",
    ],
)
def test_words_out_of_reach_are_left_alone(other: str) -> None:
    """The first letter must agree; the same word, phrases, observers and exceptions are no slips."""
    assert not found("R029", TRACK + other)


def test_a_rule_may_have_both_itself() -> None:
    """Then nothing is taken from anybody."""
    assert not found("R029", "- {name: a, keywords: [{fuzzy: track}, truck], reply: b}")


def test_two_letters_reach_further() -> None:
    """For words of eight letters and more."""
    words = "- {name: a, keywords: [{fuzzy: discount}], reply: b}\n- {name: c, keywords: [discos, miscount], reply: b}"
    assert not found("R029", words)
    (finding,) = found("R029", words.replace("discos", "discont, discout, discuont, dismount"))
    assert '"discont" of "c", "discout" of "c", "discuont" of "c"' in finding.message
