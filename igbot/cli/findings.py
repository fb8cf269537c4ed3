"""How findings about rules are printed: for people, for scripts, for GitHub's annotations."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from igbot.cli.output import console, emit_json

if TYPE_CHECKING:
    from igbot.rules.model import Finding

LABELS = {"error": "error", "warning": "warn", "hint": "hint"}
STYLES = {"error": "bold red", "warning": "yellow", "hint": "cyan"}
ANNOTATIONS = {"error": "error", "warning": "warning", "hint": "notice"}


def print_text(findings: "Sequence[Finding]") -> None:
    """Each finding with its line, a caret under what is meant, and the way out."""
    from rich.text import Text

    if not findings:
        return
    places = [place(finding) for finding in findings]
    width = max(len(each) for each in places)
    screen = console()
    for finding, where in zip(findings, places, strict=True):
        label = LABELS[finding.severity].ljust(5)
        line = Text.assemble(
            f"{where.ljust(width)}  ", (label, STYLES[finding.severity]), f"  {finding.code}  {finding.message}"
        )
        screen.print(line, soft_wrap=True)
        for detail in _details(finding):
            screen.print(Text(detail), soft_wrap=True)


def place(finding: "Finding") -> str:
    """`file:line:column`, as editors jump to it."""
    return f"{finding.file}:{finding.line}:{finding.column}"


def _details(finding: "Finding") -> list[str]:
    from rich.cells import cell_len

    if not finding.excerpt:
        return [f"      {finding.hint}"] if finding.hint else []
    before = finding.excerpt[: finding.column - 1]
    meant = finding.excerpt[finding.column - 1 : finding.column - 1 + finding.width]
    # A tab is kept, so that the caret stands right whatever width the terminal gives it.
    blank = "".join("\t" if letter == "\t" else " " * cell_len(letter) for letter in before)
    caret = "^" * max(cell_len(meant), 1)
    return [f"{finding.line:>5} | {finding.excerpt}", f"      | {blank}{caret} {finding.hint}".rstrip()]


def print_json(findings: "Sequence[Finding]") -> None:
    """One JSON object a line."""
    for finding in findings:
        emit_json(finding.shape())


def print_github(findings: "Sequence[Finding]") -> None:
    """Workflow commands that GitHub shows beside the line."""
    for finding in findings:
        text = f"{finding.message} ({finding.hint})" if finding.hint else finding.message
        fields = f"file={_property(finding.file)},line={finding.line},col={finding.column},title={finding.code}"
        sys.stdout.write(f"::{ANNOTATIONS[finding.severity]} {fields}::{_escaped(text)}\n")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
