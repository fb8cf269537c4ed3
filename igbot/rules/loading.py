"""From the files of `rules.d` to a rule set, or to what is wrong with them. All or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from igbot.rules.lint.replies import check_texts, check_whole
from igbot.rules.lint.rules import check_rules
from igbot.rules.model import Finding, RuleFile
from igbot.rules.reading.compiling import compile_rule, gather_constants
from igbot.rules.reading.files import read_file
from igbot.rules.reading.source import Report
from igbot.rules.deciding.ruleset import RuleSet, build_ruleset


@dataclass(frozen=True, slots=True)
class Loaded:
    """`ruleset` is None where any finding is an error. Findings are in the order of the files and their lines.

    `rules_read` counts the rules that could be read, right or wrong.
    """

    ruleset: RuleSet | None
    findings: tuple[Finding, ...]
    rules_read: int = 0


def load_rules(files: Sequence[RuleFile]) -> Loaded:
    """Reads, checks and compiles rule files; in which order they are given makes no difference.

    No files at all give an empty set. Never raises for any bytes.
    """
    ordered = sorted(files, key=_byte_order)
    report = Report()
    drafts = [read_file(file, report) for file in ordered]
    rules = [rule for draft in drafts for rule in draft.rules]
    constants = gather_constants(drafts)
    # With a file missing, the names it may set would all be unknown.
    compiled = [compile_rule(rule, constants) for rule in rules] if all(draft.readable for draft in drafts) else []
    check_rules(rules)
    check_texts(drafts)
    ruleset = None
    if not report.has_errors:
        ruleset = build_ruleset(digest_of(ordered), compiled)
        check_whole(drafts, ruleset)
    return Loaded(None if report.has_errors else ruleset, _in_order(report, ordered), len(rules))


def digest_of(files: Sequence[RuleFile]) -> str:
    """A name for the contents of rule files: 16 hexadecimal digits that change with any byte or path."""
    summed = sha256()
    for file in sorted(files, key=_byte_order):
        for part in (_byte_order(file), file.data):
            summed.update(len(part).to_bytes(8))
            summed.update(part)
    return summed.hexdigest()[:16]


def _byte_order(file: RuleFile) -> bytes:
    return file.path.encode("utf-8", "surrogatepass")


def _in_order(report: Report, files: Sequence[RuleFile]) -> tuple[Finding, ...]:
    """Each finding once: a value reached through several aliases is at fault in one place."""
    places = {file.path: place for place, file in enumerate(files)}
    found = dict.fromkeys(report.findings)
    return tuple(sorted(found, key=lambda each: (places[each.file], each.line, each.column, each.code)))
