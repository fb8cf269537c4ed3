"""What lint says about rules, in short."""

from igbot.rules.model import Finding
from igbot.rules.surroundings import Surroundings
from tests.rules.writing import load, with_rules

Case = tuple[str, int, int, str, str]
"""Rules (the first is on line 3), line and column of the finding, a part of its message, and of its hint."""


def found(code: str, body: str, head: str = "", *, surroundings: Surroundings | None = None) -> list[Finding]:
    """What one code says about rules."""
    loaded = load(with_rules(body, head), surroundings=surroundings)
    return [finding for finding in loaded.findings if finding.code == code]


def check(code: str, case: Case, *, severity: str = "warning", head: str = "", only: bool = True) -> None:
    """Holds the first finding of a code (or the only one) against what a case says."""
    body, line, column, message, hint = case
    findings = found(code, body, head)
    assert findings, f"no {code}"
    first = findings[0]
    assert (first.line, first.column, first.severity) == (line, column, severity), first
    assert message in first.message, first.message
    assert hint in first.hint, first.hint
    assert len(findings) == 1 or not only, findings
