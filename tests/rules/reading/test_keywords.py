"""Every way of matching, as owners write it; and what is refused, where it stands."""

from typing import cast

import pytest

from igbot.rules.conditions import TextCondition, WordList
from igbot.rules.matching.matchers import Fuzzy, Keyword, Matcher, Near, Pattern, Similar
from igbot.rules.places import Place
from igbot.rules.reading.lists import LONGEST_LIST, MOST_NESTED
from igbot.rules.reading.patterns import MOST_TOO_LARGE
from tests.rules.writing import errors, findings, load, rule, with_rules


def matchers(written: str, head: str = "") -> tuple[Matcher | WordList | TextCondition, ...]:
    """What a list of keywords is read as."""
    text = rule(f"- {{name: a, keywords: {written}, reply: b}}", head).when.text
    assert text is not None
    return text.any


def wrong(written: str, head: str = "") -> list[tuple[str, int]]:
    """Code and column (in the list) of the errors in a list of keywords."""
    body = f"- {{name: a, keywords: {written}, reply: b}}"
    return [(code, column - len("  - {name: a, keywords: ") - 1) for code, _, column in errors(body, head)]


def test_a_bare_text_is_a_word_and_its_place_is_kept() -> None:
    """In normal form, with what the owner wrote for findings."""
    (found,) = cast("tuple[Keyword]", matchers('["Envío  GRATIS"]'))
    assert (found.kind, found.text, found.folded, found.written) == (
        "word",
        "envío gratis",
        "envio gratis",
        "Envío  GRATIS",
    )
    assert found.at == Place(3, 26, 15)


@pytest.mark.parametrize("kind", ["is", "word", "starts", "ends", "contains"])
def test_a_map_names_its_way_of_matching(kind: str) -> None:
    """One key, one keyword."""
    assert matchers(f"[{{{kind}: hi}}]") == (Keyword.of(kind, "hi"),)  # type: ignore[arg-type]


def test_options_belong_to_their_way_of_matching() -> None:
    """With their defaults: five words, 1 edit from five letters and 2 from eight, 88 of 100."""
    assert matchers("[{word: order, near: [where, late]}, {word: order, near: late, within: 2}]") == (
        Near(Keyword.of("word", "order"), (Keyword.of("word", "where"), Keyword.of("word", "late")), 5),
        Near(Keyword.of("word", "order"), (Keyword.of("word", "late"),), 2),
    )
    assert matchers("[{regex: '#?([0-9]{5,8})'}, {regex: 'A(?P<no>B)', raw: true}]") == (
        Pattern("#?([0-9]{5,8})"),
        Pattern("A(?P<no>B)", True),
    )
    assert matchers("[{fuzzy: track}, {fuzzy: DISCOUNT}, {fuzzy: discount, distance: 1}]") == (
        Fuzzy("track", 1, "track"),
        Fuzzy("discount", 2, "DISCOUNT"),
        Fuzzy("discount", 1, "discount"),
    )
    assert matchers("[{similar: Any offer now}, {similar: any offer, min: 70}]") == (
        Similar("any offer now", 88, "Any offer now"),
        Similar("any offer", 70, "any offer"),
    )


@pytest.mark.parametrize(
    ("written", "code", "at"),
    [
        ("[no]", "R004", 1),
        ("[0123]", "R004", 1),
        ("[[a]]", "R004", 1),
        ("[{}]", "R004", 1),
        ("[{is: a, word: b}]", "R004", 1),
        ("[{is: [a]}]", "R004", 6),
        ("[{words: a}]", "R003", 2),
        ("[{is: a, near: [b]}]", "R003", 9),
        ("[{fuzzy: discount, raw: true}]", "R003", 19),
        ("[{word: a, within: 3}]", "R004", 11),
        ("[{word: a, near: [b], within: 0}]", "R004", 30),
        ("[{word: a, near: []}]", "R004", 17),
        ("[{word: a, near: ['']}]", "R004", 18),
        ("[{regex: a, raw: 1}]", "R004", 17),
        ("[{fuzzy: discount, distance: 3}]", "R004", 29),
        ("[{similar: offer, min: 0}]", "R004", 23),
        ("[{similar: offer, min: 101}]", "R004", 23),
        ("a", "R004", 0),
        ("[]", "R004", 0),
    ],
)
def test_what_is_no_matcher_is_refused_where_it_stands(written: str, code: str, at: int) -> None:
    """Wrong types, unknown keys, and options of another way of matching."""
    assert (code, at) in wrong(written)


@pytest.mark.parametrize("written", ['""', '"\\u200b"', '"\\U0001F3FD"', '{is: " "}', '{regex: ""}', '{similar: ""}'])
def test_a_keyword_nobody_can_see_is_r020(written: str) -> None:
    """Nothing is left of it in normal form."""
    assert [code for code, _ in wrong(f"[{written}]")] == ["R020"]


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("{fuzzy: sale}", "5 letters or more"),
        ("{fuzzy: año}", "has 3"),
        ("{fuzzy: two words}", "one word"),
        ("{fuzzy: c++plus}", "one word"),
        ("{fuzzy: track, distance: 2}", "8 letters or more"),
    ],
)
def test_words_too_short_for_typing_errors_are_r029(written: str, part: str) -> None:
    """Too many other words are as near."""
    found = findings(f"- {{name: a, keywords: [{written}], reply: b}}", "R029")
    assert found[0].severity == "error"
    assert part in found[0].message


@pytest.mark.parametrize(
    "pattern",
    [*(r"(?=a)", r"(?<!a)b", r"(a)\1", r"a{1001}", "(a", "a)", "[a", "a**", r"x\Z", r"\pL{1000}", "*", "a" * 5000)],
)
def test_patterns_re2_refuses_are_r030(pattern: str) -> None:
    """With the reason in words."""
    found = findings(f"- {{name: a, keywords: [{{regex: '{pattern}'}}], reply: b}}", "R030")
    assert [each.severity for each in found] == ["error"]
    assert found[0].message.startswith("the pattern ")
    assert found[0].column > 20


def test_a_file_of_huge_patterns_is_refused_before_they_are_all_compiled() -> None:
    """Each takes milliseconds, and a file has room for thousands."""
    body = "\n".join(f"- {{name: r{n}, keywords: [{{regex: '\\pL{{1,{900 + n}}}'}}], reply: b}}" for n in range(40))
    found = findings(body, "R030")
    assert len(found) == 40
    assert sum("was not looked at" in each.message for each in found) == 40 - MOST_TOO_LARGE


def test_many_large_patterns_are_too_much_together() -> None:
    """Even where each alone would do."""
    body = "\n".join(f"- {{name: r{n}, keywords: [{{regex: '\\pL{{1,40}}x{n}'}}], reply: b}}" for n in range(60))
    assert "all rules together" in findings(body, "R030")[-1].message


def test_groups_of_patterns_are_names_in_replies() -> None:
    """Of this rule's patterns, also through a list; not of other rules'."""
    head = "lists: {numbers: [{regex: '(?P<no>[0-9]+)'}]}"
    body = "- {{name: a, keywords: [{{list: numbers}}], reply: 'It is {{{{ match.{} | default(\"?\") }}}}'}}"
    assert errors(body.format("no"), head) == []
    assert errors(body.format("1"), head) == []
    assert [code for code, _, _ in errors(body.format("2"), head)] == ["R045"]
    other = "- {name: b, keywords: [b], reply: '{{ match.no | default(\"?\") }}'}"
    assert [code for code, _, _ in errors(other, head)] == ["R045"]


def test_a_list_is_the_same_object_wherever_it_is_used() -> None:
    """Its words keep the places of the list, in its own file."""
    loaded = load(
        "version: 1\nlists: {ship: [shipping, {contains: €}]}",
        with_rules("- {name: a, keywords: [{list: ship}], reply: b}\n- {name: c, not: [{list: ship}], reply: d}"),
    )
    first, second = (rule.when.text for rule in loaded.rules)
    assert first is not None
    assert second is not None
    assert first.any[0] is second.none[0]
    words = cast(WordList, first.any[0])
    assert (words.name, words.file, words.at) == ("ship", "1.yaml", Place(2, 9, 4))
    assert words.any == (Keyword.of("word", "shipping"), Keyword.of("contains", "€"))


def test_lists_may_hold_lists_in_any_order() -> None:
    """Also one of a later file."""
    loaded = load(
        "version: 1\nlists: {a: [x, {list: b}]}",
        "version: 1\nlists: {b: [y]}",
        with_rules("- {name: r, keywords: [{list: a}], reply: b}"),
    )
    assert loaded.ruleset is not None
    text = loaded.rules[0].when.text
    assert text is not None
    outer = cast(WordList, text.any[0])
    assert cast(WordList, outer.any[1]).any == (Keyword.of("word", "y"),)


def test_a_list_that_is_not_there_is_r050() -> None:
    """With the one that was probably meant."""
    found = findings("- {name: a, keywords: [{list: shiping}], reply: b}", "R050", "lists: {shipping: [x]}")
    assert (found[0].line, found[0].column, found[0].hint) == (4, 33, 'did you mean "shipping"?')


def test_lists_in_a_circle_are_r054() -> None:
    """The circle is written out, at the place that closes it."""
    found = load("version: 1\nlists:\n  a: [x, {list: b}]\n  b: [{list: c}]\n  c: [{list: a}]\n").findings
    assert [(each.code, each.line) for each in found if each.severity == "error"] == [("R054", 5)]
    assert "a → b → c → a" in found[-1].message
    assert [each.code for each in load("version: 1\nlists: {a: [{list: a}]}").findings if each.severity == "error"] == [
        "R054"
    ]


def test_lists_that_explode_are_r054() -> None:
    """Ten times the list before, again and again; and a chain of lists without end."""
    tens = "".join(f"  l{n}: [{', '.join([f'{{list: l{n - 1}}}'] * 10)}]\n" for n in range(1, 30))
    chain = "".join(f"  l{n}: [{{list: l{n - 1}}}]\n" for n in range(1, 3 * MOST_NESTED))
    back = (
        "".join(f"  l{n - 1}: [{{list: l{n}}}]\n" for n in range(1, 3 * MOST_NESTED))
        + f"  l{3 * MOST_NESTED - 1}: [a]\n"
    )
    for lists in (f"  l0: [a]\n{tens}", f"  l0: [a]\n{chain}", back):
        found = load(f"version: 1\nlists:\n{lists}").findings
        assert {each.code for each in found if each.severity == "error"} == {"R054"}


def test_long_lists_used_everywhere_are_r054() -> None:
    """What they write out is bounded over all rules."""
    words = ", ".join(f"w{n}" for n in range(LONGEST_LIST - 1))
    body = "\n".join(f"- {{name: r{n}, keywords: [{{list: long}}], not: [x{n}], reply: b}}" for n in range(60))
    assert "all rules together" in findings(body, "R054", f"lists: {{long: [{words}]}}")[0].message
