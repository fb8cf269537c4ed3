"""Odd documents, in the style of the YAML test suite: read as YAML means them, or refused with a place."""

from pathlib import Path

import pytest

from igbot.rules.loading import load_rules
from igbot.rules.model import RuleFile
from igbot.rules.reading.source import Report
from igbot.rules.reading.strict_yaml import MAX_DEPTH, MAX_NODES, MAX_SCALAR, read_yaml
from tests.rules.reading.test_strict_yaml import PARSERS, plain, read

READ: list[tuple[str, object]] = [
    ("--- a\n", "a"),
    ("---\na: b\n...\n", {"a": "b"}),
    ("%YAML 1.2\n---\na: b\n", {"a": "b"}),
    ("# c\na: b # d\n# e\n", {"a": "b"}),
    ("a: 'it''s'\nb: \"x\\ty\\u00e9\\n\"\n", {"a": "it's", "b": "x\ty\u00e9\n"}),
    ("a: |\n  x\n   y\n\n  z\nb: c\n", {"a": "x\n y\n\nz\n", "b": "c"}),
    ("a: |-\n  x\nb: >\n  y\n  z\n", {"a": "x", "b": "y z\n"}),
    ("a: >-\n  x\n\n  y\n", {"a": "x\ny"}),
    ("a: |2\n   x\n", {"a": " x\n"}),
    ("a: x\n  y\n  z\n", {"a": "x y z"}),
    ('a: "x\n  y"\n', {"a": "x y"}),
    ("a: b#c\n", {"a": "b#c"}),
    ("a: b:c\n", {"a": "b:c"}),
    ("a: http://x.y/z?q=1#f\n", {"a": "http://x.y/z?q=1#f"}),
    ("[a, [b, {c: d}], ]\n", ["a", ["b", {"c": "d"}]]),
    ("{a: [b], c}\n", {"a": ["b"], "c": ""}),
    ('{"a":b, "c":"d"}\n', {"a": "b", "c": "d"}),
    ("- - a\n  - b\n-\n  - c\n", [["a", "b"], ["c"]]),
    ("a:\n- b\n- c\n", {"a": ["b", "c"]}),
    ("a:\nb:\n", {"a": "", "b": ""}),
    ("? a\n: b\n? c\n", {"a": "b", "c": ""}),
    ("on: off\nno: yes\n1: 2\n~: null\n", {"on": "off", "no": "yes", "1": "2", "~": "null"}),
    (
        "a: 0o17\nb: 0x1F\nc: 1_000\nd: 12:30:45\ne: .inf\n",
        {"a": "0o17", "b": "0x1F", "c": "1_000", "d": "12:30:45", "e": ".inf"},
    ),
    ("a: &x b\nc: *x\nd: &x e\nf: *x\n", {"a": "b", "c": "b", "d": "e", "f": "e"}),
    ("&k a: b\n*k : c\n", {"a": "b"}),
    ("a: [&x [1], *x, *x]\n", {"a": [["1"], ["1"], ["1"]]}),
    ("a: b\r\nc:\r\n  - d\r\n", {"a": "b", "c": ["d"]}),
    ("a: b\rc: d\r", {"a": "b", "c": "d"}),
    ("\ufeffa: b\n", {"a": "b"}),
    ("a: 👍🏽‍♀️\nb: \u0627\u0644\n", {"a": "👍🏽‍♀️", "b": "\u0627\u0644"}),
    ("a: '\u00a0'\n", {"a": "\u00a0"}),
    ("b: -1\nc: --\n", {"b": "-1", "c": "--"}),
    ("a:b\n", "a:b"),
    ("'': b\n", {"": "b"}),
]
"""Documents and their values."""

REFUSED: list[tuple[str, int]] = [
    ("a: b\n---\nc: d\n", 2),
    ("a: b\n...\n---\nc: d\n", 3),
    ("a: !!str b\n", 1),
    ("!!map {a: b}\n", 1),
    ("a: !local b\n", 1),
    ("a: ! b\n", 1),
    ("%TAG ! tag:x,2000:\n---\na: !b c\n", 3),
    ("%YAML 3.0\n---\na: b\n", 1),
    ("a: *x\n", 1),
    ("a: &x {b: *x}\n", 1),
    ("a: {<<: b}\n", 1),
    ("x: &x {b: c}\na:\n  <<: *x\n", 3),
    ("a: 1\na: 2\n", 2),
    ("{a: 1, 'a': 2}\n", 1),
    ("[a]: b\n", 1),
    ("{a: b}: c\n", 1),
    ("a:\n\t- b\n", 2),
    ("\ta: b\n", 1),
    ("a: b\n c: d\n", 2),
    ("a: [b\n", 1),
    ("a: 'b\n", 1),
    ("a: [", 1),
    ("a: 1\nb: [c,\n  d\ne: 1\n", 2),
    ("a: {b: c\nd: e\nf: g\n", 1),
    ('a: 1\nb: "c\nd: e\nf: g', 2),
    ("a: [b,\n  c\n  {d: e}]\n", 3),
    ("a: 1\nb", 2),
    ('a: "\\x"\n', 1),
    ("a: @b\n", 1),
    ("a: `b`\n", 1),
    ("a: %b\n", 1),
    ("a: >= 3\n", 1),
    ("a: b: c\n", 1),
    ("a: - b\n", 1),
    ("a: -\n", 1),
    ("a\nb: c\n", 2),
    ("- a\nb: c\n", 2),
    ("a: b]\nc: }\n", 2),
    ("a: \x07\n", 1),
    ("a: \x7f\n", 1),
    ("a: \ufffe\n", 1),
    ("\x85\x00", 2),
]
"""Documents, and the line of the first thing that is wrong."""


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(("text", "value"), READ)
def test_odd_documents_are_read_as_yaml_means_them(text: str, value: object, parser: type) -> None:
    """With nothing turned into numbers, dates or yes and no."""
    tree, found = read(text, parser)
    if text.startswith("&k"):
        assert [each.code for each in found] == ["R002"]
    else:
        assert found == []
    assert plain(tree) == value


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(("text", "line"), REFUSED)
def test_others_are_refused_in_their_line(text: str, line: int, parser: type) -> None:
    """Both parsers see the same place."""
    _, found = read(text, parser)
    assert found
    assert found[0].severity == "error"
    assert found[0].line == line


@pytest.mark.parametrize(("text", "_value"), READ)
@pytest.mark.parametrize("head", ["", "version: 1\nrules: []\n", "version: 1\nvars:\n"])
def test_none_of_them_raises_as_a_rule_file(text: str, head: str, _value: object) -> None:
    """Alone, or behind the beginning of one."""
    loaded = load_rules([RuleFile("a.yaml", (head + text).encode())])
    assert loaded.ruleset is None or not [each for each in loaded.findings if each.severity == "error"]


def test_a_tab_may_stand_before_a_comment() -> None:
    """It indents nothing there."""
    assert plain(read("a: b\t# c\n")[0]) == {"a": "b"}


def test_new_lines_that_only_yaml_knows_are_counted() -> None:
    """NEL and the Unicode separators end a line, so that places stay right."""
    tree, found = read("a: 'x'\u0085b: 'y'\u2028c: 'z'\u2029d: [\n")
    assert tree is None
    assert found[0].line == 4


@pytest.mark.parametrize("parser", PARSERS)
def test_a_quote_or_bracket_that_is_never_closed_is_told_where_it_is_opened(parser: type) -> None:
    """Not at the end of the file, which may be hundreds of lines below."""
    for opened, closing in (("[x, y", '"]"'), ("{x: y", '"}"'), ("'x", "quote"), ('"x', "quote")):
        _, found = read(f"a: 1\nb: {opened}\n" + "c: 1\n" * 20, parser)
        assert [(each.line, each.column) for each in found] == [(2, 4)]
        assert "never closed" in found[0].message
        assert closing in found[0].hint


@pytest.mark.parametrize("parser", PARSERS)
def test_a_fault_at_the_end_of_a_file_stands_in_its_last_line(parser: type) -> None:
    """There is no line below to jump to."""
    _, found = read("a: 1\nb", parser)
    assert (found[0].line, found[0].column) == (2, 2)


def test_percent_signs_in_texts_are_no_directives() -> None:
    """Only what begins a line may be one."""
    tree, found = read("a: |\n" + "  %TAG sale\n" * 50)
    assert (found, plain(tree)) == ([], {"a": "%TAG sale\n" * 50})


def test_a_byte_that_is_not_utf_8_is_counted_from_behind_the_mark() -> None:
    """With and without one, it is in the same line and column."""
    for mark in (b"", b"\xef\xbb\xbf"):
        report = Report()
        assert read_yaml("1.yaml", mark + b"a: 1\n\xff: 2\nb: 3\n", report)[1] is None
        assert [(each.line, each.column) for each in report.findings] == [(2, 1)]


def test_places_count_characters_beside_wide_ones() -> None:
    """Emoji are one or more characters, never bytes."""
    _, found = read("a: '👍🏽' x\n")
    assert (found[0].line, found[0].column) == (1, 9)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: " + "x" * (MAX_SCALAR + 1), "characters"),
        ("[" + "a," * (MAX_NODES + 1) + "]", "values"),
        ("[" * (MAX_DEPTH + 1), "nested"),
        ("%TAG !a! b\n" * 50_000, "%TAG"),
        ("".join(f"%TAG !a{n}! b\n" for n in range(50_000)), "%TAG"),
        ("a: b\n...\n" + "%TAG !a! b\n" * 50_000, "%TAG"),
        ("a: &a0 [x]\n" + "".join(f"b{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200)), "nested"),
        ("a: &a0 {b: {c: d}}\n" + "".join(f"b{n}: &a{n} {{b: *a{n - 1}}}\n" for n in range(1, 200)), "nested"),
    ],
    ids=["text", "wide", "deep", "tags", "many tags", "%TAG behind the end", "chain of lists", "chain of maps"],
)
def test_what_would_cost_too_much_is_refused(text: str, part: str) -> None:
    """Also where aliases make a tree deeper than it is written."""
    tree, found = read(text)
    assert tree is None
    assert part in found[0].message


SAMPLES = sorted((Path(__file__).parents[3] / "rules.d").glob("*.yaml"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_a_file_cut_anywhere_never_raises(sample: Path) -> None:
    """As an editor leaves it while it saves: half a character, half a word, half a map."""
    data = sample.read_bytes()
    for end in range(0, len(data), 97):
        loaded = load_rules([RuleFile(sample.name, data[:end])])
        assert all(each.line >= 1 and each.column >= 1 and each.message for each in loaded.findings)
