"""YAML is read exactly, refused clearly, and never costs more than it should."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.model import Finding
from igbot.rules.reading.source import Listing, Mapping, Node, Report, Scalar
from igbot.rules.reading.strict_yaml import PureParser, fastest_parser, read_yaml

PARSERS = [fastest_parser(), PureParser]


def read(data: bytes | str, parser: type[Any] | None = None) -> tuple[Node | None, list[Finding]]:
    """The tree and the findings."""
    report = Report()
    _, tree = read_yaml("a.yaml", data.encode() if isinstance(data, str) else data, report, parser=parser)
    return tree, report.findings


def plain(node: Node | None) -> object:
    """The values of a tree without their places."""
    match node:
        case Mapping():
            return {key.value: plain(value) for key, value in node}
        case Listing():
            return [plain(item) for item in node.items]
        case Scalar():
            return node.value
    return None


@pytest.mark.parametrize("parser", PARSERS)
def test_values_are_what_was_written(parser: type[Any]) -> None:
    """Nothing becomes a number, a date or a yes; it is for the reader to want one."""
    tree, found = read("on: [no, 10:00, 0123, 2026-01-01]\nb: {c: 'x'}\n", parser)
    assert plain(tree) == {"on": ["no", "10:00", "0123", "2026-01-01"], "b": {"c": "x"}}
    assert found == []


@pytest.mark.parametrize("parser", PARSERS)
def test_every_value_knows_its_place(parser: type[Any]) -> None:
    """Lines and columns start at 1 and count characters, not bytes."""
    tree, _ = read("é: [ñ, \"b\"]\nc:\n  - 'd'\n", parser)
    assert isinstance(tree, Mapping)
    first, last = tree.get("é"), tree.get("c")
    assert isinstance(first, Listing)
    assert isinstance(last, Listing)
    assert [(item.line, item.column, item.end_column) for item in first.items] == [(1, 5, 6), (1, 8, 11)]
    assert (last.items[0].line, last.items[0].column) == (3, 5)
    assert [item.plain for item in first.items if isinstance(item, Scalar)] == [True, False]


@pytest.mark.parametrize("parser", PARSERS)
def test_a_doubled_key_is_a_finding_at_the_second_one(parser: type[Any]) -> None:
    """Both places are named."""
    _, found = read("a: 1\nb: 2\na: 3\n", parser)
    assert [(each.code, each.line, each.column) for each in found] == [("R002", 3, 1)]
    assert "line 1" in found[0].message


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a: 1\n\tb: 2\n", 2, "tab"),
        ("a: [1, 2\nb: 3\n", 1, "not YAML"),
        ('a: "x\n', 1, "not YAML"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tags"),
        ("a: !secret x\n", 1, "tags"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: *nobody\n", 1, ""),
        ("a: &me [*me]\n", 1, "itself"),
        ("a: x\x00y\n", 1, "U+0000"),
        ("a: x\x1b[31my\n", 1, "U+001B"),
        ("? [a]\n: b\n", 1, "key"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_place(parser: type[Any], text: str, line: int, part: str) -> None:
    """One finding each, in the right line."""
    _, found = read(text, parser)
    assert [each.line for each in found] == [line]
    assert found[0].severity == "error"
    assert part in found[0].message


def test_bytes_that_are_not_utf_8_are_refused_where_they_stand() -> None:
    """A file saved as Latin-1 or UTF-16 says how to save it."""
    _, found = read("a: 1\nb: é\n".encode("latin-1"))
    assert (found[0].code, found[0].line, found[0].column, found[0].hint) == ("R001", 2, 4, "save it as UTF-8")
    assert read("a: 1".encode("utf-16"))[1][0].code == "R001"


def test_windows_files_are_read() -> None:
    """A byte order mark and CRLF change neither values nor places."""
    tree, found = read(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert found == []
    assert isinstance(tree, Mapping)
    assert [(key.value, key.line, key.column) for key, _ in tree] == [("a", 1, 1), ("b", 2, 1)]


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n\n", "\ufeff"])
def test_an_empty_file_is_an_empty_map(text: str) -> None:
    """What is missing in it is for the reader to say."""
    assert plain(read(text)[0]) == {}


def test_anchors_may_be_used_again() -> None:
    """An alias has the value and the place of its anchor."""
    tree, found = read("a: &x [1, 2]\nb: *x\n")
    assert plain(tree) == {"a": ["1", "2"], "b": ["1", "2"]}
    assert found == []


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "a: " + "[" * 10_000,
        "a: " + "[" * 10_000 + "]" * 10_000,
        "a: " + "{b: " * 10_000,
        "- " * 10_000,
        "".join("  " * n + "a:\n" for n in range(500)),
        "a: x\n" * 45_000,
        "[" + "a," * 500_000 + "]",
        "a" * (1024 * 1024 + 1),
        "{" * 300_000,
    ],
    ids=["bomb", "open", "closed", "maps", "dashes", "blocks", "doubled", "wide", "large", "braces"],
)
@pytest.mark.timeout(30)
def test_what_is_built_to_hurt_is_refused_without_being_built(text: str) -> None:
    """Bombs, depth, width and size: without a bound any of them would take minutes, or the memory."""
    _, found = read(text)
    assert found


@pytest.mark.parametrize("parser", PARSERS)
@given(data=st.one_of(st.binary(max_size=200), st.text("ab:-[]{}&*!|>'\"%@#?, \n\t\x00é~\u2028", max_size=80)))
def test_no_bytes_raise(parser: type[Any], data: bytes | str) -> None:
    """A tree, or a finding."""
    tree, found = read(data, parser)
    assert tree is not None or found
