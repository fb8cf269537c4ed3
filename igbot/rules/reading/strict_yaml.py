"""YAML without its surprises: every value keeps its place, nothing is guessed, nothing grows out of bounds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from igbot.rules.expressions import expression
from igbot.rules.places import Place
from igbot.rules.reading.source import FileReport, Listing, Mapping, Node, Report, Scalar, Source
from igbot.rules.reading.yaml_faults import explain

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
MAX_NODES = 150_000
MAX_SCALAR = 20_000
"""Characters of one text; Meta sends them as twenty messages and more."""
MAX_EXPANSION = 10_000
"""Values that aliases may add to a file."""

MAX_DIRECTIVES = 10

_DIRECTIVE = expression("(?:^|[\n\r\x85\u2028\u2029])%TAG")
_MARK = b"\xef\xbb\xbf"
"""Of UTF-8, as some editors put it in front of a file."""
_FORBIDDEN = expression("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class PureParser(Reader, Scanner, Parser):
    """PyYAML's parser in Python, for platforms on which its C parser was not built."""

    def __init__(self, stream: str) -> None:
        Reader.__init__(self, stream)
        Scanner.__init__(self)
        Parser.__init__(self)


def fastest_parser() -> type[Any]:
    """PyYAML's C parser, or the one in Python where it was not built."""
    try:
        from yaml.cyaml import CBaseLoader
    except ImportError:
        return PureParser
    return CBaseLoader


def read_yaml(path: str, data: bytes, report: Report, *, parser: type[Any] | None = None) -> tuple[Source, Node | None]:
    """The one document of a file as a tree with places.

    None (with a finding) where it is not YAML, or YAML that is refused: tags, bombs, nesting over 40 levels, files over
    1 MiB. A doubled key is a finding too, but leaves the tree readable. An empty file gives an empty map.
    """
    source, decoded = _decode(path, data, report)
    if not decoded:
        return source, None
    findings = report.about(source)
    builder = _Builder(findings)
    try:
        root = builder.build(iter((parser or fastest_parser())(source.text).get_event, None))
    except _RefusedError as refused:
        findings.error("R001", refused.place, refused.problem, hint=refused.hint)
        return source, None
    except yaml.MarkedYAMLError as error:
        opened = [Place(each.line, each.column) for each in builder.open]
        place, message, hint = explain(error, source, opened)
        findings.error("R001", place, message, hint=hint)
        return source, None
    except yaml.YAMLError as error:
        findings.error("R001", Place(1, 1), f"not YAML: {' '.join(str(error).split())[:200]}")
        return source, None
    return source, root or Mapping({}, 1, 1, 1, 1)


def _decode(path: str, data: bytes, report: Report) -> tuple[Source, bool]:
    if len(data) > MAX_BYTES:
        source = Source.of(path, "")
        report.about(source).error("R001", Place(1, 1), "the file is larger than 1 MiB", hint="split it into several")
        return source, False
    data = data.removeprefix(_MARK)
    try:
        source = Source.of(path, data.decode())
    except UnicodeDecodeError as error:
        source = Source.of(path, data.decode("utf-8", "replace"))
        place = source.place_at(len(data[: error.start].decode("utf-8", "replace")))
        report.about(source).error("R001", place, "the file is not UTF-8", hint="save it as UTF-8")
        return source, False
    if found := _FORBIDDEN.search(source.text):
        problem, hint = f"control character U+{ord(found[0]):04X}", "delete it"
    elif "%TAG" in source.text and len(each := list(_DIRECTIVE.finditer(source.text))) > MAX_DIRECTIVES:
        # libyaml compares each with all before it: a file full of them takes minutes.
        found = each[0]
        problem, hint = "%TAG directives are not part of the rule language", "delete them"
    if found:
        report.about(source).error("R001", source.place_at(found.start()), problem, hint=hint)
        return source, False
    return source, True


class _RefusedError(Exception):
    def __init__(self, place: Place, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.place = place
        self.problem = problem
        self.hint = hint


@dataclass(slots=True)
class _Open:
    """A map or list whose end has not come yet. `nodes` counts what is in it, aliases written out; `height` levels."""

    is_map: bool
    line: int
    column: int
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    nodes: int = 1
    height: int = 1


_Anchored = tuple[Node, int, int]
"""A value that aliases may repeat, how many values it holds, and how many levels."""


@dataclass(slots=True)
class _Builder:
    """Builds the tree from events, without recursion, so that deep nesting costs nothing."""

    findings: FileReport
    root: Node | None = None
    documents: int = 0
    nodes: int = 0
    expanded: int = 0
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, _Anchored | None] = field(default_factory=dict)

    def build(self, events: Iterable[Any]) -> Node | None:
        """The tree of all events; a class each is looked for in the order of their frequency."""
        for event in events:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                if event.tag:
                    raise _tagged(event)
                if len(event.value) > MAX_SCALAR:
                    problem = f"a text of {len(event.value)} characters, at most {MAX_SCALAR} are possible"
                    raise _RefusedError(_start_of(event), problem, "is a quote missing at its end?")
                start, end = event.start_mark, event.end_mark
                # The parser in Python leaves the style None, the one in C empty, where there are no quotes.
                scalar = Scalar(
                    event.value, not event.style, start.line + 1, start.column + 1, end.line + 1, end.column + 1
                )
                self._add(scalar, 1, 0, anchor=event.anchor)
            elif kind is yaml.SequenceStartEvent or kind is yaml.MappingStartEvent:
                self._begin(event, is_map=kind is yaml.MappingStartEvent)
            elif kind is yaml.SequenceEndEvent or kind is yaml.MappingEndEvent:
                self._end(event.end_mark.line + 1, event.end_mark.column + 1)
            elif kind is yaml.AliasEvent:
                self._alias(str(event.anchor), _start_of(event))
            elif kind is yaml.DocumentStartEvent:
                self.documents += 1
                if self.documents > 1:
                    hint = 'delete the line "---" or use another file'
                    raise _RefusedError(_start_of(event), "a second document begins", hint)
        return self.root

    def _begin(self, event: Any, *, is_map: bool) -> None:
        if event.tag:
            raise _tagged(event)
        if len(self.open) >= MAX_DEPTH:
            raise _RefusedError(_start_of(event), _TOO_DEEP)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        mark = event.start_mark
        self.open.append(_Open(is_map, mark.line + 1, mark.column + 1, event.anchor))

    def _alias(self, anchor: str, place: Place) -> None:
        known = self.anchors.get(anchor)
        if known is None:
            raise _RefusedError(place, f"the alias *{anchor[:60]} stands for nothing yet, or for itself")
        node, count, height = known
        self.expanded += count
        if self.expanded > MAX_EXPANSION:
            raise _RefusedError(place, f"aliases write out more than {MAX_EXPANSION} values")
        if len(self.open) + height > MAX_DEPTH:
            raise _RefusedError(place, _TOO_DEEP)
        self._add(node, count, height, anchor=None)

    def _add(self, node: Node, count: int, height: int, *, anchor: str | None) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            problem = f"more than {MAX_NODES} values in one file"
            raise _RefusedError(Place(node.line, node.column), problem, "split it into several")
        if anchor is not None:
            self.anchors[anchor] = (node, count, height)
        if self.open:
            around = self.open[-1]
            around.items.append(node)
            around.nodes += count
            if height >= around.height:
                around.height = height + 1
        else:
            self.root = node

    def _end(self, end_line: int, end_column: int) -> None:
        done = self.open.pop()
        node: Node
        if done.is_map and done.items and isinstance(done.items[0], Mapping):
            node = self._insert_or_map(done, end_line, end_column)
        elif done.is_map:
            node = Mapping(self._pairs(done), done.line, done.column, end_line, end_column)
        else:
            node = Listing(tuple(done.items), done.line, done.column, end_line, end_column)
        self._add(node, done.nodes, done.height, anchor=done.anchor)

    def _insert_or_map(self, done: _Open, end_line: int, end_column: int) -> Node:
        """The text that was meant where `{{ name }}` stands without quotes, which YAML takes for maps."""
        source, place = self.findings.source, Place(done.line, done.column, 2)
        begin, end = source.offset(place), source.offset(Place(end_line, end_column))
        written = source.text[begin : min(end, begin + MAX_SCALAR)]
        if not written.startswith("{{"):
            return Mapping(self._pairs(done), done.line, done.column, end_line, end_column)
        quote = "'" if '"' in written else '"'
        hint = f"put the whole text in quotes: {quote}{written[:60]}{quote}"
        self.findings.error("R004", place, "a text that begins with {{ wants quotes", hint=hint)
        return Scalar(written, False, done.line, done.column, end_line, end_column)

    def _pairs(self, done: _Open) -> dict[str, tuple[Scalar, Node]]:
        found: dict[str, tuple[Scalar, Node]] = {}
        pairs = iter(done.items)
        for key, value in zip(pairs, pairs, strict=True):
            if not isinstance(key, Scalar):
                self.findings.error("R004", key, "a key must be a word", hint='quote it if it begins with "[" or "{"')
            elif key.value in found:
                first = found[key.value][0]
                message = f'the key "{key.value[:60]}" stands twice, first in line {first.line}'
                self.findings.error("R002", key, message, hint="keep one of the two")
            elif key.value == "<<" and key.plain:
                message = 'merge keys "<<" are not part of the rule language'
                self.findings.error("R003", key, message, hint="write the keys out, or use defaults:")
            else:
                found[key.value] = (key, value)
        return found


_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


def _start_of(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _tagged(event: Any) -> _RefusedError:
    return _RefusedError(_start_of(event), f"tags are not allowed ({event.tag[:60]})", "write the value without it")
