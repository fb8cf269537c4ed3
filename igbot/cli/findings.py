"""How findings about rules are printed: for people, for scripts, for GitHub's annotations."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from igbot.cli.output import console, emit_json

if TYPE_CHECKING:
    from igbot.rules.model import Finding

LABELS = {"error": "error", "warning": "warn", "hint": "hint"}
STYLES = {"error": "bold red", "warning": "yellow", "hint": "cyan"}
ANNOTATIONS = {"error": "error", "warning": "warning", "hint": "notice"}
SHOWN_DIGEST = 6
"""Characters of a set's digest that tell it from others well enough for people."""
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at: how many rules, word lists and files, and the digest of the set (None: it cannot be used)."""

    rules: int
    lists: int
    files: int
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """The set that a running server answers by, and for how long it has (None: not known)."""

    digest: str
    age: timedelta | None = None


def is_bad(findings: "Sequence[Finding]", *, strict: bool) -> bool:
    """Whether a check has failed: by an error, or with `strict` by a warning too."""
    bad = {"error", "warning"} if strict else {"error"}
    return any(finding.severity in bad for finding in findings)


def summary(findings: "Sequence[Finding]", checked: Checked, running: Running | None = None) -> str:
    """The last line: what was checked, what was found, and what the server answers by if one runs."""
    counted = [counted_as(checked.rules, "rule") or "no rules", counted_as(checked.lists, "list")]
    found = Counter[str](finding.severity for finding in findings)
    verdict = [counted_as(found[severity], severity) for severity in LABELS]
    things = f"{', '.join(filter(None, counted))} in {counted_as(checked.files, 'file') or 'no files'}"
    line = f"{things}: {', '.join(filter(None, verdict)) or 'nothing to complain about'}."
    return f"{line} {_in_force(checked, running)}" if running else line


def _in_force(checked: Checked, running: Running) -> str:
    age = "" if running.age is None else f" ({_age(running.age)} old)"
    named = f"set {running.digest[:SHOWN_DIGEST]}{age}"
    if checked.digest is None:
        return f"Not loaded; still running {named}."
    if checked.digest == running.digest:
        return f"Running: {named}."
    return f"Not loaded yet; still running {named}."


def _age(age: timedelta) -> str:
    seconds = max(int(age.total_seconds()), 0)
    unit, size = next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])
    return f"{seconds // size} {unit}"


def counted_as(number: int, what: str) -> str:
    """`2 rules`; nothing for none."""
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""


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
