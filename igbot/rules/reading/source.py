"""A rule file as lines, the values read out of it with their places, and the findings about them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from igbot.rules.expressions import expression
from igbot.rules.model import Finding, Severity
from igbot.rules.places import Place

# The line breaks that YAML counts; an excerpt must come from the line whose number it carries.
_LINE_BREAK = expression("\r\n|[\r\n\x85\u2028\u2029]")
_LINE_BREAKS = "\r\n\x85\u2028\u2029"
# Joiners stay, for the emoji and scripts that need them.
_UNPRINTABLE = expression(r"(?V1)[[\p{C}\p{Zl}\p{Zp}]--[\t\u200c\u200d]]")
LONGEST_EXCERPT = 300
MOST_FINDINGS = 200


@dataclass(slots=True)
class Scalar:
    """One word, number or text as written; `plain` means without quotes. Lines and columns start at 1.

    Nobody changes a node; they are not frozen because a file has a hundred thousand, and freezing takes longer than
    all the rest of making one.
    """

    value: str
    plain: bool
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(slots=True)
class Listing:
    """A YAML sequence."""

    items: tuple[Node, ...]
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(slots=True)
class Mapping:
    """A YAML map: its keys with their values, by the key's text, in the order of the file."""

    entries: dict[str, tuple[Scalar, Node]]
    line: int
    column: int
    end_line: int
    end_column: int

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.entries.values())

    def get(self, key: str) -> Node | None:
        """The value under `key`, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    def key(self, key: str) -> Scalar | None:
        """The key itself, for a finding that points at it."""
        entry = self.entries.get(key)
        return entry[0] if entry else None


Node = Scalar | Listing | Mapping


@dataclass(frozen=True, slots=True)
class Source:
    """The decoded text of one file. `starts` holds where in it each line begins."""

    path: str
    text: str
    starts: tuple[int, ...]

    @classmethod
    def of(cls, path: str, text: str) -> Source:
        """Cuts the text into the lines YAML sees."""
        return cls(path, text, (0, *(found.end() for found in _LINE_BREAK.finditer(text))))

    def line(self, number: int) -> str:
        """A line (from 1) without its line break; empty where there is none."""
        if not 0 < number <= len(self.starts):
            return ""
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end].rstrip(_LINE_BREAKS)

    def excerpt(self, line: int) -> str:
        """The line as a terminal may show it, at its full width; empty where it is too long to help."""
        written = self.line(line)
        return "" if len(written) > LONGEST_EXCERPT else _UNPRINTABLE.sub("\ufffd", written)

    def place_at(self, offset: int, width: int = 1) -> Place:
        """The place of a character of the text."""
        line = bisect_right(self.starts, offset)
        return Place(line, offset - self.starts[line - 1] + 1, width)

    def offset(self, place: Place) -> int:
        """Where a place is in the text; its end for one that is behind it."""
        last = len(self.text)
        return min(self.starts[place.line - 1] + place.column - 1, last) if place.line <= len(self.starts) else last

    def rest(self, place: Place) -> str:
        """What stands at a place and behind it."""
        return self.text[self.starts[place.line - 1] + place.column - 1 :] if place.line <= len(self.starts) else ""

    def clamped(self, place: Place) -> Place:
        """The place, or the end of the last line for one behind it."""
        last = len(self.starts)
        return place if place.line <= last else Place(last, len(self.line(last)) + 1)


def place_of(node: Node) -> Place:
    """Where a value stands; one that goes on over lines is marked by its first character."""
    width = node.end_column - node.column if node.end_line == node.line else 1
    return Place(node.line, node.column, width if width > 1 else 1)


def place_inside(source: Source, node: Scalar, part: str, *, at: int | None = None) -> Place:
    """Where `part` stands inside a text, if the text was written in a way that shows it; else where the text begins.

    `at` is its place in the text as read, for one that stands there several times; else the first is meant.
    """
    if part and max(node.line, node.end_line) <= len(source.starts):
        begin, end = (
            source.starts[line - 1] + column - 1
            for line, column in ((node.line, node.column), (node.end_line, node.end_column))
        )
        found = source.text.find(part, begin, end)
        for _ in range(node.value.count(part, 0, at) if at else 0):
            following = source.text.find(part, found + len(part), end) if found >= 0 else -1
            found = following if following >= 0 else found
        if found >= 0:
            return source.place_at(found, len(part))
    return place_of(node)


@dataclass(slots=True)
class Report:
    """Collects the findings of one load: each once, however many aliases or defaults lead to it."""

    findings: list[Finding] = field(default_factory=list)
    has_errors: bool = False
    """Whether the rules must not be used."""
    counts: dict[str, int] = field(default_factory=dict)
    """Findings by file, those beyond the cap too."""
    muted: frozenset[str] = frozenset()
    """Codes of which nothing is said."""
    seen: set[Finding] = field(default_factory=set)

    def about(self, source: Source) -> FileReport:
        """The same report, for one file."""
        return FileReport(source, self)

    def add(self, finding: Finding) -> None:
        """Takes a finding; of a file with thousands the first 200, and a word about the others."""
        if finding.code in self.muted or finding in self.seen:
            return
        self.has_errors = self.has_errors or finding.severity == "error"
        count = self.counts[finding.file] = self.counts.get(finding.file, 0) + 1
        if count <= MOST_FINDINGS:
            self.seen.add(finding)
            self.findings.append(finding)
        elif count == MOST_FINDINGS + 1:
            self.findings.append(replace(finding, message=f"more than {MOST_FINDINGS} findings in this file", hint=""))


@dataclass(frozen=True, slots=True)
class FileReport:
    """Adds findings about one file, with the line they stand on."""

    source: Source
    report: Report

    @property
    def full(self) -> bool:
        """Whether no further finding about this file will be shown, so that a hint need not be thought of."""
        return self.report.counts.get(self.source.path, 0) > MOST_FINDINGS

    @property
    def hopeless(self) -> bool:
        """Whether reading on is of no use: the rules will not be loaded, and nothing more of this file be told."""
        return self.report.has_errors and self.full

    def error(self, code: str, at: Node | Place, message: str, *, hint: str = "") -> None:
        """Something that keeps the rules from being loaded."""
        self._add("error", code, at, message, hint)

    def warning(self, code: str, at: Node | Place, message: str, *, hint: str = "") -> None:
        """Something that works, but hardly as meant."""
        self._add("warning", code, at, message, hint)

    def hint(self, code: str, at: Node | Place, message: str, *, hint: str = "") -> None:
        """Something that could be better."""
        self._add("hint", code, at, message, hint)

    def _add(self, severity: Severity, code: str, at: Node | Place, message: str, hint: str) -> None:
        if self.full and (severity != "error" or self.report.has_errors):
            return
        place = at if isinstance(at, Place) else place_of(at)
        self.report.add(
            Finding(
                code=code,
                severity=severity,
                file=self.source.path,
                line=place.line,
                column=place.column,
                message=_UNPRINTABLE.sub("\ufffd", message),
                hint=_UNPRINTABLE.sub("\ufffd", hint),
                excerpt=self.source.excerpt(place.line),
                width=place.width,
            )
        )
