"""Regular expressions: what is refused and in which words, what their groups hold, many of them as one."""

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.matching.matchers import Pattern, Text
from igbot.rules.matching.patterns import build_patterns, fits_empty, group_names, pattern_problem


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("order(?= now)", "looks ahead with (?=…); that is not supported"),
        ("order(?! now)", "looks ahead with (?!…); that is not supported"),
        ("(?<=my )order", "looks behind with (?<=…); that is not supported"),
        ("(?<!my )order", "looks behind with (?<!…); that is not supported"),
        (r"(a)\1", r"repeats what a group found, with \1"),
        ("(?P<x>a)(?P=x)", "repeats what a group found, with (?P=…)"),
        ("(?P<x>a)(?P>x)", "calls a group"),
        ("(?>a)", "holds on to what it found"),
        ("a(?#note)", "has a comment"),
        ("(a)?(?(1)b|c)", "asks whether a group was found"),
        ("(?x) a b", "has (?x, which is not supported"),
        ("a{1001}", "repeats too often with {1001}"),
        ("((a{10}){100}){10}", "repeats too often"),
        ("a{3,1}", "repeats {3,1}, whose first number is the greater"),
        (r"\p{L}{1,900}", "is too large"),
        ("a**", "repeats a repeat with **"),
        ("a++", "repeats a repeat with ++"),
        ("+49", r"has nothing before + that it could repeat; write \+"),
        ("(a", "has a ( without its )"),
        ("a)", "has a ) without its ("),
        ("[a", "has a [ without its ]"),
        ("[z-a]", "has the range z-a"),
        ("a\\", "ends with a single \\"),
        (r"\Z", r"the end of the text is \z or $"),
        (r"\u20ac", "write the character itself"),
        (r"\y", r"has \y, which means nothing here"),
        (r"\p{Nonsense}", "is no kind of character"),
        ("(?P<no", "has a group name that is not complete"),
        ("(?P<1st>a)", "names a group '1st'"),
        ("(?P<keyword>a)", "names a group 'keyword'"),
        ("(?P<no>a)|(?P<no>b)", "names two groups 'no'"),
        ("\ud800", "has half a character"),
        ("", "is empty"),
    ],
)
def test_what_a_pattern_cannot_have_is_said_in_plain_words(written: str, problem: str) -> None:
    """The part at fault is named, and mostly what to write instead."""
    assert (pattern_problem(written) or "").startswith(problem) or problem in (pattern_problem(written) or "")


@pytest.mark.parametrize(
    "written",
    [
        r"#?([0-9]{5,8})",
        "(?i)Order",
        r"(?:order|pedido)\s*(?P<no>[0-9]+)",
        r"[\p{L}\p{M}\p{N}_]+",
        "(?<no>a)",
        "(a+)+$",
    ],
)
def test_what_re2_knows_has_no_problem(written: str) -> None:
    """A pattern that explodes elsewhere is linear here."""
    assert pattern_problem(written) is None


@given(st.text(max_size=12) | st.text(st.sampled_from(r"ab(?P<n>)[]{}1,9*+|\p.^$=!#"), max_size=14))
def test_every_text_is_a_usable_pattern_or_has_a_problem(written: str) -> None:
    """Never an exception, neither when it is read nor when it is used."""
    if pattern_problem(written) is None:
        assert set(build_patterns([written]).hits("ab 1\ud800\x00")) <= {0}
        fits_empty(written)
        names = group_names(written)
        assert set(Pattern(written).groups(Text.of("ab 1"))) <= set(names)


@pytest.mark.parametrize(
    ("written", "fits"),
    [
        ("a*", True),
        ("(x|)", True),
        ("", True),
        ("^", True),
        ("a?b?", True),
        ("a+", False),
        ("^$", False),
        (r"\b", False),
    ],
)
def test_a_pattern_that_finds_nothing_everywhere_is_told(written: str, fits: bool) -> None:
    """It would answer every message; one that wants an empty message, or a word, would not."""
    assert fits_empty(written) is fits


def test_groups_are_called_by_number_and_by_name() -> None:
    """Numbers first."""
    assert group_names(r"(a)(?:b)(?P<no>[0-9])(?P<año>c)") == ("1", "2", "3", "no", "año")
    assert group_names("abc") == ()


def test_groups_hold_what_the_first_hit_found() -> None:
    """In the normal form; a group without a part in it holds nothing at all."""
    pattern = Pattern(r"(?:order|pedido)\s*#?(?P<no>[0-9]{5,8})( now)?")
    assert pattern.groups(Text.of("¿Mi PEDIDO #１２３４５? order 99999")) == {"1": "12345", "no": "12345"}
    assert pattern.groups(Text.of("hello")) == {}


def test_a_raw_pattern_sees_the_message_as_it_was_written() -> None:
    """Capitals, accents, signs; half a character is replaced by the sign for such."""
    pattern = Pattern(r"([A-ZÉ]+)(.)", raw=True)
    assert pattern.groups(Text.of("my CAFÉ\ud83d")) == {"1": "CAFÉ", "2": "\ufffd"}
    assert Pattern(r"([A-Z]+)").groups(Text.of("my CAFÉ")) == {}


def test_a_pattern_with_a_problem_is_refused_by_the_table() -> None:
    """Whoever builds it should have asked before."""
    with pytest.raises(ValueError, match="not a pattern"):
        build_patterns(["a", "(?=b)"])


PARTS = ["order", "pedido", "[0-9]{2}", r"\s*", "a", "b+", ".", r"\p{L}", "(?:x|é)", "^", "$", "ц", "#?", "(?i:AB)"]
some_patterns = st.lists(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("".join), min_size=1, max_size=30)


@given(some_patterns, st.lists(st.sampled_from(["order", "pedido", "12", " ", "a", "b", "Ab", "é", "ц", "x", "🔥"])))
def test_many_patterns_find_what_each_finds_alone(written: list[str], parts: list[str]) -> None:
    """Those with a fixed part and those without, few or many."""
    text = "".join(parts)
    expected = [number for number, each in enumerate(written) if re2.search(each, text)]
    assert sorted(build_patterns(written).hits(text)) == expected


def test_patterns_that_are_too_much_for_one_automaton_are_shared_out() -> None:
    """Thousands of fixed parts, and hundreds of large patterns without any."""
    fixed = [f"{number:04d}" * 20 + f"(?:a{number}|b{number})+" for number in range(1200)]
    large = [rf"\p{{L}}{{{3 + number % 4}}}[{number % 10}]" for number in range(60)]
    table = build_patterns([*fixed, *large])
    assert len(table.filters) > 1
    assert len(table.sets) > 1
    assert set(table.hits("0007" * 20 + "a7")) == {7}
    # Those that want three to six letters before a digit of theirs.
    expected = {1200 + n for n in range(60) if n % 10 == 5}
    assert set(table.hits("abcdéf5")) == expected
