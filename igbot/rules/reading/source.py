"""A rule file as lines, the values read out of it with their places, and the findings about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import regex

from igbot.rules.model import Finding, Severity
from igbot.rules.places import Place

# The line breaks that YAML counts; an excerpt must come from the line whose number it carries.
_LINE_BREAK = regex.compile("\r\n|[\r\n\x85\u2028\u2029]")
# Joiners stay, for the emoji and scripts that need them.
_UNPRINTABLE = regex.compile(r"(?V1)[[\p{C}\p{Zl}\p{Zp}]--[\t\u200c\u200d]]")
LONGEST_EXCERPT = 300
MOST_FINDINGS = 200


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word, number or text as written; `plain` means without quotes. Lines and columns start at 1."""

    value: str
    plain: bool
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A YAML sequence."""

    items: tuple[Node, ...]
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """A YAML map in the order of the file; no key stands twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int
    end_line: int
    end_column: int

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.entries)

    def get(self, key: str) -> Node | None:
        """The value under `key`, or None."""
        return next((value for found, value in self.entries if found.value == key), None)

    def key(self, key: str) -> Scalar | None:
        """The key itself, for a finding that points at it."""
        return next((found for found, _ in self.entries if found.value == key), None)


Node = Scalar | Listing | Mapping


@dataclass(frozen=True, slots=True)
class Source:
    """The decoded text of one file."""

    path: str
    text: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, path: str, text: str) -> Source:
        """Cuts the text into the lines YAML sees."""
        return cls(path, text, tuple(_LINE_BREAK.split(text)))

    def excerpt(self, line: int) -> str:
        """The line as a terminal may show it, at its full width; empty where it is too long to help."""
        if not 0 < line <= len(self.lines) or len(self.lines[line - 1]) > LONGEST_EXCERPT:
            return ""
        return _UNPRINTABLE.sub("\ufffd", self.lines[line - 1])


def place_of(node: Node) -> Place:
    """Where a value stands; one that goes on over lines is marked by its first character."""
    width = node.end_column - node.column if node.end_line == node.line else 1
    return Place(node.line, node.column, max(width, 1))


def place_inside(source: Source, node: Scalar, part: str) -> Place:
    """Where `part` stands inside a text, if the text was written in a way that shows it; else where the text begins."""
    for line in range(node.line, min(node.end_line, len(source.lines)) + 1):
        start = node.column - 1 if line == node.line else 0
        at = source.lines[line - 1].find(part, start)
        if part and at >= 0:
            return Place(line, at + 1, len(part))
    return place_of(node)


@dataclass(slots=True)
class Report:
    """Collects the findings of one load."""

    findings: list[Finding] = field(default_factory=list)
    has_errors: bool = False
    """Whether the rules must not be used."""
    counts: dict[str, int] = field(default_factory=dict)
    """Findings by file, those beyond the cap too."""

    def about(self, source: Source) -> FileReport:
        """The same report, for one file."""
        return FileReport(source, self)

    def add(self, finding: Finding) -> None:
        """Takes a finding; of a file with thousands the first 200, and a word about the others."""
        self.has_errors = self.has_errors or finding.severity == "error"
        count = self.counts[finding.file] = self.counts.get(finding.file, 0) + 1
        if count <= MOST_FINDINGS:
            self.findings.append(finding)
        elif count == MOST_FINDINGS + 1:
            self.findings.append(replace(finding, message=f"more than {MOST_FINDINGS} findings in this file", hint=""))


@dataclass(frozen=True, slots=True)
class FileReport:
    """Adds findings about one file, with the line they stand on."""

    source: Source
    report: Report

    def error(self, code: str, at: Node | Place, message: str, *, hint: str = "") -> None:
        """Something that keeps the rules from being loaded."""
        self._add("error", code, at, message, hint)

    def warning(self, code: str, at: Node | Place, message: str, *, hint: str = "") -> None:
        """Something that works, but hardly as meant."""
        self._add("warning", code, at, message, hint)

    def hint(self, code: str, at: Node | Place, message: str, *, hint: str = "") -> None:
        """Something that is right, and could be better."""
        self._add("hint", code, at, message, hint)

    def _add(self, severity: Severity, code: str, at: Node | Place, message: str, hint: str) -> None:
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
