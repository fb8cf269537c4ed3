"""YAML without its surprises: every value keeps its place, nothing is guessed, nothing grows out of bounds."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import regex
import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from igbot.rules.places import Place
from igbot.rules.reading.source import FileReport, Listing, Mapping, Node, Report, Scalar, Source

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
MAX_NODES = 100_000
MAX_EXPANSION = 10_000
"""Values that aliases may add to a file."""

_FORBIDDEN = regex.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
        for event in yaml.parse(source.text, Loader=parser or fastest_parser()):
            builder.take(event)
    except _RefusedError as refused:
        findings.error("R001", refused.place, refused.problem, hint=refused.hint)
        return source, None
    except yaml.MarkedYAMLError as error:
        place, message = _explain(error)
        findings.error("R001", place, message, hint=_way_out(message))
        return source, None
    except yaml.YAMLError as error:
        findings.error("R001", Place(1, 1), f"not YAML: {' '.join(str(error).split())[:200]}")
        return source, None
    return source, builder.root or Mapping((), 1, 1, 1, 1)


def _decode(path: str, data: bytes, report: Report) -> tuple[Source, bool]:
    if len(data) > MAX_BYTES:
        source = Source.of(path, "")
        report.about(source).error("R001", Place(1, 1), "the file is larger than 1 MiB", hint="split it into several")
        return source, False
    try:
        source = Source.of(path, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        source = Source.of(path, data.decode("utf-8", "replace"))
        report.about(source).error("R001", _place_after(before), "the file is not UTF-8", hint="save it as UTF-8")
        return source, False
    if found := _FORBIDDEN.search(source.text):
        place = _place_after(source.text[: found.start()])
        report.about(source).error("R001", place, f"control character U+{ord(found[0]):04X}", hint="delete it")
        return source, False
    return source, True


def _place_after(before: str) -> Place:
    lines = Source.of("", before).lines
    return Place(len(lines), len(lines[-1]) + 1)


def _explain(error: yaml.MarkedYAMLError) -> tuple[Place, str]:
    mark = error.problem_mark or error.context_mark
    place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
    problem = error.problem or "not readable"
    if "\\t" in problem or "tab character" in problem:
        return place, "not YAML: a tab cannot indent; use spaces"
    context = f" ({error.context})" if error.context else ""
    return place, f"not YAML: {problem}{context}"


# What owners write most often, and what the parser says to it.
_WAYS_OUT = (
    ("mapping values are not allowed", 'put the text in quotes: it has a colon in it ("Our site: …")'),
    ("cannot start any token", "use spaces to indent, or put the text in quotes"),
    ("did not find expected '-' indicator", 'begin each item of the list with "- ", all at the same indentation'),
    ("unexpected end of stream", "a quote that is opened here or above is never closed"),
    ("could not find expected ':'", "a key is missing its colon, or a quote above is not closed"),
    (
        "did not find expected key",
        'check the indentation and the quotes here and in the lines above; use "…" around \'',
    ),
    ("did not find expected ',' or", "check the commas and brackets of this list"),
)


def _way_out(message: str) -> str:
    return next((hint for words, hint in _WAYS_OUT if words in message), "")


class _RefusedError(Exception):
    def __init__(self, place: Place, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.place = place
        self.problem = problem
        self.hint = hint


@dataclass(slots=True)
class _Open:
    """A map or list whose end has not come yet. `nodes` counts what is in it, aliases written out."""

    is_map: bool
    place: Place
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    nodes: int = 1


@dataclass(slots=True)
class _Builder:
    """Builds the tree from events, without recursion, so that deep nesting costs nothing."""

    findings: FileReport
    root: Node | None = None
    documents: int = 0
    nodes: int = 0
    expanded: int = 0
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int] | None] = field(default_factory=dict)

    def take(self, event: Any) -> None:
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1)
        end = (event.end_mark.line + 1, event.end_mark.column + 1)
        if getattr(event, "tag", None):
            raise _RefusedError(place, f"tags are not allowed ({event.tag[:60]})", "write the value without it")
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise _RefusedError(place, "a second document begins", 'delete the line "---" or use another file')
            case yaml.ScalarEvent():
                # The parser in Python leaves the style None, the one in C empty, where there are no quotes.
                scalar = Scalar(event.value, not event.style, place.line, place.column, *end)
                self._add(scalar, 1, event.anchor, place)
            case yaml.AliasEvent():
                self._alias(str(event.anchor), place)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._begin(event, place)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end(end)

    def _begin(self, event: yaml.CollectionStartEvent, place: Place) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise _RefusedError(place, f"nested deeper than {MAX_DEPTH} levels")
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.open.append(_Open(isinstance(event, yaml.MappingStartEvent), place, event.anchor))

    def _alias(self, anchor: str, place: Place) -> None:
        known = self.anchors.get(anchor)
        if known is None:
            raise _RefusedError(place, f"the alias *{anchor[:60]} stands for nothing yet, or for itself")
        node, count = known
        self.expanded += count
        if self.expanded > MAX_EXPANSION:
            raise _RefusedError(place, f"aliases write out more than {MAX_EXPANSION} values")
        self._add(node, count, None, place)

    def _add(self, node: Node, count: int, anchor: str | None, place: Place) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _RefusedError(place, f"more than {MAX_NODES} values in one file", "split it into several")
        if anchor is not None:
            self.anchors[anchor] = (node, count)
        if self.open:
            self.open[-1].items.append(node)
            self.open[-1].nodes += count
        else:
            self.root = node

    def _end(self, end: tuple[int, int]) -> None:
        done = self.open.pop()
        span = (done.place.line, done.place.column, *end)
        node = Mapping(tuple(self._pairs(done)), *span) if done.is_map else Listing(tuple(done.items), *span)
        self._add(node, done.nodes, done.anchor, done.place)

    def _pairs(self, done: _Open) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, Scalar] = {}
        pairs = iter(done.items)
        for key, value in zip(pairs, pairs, strict=True):
            if not isinstance(key, Scalar):
                self.findings.error("R004", key, "a key must be a word", hint='quote it if it begins with "[" or "{"')
            elif first := seen.get(key.value):
                message = f'the key "{key.value[:60]}" stands twice, first in line {first.line}'
                self.findings.error("R002", key, message, hint="keep one of the two")
            else:
                seen[key.value] = key
                yield key, value
